"""rename: a module's source with other names for its variables, and with its statements replaced.

Every occurrence of a name is given the new one, locals too: what they hid before, they hide after.
What is no variable stays: properties, keys of objects, fields of types, variants of enums.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from hpmtasks.hemlock.tokens import Token, Unreadable, tokens_of

Bracket: TypeAlias = Literal["list", "object", "define", "enum"]
_CHANGES = re.compile(r"\s*(?:=(?![=>])|[-+*/%&|^]=|<<=|>>=|\?\?=|\+\+|--)")
_CHANGED_BEFORE = re.compile(r"(?:\+\+|--)\s*\Z")


def rewritten(source: str, names: Mapping[str, str], pieces: Mapping[tuple[int, int], str]) -> str:
    """*source* where each variable of *names* is called otherwise, and each of *pieces* says another text.

    Args:
        pieces: By the place of what they replace; nothing in such a place is renamed. Each line that
            is replaced leaves a line, so that the others keep their numbers.
    """
    edits = [(start, end, _padded(text, source[start:end])) for (start, end), text in pieces.items()]
    taken = sorted(pieces)
    for start, end, text in _renamings(source, names):
        if not any(first <= start < last for first, last in taken):
            edits.append((start, end, text))
    parts = []
    at = 0
    for start, end, text in sorted(edits):
        parts += [source[at:start], text]
        at = end
    return "".join([*parts, source[at:]])


def variables_in(source: str) -> frozenset[str]:
    """Every name in *source*, whatever it names; also those in templates."""
    found = set()
    for token in _until_unreadable(source):
        if token.kind == "name":
            found.add(token.text)
        elif token.kind == "template":
            for start, end in _expressions(token.text):
                found |= variables_in(token.text[start:end])
    return frozenset(found)


def changed_in(source: str, name: str) -> bool:
    """Whether *source* seems to give *name* another value after its declaration."""
    previous = ""
    for token in _until_unreadable(source):
        if token.kind == "name" and token.text == name and previous not in {".", "?.", "let", "const", "fn"}:
            before = source[max(0, token.start - 8) : token.start]
            if _CHANGES.match(source, token.end) or _CHANGED_BEFORE.search(before):
                return True
        previous = token.text
    return False


def _until_unreadable(source: str) -> Iterator[Token]:
    try:
        yield from tokens_of(source)
    except Unreadable:
        return


def _padded(text: str, before: str) -> str:
    return text + "\n" * max(0, before.count("\n") - text.count("\n"))


def _renamings(source: str, names: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    if not names:
        return
    tokens = list(_until_unreadable(source))
    brackets: list[Bracket] = []
    for at, token in enumerate(tokens):
        if token.kind == "template":
            text = _in_template(token.text, names)
            if text != token.text:
                yield token.start, token.end, text
        elif token.kind == "name" and token.text in names:
            text = _in_place(tokens, at, brackets, names[token.text])
            if text != token.text:
                yield token.start, token.end, text
        elif token.kind == "mark":
            _follow(tokens, at, brackets)


def _follow(tokens: list[Token], at: int, brackets: list[Bracket]) -> None:
    """*brackets* are those that are open behind the token *at*."""
    text = tokens[at].text
    if text in "([":
        brackets.append("list")
    elif text == "{":
        word = tokens[at - 2].text if at >= 2 else ""
        brackets.append("define" if word == "define" else "enum" if word == "enum" else "object")
    elif text in ")]}" and brackets:
        brackets.pop()


def _in_place(tokens: list[Token], at: int, brackets: list[Bracket], new: str) -> str:
    """What the name *at* is called, if the variable of that name is called *new*."""
    old = tokens[at].text
    before = tokens[at - 1].text if at else ""
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    if before in {".", "?.", "break", "continue"}:
        return old
    if brackets and brackets[-1] in {"object", "define", "enum"} and before in {"{", ","}:
        if brackets[-1] != "object" or after == ":":
            return old
        if after in {",", "}"}:
            return f"{old}: {new}"
    return new


def _in_template(text: str, names: Mapping[str, str]) -> str:
    parts = []
    at = 0
    for start, end in _expressions(text):
        parts += [text[at:start], rewritten(text[start:end], names, {})]
        at = end
    return "".join([*parts, text[at:]])


def _expressions(template: str) -> Iterator[tuple[int, int]]:
    """Where the ``${…}`` of *template* are; as the parser does it, by counting braces."""
    at = template.find("${")
    while at >= 0:
        depth, end = 1, at + 2
        while end < len(template) and depth:
            depth += {"{": 1, "}": -1}.get(template[end], 0)
            end += 1
        if depth:
            return
        yield at + 2, end - 1
        at = template.find("${", end)
