"""constraint: the text by which a package says which versions it accepts, and its meaning.

Grammar (blanks may follow an operator; ``x``, ``X`` and ``*`` are wildcards)::

    constraint  = alternative *( "||" alternative )
    alternative = [ partial " - " partial | comparator *( " " comparator ) ]
    comparator  = [ "^" | "~" | "~>" | ">=" | ">" | "<=" | "<" | "=" ] partial
    partial     = [ "v" ] part [ "." part [ "." part [ "-" prerelease ] [ "+" build ] ] ]
    part        = number | wildcard        ; after a wildcard only wildcards

The meaning is that of node-semver 7 (not loose, ``includePrerelease`` off). A version
satisfies an alternative if it satisfies every comparator, and, being a prerelease, if
one of them is a prerelease of the same major.minor.patch. An empty alternative accepts
every release, as ``*`` does, and next to one of these other alternatives count for nothing.

Stricter than node-semver, which lets sloppy spellings pass: ``^=1.2.3``, ``==1``,
``vv1``, ``> =1.0.0``, ``1.2+build``, ``~1.x.3``. Wider: numbers may exceed 2**53.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import or_
from typing import Final, NoReturn, TypeAlias

from hpmtasks.dataclass import dataclass, field
from hpmtasks.pattern import pattern
from hpmtasks.semver.notations import NOTATIONS, Partial, hyphen
from hpmtasks.semver.version import BUILD, IDENTIFIER, NUMBER, Version, VersionLike, as_version, identifiers
from hpmtasks.semver.version_set import VersionSet

#: Longest constraint, in characters.
LONGEST_CONSTRAINT: Final = 2048
# How much of a text an error shows around the offending character.
_EXCERPT: Final = 72


class InvalidConstraint(ValueError):
    """A text is not a constraint. ``str()`` says why, and points at the character.

    Attributes:
        text: The whole text.
        position: Index of the offending character; ``len(text)`` if something is missing at the end.
        reason: What is wrong there, as half a sentence.
    """

    def __init__(self, text: str, position: int, reason: str) -> None:
        super().__init__(text, position, reason)
        self.text = text
        self.position = position
        self.reason = reason

    def __str__(self) -> str:
        begin = max(0, self.position - _EXCERPT // 2)
        excerpt = self.text[begin : begin + _EXCERPT]
        # One column for each character, so that the caret stands under the right one.
        shown = "".join(character if character.isprintable() else "?" for character in excerpt)
        return f"{shown!r} is not a constraint: {self.reason}\n  {shown}\n  {' ' * (self.position - begin)}^"


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a package accepts of another. Make one with :func:`parse_constraint`.

    Equal if they mean the same: ``^1.0.0`` equals ``>=1.0.0 <2.0.0``.

    Attributes:
        text: As it was written.
        versions: What it means.
    """

    text: str = field(compare=False)
    versions: VersionSet

    def allows(self, version: Version) -> bool:
        """Whether *version* is accepted."""
        return self.versions.allows(version)

    def __str__(self) -> str:
        return self.text.strip() or "*"


ConstraintLike: TypeAlias = Constraint | str


def parse_constraint(text: str) -> Constraint:
    """The constraint that *text* spells.

    Raises:
        InvalidConstraint: *text* is not a constraint, or longer than :data:`LONGEST_CONSTRAINT`.
    """
    return _parse(text)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Constraint:
    if len(text) > LONGEST_CONSTRAINT:
        raise InvalidConstraint(
            text, LONGEST_CONSTRAINT, f"it is longer than {LONGEST_CONSTRAINT} characters"
        )
    alternatives = _Scanner(text).alternatives()
    star = VersionSet.any_release()
    versions = star if star in alternatives else reduce(or_, alternatives)
    return Constraint(text, versions)


def as_constraint(constraint: ConstraintLike) -> Constraint:
    """*constraint* itself, or what it spells.

    Raises:
        InvalidConstraint: The text is not a constraint.
    """
    return constraint if isinstance(constraint, Constraint) else parse_constraint(constraint)


# ---------------------------------------------------------------- the functions of the first hpm


def satisfies(version: VersionLike, constraint: ConstraintLike) -> bool:
    """Whether *constraint* accepts *version*."""
    return as_constraint(constraint).versions.allows(as_version(version))


def max_satisfying(versions: Iterable[VersionLike], constraint: ConstraintLike) -> Version | None:
    """The highest of *versions* that *constraint* accepts; ``None`` if it accepts none of them."""
    return max(as_constraint(constraint).versions.filter(map(as_version, versions)), default=None)


def constraints_overlap(a: ConstraintLike, b: ConstraintLike) -> bool:
    """Whether one version could satisfy both, published or not."""
    return as_constraint(a).versions.overlaps(as_constraint(b).versions)


def simplify(constraint: ConstraintLike) -> str:
    """The canonical text of what *constraint* means: equal for constraints that mean the same."""
    return str(as_constraint(constraint).versions)


def caret(version: VersionLike) -> str:
    """The constraint under which a newly installed *version* is saved: ``^1.2.3``."""
    return "^" + str(as_version(version)).partition("+")[0]


def moved_to(constraint: ConstraintLike, version: VersionLike) -> str:
    """The text of *constraint* with *version* in the place of its version, and the same operator.

    ``^``, ``~``, ``>=`` and exact versions keep their form; what names several versions, or a
    part of one, becomes ``^``. What names none, as ``*``, has nothing to move.
    """
    parsed = as_constraint(constraint)
    text = str(parsed)
    if not re.search("[0-9]", text):
        return parsed.text
    wanted = str(as_version(version)).partition("+")[0]
    found = _ONE_VERSION.fullmatch(text)
    return f"{found[1] or found[2]}{wanted}" if found else f"^{wanted}"


# An operator that any part of a version may follow, or a whole version and at most "=".
_PREFIX = r"[ \t]*v?"
_ONE_VERSION = pattern(
    rf"((?:\^|~>?|>=){_PREFIX})(?:[0-9xX*.]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)"
    rf"|(=?{_PREFIX})(?:[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?)"
)


# ---------------------------------------------------------------- grammar

_BLANKS = re.compile(r"[ \t\r\n\f\v]*")
_HYPHEN = pattern(r"[ \t\r\n\f\v]+-(?=[ \t\r\n\f\v]|\Z)")
_OPERATOR = re.compile("|".join(sorted(map(re.escape, NOTATIONS), key=len, reverse=True)))
_WILDCARD = re.compile(r"[xX*]")
_NUMBER = re.compile(NUMBER)
_IDENTIFIER = pattern(IDENTIFIER)
_BUILD = pattern(BUILD)

# What a character that has no place says about the mistake.
_HINTS: Final = {
    ",": "comparators are separated by blanks, alternatives by '||'",
    "|": "alternatives are separated by '||'",
    "-": "a prerelease follows three numbers, and a range has blanks around its hyphen",
    "+": "build metadata follows three numbers",
}


class _Scanner:
    """Reads one constraint from left to right; ``position`` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def alternatives(self) -> list[VersionSet]:
        """What each alternative means."""
        meanings = [self.alternative()]
        while self.take("||"):
            meanings.append(self.alternative())
        return meanings

    def alternative(self) -> VersionSet:
        """What the comparators up to the next ``||`` mean together."""
        self.match(_BLANKS)
        start = self.position
        within, admitted = VersionSet.full(), VersionSet.any_release()
        while not self.at_end():
            meaning, bounds = self.comparator(is_first=self.position == start)
            within &= meaning
            for bound in bounds:
                if bound.prerelease:
                    admitted |= VersionSet.prereleases_of(bound.first)
        return within & admitted

    def comparator(self, *, is_first: bool) -> tuple[VersionSet, list[Partial]]:
        """What one comparator, or a range with a hyphen, means; and the versions that it names."""
        operator = self.match(_OPERATOR)
        self.match(_BLANKS)
        lower = self.partial()
        if operator or not is_first or not self.match(_HYPHEN):
            self.separator()
            return NOTATIONS[operator](lower), [lower]
        self.match(_BLANKS)
        upper = self.partial()
        self.separator()
        if not self.at_end():
            self.fail("a range with a hyphen stands alone; put its bounds as >= and <=")
        return hyphen(lower, upper), [lower, upper]

    def partial(self) -> Partial:
        """The version at this place, of which parts may be missing."""
        self.take("v")
        numbers: list[int] = []
        wildcards = 0
        while True:
            if self.match(_WILDCARD):
                wildcards += 1
            elif wildcards:
                self.fail("after a wildcard only wildcards may follow")
            else:
                numbers.append(self.number())
            parts = len(numbers) + wildcards
            if parts == 3 or not self.take("."):
                break
        if parts < 3:
            return Partial(tuple(numbers))
        if self.peek() == ".":
            self.fail("a version has three numbers")
        prerelease = self.prerelease()
        if self.take("+") and not self.match(_BUILD):
            self.fail("build metadata is letters, digits and hyphens between dots")
        return Partial(tuple(numbers), () if wildcards else prerelease)

    def number(self) -> int:
        """The number at this place."""
        digits = self.match(_NUMBER)
        if not digits:
            self.fail(_HINTS.get(self.peek(), "a version is expected here, such as 1.2.3, 1.x or *"))
        if digits == "0" and "0" <= self.peek() <= "9":
            self.position -= 1
            self.fail("a number has no leading zero")
        return int(digits)

    def prerelease(self) -> tuple[int | str, ...]:
        """The identifiers after ``-``; none if there is no ``-`` at this place."""
        if not self.take("-"):
            return ()
        start = self.position
        while True:
            if not self.match(_IDENTIFIER):
                self.fail("a prerelease is words and numbers between dots, without leading zero")
            if not self.take("."):
                return identifiers(self.text[start : self.position])

    def separator(self) -> None:
        """Moves over the blanks that must stand between two comparators."""
        if not self.match(_BLANKS) and not self.at_end():
            self.fail(_HINTS.get(self.peek(), "this character has no place here"))

    # ------------------------------------------------------------ characters

    def at_end(self) -> bool:
        """Whether nothing more of this alternative follows."""
        return self.position == len(self.text) or self.text.startswith("||", self.position)

    def peek(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.position : self.position + 1]

    def take(self, token: str) -> bool:
        """Whether *token* stood at this place, and was moved over."""
        found = self.text.startswith(token, self.position)
        self.position += len(token) * found
        return found

    def match(self, pattern: re.Pattern[str]) -> str:
        """What *pattern* found at this place, and was moved over."""
        found = pattern.match(self.text, self.position)
        if not found:
            return ""
        self.position = found.end()
        return found[0]

    def fail(self, reason: str) -> NoReturn:
        """Raises the error that points here."""
        raise InvalidConstraint(self.text, self.position, reason)
