"""reason: in a few words, what differs between two keys: for the line beside a task that is run again.

Everything that differs, old and new, is told by ``hpm explain``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The parts that count, in the order in which they are looked at, and what one entry of each is called.
_NAMED = (
    ("files", "the input {}"),
    ("packages", "the package {}"),
    ("env", "the variable {}"),
    ("platform", "the {} of this machine"),
    ("told", "{}"),
)
_PLAIN = (
    ("command", "its command"),
    ("shell", "its shell"),
    ("outputs", "what it declares as outputs"),
    ("mode", "the mode of its environment"),
    ("folder", "its folder"),
)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What differs between the parts of two keys, as a clause that begins small."""
    for part, called in _PLAIN:
        if before.get(part) != after.get(part):
            return f"{called} changed"
    for part, called in _NAMED:
        told = _of(before.get(part) or {}, after.get(part) or {}, called)
        if told:
            return told
    return "the way in which hpm looks at it changed"


def _of(before: Mapping[str, Any], after: Mapping[str, Any], called: str) -> str:
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    if not names:
        return ""
    first = names[0]
    how = "changed" if first in before and first in after else "is new" if first in after else "is gone"
    more = f", and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{called.format(first)} {how}{more}"
