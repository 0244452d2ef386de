"""workers: processes that fetch, unpack and lay out beside this one.

Decompressing, hashing and writing take computing, and would share one interpreter with the graph.
A worker is a fork of this process, made before there is any thread. It is sent orders and answers
each with what came of it, or with nothing: then whoever collects does the work himself, so every
failure is met, and told, in one place. A worker may be ended at any moment: all it writes has a
temporary name until it is whole.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

from hpmtasks.session.crew import Crew, load_for_all
from hpmtasks.session.delivery import Delivery, Order
from hpmtasks.session.messages import PIECE, Messages, message

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
# Below that many missing packages a process costs more than it brings.
_ENOUGH = 2
# So many are done by one worker while the graph is loaded, and a second would cost more than it brings.
_PACKAGES_FOR_ONE = 40
# So many packages a requirement leads to, roughly, where that is all that is known.
_PACKAGES_BEHIND_ONE = 4


class Workers:
    """Some processes, and the ends of the sockets by which they are talked to.

    Attributes:
        is_closed: There are none any more.
    """

    def __init__(self, session: Session, count: int) -> None:
        """There are *count* processes; this one has a single thread."""
        self.is_closed = False
        load_for_all(session)
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
        self._messages = Messages()

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
                text.append(message((self._count, str(order.name), str(order.version), *order[2:])))
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
            data = self.channel.recv(PIECE)
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
        Crew(session, pairs[number][1], CONNECTIONS // len(pairs)).serve(parent)
    finally:
        os._exit(0)
