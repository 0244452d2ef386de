"""json_text: one member of a JSON text, changed, and not one byte beside it.

Order, indentation, line ends, byte order mark, big numbers and escapes stay the author's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum
from typing import Final, Literal

from hpmtasks.model.json_load import LARGEST_LOCK, LARGEST_MANIFEST, HugeNumber, decode, load
from hpmtasks.model.json_scan import MalformedJson, Member, Node, scan
from hpmtasks.pattern import pattern

__all__ = [
    "LARGEST_LOCK",
    "LARGEST_MANIFEST",
    "REMOVE",
    "HugeNumber",
    "MalformedJson",
    "decode",
    "edit_member",
    "load",
]

_LAST_LINE_START = pattern(r"(?:\r\n|\n|\r)[ \t]*\Z")
_ANY_LINE_END = pattern(r"\r\n|\n|\r")
_LONE_SURROGATE = pattern("[\ud800-\udfff]")


class _Remove(Enum):
    REMOVE = "remove"


#: As the value of :func:`edit_member`: take the member out.
REMOVE: Final = _Remove.REMOVE


def edit_member(text: str, path: Sequence[str], value: str | Literal[_Remove.REMOVE]) -> str:
    """*text* with the member at *path* set to the string *value*, or taken out.

    Every byte outside that member stays. Missing objects on the way are made (``null``
    counts as missing); a new member of the outermost object goes to the end, elsewhere to its
    sorted place if the object is sorted, else to the end. An object that loses its last
    member becomes ``{}``. Setting what is already so, and removing what is not there,
    changes nothing.

    Args:
        text: The document, a byte order mark included if it has one.
        path: Names of members from the outermost object inwards; at least one.
        value: The new value, or :data:`REMOVE`.

    Raises:
        MalformedJson: *text* is not a JSON document.
        ValueError: Something on the way to the member is not an object.
    """
    holders = [scan(text)]
    for depth, name in enumerate(path):
        node = holders[-1]
        if node.members is None:
            if value is REMOVE:
                return text
            if depth == 0 or text[node.start : node.end] != "null":
                raise ValueError(f"{'.'.join(path[:depth]) or 'the document'} is not an object")
            break
        member = node.member(name)
        if member is None:
            break
        holders.append(member.value)
    found = len(holders) - 1
    if value is REMOVE:
        return _without(text, holders[-2], path[-1]) if found == len(path) else text
    if found == len(path):
        return _replaced(text, holders[-1], value)
    return _with_new(text, holders, path[found:], value)


def _replaced(text: str, node: Node, value: str) -> str:
    old = text[node.start : node.end]
    if old.startswith('"') and json.loads(old) == value:
        return text
    return text[: node.start] + _quoted(value) + text[node.end :]


def _without(text: str, holder: Node, name: str) -> str:
    members = holder.members or ()
    index = next(index for index, member in enumerate(members) if member.name == name)
    if len(members) == 1:
        return f"{text[: holder.start]}{{}}{text[holder.end :]}"
    if index == len(members) - 1:
        return text[: members[index - 1].value.end] + text[members[index].value.end :]
    return text[: members[index].start] + text[members[index + 1].start :]


def _with_new(text: str, holders: Sequence[Node], names: Sequence[str], value: str) -> str:
    """*text* with ``names[0]: {names[1]: … value}`` as a new member of the last of *holders*."""
    holder = holders[-1]
    layout = _Layout(text, holders[0])
    if not holder.members:
        parent = holders[-2] if len(holders) > 1 else None
        in_one_line = parent is not None and not layout.has_lines(parent)
        body = layout.nested(names, value, layout.margin(holder.start), in_one_line)
        return text[: holder.start] + body + text[holder.end :]

    in_one_line = not layout.has_lines(holder)
    margin = layout.margin(holder.members[0].start)
    written = _quoted(names[0]) + layout.colon(holder)
    written += layout.nested(names[1:], value, margin, in_one_line) if len(names) > 1 else _quoted(value)
    index = _place(holder.members, names[0], at_end=len(holders) == 1)
    if index == len(holder.members):
        end = holder.members[-1].value.end
        return f"{text[:end]},{layout.gap(holder)}{written}{text[end:]}"
    start = holder.members[index].start
    return f"{text[:start]}{written},{layout.gap(holder)}{text[start:]}"


def _place(members: Sequence[Member], name: str, *, at_end: bool) -> int:
    """Where *name* belongs among *members*, if they are sorted by anything."""
    names = [member.name for member in members]
    if not at_end:
        for order in (str, str.lower):
            if names == sorted(names, key=order):
                return sum(order(other) < order(name) for other in names)
    return len(names)


class _Layout:
    """How the author of a document writes: line ends, indentation, space around names."""

    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.root = root
        line_end = _ANY_LINE_END.search(text)
        self.line_end = line_end.group() if line_end else "\n"
        self.step = "  "
        if root.members and (margin := self.margin(root.members[0].start)) and self.has_lines(root):
            self.step = margin

    def has_lines(self, node: Node) -> bool:
        """Whether the members of *node* stand on lines of their own."""
        if not node.members:
            return True
        return _ANY_LINE_END.search(self.text, node.start, node.members[0].start) is not None

    def margin(self, offset: int) -> str:
        """The white space that begins the line of *offset*."""
        start = max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1
        line = self.text[start:offset].removeprefix("\ufeff")
        return line[: len(line) - len(line.lstrip(" \t"))]

    def colon(self, node: Node | None = None) -> str:
        """What stands between name and value, as *node* or else the document has it."""
        for holder in (node, self.root):
            if holder is not None and holder.members:
                first = holder.members[0]
                between = self.text[first.name_end : first.value.start]
                if not _ANY_LINE_END.search(between):
                    return between
        return ": "

    def gap(self, node: Node) -> str:
        """What stands between a comma and the next member in the non-empty object *node*."""
        members = node.members or ()
        if line_start := _LAST_LINE_START.search(self.text[node.start : members[0].start]):
            return line_start.group()
        if len(members) > 1:
            between = self.text[members[0].value.end : members[1].start]
            return between.partition(",")[2]
        return "" if self.colon(node) == ":" else " "

    def nested(self, names: Sequence[str], value: str, margin: str, in_one_line: bool) -> str:
        """The text of an object ``{names[0]: {names[1]: … value}}`` that begins on a line with *margin*."""
        if not names:
            return _quoted(value)
        if in_one_line:
            return (
                f"{{{_quoted(names[0])}{self.colon()}{self.nested(names[1:], value, margin, in_one_line)}}}"
            )
        inner = margin + self.step
        body = f"{_quoted(names[0])}{self.colon()}{self.nested(names[1:], value, inner, in_one_line)}"
        return f"{{{self.line_end}{inner}{body}{self.line_end}{margin}}}"


def _quoted(value: str) -> str:
    written = json.dumps(value, ensure_ascii=False)
    # Half a surrogate pair has no UTF-8 form; as an escape it is legal JSON.
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", written)
