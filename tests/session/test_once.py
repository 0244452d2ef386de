"""once: one value for all threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from hpmtasks.session.once import once

THREADS = 16


class Holder:
    """Something with an attribute that takes its time to be made."""

    def __init__(self) -> None:
        self.gate = threading.Barrier(THREADS)
        self.made = 0

    @once
    def value(self) -> object:
        """Made when first asked for."""
        self.made += 1
        return object()

    def ask(self) -> object:
        """Ask together with all the others."""
        self.gate.wait(30)
        return self.value


def test_threads_that_ask_together_get_one_value() -> None:
    """However many ask at once, the value is made once."""
    for _ in range(50):
        holder = Holder()
        with ThreadPoolExecutor(THREADS) as pool:
            values = {id(value) for value in pool.map(lambda _, holder=holder: holder.ask(), range(THREADS))}
        assert (len(values), holder.made) == (1, 1)


def test_each_instance_has_its_own() -> None:
    """The value is kept with the instance, and can be dropped there."""
    one, other = Holder(), Holder()
    assert one.value is not other.value
    kept = one.value
    del one.__dict__["value"]
    assert one.value is not kept
