from __future__ import annotations

import subprocess
import sys
import typing
from collections.abc import Callable, Mapping

import pytest

from hpmtasks import typed
from hpmtasks.typed import Any, Generic, Literal, Protocol, TypeVar, cast, get_args, runtime_checkable
from tests.support.command_line import REPOSITORY

T = TypeVar("T")
Colour = Literal["red", "green"]


@runtime_checkable
class Named(Protocol):
    """Something with a name that can be called by it."""

    name: str

    def call(self) -> str:
        """It answers."""
        ...


@runtime_checkable
class NamedWithAge(Named, Protocol):
    """And with an age."""

    age: int


class Cat:
    """A protocol means nothing to it, and it has what one asks for."""

    name = "Tom"

    def call(self) -> str:
        return self.name


class Kitten(Cat, NamedWithAge):
    """One that says what it is."""

    age = 0


class Box(Generic[T]):
    """A class with a parameter."""

    def __init__(self, content: T) -> None:
        self.content = content


@pytest.mark.parametrize("name", typed.__all__)
def test_every_word_is_one_of_the_standard_library(name: str) -> None:
    """Type checkers take it from there."""
    assert hasattr(typing, name)


@pytest.mark.parametrize("value", [Cat(), Kitten(), Box("Tom"), object(), "Tom", None])
def test_isinstance_asks_what_the_standard_protocol_asks(value: object) -> None:
    """What has all that is named is an instance, of the protocol and not of a class that follows it."""
    standard = typing.runtime_checkable(_standard(Named)), typing.runtime_checkable(_standard(NamedWithAge))
    for ours, theirs in zip((Named, NamedWithAge), standard, strict=True):
        assert isinstance(value, ours) == isinstance(value, theirs)
    assert isinstance(value, Kitten) == (type(value) is Kitten)


def _standard(protocol: type) -> Any:
    """The protocol of the same members, made by the standard library."""
    members: dict[str, Any] = {"__annotations__": {}}
    for base in protocol.__mro__[::-1]:
        own = vars(base)
        members["__annotations__"] |= own.get("__annotations__", {})
        members |= {name: value for name, value in own.items() if not name.startswith("__")}
    make: Any = type(typing.Protocol)
    return make(protocol.__name__, (typing.Protocol,), {**members, "__module__": __name__})


def test_annotations_can_be_written_where_they_are_evaluated() -> None:
    """In aliases, in brackets, beside other types and as bases."""
    aliases = [
        Mapping[str, Any],
        Callable[[Any], None],
        Callable[..., Any],
        dict[str, Any] | None,
        Any | None,
        int | Literal["a"],
        Literal["a"] | int,
        tuple[Any, ...],
        Box[int],
    ]
    assert None not in aliases
    assert Box("x").content == "x"


def test_what_does_something_does_it() -> None:
    """A cast is its value, and a literal tells what it may be."""
    assert cast("str", 1) == 1  # type: ignore[comparison-overlap]
    assert get_args(Colour) == ("red", "green")


def test_typing_is_not_imported() -> None:
    """Nor by what the stand-ins are made of."""
    program = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); sys.modules.pop('typing', None);"
        "import hpmtasks.typed; sys.exit('typing' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-I", "-c", program], check=False).returncode == 0
