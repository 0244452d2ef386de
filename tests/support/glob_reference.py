"""glob_reference: what patterns of files mean, by definition; and patterns to try it with."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import strategies as st

NAMES = ("a", "b", "ab", ".c", "a.b", "ba")
_PARTS = (
    "a",
    "b",
    "ab",
    ".c",
    "*",
    "?",
    "**",
    "a*",
    "*b",
    "*.*",
    "[ab]",
    "[!a]",
    "[a-b]?",
    "{a,.c}",
    "{a,b}*",
)

PATTERN = st.builds(
    lambda mark, parts, slash: mark + "/".join(parts) + slash,
    st.sampled_from(("", "", "!")),
    st.lists(st.sampled_from(_PARTS), min_size=1, max_size=4),
    st.sampled_from(("", "", "/")),
)
PATTERNS = st.lists(PATTERN, max_size=4)


def fits_by_definition(patterns: list[str], path: str) -> bool:
    """Whether *patterns* take the file *path*: the last that fits it, or a folder that it is in, decides."""
    names = path.split("/")
    taken = False
    for pattern in patterns:
        for each in _alternatives(pattern.removeprefix("!")):
            parts = [part for part in each.split("/") if part]
            only_folders = each.endswith("/") and parts[-1] != "**"
            is_in_it = any(_fit(parts, names[:depth]) for depth in range(1, len(names)))
            if is_in_it or (_fit(parts, names) and not only_folders):
                taken = not pattern.startswith("!")
    return taken


def _alternatives(pattern: str) -> list[str]:
    start, opening, rest = pattern.partition("{")
    if not opening:
        return [pattern]
    inner, _, end = rest.partition("}")
    return [each for choice in inner.split(",") for each in _alternatives(start + choice + end)]


def _fit(parts: list[str], names: list[str]) -> bool:
    """Whether *parts* spell *names*; ``**`` stands for any number of them, at the end for one or more."""
    if not parts:
        return not names
    if parts == ["**"]:
        return bool(names)
    if parts[0] == "**":
        return _fit(parts[1:], names) or (bool(names) and _fit(parts, names[1:]))
    return bool(names) and fnmatchcase(names[0], parts[0]) and _fit(parts[1:], names[1:])
