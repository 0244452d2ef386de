"""killing: a process that ends before a certain call, played within this one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest


class Killed(BaseException):
    """Stands for the end of the process."""


@contextmanager
def killed_before(number: int, step: str) -> Iterator[None]:
    """What is done within ends before its *number*-th call of ``os.<step>``, from 1, if it has so many."""
    real: Callable[..., object] = getattr(os, step)
    calls = itertools.count(1)

    def cut(*args: object, **options: object) -> object:
        if next(calls) == number:
            raise Killed
        return real(*args, **options)

    with suppress(Killed), pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, step, cut)
        yield
