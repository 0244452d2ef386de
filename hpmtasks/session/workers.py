"""workers: processes that fetch and unpack beside this one.

Decompressing, hashing and writing take computing, and would share one interpreter with the graph.
A worker is a fork of this process, made before there is any thread. It is told of an archive, sees
to it that the archive and what is in it are in the store, and says whether that went well. Nothing
else comes back: whoever asked finds both in the store, or does the work himself, so every failure
is met, and told, in one place. A worker may be ended at any moment: all it writes has a temporary
name until it is whole.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

from hpmtasks.dataclass import replace
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version
from hpmtasks.session.executor import Executor

if TYPE_CHECKING:
    from hpmtasks.session.session import Session

#: Requests that one worker has on their way at a time.
THREADS = 16
# Below that many missing packages a process costs more than it brings.
_ENOUGH = 2
_PR_SET_PDEATHSIG = 1  # linux/prctl.h; it is the end of the thread that forked that counts: the main one


class Workers:
    """Some processes, and the ends of the sockets by which they are talked to."""

    def __init__(self, session: Session, count: int) -> None:
        """There are *count* processes; this one has a single thread."""
        pairs = [socket.socketpair() for _ in range(count)]
        self._processes = [_fork(session, pairs, number) for number in range(count)]
        for _, theirs in pairs:
            theirs.close()
        self._colleagues = [_Colleague(ours) for ours, _ in pairs]
        self._next = 0
        self._guard = threading.Lock()

    @classmethod
    def begin(cls, session: Session) -> Workers | None:
        """Workers for *session*, if there are to be any and if they are worth it."""
        count = most_workers() if session.settings.workers is None else session.settings.workers
        single = threading.active_count() == 1 and threading.current_thread() is threading.main_thread()
        if not count or not single or session.options.offline:
            return None
        missing = [name for name in session.known_names() if session.modules.folder_of(name) is None]
        return cls(session, count) if len(missing) >= _ENOUGH else None

    def fill(self, name: PackageName, version: Version, commit: str, integrity: str | None) -> bool:
        """Whether a worker has put the archive of *commit*, and its tree, into the store; waits for it."""
        with self._guard:
            colleague = self._colleagues[self._next % len(self._colleagues)]
            self._next += 1
        return colleague.ask("\0".join((str(name), str(version), commit, integrity or "")))

    def close(self) -> None:
        """There is no worker."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for process in self._processes:
            with suppress(ChildProcessError):
                os.waitpid(process, 0)
        for colleague in self._colleagues:
            colleague.close()


def most_workers() -> int:
    """How many processes are worth having here: none where a fork is not safe, or where there is one core."""
    if sys.platform != "linux":
        return 0
    cores = len(os.sched_getaffinity(0))
    return min(2, cores) if cores > 1 else 0


class _Colleague:
    """One worker, as seen from here; any thread may ask."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._guard = threading.Lock()
        self._asked: dict[bytes, SimpleQueue[bool]] = {}
        self._is_gone = False
        self._count = 0
        self._reader: threading.Thread | None = None

    def ask(self, question: str) -> bool:
        answer: SimpleQueue[bool] = SimpleQueue()
        with self._guard:
            if self._is_gone:
                return False
            self._count += 1
            key = b"%d" % self._count
            self._asked[key] = answer
            try:
                self._channel.sendall(key + b"\0" + question.encode() + b"\n")
            except OSError:
                self._asked.pop(key)
                return False
            if self._reader is None:
                self._reader = threading.Thread(target=self._read, name="hpm-worker", daemon=True)
                self._reader.start()
        return answer.get()

    def close(self) -> None:
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._channel.close()

    def _read(self) -> None:
        try:
            with self._channel.makefile("rb") as answers:
                for line in answers:
                    key, _, went_well = line.strip().partition(b" ")
                    with self._guard:
                        waiting = self._asked.pop(key, None)
                    if waiting is not None:
                        waiting.put(went_well == b"1")
        except (OSError, ValueError):
            pass
        with self._guard:
            self._is_gone = True
            left, self._asked = self._asked, {}
        for waiting in left.values():
            waiting.put(False)


def _fork(session: Session, pairs: Sequence[tuple[socket.socket, socket.socket]], number: int) -> int:
    process = os.fork()
    if process:
        return process
    try:
        for index, (ours, theirs) in enumerate(pairs):
            ours.close()
            if index != number:
                theirs.close()
        _serve(session, pairs[number][1])
    finally:
        os._exit(0)


def _serve(session: Session, channel: socket.socket) -> None:
    """Answer until nobody is there who could ask."""
    _end_with(os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to everybody; who asked decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # What fails here is tried again by who asked, with the one budget of retries that a run has.
    environ = {**session.settings.environ, "HPM_RETRY_DELAYS": ""}
    session.settings = replace(session.settings, environ=environ)
    session.progress = lambda text, tally=None: nullcontext()
    session.executor = Executor()
    session.workers = None
    questions: SimpleQueue[bytes] = SimpleQueue()
    guard = threading.Lock()

    unpacking = threading.Lock()

    def work() -> None:
        while True:
            key, _, question = questions.get().partition(b"\0")
            went_well = _fill(session, question.decode(), unpacking)
            with guard, suppress(OSError):
                channel.sendall(b"%s %d\n" % (key, went_well))

    threads = 0
    with channel.makefile("rb") as lines:
        for line in lines:
            questions.put(line.rstrip(b"\n"))
            if threads < THREADS:
                threads += 1
                threading.Thread(target=work, daemon=True).start()


def _end_with(parent: int) -> None:
    """This process is killed when *parent* ends, so that the next run finds nobody at work."""
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(0)


def _fill(session: Session, question: str, unpacking: threading.Lock) -> bool:
    from hpmtasks.session.acquire import acquisition

    text, version, commit, integrity = question.split("\0")
    name = PackageName.parse(text)
    try:
        acquisition(session, name, Version.parse(version), commit, integrity or None)[1]()
        with unpacking:  # threads that compute at the same time only take the interpreter from each other
            if session.store.find_tree_of(name, commit) is None:
                session.store.unpack(name, commit)
    except Exception:  # noqa: BLE001  whoever asked will meet it, and tell it
        return False
    return True
