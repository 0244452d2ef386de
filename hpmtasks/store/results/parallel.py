"""parallel: several things at once, where each waits for the network most of the time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

#: As many requests as a small server answers gladly at once.
WIDTH = 8


def for_each(items: Iterable[T], work: Callable[[T], object]) -> None:
    """*work* has been done with each of *items*; after a failure no further one is begun.

    The threads are daemons: what they do may be abandoned at any moment, and Ctrl-C waits for none.

    Raises:
        BaseException: The first failure, when all that had begun has ended.
    """
    left = deque(items)
    failures: list[BaseException] = []

    def see_to_some() -> None:
        while left and not failures:
            try:
                item = left.popleft()
            except IndexError:
                return
            try:
                work(item)
            except BaseException as failure:  # noqa: BLE001  raised again below
                failures.append(failure)

    threads = [
        threading.Thread(target=see_to_some, name="hpm-results", daemon=True)
        for _ in range(min(WIDTH, len(left)) - 1)
    ]
    for thread in threads:
        thread.start()
    see_to_some()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
