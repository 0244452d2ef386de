"""contents: which files of a repository make up its package.

The rules are those of the manifest's ``files`` field::

    src/            a folder and everything in it; so does src
    main.hml        one file
    *.hml           a pattern: * and ? stand for anything but "/", as a file or a folder
    src/**/*.hml    ** stands for any number of folders, also none
    !src/tests      not that one; of several entries that fit, the last decides

Entries start at the root of the repository; a leading ``./`` or ``/`` changes nothing. A list
of exclusions only starts from everything. Without ``files`` the package is everything.

package.json, the README and licence files at the root, and ``main`` always belong to it;
``.git``, ``node_modules`` and ``hem_modules``, wherever they are, never do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from hpmtasks.dataclass import dataclass
from hpmtasks.pattern import pattern as expression

#: The file that the interpreter loads when the manifest names none.
DEFAULT_MAIN = "src/index.hml"
#: More patterns (not plain paths) than any honest manifest has; each costs a look at every path.
MOST_PATTERNS = 256
_MOST_PARTS, _MOST_PARTS_IN_ALL, _LONGEST_PATTERN = 64, 2048, 1000
# Steps of all patterns over all paths, each about a microsecond.
_MOST_STEPS = 3_000_000
_CHARACTERS_PER_STEP = 1024

_NEVER = frozenset({".git", "node_modules", "hem_modules"})
_ALWAYS = expression(r"package\.json|(?i:readme|licen[sc]e)[^/]*")
_MAGIC = expression(r"[*?]")

_State = frozenset[int]
_Matches = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A pattern, part by part; *matches* is ``None`` where a part is ``**``."""

    parts: tuple[str, ...]
    matches: tuple[_Matches | None, ...]

    @classmethod
    def parse(cls, text: str) -> _Pattern:
        parts = tuple(text.split("/"))
        return cls(parts, tuple(None if part == "**" else _part(part) for part in parts))


def select(paths: Iterable[str], files: Sequence[str] | None, main: str | None) -> frozenset[str]:
    """Those of *paths* that make up the package.

    Args:
        paths: Every file of the repository, relative, with ``/``.
        files: The manifest's ``files``; ``None`` if it has none.
        main: The manifest's ``main``; ``None`` if it has none.

    Raises:
        ValueError: *files* has more than :data:`MOST_PATTERNS` patterns, one that is too long, or takes
            too much work for so many paths.
    """
    possible = [path for path in paths if not _is_never_part(path)]
    if files is None:
        return frozenset(possible)
    entry = _plain(main or DEFAULT_MAIN)
    always = {entry, f"{entry}.hml"}
    is_chosen = _choice(files)
    return frozenset(
        path for path in possible if path in always or _ALWAYS.fullmatch(path) or is_chosen(path)
    )


def _is_never_part(path: str) -> bool:
    # Case-folded: on some disks .GIT is .git.
    return not _NEVER.isdisjoint(path.lower().split("/"))


def _plain(entry: str) -> str:
    """*entry* without what changes nothing: ``./a//b/`` is ``a/b``."""
    return "/".join(part for part in entry.split("/") if part not in ("", "."))


def _choice(files: Sequence[str]) -> Callable[[str], bool]:
    """Whether *files* choose a path.

    Plain entries, however many, cost one look-up for each folder of a path; only patterns are
    tried in turn.
    """
    positions: dict[str, int] = {}  # plain entry → its last position
    texts: list[tuple[int, str]] = []
    wanted = [not entry.startswith("!") for entry in files]
    for position, entry in enumerate(files):
        plain = _plain(entry.removeprefix("!"))
        positions[plain] = position
        if _MAGIC.search(plain):
            texts.append((position, plain))
    _check_bounds([text for _, text in texts])
    patterns = [(position, _Pattern.parse(text)) for position, text in texts]
    patterns.reverse()
    otherwise = bool(files) and not any(wanted)
    work = _Work()

    def is_chosen(path: str) -> bool:
        parts = path.split("/")
        last = positions.get("", -1)
        for depth in range(1, len(parts) + 1):
            last = max(last, positions.get("/".join(parts[:depth]), -1))
        for position, pattern in patterns:
            if position < last:
                break
            if _fits(pattern, parts, work):
                last = position
                break
        return otherwise if last < 0 else wanted[last]

    return is_chosen


def _check_bounds(patterns: Sequence[str]) -> None:
    counts = [pattern.count("/") + 1 for pattern in patterns]
    if len(patterns) > MOST_PATTERNS or max(counts, default=0) > _MOST_PARTS:
        raise ValueError(
            f"files has more than {MOST_PATTERNS} patterns, or one of more than {_MOST_PARTS} parts"
        )
    if sum(counts) > _MOST_PARTS_IN_ALL or any(len(pattern) > _LONGEST_PATTERN for pattern in patterns):
        raise ValueError(
            f"files has patterns of more than {_MOST_PARTS_IN_ALL} parts in all, or one of more than"
            f" {_LONGEST_PATTERN} characters"
        )


@dataclass(slots=True)
class _Work:
    """How much the patterns of one manifest have cost so far."""

    steps: int = 0

    def add(self, pattern: str, part: str) -> None:
        """One part of a pattern is held against one part of a path."""
        self.steps += 1 + len(pattern) * len(part) // _CHARACTERS_PER_STEP
        if self.steps > _MOST_STEPS:
            raise ValueError("files has patterns that take too much work for so many paths")


def _fits(pattern: _Pattern, parts: Sequence[str], work: _Work) -> bool:
    """Whether *pattern* is the path of *parts*, or a folder on it.

    All ways of reading ``**`` are followed at once, as the states of an automaton, so that no
    pattern costs more than its parts times the path's parts.
    """
    end = len(pattern.parts)
    states = _skip_stars({0}, pattern.parts)
    for part in parts:
        after = set[int]()
        for state in states:
            work.add(pattern.parts[state], part)
            matches = pattern.matches[state]
            if matches is None:
                after |= {state, state + 1} if state == end - 1 else {state}
            elif matches(part):
                after.add(state + 1)
        states = _skip_stars(after, pattern.parts)
        if end in states:
            return True
        if not states:
            return False
    return False


def _skip_stars(states: set[int], pattern: tuple[str, ...]) -> _State:
    """*states*, and those reached where ``**`` stands for no folder. A last ``**`` stands for something."""
    reached = set(states)
    for state in states:
        following = state
        while following < len(pattern) - 1 and pattern[following] == "**":
            following += 1
            reached.add(following)
    return frozenset(reached)


def _part(pattern: str) -> _Matches:
    """Whether one part of a path fits *pattern*, in time proportional to the product of their lengths.

    Between two stars the first place that fits is as good as any later one, so an atomic group
    may keep it: nothing is tried twice.
    """
    first, *rest = (_literal(piece) for piece in re.split(r"\*+", pattern))
    if not rest:
        return re.compile(first).fullmatch
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1])
    return re.compile(f"(?s:{first}{middle}.*{rest[-1]})").fullmatch


def _literal(piece: str) -> str:
    return re.escape(piece).replace(r"\?", ".")
