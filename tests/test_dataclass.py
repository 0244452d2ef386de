from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from hpmtasks import dataclass as ours
from hpmtasks.dataclass import NamedTuple, as_dict, dataclass, field, replace

Decorator = Callable[..., Any]

NAMES = ("first", "second", "third", "fourth")
VALUES = st.integers(0, 2) | st.sampled_from(["", "a", "b"]) | st.none()
OPTIONS = st.fixed_dictionaries({name: st.booleans() for name in ("frozen", "slots", "eq", "order")}).filter(
    lambda options: options["eq"] or not options["order"]
)
FIELDS = st.fixed_dictionaries({name: st.booleans() for name in ("init", "repr", "compare")})
DEFAULTS = st.none() | st.tuples(st.sampled_from(["plain", "default", "factory"]), VALUES)
#: Fields with a default come last; one that is not given to ``__init__`` has one, so that it is always there.
LAYOUTS = st.lists(st.tuples(DEFAULTS, FIELDS), max_size=len(NAMES)).map(
    lambda drawn: [
        (default, given if default else {**given, "init": True})
        for default, given in sorted(drawn, key=lambda each: each[0] is not None)
    ]
)
ARGUMENTS = st.tuples(
    st.lists(VALUES, max_size=5), st.dictionaries(st.sampled_from([*NAMES, "unknown"]), VALUES, max_size=3)
)


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """What a point is."""

    count: ClassVar[int] = 0

    x: int
    y: int = 0
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Named(Point):
    """A point with a name."""

    name: str = ""


@dataclass(frozen=True)
class Kept:
    """It keeps what it has computed."""

    text: str
    length: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.text))

    @cached_property
    def upper(self) -> str:
        return self.text.upper()


class Pair(NamedTuple):
    """Two of a kind."""

    left: int
    right: int = 0

    @property
    def total(self) -> int:
        return self.left + self.right

    @classmethod
    def of(cls, number: int) -> Pair:
        return cls(number, number)


def build(decorate: Decorator, describe: Decorator, layout: list[Any], options: dict[str, bool]) -> Any:
    namespace: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, "__qualname__": "Built"}
    for name, (default, wanted) in zip(NAMES, layout, strict=False):
        namespace["__annotations__"][name] = "object"
        kind, value = default or (None, None)
        if kind == "plain":
            namespace[name] = value
        elif kind == "default":
            namespace[name] = describe(default=value, **wanted)
        elif kind == "factory":
            namespace[name] = describe(default_factory=lambda value=value: value, **wanted)
        else:
            namespace[name] = describe(**wanted)
    return decorate(**options)(type("Built", (), namespace))


def told(act: Callable[[], Any]) -> object:
    """What comes of *act*: a value, or the error's kind and sentence."""
    try:
        return act()
    except (TypeError, AttributeError) as error:
        return type(error).__name__, str(error)


def told_of(cls: Any, arguments: Any, others: Any) -> list[object]:
    """Everything that can be seen of an instance of *cls*, and of two beside each other."""
    made = told(lambda: cls(*arguments[0], **arguments[1]))
    if not isinstance(made, cls):
        return [made]
    other = told(lambda: cls(*others[0], **others[1]))
    shown = [
        repr(made),
        dataclasses.asdict(made),
        told(lambda: hash(made) == hash(copy.copy(made))),
        cls.__hash__ is None,
        cls.__match_args__,
        str(inspect.signature(cls)),
        [
            (each.name, each.init, each.repr, each.compare, each.default is dataclasses.MISSING)
            for each in dataclasses.fields(made)
        ],
        hasattr(made, "__dict__"),
        told(lambda: dataclasses.asdict(copy.deepcopy(made))),
    ]
    if isinstance(other, cls):
        shown += [made == other, made != other, told(lambda: made < other), told(lambda: made >= other)]
        shown += [told(lambda: made <= other), told(lambda: made > other)]
        shown += [made == object(), told(lambda: {made: 1}.get(other))]
    for each in dataclasses.fields(made):
        if hasattr(made, each.name):
            shown += [told(partial(setattr, made, each.name, 7)), told(lambda: repr(made))]
            shown += [told(partial(delattr, made, each.name)), hasattr(made, each.name)]
    return shown


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LAYOUTS, OPTIONS, ARGUMENTS, ARGUMENTS)
def test_classes_behave_as_those_of_the_standard_library(
    layout: list[Any], options: dict[str, bool], arguments: Any, others: Any
) -> None:
    """Made, compared, hashed, shown, copied, changed and misused, they cannot be told from standard ones."""
    standard = build(dataclasses.dataclass, dataclasses.field, layout, options)
    lazy = build(dataclass, field, layout, options)
    assert told_of(lazy, arguments, others) == told_of(standard, arguments, others)


def test_a_class_inherits_fields_and_orders_by_what_is_compared() -> None:
    """Fields of the base come first; what is not compared does not count; another class is not comparable."""
    assert Named(1, name="a") == Named(1, 0, {"x": "y"}, "a")
    assert Point(1, 2) < Point(1, 3) <= Point(1, 3, {"a": "b"})
    assert Named(1) != Point(1)
    assert repr(Named(1)) == "Named(x=1, y=0, tags={}, name='')"
    with pytest.raises(TypeError):
        assert Named(1) < Point(1)


def test_values_are_copied_pickled_and_changed() -> None:
    """A copy, a pickled one and one with a change are new values; the old one is as it was."""
    point = Point(1, tags={"a": "b"})
    assert copy.copy(point) == pickle.loads(pickle.dumps(point)) == point  # noqa: S301  its own
    assert replace(point, y=5) == dataclasses.replace(point, y=5) == Point(1, 5)
    assert replace(Kept("a"), text="long").length == 4
    assert as_dict(point) == {"x": 1, "y": 0, "tags": {"a": "b"}}
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        replace(point, z=1)  # type: ignore[call-arg]
    assert point == Point(1)


def test_what_is_computed_once_is_kept() -> None:
    """Without slots there is room beside the fields, in frozen classes too."""
    kept = Kept("abc")
    assert kept.upper is kept.upper
    assert not hasattr(Point(1), "__dict__")


def test_a_pattern_finds_the_fields_by_their_order() -> None:
    """What ``match`` reads is there."""
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_a_default_that_can_change_is_refused() -> None:
    """A list is no default: all instances would share it."""
    with pytest.raises(ValueError, match="default_factory"):
        build(dataclass, field, [(("plain", []), {})], {})


def test_a_method_is_compiled_when_it_is_first_used() -> None:
    """Until then it stands there as a promise, and afterwards as a function."""

    @dataclass(frozen=True, slots=True)
    class Fresh:
        number: int

    promised = {name: type(vars(Fresh)[name]) for name in ("__init__", "__eq__", "__hash__", "__repr__")}
    assert set(promised.values()) == {ours._Deferred}
    assert Fresh(1) == Fresh(1)
    assert inspect.isfunction(vars(Fresh)["__init__"])
    assert inspect.isfunction(vars(Fresh)["__eq__"])
    assert type(vars(Fresh)["__hash__"]) is ours._Deferred


def test_the_standard_ones_are_not_imported() -> None:
    """What they import costs more than all of hpm's classes."""
    code = "import sys, hpmtasks.dataclass; sys.exit(not {'dataclasses', 'inspect'}.isdisjoint(sys.modules))"
    assert subprocess.run([sys.executable, "-S", "-c", code], check=False).returncode == 0


def test_a_named_tuple_is_a_tuple() -> None:
    """It has names, a default, what its class adds, and is otherwise a tuple of its kind."""
    pair = Pair(1)
    assert (pair, pair.left, pair.right, pair.total) == ((1, 0), 1, 0, 1)
    assert Pair.of(3) == Pair(3, 3) == Pair(right=3, left=3) == Pair(1, 3)._replace(left=3)
    assert (Pair.__doc__, Pair.__module__, Pair.__qualname__) == ("Two of a kind.", __name__, "Pair")
    assert repr(pair) == "Pair(left=1, right=0)"
    assert pickle.loads(pickle.dumps(pair)) == pair  # noqa: S301  its own
    assert (Pair._fields, Pair._field_defaults) == (("left", "right"), {"right": 0})
    with pytest.raises(AttributeError):
        pair.left = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Pair()  # type: ignore[call-arg]
