"""children: every process that runs for this hpm, and what becomes of the signals that hpm is sent.

While :meth:`Children.take_signals` is entered, a signal that would end hpm is its children's to
obey, and hpm waits for them, for a while. Whoever asks a second time does not want to wait:
they are killed.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from hpmtasks.scripts.guardian import Guardian

if TYPE_CHECKING:
    from hpmtasks.scripts.process import Child

#: What a command that was asked to end has, to end by itself.
GRACE_SECONDS = 10.0
# A terminal sends these to the whole foreground; the others come to hpm alone.
_FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
_TAKEN = (*_FROM_TERMINAL, signal.SIGTERM, signal.SIGHUP)


class Children:
    """The children of one run, from whatever thread they were started.

    Attributes:
        asked: The signals that hpm was sent and that were its own to pass on, in order.
        grace_seconds: What a child has to end after it was asked; then it is killed.
    """

    def __init__(self, grace_seconds: float = GRACE_SECONDS) -> None:
        self.grace_seconds = grace_seconds
        self.asked: list[int] = []
        self._running: dict[Child, None] = {}
        self._guardian = Guardian(grace_seconds)
        self._on_ask: list[Callable[[], None]] = []
        self._mutex = threading.Lock()
        self._is_taking = False

    def on_ask(self, act: Callable[[], None]) -> None:
        """*act* is called, by any thread, whenever hpm is asked to end."""
        self._on_ask.append(act)

    def prepare(self) -> None:
        """Whoever starts a child next can add it at once."""
        self._guardian.prepare()

    def add(self, child: Child) -> None:
        """*child* runs; a signal that came before it was started is passed on now."""
        self._guardian.watch(child.process.pid, is_group=child.has_group)
        with self._mutex:
            self._running[child] = None
            asked = tuple(self.asked)
        for number in asked:
            self._pass_on(child, number)

    def remove(self, child: Child) -> None:
        """*child* has ended."""
        with self._mutex:
            self._running.pop(child, None)
        child.is_over()
        self._guardian.release(child.process.pid, is_group=child.has_group)

    def close(self) -> None:
        """The guardian is gone; what still ran is asked to end."""
        self._guardian.close()

    @contextmanager
    def take_signals(self) -> Iterator[None]:
        """Signals are taken as the module says, in the main thread; elsewhere none are touched.

        A thread of its own obeys them. The main thread would run a handler when it comes back from what
        it waits for, and a signal that came in the moment before it began to wait would not wake it.
        """
        if self._is_taking or threading.current_thread() is not threading.main_thread():
            yield
            return
        told, telling = os.pipe()
        os.set_blocking(telling, False)
        obeying = threading.Thread(target=self._obey, args=(told,), name="hpm signals", daemon=True)
        obeying.start()
        before: dict[signal.Signals, Any] = {}
        self._is_taking = True
        fd_before = signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
        for number in _TAKEN:
            # What our caller ignores (nohup, a shell's &) the children ignore as well.
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, _do_nothing)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
            signal.set_wakeup_fd(fd_before)
            self._is_taking = False
            os.close(telling)
            obeying.join()

    def ask(self, number: int = signal.SIGTERM) -> None:
        """As if hpm had been sent the signal *number*."""
        with self._mutex:
            running = tuple(self._running)
            if number in _FROM_TERMINAL and any(child.shares_terminal for child in running):
                return  # the script has it from the terminal, and it is the script's to decide
            self.asked.append(number)
        for act in self._on_ask:
            act()
        for child in running:
            self._pass_on(child, number)

    def _obey(self, told: int) -> None:
        with open(told, "rb", buffering=0) as numbers:
            while found := numbers.read(1):
                if found[0] in _TAKEN:
                    self.ask(found[0])

    def _pass_on(self, child: Child, number: int) -> None:
        if len(self.asked) > 1:
            child.send(number)
            child.send(signal.SIGKILL)
        else:
            child.stop(self.grace_seconds, number)


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """For the signal to be told at all."""
