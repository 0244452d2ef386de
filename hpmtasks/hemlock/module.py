"""module: what a Hemlock source imports, exports and defines at its top level.

A scanner, no parser: it follows brackets, and reads a statement only where one may begin outside
of all of them, which is where the interpreter honours ``import`` and ``export``. A source that the
parser would refuse gives what could be made out.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Literal, TypeAlias

from hpmtasks.dataclass import dataclass
from hpmtasks.hemlock.tokens import Token, Unreadable, tokens_of, value_of

Kind: TypeAlias = Literal["named", "star", "namespace", "reexport"]
#: What a binding was made with; ``import`` for one that came from elsewhere.
How: TypeAlias = Literal["let", "const", "fn", "extern", "enum", "import"]

_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Import:
    """An import of another module, or a re-export, which loads one too.

    Attributes:
        kind: ``import { … }``, ``import *``, ``import * as NAME`` or ``export { … } from``.
        path: What is imported, as the string says it.
        names: What is taken, and as what.
        namespace: NAME; empty without one.
        line: Where it begins, from 1.
        start, end: Its place in the source, semicolon included.
    """

    kind: Kind
    path: str
    names: tuple[tuple[str, str], ...]
    namespace: str
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Export:
    """An ``export`` without ``from``: of a declaration (then ``end`` is where that begins), or a list."""

    names: tuple[tuple[str, str], ...]
    is_list: bool
    line: int
    start: int
    end: int


@dataclass(frozen=True)
class Module:
    """A source, read.

    Attributes:
        imports: In their order, re-exports among them.
        exports: In their order, without re-exports.
        bindings: The names at the top level, and what each was made with.
        types: What ``define`` names at the top level: known everywhere once the module is loaded.
        problem: Why the source could not be read to its end; empty if it could.
    """

    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    bindings: dict[str, How]
    types: frozenset[str]
    problem: str = ""

    @cached_property
    def has_star(self) -> bool:
        """Whether it takes whatever another module exports, so that ``bindings`` is not all."""
        return any(each.kind == "star" for each in self.imports)

    @cached_property
    def exported(self) -> tuple[str, ...]:
        """The names that the interpreter lists as its exports, in their order, each once."""
        parts: list[Import | Export] = [*self.exports]
        parts += [each for each in self.imports if each.kind == "reexport"]
        parts.sort(key=lambda part: part.start)
        return tuple(dict.fromkeys(name for part in parts for _, name in part.names))

    @cached_property
    def offered(self) -> tuple[str, ...]:
        """Those of ``exported`` that can be taken: the interpreter looks for a binding of that very name.

        So ``export { a as b }`` offers nothing, unless there is a ``b`` as well.
        """
        return tuple(name for name in self.exported if name in self.bindings or self.has_star)


class _Cursor:
    """Goes through the tokens of one statement."""

    def __init__(self, tokens: list[Token], at: int) -> None:
        self.tokens, self.at = tokens, at

    def take(self, *texts: str, kind: str = "") -> Token | None:
        """The next token if it is one of *texts*, or of *kind*; then it is behind."""
        if self.at >= len(self.tokens):
            return None
        token = self.tokens[self.at]
        if token.text in texts or token.kind == kind:
            self.at += 1
            return token
        return None

    def names(self) -> tuple[tuple[str, str], ...] | None:
        """``{ a, b as c }``, if that comes next."""
        if not self.take("{"):
            return None
        found = []
        while name := self.take(kind="name"):
            alias = self.take(kind="name") if self.take("as") else name
            if alias is None:
                return None
            found.append((name.text, alias.text))
            if not self.take(","):
                break
        return tuple(found) if found and self.take("}") else None

    def path_and_end(self) -> tuple[str, int] | None:
        """``"path";``, if that comes next, and where it ends."""
        path = self.take(kind="string")
        if path is None:
            return None
        end = self.take(";")
        return value_of(path), (end or path).end


def read_module(source: str) -> Module:
    """What *source* imports, exports and defines; it never fails, and takes time in proportion."""
    tokens: list[Token] = []
    problem = ""
    try:
        for token in tokens_of(source):
            tokens.append(token)  # noqa: PERF402  what came before an error is kept
    except Unreadable as error:
        problem = str(error)
    imports: list[Import] = []
    exports: list[Export] = []
    bindings: dict[str, How] = {}
    types: set[str] = set()
    for at in _statements(tokens):
        first, cursor = tokens[at], _Cursor(tokens, at + 1)
        part: Import | Export | None = None
        if first.text == "import":
            part = _import(cursor, first)
        elif first.text == "export":
            part = _export(cursor, first)
        else:
            _declare(_Cursor(tokens, at), bindings, types)
        if isinstance(part, Import):
            imports.append(part)
            bindings.update(
                (name, "import") for name in (*(own for _, own in part.names), part.namespace) if name
            )
        elif part is not None:
            exports.append(part)
            _declare(_Cursor(tokens, at + 1), bindings, types)
    return Module(tuple(imports), tuple(exports), bindings, frozenset(types), problem)


def _statements(tokens: list[Token]) -> Iterator[int]:
    """Where a statement may begin at the top level, as positions in *tokens*."""
    depth = 0
    may_begin = True
    for at, token in enumerate(tokens):
        if depth == 0 and may_begin:
            yield at
        if token.kind == "mark":
            if token.text in _OPENING:
                depth += 1
            elif token.text in _CLOSING:
                depth = max(0, depth - 1)
        may_begin = token.kind == "mark" and token.text in ";}"


def _import(cursor: _Cursor, first: Token) -> Import | None:
    """The import that begins at *first*; ``None`` for a library (``import "libc.so.6";``) or nonsense."""
    kind: Kind = "named"
    names: tuple[tuple[str, str], ...] | None = ()
    namespace = ""
    if cursor.take("*"):
        kind = "star"
        if cursor.take("as"):
            kind, name = "namespace", cursor.take(kind="name")
            namespace = name.text if name else ""
    else:
        names = cursor.names()
    rest = cursor.path_and_end() if names is not None and cursor.take("from") else None
    if names is None or rest is None:
        return None
    return Import(kind, rest[0], names, namespace, first.line, first.start, rest[1])


def _export(cursor: _Cursor, first: Token) -> Import | Export | None:
    begins = cursor.at
    names = cursor.names()
    if names is not None:
        if cursor.take("from"):
            rest = cursor.path_and_end()
            return Import("reexport", rest[0], names, "", first.line, first.start, rest[1]) if rest else None
        end = cursor.take(";")
        return Export(
            names, True, first.line, first.start, end.end if end else cursor.tokens[cursor.at - 1].end
        )
    declared = _declared(_Cursor(cursor.tokens, begins))
    if declared is None:
        return None
    name, how = declared
    own = ((name, name),) if how not in {"define", "enum"} else ()
    return Export(own, False, first.line, first.start, cursor.tokens[begins].start)


def _declare(cursor: _Cursor, bindings: dict[str, How], types: set[str]) -> None:
    declared = _declared(cursor)
    if declared is None:
        return
    name, how = declared
    if how == "define":
        types.add(name)
    else:
        bindings[name] = how


def _declared(cursor: _Cursor) -> tuple[str, How | Literal["define"]] | None:
    """The name that the declaration at *cursor* makes, and with what."""
    how: How | Literal["define"]
    if cursor.take("let"):
        how = "let"
    elif cursor.take("const"):
        how = "const"
    elif cursor.take("enum"):
        how = "enum"
    elif cursor.take("define"):
        how = "define"
    elif cursor.take("extern"):
        how = "extern"
        if not cursor.take("fn"):
            return None
    else:
        cursor.take("async")
        if not cursor.take("fn"):
            return None
        how = "fn"
    name = cursor.take(kind="name")
    return (name.text, how) if name else None
