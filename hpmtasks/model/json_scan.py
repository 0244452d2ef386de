"""json_scan: where everything stands in a JSON text, and what is wrong with one that is none.

``json.loads`` gives values; this gives places. Editing needs them to touch one
member and nothing else, error messages to name a line and a column. The grammar
is that of RFC 8259, with no extension: no comments, no NaN, no name twice in one
object. A byte order mark at the start is passed over.
"""

from __future__ import annotations

import json

from hpmtasks.dataclass import dataclass
from hpmtasks.pattern import pattern

#: How deep arrays and objects may stand in each other.
DEEPEST = 100

_SPACE = pattern(r"[ \t\r\n]*")
_LINE_END = pattern(r"\r\n|\n|\r")
_PLAIN = pattern(r'[^"\\\x00-\x1f]*')
_ESCAPE = pattern(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_NUMBER = pattern(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = pattern(r"true|false|null")
_NOT_A_NUMBER = pattern(r"-?(?:NaN|Infinity)")
_BYTE_ORDER_MARK = "\ufeff"


class MalformedJson(ValueError):
    """A text that is no JSON document, or none that is accepted here.

    Attributes:
        reason: What was expected and what stands there, without the place.
        line: Line of the first offending character, from 1; 0 where no place is to blame.
        column: Its column in characters, from 1.
    """

    def __init__(self, reason: str, *, line: int = 0, column: int = 0) -> None:
        super().__init__(f"line {line}, column {column}: {reason}" if line else reason)
        self.reason = reason
        self.line = line
        self.column = column

    @classmethod
    def at(cls, text: str, offset: int, reason: str) -> MalformedJson:
        """The problem *reason*, placed at character *offset* of *text*."""
        ends = [end.end() for end in _LINE_END.finditer(text, 0, offset)]
        start = ends[-1] if ends else int(text.startswith(_BYTE_ORDER_MARK))
        return cls(reason, line=len(ends) + 1, column=offset - start + 1)


@dataclass(frozen=True, slots=True)
class Member:
    """One ``"name": value`` of an object; *start* is the offset of the name's quote."""

    name: str
    start: int
    name_end: int
    value: Node


@dataclass(frozen=True, slots=True)
class Node:
    """One value: ``text[start:end]``. *members* is ``None`` for everything but objects."""

    start: int
    end: int
    members: tuple[Member, ...] | None = None

    def member(self, name: str) -> Member | None:
        """The member called exactly *name*, if this is an object that has one."""
        return next((member for member in self.members or () if member.name == name), None)


def scan(text: str) -> Node:
    """The places of all values in *text*.

    Raises:
        MalformedJson: *text* is not exactly one JSON value, repeats a name within an
            object, or is nested deeper than :data:`DEEPEST`.
    """
    scanner = _Scanner(text)
    start = scanner.skip_space(int(text.startswith(_BYTE_ORDER_MARK)))
    node = scanner.value(start, 1)
    end = scanner.skip_space(node.end)
    if end != len(text):
        raise scanner.unexpected(end, "the end of the file")
    return node


class _Scanner:
    """Recursive descent over one text; no state but the text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def skip_space(self, at: int) -> int:
        return _SPACE.match(self.text, at).end()  # type: ignore[union-attr]  # matches everywhere

    def unexpected(self, at: int, expected: str) -> MalformedJson:
        found = repr(self.text[at]) if at < len(self.text) else "the end of the file"
        hint = ""
        if self.text[at : at + 1] in {"}", "]"} and self.text[:at].rstrip(" \t\r\n").endswith(","):
            hint = "; is there a comma too many before it?"
        elif self.text.startswith(("//", "/*"), at):
            hint = "; JSON has no comments"
        elif self.text.startswith("'", at):
            hint = "; JSON has only double quotes"
        return MalformedJson.at(self.text, at, f"expected {expected}, found {found}{hint}")

    def value(self, at: int, depth: int) -> Node:
        first = self.text[at : at + 1]
        if first in {"{", "["}:
            if depth > DEEPEST:
                raise MalformedJson.at(self.text, at, f"nested more than {DEEPEST} levels deep")
            return self.object(at, depth) if first == "{" else self.array(at, depth)
        if first == '"':
            return Node(at, self.string(at))
        if plain := _NUMBER.match(self.text, at) or _WORD.match(self.text, at):
            return Node(at, plain.end())
        if odd := _NOT_A_NUMBER.match(self.text, at):
            raise MalformedJson.at(
                self.text, at, f"expected a value, found {odd.group()}; JSON has no such number"
            )
        raise self.unexpected(at, "a value")

    def object(self, start: int, depth: int) -> Node:
        members: list[Member] = []
        names: set[str] = set()
        at = self.skip_space(start + 1)
        if self.text.startswith("}", at):
            return Node(start, at + 1, ())
        while True:
            if not self.text.startswith('"', at):
                raise self.unexpected(at, "a name in double quotes")
            name_end = self.string(at)
            name = str(json.loads(self.text[at:name_end]))
            if name in names:
                raise MalformedJson.at(self.text, at, f"{json.dumps(name)} stands twice in one object")
            names.add(name)
            colon = self.skip_space(name_end)
            if not self.text.startswith(":", colon):
                raise self.unexpected(colon, "':'")
            node = self.value(self.skip_space(colon + 1), depth + 1)
            members.append(Member(name, at, name_end, node))
            at = self.skip_space(node.end)
            if self.text.startswith("}", at):
                return Node(start, at + 1, tuple(members))
            if not self.text.startswith(",", at):
                raise self.unexpected(at, "',' or '}'")
            at = self.skip_space(at + 1)

    def array(self, start: int, depth: int) -> Node:
        at = self.skip_space(start + 1)
        if self.text.startswith("]", at):
            return Node(start, at + 1)
        while True:
            at = self.skip_space(self.value(at, depth + 1).end)
            if self.text.startswith("]", at):
                return Node(start, at + 1)
            if not self.text.startswith(",", at):
                raise self.unexpected(at, "',' or ']'")
            at = self.skip_space(at + 1)

    def string(self, start: int) -> int:
        at = start + 1
        while True:
            at = _PLAIN.match(self.text, at).end()  # type: ignore[union-attr]  # matches everywhere
            if self.text.startswith('"', at):
                return at + 1
            if escape := _ESCAPE.match(self.text, at):
                at = escape.end()
            elif at >= len(self.text):
                raise MalformedJson.at(self.text, start, "this text has no closing quote")
            elif self.text[at] == "\\":
                raise MalformedJson.at(self.text, at, f"{self.text[at : at + 2]!r} is no escape of JSON")
            else:
                raise MalformedJson.at(
                    self.text, at, f"{self.text[at]!r} may not stand in a text unescaped; is a quote missing?"
                )
