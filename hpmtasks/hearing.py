"""hearing: waiting in the main thread without being deaf to signals.

Python runs the handler of a signal between two steps of the main thread. One that comes in the moment
before a wait begins does not wake it, so who waits for good would never hear of Ctrl-C. Here every
wait is cut into pieces; who waits is woken at once all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from queue import SimpleQueue
    from threading import Condition, Lock

_PIECE_SECONDS = 0.5

T = TypeVar("T")


def take(lock: Lock) -> None:
    """*lock* is held by the caller."""
    while not lock.acquire(timeout=_PIECE_SECONDS):
        pass


def first_of(queue: SimpleQueue[T]) -> T:
    """What comes next out of *queue*."""
    from queue import Empty

    while True:
        with suppress(Empty):
            return queue.get(timeout=_PIECE_SECONDS)


def wait_for(changed: Condition, is_so: Callable[[], bool]) -> None:
    """*is_so*. The caller holds *changed*, which is told of what may have made it so."""
    while not changed.wait_for(is_so, _PIECE_SECONDS):
        pass


def wait(changed: Condition) -> None:
    """*changed*, which the caller holds, was told of something, or may have been."""
    changed.wait(_PIECE_SECONDS)
