"""dataclass: the standard library's data classes and named tuples, for less when they are imported.

The standard decorator compiles every method of a class while its module is imported:
450 µs for each frozen class with slots on Python 3.11, and a run that finds nothing to
do imports 75 of them and calls few methods of few. Here a class costs about 15 µs, and
a method 60 µs when it is asked for the first time; afterwards it is an ordinary one.
The standard ``NamedTuple`` compiles the annotation of each field, which nobody reads:
1 ms for the first in a process. Here annotations stay as they are written.

Type checkers see the standard ``dataclass``, ``field``, ``replace`` and ``NamedTuple``, and
what hpm uses of these behaves the same: ``tests/test_dataclass.py`` compares the two. There is
no ``kw_only``, ``InitVar`` or ``unsafe_hash``; and what the type checker forbids anyway,
such as a field without a default after one that has one, is only met at the first use.
"""

from __future__ import annotations

import sys
from collections import namedtuple
from collections.abc import Callable, Iterable
from functools import partial
from reprlib import recursive_repr
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
    from typing import NamedTuple

__all__ = ["NamedTuple", "as_dict", "dataclass", "field", "replace"]

#: The attribute of a class that holds its fields, inherited ones first.
_FIELDS = "__fields__"
_MISSING: Any = type("_Missing", (), {"__repr__": lambda _: "<factory>"})()


class _Field:
    """One field of a class; until the class is made its name and annotation are unknown."""

    __slots__ = ("annotation", "compare", "default", "factory", "init", "name", "repr")

    def __init__(
        self,
        *,
        default: Any = _MISSING,
        default_factory: Callable[[], Any] = _MISSING,
        init: bool = True,
        repr: bool = True,  # noqa: A002  its name in the standard library
        compare: bool = True,
    ) -> None:
        self.name: str = ""
        self.annotation: Any = None
        self.default = default
        self.factory = default_factory
        self.init = init
        self.repr = repr
        self.compare = compare


class _Deferred:
    """An attribute of a class that is made when it is first asked for, and then stands in its own place.

    Two threads that ask at once make it twice, and either is right.
    """

    __slots__ = ("make", "name", "owner")

    def __init__(self, make: Callable[[type], Any]) -> None:
        self.make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner = owner
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        made = self.make(self.owner)
        setattr(self.owner, self.name, made)
        return made.__get__(instance, owner) if hasattr(made, "__get__") else made


def _dataclass(cls: type | None = None, /, **options: bool) -> Any:
    """The class, or a decorator: ``dataclasses.dataclass`` as far as the module's docstring says."""
    return _made(cls, **options) if cls is not None else lambda cls: _made(cls, **options)


def _made(
    cls: type, *, frozen: bool = False, slots: bool = False, eq: bool = True, order: bool = False
) -> type:
    fields = _fields_of(cls)
    attributes = _methods(cls, frozen=frozen, eq=eq, order=order)
    attributes[_FIELDS] = fields
    attributes["__match_args__"] = tuple([each.name for each in fields if each.init])
    attributes["__dataclass_fields__"] = _Deferred(_standard_fields)
    if slots:
        if frozen:
            attributes.update(__getstate__=_state, __setstate__=_set_state)
        return _with_slots(cls, [each.name for each in fields], attributes)
    for each in fields:
        if each.default is not _MISSING:
            setattr(cls, each.name, each.default)
        elif each.name in cls.__dict__:
            delattr(cls, each.name)
    for name, value in attributes.items():
        setattr(cls, name, value)
        if type(value) is _Deferred:
            value.__set_name__(cls, name)
    return cls


def _fields_of(cls: type) -> tuple[_Field, ...]:
    """The fields of *cls*: those of its bases, and its own annotations but for class variables."""
    fields: dict[str, _Field] = {}
    for base in cls.__mro__[-1:0:-1]:
        for each in base.__dict__.get(_FIELDS, ()):
            fields[each.name] = each
    given = cls.__dict__
    for name, annotation in cls.__annotations__.items():
        if str(annotation).removeprefix("typing.").startswith("ClassVar"):
            continue
        own = given.get(name, _MISSING)
        if type(own) is not _Field:
            if own.__class__.__hash__ is None:
                raise ValueError(f"mutable default of {cls.__qualname__}.{name}: use default_factory")
            own = _Field(default=own)
        own.name = name
        own.annotation = annotation
        fields[name] = own
    return tuple(fields.values())


def _methods(cls: type, *, frozen: bool, eq: bool, order: bool) -> dict[str, Any]:
    """What *cls* gets, except for what it has already."""
    own = cls.__dict__
    methods: dict[str, Any] = {}
    if "__init__" not in own:
        methods["__init__"] = _Deferred(_init)
    if "__repr__" not in own:
        methods["__repr__"] = _Deferred(_repr)
    if eq:
        if own.get("__hash__") is None:  # Python itself sets None beside an __eq__
            methods["__hash__"] = _Deferred(_hash) if frozen else None
        if "__eq__" not in own:
            methods["__eq__"] = _Deferred(_eq)
    if order:
        for name, sign in (("__lt__", "<"), ("__le__", "<="), ("__gt__", ">"), ("__ge__", ">=")):
            methods[name] = _Deferred(partial(_comparison, name, sign))
    if frozen:
        methods["__setattr__"] = _refuse_assignment
        methods["__delattr__"] = _refuse_deletion
    return methods


def _with_slots(cls: type, names: Iterable[str], attributes: dict[str, Any]) -> type:
    """*cls* once more, because slots can only be given to a class when it is made."""
    namespace = {**cls.__dict__, **attributes}
    inherited = {slot for base in cls.__mro__[1:-1] for slot in base.__dict__.get("__slots__", ())}
    namespace["__slots__"] = tuple([name for name in names if name not in inherited])
    for name in (*names, "__dict__", "__weakref__"):
        namespace.pop(name, None)
    namespace["__qualname__"] = cls.__qualname__
    return type(cls)(cls.__name__, cls.__bases__, namespace)


# ---------------------------------------------------------------- methods, when they are first used


def _init(cls: type) -> Any:
    setter: Any = cls.__setattr__
    is_frozen = setter is _refuse_assignment
    fields: tuple[_Field, ...] = getattr(cls, _FIELDS)
    parameters = ["self"]
    body = []
    known: dict[str, Any] = {"__missing": _MISSING, "__store": object.__setattr__}
    for each in fields:
        name, value = each.name, each.name
        if each.factory is not _MISSING:
            known[f"__make_{name}"] = each.factory
            value = f"__make_{name}() if {name} is __missing else {name}" if each.init else f"__make_{name}()"
        elif each.default is not _MISSING:
            known[f"__default_{name}"] = each.default
            value = name if each.init else f"__default_{name}"
        elif not each.init:
            continue
        if each.init:
            default = f"__default_{name}" if each.default is not _MISSING else "__missing"
            has_default = each.factory is not _MISSING or each.default is not _MISSING
            parameters.append(f"{name}={default}" if has_default else name)
        slot = getattr(cls, name, None)
        if not is_frozen:
            body.append(f"self.{name} = {value}")
        elif type(slot) is MemberDescriptorType:
            known[f"__store_{name}"] = slot.__set__
            body.append(f"__store_{name}(self, {value})")
        else:
            body.append(f"__store(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    function = _compiled(cls, "__init__", ", ".join(parameters), body or ["pass"], known)
    function.__annotations__ = {each.name: each.annotation for each in fields if each.init} | {"return": None}
    return function


def _repr(cls: type) -> Any:
    shown = ", ".join(f"{each.name}={{self.{each.name}!r}}" for each in getattr(cls, _FIELDS) if each.repr)
    body = [f'return self.__class__.__qualname__ + f"({shown})"']
    return recursive_repr("...")(_compiled(cls, "__repr__", "self", body))


def _hash(cls: type) -> Any:
    return _compiled(cls, "__hash__", "self", [f"return hash({_compared(cls, 'self')})"])


def _eq(cls: type) -> Any:
    names = [each.name for each in getattr(cls, _FIELDS) if each.compare]
    equal = " and ".join(f"self.{name} == other.{name}" for name in names) or "True"
    return _compiled(cls, "__eq__", "self, other", _between_equals(equal))


def _comparison(name: str, sign: str, cls: type) -> Any:
    body = _between_equals(f"{_compared(cls, 'self')} {sign} {_compared(cls, 'other')}")
    return _compiled(cls, name, "self, other", body)


def _between_equals(verdict: str) -> list[str]:
    return [f"if other.__class__ is self.__class__: return {verdict}", "return NotImplemented"]


def _compared(cls: type, instance: str) -> str:
    """The expression of a tuple of all that is compared of *instance*."""
    return f"({''.join(f'{instance}.{each.name}, ' for each in getattr(cls, _FIELDS) if each.compare)})"


def _compiled(
    cls: type, name: str, parameters: str, body: Iterable[str], known: dict[str, Any] | None = None
) -> Any:
    """The method *name* of *cls*, which knows what the module of the class does, and what is *known*."""
    lines = "".join(f"\n {line}" for line in body)
    scope = {**vars(sys.modules[cls.__module__]), **(known or {})}
    exec(f"def {name}({parameters}):{lines}", scope)  # noqa: S102  of names of fields, and nothing else
    function = scope[name]
    function.__qualname__ = f"{cls.__qualname__}.{name}"
    return function


def _standard_fields(cls: type) -> Any:
    """What ``dataclasses.fields``, ``asdict`` and whoever else knows data classes ask for."""
    from dataclasses import MISSING, field as standard, make_dataclass

    fields = []
    for each in getattr(cls, _FIELDS):
        given: dict[str, Any] = {
            "default": MISSING if each.default is _MISSING else each.default,
            "default_factory": MISSING if each.factory is _MISSING else each.factory,
        }
        described = standard(**given, init=each.init, repr=each.repr, compare=each.compare)
        fields.append((each.name, each.annotation, described))
    made: Any = make_dataclass(cls.__name__, fields, eq=False)
    return made.__dataclass_fields__


# ---------------------------------------------------------------- methods that need not be compiled


def _refuse_assignment(self: object, name: str, value: object) -> NoReturn:
    from dataclasses import FrozenInstanceError

    del self, value
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: object, name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    del self
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: object) -> list[Any]:
    return [getattr(self, each.name) for each in getattr(self, _FIELDS)]


def _set_state(self: object, state: list[Any]) -> None:
    for each, value in zip(getattr(self, _FIELDS), state, strict=True):
        object.__setattr__(self, each.name, value)


def _replace(value: Any, /, **changes: Any) -> Any:
    """*value* once more, with *changes* among its fields."""
    for each in getattr(value, _FIELDS):
        if each.init and each.name not in changes:
            changes[each.name] = getattr(value, each.name)
    return value.__class__(**changes)


def as_dict(value: Any) -> dict[str, Any]:
    """The fields of *value* by name, as they are.

    Not ``dataclasses.asdict``, which copies every value: ten times as slow.
    """
    return {each.name: getattr(value, each.name) for each in getattr(value, _FIELDS)}


# ---------------------------------------------------------------- named tuples


class _NamedTupleType(type):
    """Makes a named tuple of the body of a class."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, namespace)
        fields = namespace["__annotations__"]
        defaults = [namespace.pop(each) for each in fields if each in namespace]
        make: Any = namedtuple  # whose plug-in for mypy wants literals  # noqa: PYI024
        made = make(name, fields, defaults=defaults, module=namespace.pop("__module__"))
        for key, value in namespace.items():
            setattr(made, key, value)
        return made


class _NamedTuple(metaclass=_NamedTupleType):
    """The base of classes that are to be named tuples."""


if not TYPE_CHECKING:
    dataclass, field, replace, NamedTuple = _dataclass, _Field, _replace, _NamedTuple
