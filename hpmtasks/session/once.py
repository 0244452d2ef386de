"""once: an attribute that is made once, although several threads ask for it first.

``functools.cached_property`` has not been safe for that since Python 3.12: two threads
may each make a value, here two fetchers with connections and a retry budget of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from threading import RLock
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801  a decorator, spelled like the ones beside it
    """A ``cached_property`` under a lock; after the first time it costs no more than an attribute."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._cached = cached_property(make)
        self._lock = RLock()
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._cached.__set_name__(owner, name)

    @overload
    def __get__(self, instance: None, owner: type) -> once[T]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...
    def __get__(self, instance: object, owner: type | None = None) -> once[T] | T:
        if instance is None:
            return self
        with self._lock:
            return self._cached.__get__(instance, owner)
