"""crew: what a worker does: it takes orders from the process that forked it until there is nobody there."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from hpmtasks.dataclass import replace
from hpmtasks.errors import HpmError
from hpmtasks.session.delivery import Order, deliver
from hpmtasks.session.executor import Executor
from hpmtasks.session.messages import PIECE, Messages, message

if TYPE_CHECKING:
    from hpmtasks.session.session import Session

# Where answers come at once, so many requests keep one thread unpacking; each more costs memory and time.
_FEW_REQUESTS = 4
# If nothing came for so long, it is the network that is waited for.
_SECONDS_TO_IDLE = 0.01
_GROWTH = 4
_PR_SET_PDEATHSIG = 1  # linux/prctl.h; it is the end of the thread that forked that counts: the main one
_M_ARENA_MAX, _M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -8, -1, -3  # malloc.h
_KEPT_BYTES = 16 << 20


def load_for_all(session: Session) -> None:
    """What every worker needs is loaded once, before there is any."""
    import hpmtasks.sources.routing
    import hpmtasks.store.at_once
    import hpmtasks.store.inventory
    import hpmtasks.store.received  # noqa: F401
    from hpmtasks.net.http import load_client
    from hpmtasks.sources.github import GithubSettings
    from hpmtasks.store.inflate import gunzip_library

    environ = session.settings.environ
    with suppress(HpmError):  # to be told by the task that needs it
        load_client(environ, GithubSettings.from_environment(environ).server_url)
    gunzip_library()
    with suppress(ImportError):
        import ctypes  # noqa: F401


class Crew:
    """The threads of a worker, which all take orders from one queue, and turns at computing.

    An order whose package.json somebody waits for is asked for at once. Of others few are on their way at
    a time, and no more while as many have come that are not unpacked; for as long as none comes, more and
    more.
    """

    def __init__(self, session: Session, channel: socket.socket, most: int) -> None:
        """Nobody is at work yet.

        Args:
            channel: Where orders come, and answers go.
            most: Of the requests that are on their way at a time.
        """
        self._session = session
        self._channel = channel
        self._most = most
        self._abreast = _FEW_REQUESTS
        self._is_urgent = False
        self._orders: SimpleQueue[tuple[int, Order]] = SimpleQueue()
        self._guard = threading.Lock()  # of how many threads there are, and what they do
        self._threads = self._idle = self._asking = 0
        self._came = 0
        self._computing = threading.Lock()
        self._speaking = threading.Lock()

    def serve(self, parent: int) -> None:
        """Work until nobody is there who could ask, or the process *parent* has ended."""
        _end_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to everybody; who asked decides
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _stay_silent()
        _take_memory_from_one_pool()
        session = self._session
        # What fails here is tried again by who asked, with the one budget of retries that a run has.
        environ = {**session.settings.environ, "HPM_RETRY_DELAYS": ""}
        session.settings = replace(session.settings, environ=environ)
        for made in ("fetcher", "routes"):  # by what was the environment before
            session.__dict__.pop(made, None)
        session.progress = lambda text, tally=None: nullcontext()
        session.executor = Executor()
        session.workers = None
        messages = Messages()
        came = 0
        while True:
            may_grow = self._abreast < self._most and not self._orders.empty()
            if not select.select([self._channel], [], [], _SECONDS_TO_IDLE if may_grow else None)[0]:
                if self._came == came and not self._computing.locked():
                    self._abreast *= _GROWTH
                    self._hire()
                came = self._came
                continue
            data = self._channel.recv(PIECE)
            if not data:
                return
            for number, name, version, *more in messages.take(data):
                order = Order.parse(name, version, *more)
                self._is_urgent |= order.tells
                self._orders.put((number, order))
            self._hire()

    def _hire(self) -> None:
        """There are as many threads as there is something to do for at once."""
        with self._guard:
            while self._threads < self._most and self._is_short():
                self._threads += 1
                self._idle += 1
                threading.Thread(target=self._work, daemon=True).start()

    def _is_short(self) -> bool:
        if self._orders.qsize() <= self._idle:
            return False
        about_to_compute = self._threads - self._idle - self._asking
        return self._is_urgent or (
            self._asking + self._idle < self._abreast and about_to_compute < self._abreast
        )

    def _work(self) -> None:
        while True:
            number, order = self._orders.get()
            with self._guard:
                self._idle -= 1
                self._asking += 1
            turn = _Turn(self._computing, self._has_come)
            try:
                answer = tuple(deliver(self._session, order, turn, partial(self._say, number, False)))
            except Exception:  # noqa: BLE001  whoever asked will meet it, and tell it
                answer = ()
            if not turn.has_come:
                self._has_come()
            self._came += 1
            self._say(number, True, answer)
            with self._guard:
                self._idle += 1

    def _has_come(self) -> None:
        """What a thread has asked for is there, so another may ask while that one computes."""
        with self._guard:
            self._asking -= 1
        self._hire()

    def _say(self, number: int, is_all: bool, what: Any) -> None:
        with self._speaking, suppress(OSError):
            self._channel.sendall(message((number, is_all, what)))


class _Turn:
    """The turn of one thread at computing; *begin* is called when it first wants it."""

    def __init__(self, computing: threading.Lock, begin: Callable[[], None]) -> None:
        self.has_come = False
        self._computing = computing
        self._begin = begin

    def __enter__(self) -> None:
        if not self.has_come:
            self.has_come = True
            self._begin()
        self._computing.acquire()

    def __exit__(self, *_: object) -> None:
        self._computing.release()


def _take_memory_from_one_pool() -> None:
    """Threads share what memory there is: glibc gives each a pool of its own, new pages and all.

    And keep it: what one package was unpacked in is there for the next one, without new pages.
    """
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        library.mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)


def _stay_silent() -> None:
    """Nothing is said: who reads what hpm says would else wait for a worker to end."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _end_with(parent: int) -> None:
    """This process is killed when *parent* ends, so that the next run finds nobody at work."""
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(0)
