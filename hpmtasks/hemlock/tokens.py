"""tokens: a Hemlock source cut into what its lexer sees.

Sources are bytes to Hemlock, and names are ASCII. So text here is latin-1: one character a byte,
and every position is a position in the file. :func:`text_of` makes it Unicode again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from hpmtasks.dataclass import NamedTuple

Kind: TypeAlias = Literal["name", "keyword", "string", "template", "rune", "number", "mark"]

#: What ``lexer.c`` makes no identifiers of; names of types may still name a property.
KEYWORDS = frozenset(
    """
    async await array bool break buffer byte case catch const continue default defer define else enum
    export extern f32 f64 false fn for i16 i32 i64 i8 if import in integer let null number object ptr
    ref return rune self string switch throw true try u16 u32 u64 u8 void while
    """.split()  # noqa: SIM905  a list of words is read as words
)

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]++|//[^\n]*+|/\*(?s:.*?)(?:\*/|\Z))
  | (?P<string>"(?:[^"\\]++|\\(?s:.))*+")
  | (?P<template>`(?:[^`\\]++|\\(?s:.))*+`)
  | (?P<rune>'(?:\\(?:x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]*+\}|[^xu])|[\xc0-\xff][\x80-\xbf]{0,3}|[^'\\])')
  | (?P<number>0[xX][0-9A-Fa-f][0-9A-Fa-f_]*+|0[bB][01][01_]*+|0[oO][0-7][0-7_]*+
              |[0-9][0-9_]*+(?:\.[0-9][0-9_]*+)?(?:[eE][+-]?[0-9][0-9_]*+)?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
  | (?P<mark>\.\.\.|\?\.|(?s:.))
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\}|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_LAST_CODEPOINT = 0x10FFFF


class Unreadable(ValueError):
    """A source that the lexer refuses.

    Attributes:
        line: Where, from 1.
    """

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class Token(NamedTuple):
    """A token; ``start`` and ``end`` are positions in the source, ``line`` counts from 1."""

    kind: Kind
    text: str
    start: int
    end: int
    line: int


def source_of(data: bytes) -> str:
    """A file's bytes as the text that this package works on; the lexer ends at the first NUL."""
    return data.partition(b"\0")[0].decode("latin-1")


def text_of(part: str) -> str:
    """A part of a source as Unicode; what is no UTF-8 becomes lone surrogates, as in names of files."""
    return part.encode("latin-1").decode("utf-8", "surrogateescape")


def tokens_of(source: str) -> Iterator[Token]:
    """The tokens of *source*, without space and comments; a first line with ``#!`` is no source.

    Raises:
        Unreadable: A string, a template or a rune does not end.
    """
    line = 1
    start = 0
    if source.startswith("#!"):
        start = source.find("\n")
        if start < 0:
            return
    for found in _TOKEN.finditer(source, start):
        text = found[0]
        kind = found.lastgroup or "mark"
        if kind != "space":
            if kind == "mark" and text in "\"'`":
                raise Unreadable("a literal that begins here does not end", line)
            if kind == "name" and text in KEYWORDS:
                kind = "keyword"
            yield Token(kind, text, found.start(), found.end(), line)  # type: ignore[arg-type]
        line += text.count("\n")


def value_of(string: Token) -> str:
    """What a string token says, as Unicode."""
    return text_of(_ESCAPE.sub(_unescaped, string.text[1:-1]))


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    if found[2]:
        return chr(min(int(found[2], 16), _LAST_CODEPOINT)).encode("utf-8", "replace").decode("latin-1")
    return _SIMPLE.get(found[3], found[3])
