"""workers: processes that fetch, unpack and lay out beside this one.

Decompressing, hashing and writing take computing, and would share one interpreter with the graph.
A worker is a fork of this process, made before there is any thread. It is sent orders and answers
each with what came of it, or with nothing: then whoever collects does the work himself, so every
failure is met, and told, in one place. A worker may be ended at any moment: all it writes has a
temporary name until it is whole.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from hpmtasks.dataclass import replace
from hpmtasks.errors import HpmError
from hpmtasks.session.delivery import Delivery, Order, deliver
from hpmtasks.session.executor import Executor

if TYPE_CHECKING:
    from hpmtasks.session.session import Session


class Receiver(Protocol):
    """Who is told of an order."""

    def manifest(self, text: bytes | None) -> None:
        """The package.json has come, ``None`` if there is none; the rest is on its way."""
        ...

    def delivery(self, came: Delivery | None) -> None:
        """What came of the order; ``None``: nothing did, and it is for somebody else to do."""
        ...


#: Requests that all workers together have on their way at a time.
CONNECTIONS = 64
# Where answers come at once, so many requests keep one thread unpacking; each more costs memory and time.
_FEW_REQUESTS = 4
# Nor is more asked for while so many archives that have come are not unpacked yet.
_ENOUGH_TO_COMPUTE = 4
# If nothing came for so long, it is the network that is waited for.
_SECONDS_TO_IDLE = 0.01
_GROWTH = 4
# Below that many missing packages a process costs more than it brings.
_ENOUGH = 2
# So many are done by one worker while the graph is loaded, and a second would cost more than it brings.
_PACKAGES_FOR_ONE = 40
# So many packages a requirement leads to, roughly, where that is all that is known.
_PACKAGES_BEHIND_ONE = 4
_PR_SET_PDEATHSIG = 1  # linux/prctl.h; it is the end of the thread that forked that counts: the main one
_M_ARENA_MAX, _M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -8, -1, -3  # malloc.h
_KEPT_BYTES = 16 << 20
_LENGTH_BYTES = 4
_PIECE = 1 << 16


class Workers:
    """Some processes, and the ends of the sockets by which they are talked to.

    Attributes:
        is_closed: There are none any more.
    """

    def __init__(self, session: Session, count: int) -> None:
        """There are *count* processes; this one has a single thread."""
        self.is_closed = False
        _load_for_all(session)
        pairs = [socket.socketpair() for _ in range(count)]
        self._processes = [_fork(session, pairs, number) for number in range(count)]
        for _, theirs in pairs:
            theirs.close()
        self._colleagues = [_Colleague(ours) for ours, _ in pairs]
        self._laying_out: set[tuple[str, str]] = set()
        self._sent = 0
        self._guard = threading.Lock()
        self._is_heard = False

    @classmethod
    def begin(cls, session: Session, packages: int | None) -> Workers | None:
        """Workers for *session*, if there are to be any and if they are worth it.

        Args:
            packages: How many there is something to do for; by default, those that are known to be missing.
        """
        count = most_workers() if session.settings.workers is None else session.settings.workers
        single = threading.active_count() == 1 and threading.current_thread() is threading.main_thread()
        if not count or not single or session.options.offline:
            return None
        if packages is None:
            packages = sum(session.modules.folder_of(name) is None for name in session.known_names())
            packages *= _PACKAGES_BEHIND_ONE
        if session.settings.workers is None:
            count = min(count, 1 + packages // _PACKAGES_FOR_ONE)
        if packages >= _ENOUGH:
            with suppress(OSError):  # of files or processes so few are allowed: it goes without
                return cls(session, count)
        return None

    def lays_out(self, order: Order) -> bool:
        """Whether the files of what *order* is for are being laid out, or were."""
        return (order.name.key, order.commit) in self._laying_out

    def send(self, orders: Sequence[tuple[Order, Receiver]]) -> None:
        """Somebody is at work on *orders*. What comes of them is told once :meth:`listen` was called."""
        lost = []
        with self._guard:
            shares: list[list[tuple[Order, Receiver]]] = [[] for _ in self._colleagues]
            for order, receiver in orders:
                shares[self._sent % len(shares)].append((order, receiver))
                self._sent += 1
                if order.lays_out:
                    self._laying_out.add((order.name.key, order.commit))
            for colleague, share in zip(self._colleagues, shares, strict=True):
                lost += colleague.send(share)
        for receiver in lost:
            receiver.delivery(None)

    def listen(self) -> None:
        """From now on a thread tells what came of orders as soon as it is known."""
        with self._guard:
            if self._is_heard or self.is_closed:
                return
            self._is_heard = True
        threading.Thread(target=self._hear, name="hpm-workers", daemon=True).start()

    @property
    def are_busy(self) -> bool:
        """Whether something is on order."""
        return any(colleague.is_busy for colleague in self._colleagues)

    def close(self, *, wait: bool) -> None:
        """No worker does anything any more. Of what is still on order nothing came.

        Args:
            wait: Also, there is none.
        """
        self.is_closed = True
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if wait:
            _reap(self._processes)
        else:
            threading.Thread(target=_reap, args=(self._processes,), daemon=True).start()
        for colleague in self._colleagues:
            for receiver in colleague.close():
                receiver.delivery(None)

    def _hear(self) -> None:
        listening = {colleague.channel: colleague for colleague in self._colleagues}
        while listening and not self.is_closed:
            try:
                ready, _, _ = select.select(list(listening), [], [])
            except (OSError, ValueError):
                return  # closed, which tells everybody
            for channel in ready:
                colleague = listening[channel]
                for tell in colleague.read():
                    tell()
                if colleague.is_gone:
                    del listening[channel]


def _reap(processes: Sequence[int]) -> None:
    for process in processes:
        with suppress(ChildProcessError):
            os.waitpid(process, 0)


def most_workers() -> int:
    """How many processes are worth having here: none where a fork is not safe, or where there is one core."""
    if sys.platform != "linux":
        return 0
    cores = len(os.sched_getaffinity(0))
    return min(2, cores) if cores > 1 else 0


class _Colleague:
    """One worker, as seen from here; any thread may send it orders, one reads its answers."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.is_gone = False
        self._guard = threading.Lock()
        self._waiting: dict[int, Receiver] = {}
        self._count = 0
        self._messages = _Messages()

    @property
    def is_busy(self) -> bool:
        """Whether it has not answered everything."""
        return bool(self._waiting)

    def send(self, orders: Sequence[tuple[Order, Receiver]]) -> list[Receiver]:
        """The worker has *orders*; the result is who waits in vain."""
        with self._guard:
            if self.is_gone:
                return [receiver for _, receiver in orders]
            text = []
            for order, receiver in orders:
                self._count += 1
                self._waiting[self._count] = receiver
                text.append(_message((self._count, str(order.name), str(order.version), *order[2:])))
            try:
                self.channel.sendall(b"".join(text))
            except OSError:
                return self._lose()
        return []

    def read(self) -> Iterator[Callable[[], None]]:
        """What the worker has answered since, for who is told when called; waits for something.

        Nothing comes any more if it is gone.
        """
        try:
            data = self.channel.recv(_PIECE)
        except OSError:
            data = b""
        if not data:
            with self._guard:
                lost = self._lose()
            yield from (partial(receiver.delivery, None) for receiver in lost)
        for number, is_all, came in self._messages.take(data):
            with self._guard:
                receiver = self._waiting.pop(number, None) if is_all else self._waiting.get(number)
            if receiver is None:
                continue
            if is_all:
                yield partial(receiver.delivery, Delivery(*came) if came else None)
            else:
                yield partial(receiver.manifest, came)

    def close(self) -> list[Receiver]:
        """The worker is gone; the result is who waits in vain."""
        with self._guard:
            lost = self._lose()
        with suppress(OSError):
            self.channel.shutdown(socket.SHUT_RDWR)
        self.channel.close()
        return lost

    def _lose(self) -> list[Receiver]:
        self.is_gone = True
        lost, self._waiting = list(self._waiting.values()), {}
        return lost


class _Messages:
    """Messages out of a stream of bytes: each is a plain value behind its length."""

    def __init__(self) -> None:
        self._left = b""

    def take(self, data: bytes) -> Iterator[Any]:
        """Those that are complete now that *data* has come, too."""
        left = self._left + data
        start = 0
        while (begin := start + _LENGTH_BYTES) <= len(left):
            end = begin + int.from_bytes(left[start:begin], "big")
            if end > len(left):
                break
            yield marshal.loads(left[begin:end])  # noqa: S302  of our own fork
            start = end
        self._left = left[start:]


def _message(value: Any) -> bytes:
    data = marshal.dumps(value)
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


def _load_for_all(session: Session) -> None:
    """What every worker needs is loaded once, before there is any."""
    import hpmtasks.store.at_once
    import hpmtasks.store.inventory
    import hpmtasks.store.received  # noqa: F401
    from hpmtasks.net.http import load_client
    from hpmtasks.sources.github import GithubSettings
    from hpmtasks.store.inflate import gunzip_library

    environ = session.settings.environ
    with suppress(HpmError):  # to be told by the task that needs it
        for name in session.known_names()[:1]:
            session.source_of(name)
        load_client(environ, GithubSettings.from_environment(environ).server_url)
    gunzip_library()
    with suppress(ImportError):
        import ctypes  # noqa: F401


def _fork(session: Session, pairs: Sequence[tuple[socket.socket, socket.socket]], number: int) -> int:
    parent = os.getpid()
    process = os.fork()
    if process:
        return process
    try:
        for index, (ours, theirs) in enumerate(pairs):
            ours.close()
            if index != number:
                theirs.close()
        _Crew(session, pairs[number][1], CONNECTIONS // len(pairs)).serve(parent)
    finally:
        os._exit(0)


class _Crew:
    """The threads of a worker, which all take orders from one queue, and turns at computing.

    An order whose package.json somebody waits for is asked for at once. Of others few are on their way at
    a time, while archives come faster than they are unpacked; for as long as none comes, more and more.
    """

    def __init__(self, session: Session, channel: socket.socket, most: int) -> None:
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
        messages = _Messages()
        came = 0
        while True:
            may_grow = self._abreast < self._most and not self._orders.empty()
            if not select.select([self._channel], [], [], _SECONDS_TO_IDLE if may_grow else None)[0]:
                if self._came == came and not self._computing.locked():
                    self._abreast *= _GROWTH
                    self._hire()
                came = self._came
                continue
            data = self._channel.recv(_PIECE)
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
            self._asking + self._idle < self._abreast and about_to_compute < _ENOUGH_TO_COMPUTE
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
            self._channel.sendall(_message((number, is_all, what)))


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
