"""version: one version, as Semantic Versioning 2.0.0 (semver.org) defines and orders them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, Self, TypeAlias

from hpmtasks.dataclass import dataclass, field
from hpmtasks.pattern import pattern

#: A place in the order of versions, comparable with ``<``; see :attr:`Version.key`.
Key: TypeAlias = tuple[Any, ...]
Release: TypeAlias = tuple[int, int, int]
Level: TypeAlias = Literal["major", "minor", "patch", "prerelease"]

#: Longest version, in characters. A tag is foreign text, and SemVer itself sets no bound.
LONGEST_VERSION: Final = 256

NUMBER = r"(?:0|[1-9][0-9]*)"
#: A number without leading zero, or anything of ``[0-9A-Za-z-]`` with a character that is no digit.
IDENTIFIER = rf"(?:{NUMBER}(?![0-9A-Za-z-])|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
BUILD = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"

# Of what is no plain release.
_VERSION = pattern(
    rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({IDENTIFIER}(?:\.{IDENTIFIER})*))?(?:\+({BUILD}))?"
)

#: Ends the key of a release. Sorts after the key of every identifier, because a release follows
#: its own prereleases (SemVer item 11.3).
RELEASE_END: Final = (2,)


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One version. Make one with :meth:`parse`, which validates.

    Compared, hashed and ordered by SemVer precedence, which ignores build metadata:
    ``1.0.0+a == 1.0.0+b``, although they print differently.

    Attributes:
        major: The first number.
        minor: The second.
        patch: The third.
        prerelease: The identifiers after ``-``, numeric ones as ``int``; empty for a release.
        build: What stands after ``+``; may be empty.
        key: Sorts as the version does, for ``bisect`` and ``sort``: the three numbers, then
            either one pair for each prerelease identifier, or an end mark that sorts last.
    """

    major: int
    minor: int
    patch: int
    prerelease: tuple[int | str, ...] = ()
    build: str = ""
    key: Key = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.prerelease:
            key: Key = (self.major, self.minor, self.patch, *map(_identifier_key, self.prerelease))
        else:
            key = (self.major, self.minor, self.patch, RELEASE_END)
        object.__setattr__(self, "key", key)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The version that *text* spells, by the letter of SemVer 2.0.0.

        Raises:
            ValueError: *text* is not a version, or longer than :data:`LONGEST_VERSION`.
        """
        if len(text) > LONGEST_VERSION:
            raise ValueError(
                f"{text[:32]!r}… is not a version; it is longer than {LONGEST_VERSION} characters"
            )
        numbers = text.split(".")
        if len(numbers) == 3 and all(numbers) and text.isascii() and "".join(numbers).isdigit():
            release = cls(int(numbers[0]), int(numbers[1]), int(numbers[2]))
            if str(release) == text:
                return release
        found = _VERSION.fullmatch(text)
        if not found:
            raise ValueError(
                f"{text!r} is not a version; the form is MAJOR.MINOR.PATCH, such as 1.2.3 or 1.2.3-beta.1"
            )
        major, minor, patch, prerelease, build = found.groups()
        return cls(int(major), int(minor), int(patch), identifiers(prerelease), build or "")

    @property
    def release(self) -> Release:
        """The three numbers, without prerelease and build."""
        return (self.major, self.minor, self.patch)

    @property
    def is_prerelease(self) -> bool:
        """Whether the version announces a release rather than being one."""
        return bool(self.prerelease)

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        if self.prerelease:
            text += "-" + ".".join(map(str, self.prerelease))
        return f"{text}+{self.build}" if self.build else text

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.key == other.key

    # All four are written out: functools.total_ordering costs a second call in the solver's inner loop.
    def __lt__(self, other: Version) -> bool:
        return self.key < other.key if isinstance(other, Version) else NotImplemented

    def __le__(self, other: Version) -> bool:
        return self.key <= other.key if isinstance(other, Version) else NotImplemented

    def __gt__(self, other: Version) -> bool:
        return self.key > other.key if isinstance(other, Version) else NotImplemented

    def __ge__(self, other: Version) -> bool:
        return self.key >= other.key if isinstance(other, Version) else NotImplemented


def identifiers(text: str | None) -> tuple[int | str, ...]:
    """The prerelease identifiers in *text*, which is known to be well-formed; digits become numbers."""
    return tuple(int(part) if part.isdigit() else part for part in text.split(".")) if text else ()


def _identifier_key(identifier: int | str) -> tuple[int, int | str]:
    """Numbers sort before words, numbers by value, words by ASCII (SemVer item 11.4)."""
    return (0 if isinstance(identifier, int) else 1, identifier)


# ---------------------------------------------------------------- the functions of the first hpm

VersionLike: TypeAlias = Version | str


def parse(text: str) -> Version:
    """The version that *text* spells.

    Raises:
        ValueError: *text* is not a SemVer 2.0.0 version.
    """
    return Version.parse(text)


def parse_tag(tag: str) -> Version | None:
    """The version that a git tag names: ``v1.2.3`` or ``1.2.3``; ``None`` for any other tag."""
    try:
        return Version.parse(tag.removeprefix("v"))
    except ValueError:
        return None


def as_version(version: VersionLike) -> Version:
    """*version* itself, or what it spells.

    Raises:
        ValueError: The text is not a version.
    """
    return version if isinstance(version, Version) else Version.parse(version)


def stringify(version: Version) -> str:
    """The text of *version*, build metadata included."""
    return str(version)


def compare(a: VersionLike, b: VersionLike) -> int:
    """-1, 0 or 1 as *a* comes before, with or after *b* by SemVer precedence."""
    left, right = as_version(a).key, as_version(b).key
    return (left > right) - (left < right)


def gt(a: VersionLike, b: VersionLike) -> bool:
    """Whether *a* comes after *b*."""
    return compare(a, b) > 0


def gte(a: VersionLike, b: VersionLike) -> bool:
    """Whether *a* does not come before *b*."""
    return compare(a, b) >= 0


def lt(a: VersionLike, b: VersionLike) -> bool:
    """Whether *a* comes before *b*."""
    return compare(a, b) < 0


def lte(a: VersionLike, b: VersionLike) -> bool:
    """Whether *a* does not come after *b*."""
    return compare(a, b) <= 0


def eq(a: VersionLike, b: VersionLike) -> bool:
    """Whether *a* and *b* have the same precedence; build metadata does not count."""
    return compare(a, b) == 0


def sort(versions: Iterable[VersionLike]) -> list[Version]:
    """The versions, ascending; those that differ in build metadata only, by its text."""
    return sorted(map(as_version, versions), key=lambda version: (version.key, version.build))


def increment(version: VersionLike, level: Level) -> Version:
    """The next version at *level*, as node-semver's ``inc`` has it; build metadata is dropped.

    A prerelease is on its way to a release, which therefore is the next one where it counts for
    *level*: 2.0.0-rc.1 gives 2.0.0 for "major", "minor" and "patch". "prerelease" adds one to the
    last number (rc.1 → rc.2), or appends ``.0`` where there is none; after a release it starts
    the next patch (1.2.3 → 1.2.4-0).

    Raises:
        ValueError: *level* is none of the four, or the text is not a version.
    """
    now = as_version(version)
    if level == "major":
        arriving = now.is_prerelease and now.minor == now.patch == 0
        return Version(now.major + (not arriving), 0, 0)
    if level == "minor":
        arriving = now.is_prerelease and now.patch == 0
        return Version(now.major, now.minor + (not arriving), 0)
    if level == "patch":
        return Version(now.major, now.minor, now.patch + (not now.is_prerelease))
    if level == "prerelease":
        if not now.is_prerelease:
            return Version(now.major, now.minor, now.patch + 1, (0,))
        return Version(*now.release, _next_prerelease(now.prerelease))
    raise ValueError(
        f"{level!r} is not a level of a version; the levels are major, minor, patch and prerelease"
    )


def _next_prerelease(prerelease: tuple[int | str, ...]) -> tuple[int | str, ...]:
    for index in reversed(range(len(prerelease))):
        identifier = prerelease[index]
        if isinstance(identifier, int):
            return (*prerelease[:index], identifier + 1, *prerelease[index + 1 :])
    return (*prerelease, 0)
