"""An interrupt waits until what must not be cut in two is done."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from hpmtasks.files.interrupts import interrupts_wait


def test_interrupt_takes_effect_after_the_work() -> None:
    """The work is done to its end, and then the interrupt is as if it came only now."""
    done = []

    def work() -> None:
        with interrupts_wait():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("work")
        done.append("never reached")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["work"]


def test_handlers_are_as_before() -> None:
    """Whoever handled the signals handles them again, also after a failure."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    with pytest.raises(ZeroDivisionError), interrupts_wait():
        raise ZeroDivisionError

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_other_threads_are_left_alone() -> None:
    """A thread that is not the main one may not touch handlers, and need not."""
    done = []

    def work() -> None:
        with interrupts_wait():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGINT)]
