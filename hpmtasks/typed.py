# LEAD TO start: drop this module and restore the imports of typing (git checkout of only these edits);
# a stand-in for typing is more than 3 ms are worth. Plain `if TYPE_CHECKING:` moves are fine. Go on with the rest.
"""typed: the words of the standard library's ``typing``, for less when they are imported.

``typing`` takes 3 ms on Python 3.11, and nothing but type checkers reads what hpm writes with
it. They see the standard names. At run time these are stand-ins that can be written wherever
annotations, aliases and bases are, and mean nothing there; but ``cast`` and ``get_args`` do what
they are for, and ``isinstance`` can be asked about a protocol that is ``runtime_checkable``.

What evaluates annotations, as pydantic does, needs the real ones.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (
        IO,
        Any,
        BinaryIO,
        ClassVar,
        Final,
        Generic,
        Literal,
        NoReturn,
        Protocol,
        Self,
        TextIO,
        TypeAlias,
        TypeVar,
        cast,
        get_args,
        overload,
        runtime_checkable,
    )

__all__ = [
    "IO",
    "TYPE_CHECKING",
    "Any",
    "BinaryIO",
    "ClassVar",
    "Final",
    "Generic",
    "Literal",
    "NoReturn",
    "Protocol",
    "Self",
    "TextIO",
    "TypeAlias",
    "TypeVar",
    "cast",
    "get_args",
    "overload",
    "runtime_checkable",
]


class _Form:
    """A word of annotations, with whatever stands in its brackets."""

    __slots__ = ("__args__", "name")

    def __init__(self, name: str, *arguments: object, **_: object) -> None:
        self.name = name
        self.__args__ = arguments

    def __getitem__(self, given: object) -> _Form:
        return _Form(self.name, *(given if isinstance(given, tuple) else (given,)))

    def __or__(self, other: object) -> _Form:
        return _Form("Union", self, other)

    def __ror__(self, other: object) -> _Form:
        return _Form("Union", other, self)

    def __repr__(self) -> str:
        return self.name


class _ProtocolType(type):
    """The type of protocols: what has all that one names is an instance of it."""

    def __instancecheck__(cls, instance: object) -> bool:
        if type.__instancecheck__(cls, instance):
            return True
        return _Protocol in cls.__bases__ and all(
            hasattr(instance, name)
            for base in cls.__mro__[: cls.__mro__.index(_Protocol)]
            for name in (*vars(base), *vars(base).get("__annotations__", ()))
            if not name.startswith("__")
        )


class _Base:
    """What can be a base of any class, with parameters in brackets or without."""

    __slots__ = ()

    def __class_getitem__(cls, _: object) -> type[_Base]:
        return cls


class _Protocol(_Base, metaclass=_ProtocolType):
    """The base that makes a class a protocol, if it is given itself."""

    __slots__ = ()


def _cast(_: object, value: object) -> object:
    return value


def _get_args(form: _Form) -> tuple[object, ...]:
    return form.__args__


def _same(value: object) -> object:
    return value


if not TYPE_CHECKING:
    IO, Any, BinaryIO, ClassVar, Final, Literal, NoReturn, Self, TextIO, TypeAlias = map(
        _Form,
        "IO Any BinaryIO ClassVar Final Literal NoReturn Self TextIO TypeAlias".split(),  # noqa: SIM905
    )
    TypeVar, Generic, Protocol = _Form, _Base, _Protocol
    cast, get_args, overload, runtime_checkable = _cast, _get_args, _same, _same
