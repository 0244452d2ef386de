"""glob_syntax: how a pattern is written, and what one part of it says of one name. See ``globs``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from hpmtasks.dataclass import dataclass

#: More alternatives than any honest set has, braces multiplied out.
MOST_PATTERNS = 4096
#: More parts than any honest pattern has.
MOST_PARTS = 64
#: The part that stands for any number of folders.
ANY_FOLDERS = "**"
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Glob:
    """One pattern without braces.

    Attributes:
        parts: What the names on a path have to be, from the folder downwards.
        takes: Whether it takes what fits it, or leaves it out.
        only_folders: It ends with a slash.
    """

    parts: tuple[str, ...]
    takes: bool = True
    only_folders: bool = False


def parse_globs(patterns: Sequence[str]) -> tuple[Glob, ...]:
    """What *patterns* spell; ``!`` in front of one leaves out what fits it.

    Raises:
        ValueError: A pattern has no end of alternatives, or of parts; the sentence names it.
    """
    found: list[Glob] = []
    for pattern in patterns:
        takes = not pattern.startswith("!")
        for each in _without_braces(pattern if takes else pattern[1:]):
            parts = tuple(part for part in each.split("/") if part not in ("", "."))
            found.append(Glob(parts, takes, each.endswith("/")))
            if len(found) > MOST_PATTERNS or len(parts) > MOST_PARTS:
                raise ValueError(
                    f'"{pattern}" has more than {MOST_PATTERNS} alternatives, or {MOST_PARTS} parts'
                )
    return tuple(found)


def escape(path: str) -> str:
    """The pattern that *path*, and what is in it, fits, and nothing else."""
    # A "!" means something only in the first place.
    return re.sub(r"[*?\[{}]", r"[\g<0>]", f"./{path}" if path.startswith("!") else path)


# ---------------------------------------------------------------- one name


def is_literal(pattern: str) -> bool:
    """Whether *pattern*, one part of a path, is a name that is spelled out."""
    return not _MAGIC.search(pattern)


@lru_cache(maxsize=4096)
def part_fits(pattern: str) -> Callable[[str], object]:
    """Whether a name fits *pattern*, one part of a path."""
    if is_literal(pattern):
        return pattern.__eq__
    return re.compile(expression_of(pattern)).fullmatch


def expression_of(pattern: str) -> str:
    """The regular expression for *pattern*, one part of a path.

    Between two stars the first place that fits is as good as any later one, so an atomic group
    may keep it: nothing is tried twice.
    """
    first, *rest = _pieces(pattern)
    if not rest:
        return f"(?s:{first})"
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1] if piece)
    return f"(?s:{first}{middle}.*{rest[-1]})"


def _pieces(pattern: str) -> list[str]:
    """What stands between the stars, each as a regular expression."""
    pieces, at = [""], 0
    while at < len(pattern):
        character = pattern[at]
        end = _end_of_class(pattern, at) if character == "[" else 0
        if character == "*":
            pieces.append("")
        elif end:
            pieces[-1] += _class(pattern[at + 1 : end])
            at = end
        else:
            pieces[-1] += "." if character == "?" else re.escape(character)
        at += 1
    return pieces


def _end_of_class(pattern: str, start: int) -> int:
    """Where the ``]`` is of the ``[`` at *start*; 0 if it has none, and stands for itself."""
    first = start + 1 + (pattern[start + 1 : start + 2] in ("!", "^"))
    return max(pattern.find("]", first + 1), 0)


def _class(inner: str) -> str:
    """The regular expression for ``[inner]``."""
    is_negated = inner[0] in "!^"
    ranges, at, text = [], 0, inner[1:] if is_negated else inner
    while at < len(text):
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            low, high = text[at], text[at + 2]
            if low <= high:
                ranges.append(f"{re.escape(low)}-{re.escape(high)}")
            at += 3
        else:
            ranges.append(re.escape(text[at]))
            at += 1
    if not ranges:
        return "." if is_negated else r"(?!)"
    return f"[{'^' if is_negated else ''}{''.join(ranges)}]"


# ---------------------------------------------------------------- braces


def _without_braces(pattern: str) -> Iterator[str]:
    """*pattern* with each ``{a,b}`` written out; braces without a comma stand for themselves."""
    waiting, count = [pattern], 0
    while waiting:
        text = waiting.pop()
        found = _first_braces(text)
        if found is None:
            count += 1
            yield text
            continue
        start, end, alternatives = found
        waiting += [f"{text[:start]}{each}{text[end + 1 :]}" for each in reversed(alternatives)]
        if len(waiting) + count > MOST_PATTERNS:
            raise ValueError(f'"{pattern}" has more than {MOST_PATTERNS} alternatives')


def _first_braces(text: str) -> tuple[int, int, list[str]] | None:
    """The outermost braces that begin first: where they begin and end, and what stands between the commas."""
    if "{" not in text:
        return None
    opened: list[tuple[int, list[int]]] = []
    found: tuple[int, int, list[int]] | None = None
    at = 0
    while at < len(text):
        character = text[at]
        if character == "[":
            # Whatever stands in a class is a character, but no class holds a slash.
            end = _end_of_class(text, at)
            at = end if end and "/" not in text[at:end] else at
        elif character == "{":
            opened.append((at, []))
        elif character == "," and opened:
            opened[-1][1].append(at)
        elif character == "}" and opened:
            start, commas = opened.pop()
            if commas and (found is None or start < found[0]):
                found = (start, at, commas)
        at += 1
    if found is None:
        return None
    start, end, commas = found
    cuts = [start, *commas, end]
    return start, end, [text[low + 1 : high] for low, high in pairwise(cuts)]
