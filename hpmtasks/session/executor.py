"""executor: threads that work ahead of the tasks.

doit runs its tasks one after another. What takes time in them, waiting for the
network and unpacking, is started here as soon as it is known to be needed; the
task then *collects* the result, or the failure, as if it had done the work itself.
Work that nobody started is done by the task that collects it. Work may also be
*lent* to somebody beside this process, who gives it back done, or to be done here.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from hpmtasks.hearing import take

T = TypeVar("T")

#: A unit of work and the name under which a task collects it.
Step = tuple[str, Callable[[], Any]]


class GiveBack(Protocol):
    """Called once by whoever was lent work."""

    def __call__(self, result: Any, *, at_once: bool = True) -> None:
        """It is done, and came to *result*; ``None``: it is not, and is to be done here.

        Args:
            at_once: Whether a thread is to do it ahead; else who collects it does.
        """
        ...


#: Enough to hide the latency of a few round trips; a thread that waits costs next to nothing.
WIDTH = 64
_PATIENCE_SECONDS = 2.0


def _nothing() -> None:
    """What is done before an event that nobody is interested in."""


class _Job:
    """One thing to do, once; *before* has to be done first, and *after* can begin then.

    *ended* is locked while somebody has taken the job: whoever waits for it waits for that. *listen* is
    called before anybody does.
    """

    __slots__ = ("after", "before", "ended", "failure", "is_done", "is_taken", "listen", "result", "work")

    def __init__(self, work: Callable[[], Any], before: _Job | None = None) -> None:
        self.work = work
        self.before = before
        self.after: list[_Job] = []
        self.listen: Callable[[], None] = _nothing
        self.ended = threading.Lock()
        self.is_taken = False
        self.is_done = False
        self.result: Any = None
        self.failure: BaseException | None = None

    def take(self) -> None:
        """Somebody works on it; the executor's mutex is held."""
        self.is_taken = True
        self.ended = threading.Lock()
        self.ended.acquire()


class Executor:
    """Daemon threads over one queue; each thing is done once, whoever asks for it first.

    The threads are daemons because everything they do is safe to abandon: they
    write temporary names and rename, so that Ctrl-C need not wait for a download.
    Who collects what no thread has taken yet does it itself, so that work may collect
    other work: nobody waits for something that nobody does.
    """

    def __init__(self, width: int = WIDTH, before_threads: Callable[[], object] = _nothing) -> None:
        """Nothing is begun.

        Args:
            width: The most threads at a time.
            before_threads: Called before there is the first of them.
        """
        self._width = width
        self._before_threads = before_threads
        self._mutex = threading.Condition()
        self._queue: deque[_Job] = deque()
        self._jobs: dict[str, _Job] = {}
        self._threads = 0
        self._idle = 0
        self._closed = False

    def start(self, *steps: Step) -> None:
        """Begin *steps*, one after the other; those that somebody already began are not begun again.

        A step that fails fails the later ones with the same error.
        """
        with self._mutex:
            if self._closed:
                return
            before: _Job | None = None
            for key, work in steps:
                job = self._jobs.get(key)
                if job is None:
                    job = self._jobs[key] = _Job(work, before)
                    if before is None or before.is_done:
                        self._enqueue(job)
                    else:
                        before.after.append(job)
                        before.listen()
                before = job

    def lend(self, key: str, work: Callable[[], Any], listen: Callable[[], None]) -> GiveBack | None:
        """Somebody else is to do *work*; the result is how he gives it back.

        Args:
            listen: Called before anybody waits for it; from then on it is given back without more ado.

        Returns:
            ``None`` if it was begun already, or nothing is begun any more.
        """
        with self._mutex:
            if self._closed or key in self._jobs:
                return None
            job = self._jobs[key] = _Job(work)
            job.listen = listen
            job.take()

        def give_back(result: Any, *, at_once: bool = True) -> None:
            if result is not None:
                self._end(job, result, None)
                return
            with self._mutex:
                ended = job.ended
                job.is_taken, job.listen = False, _nothing
                if at_once:
                    self._enqueue(job)
            ended.release()

        return give_back

    def collect(self, key: str, work: Callable[[], T]) -> T:
        """The result of what was started under *key*, waiting for it; else the result of *work*, done now."""
        with self._mutex:
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = _Job(work)
        self._see_to(job)
        if job.failure is not None:
            raise job.failure
        return cast(T, job.result)

    def await_if_begun(self, key: str) -> None:
        """Nobody is at work on *key*. What nobody began, or failed, is for others."""
        with self._mutex:
            job = self._jobs.get(key)
        if job is not None:
            self._see_to(job)

    def knows(self, key: str) -> bool:
        """Whether *key* was started or collected in this run."""
        with self._mutex:
            return key in self._jobs

    def tally(self, kind: str) -> tuple[int, int]:
        """Of the things whose key begins with *kind*: how many are done, and how many are known of."""
        with self._mutex:
            known = [job.is_done for key, job in self._jobs.items() if key.startswith(kind)]
        return sum(known), len(known)

    def forget(self, key: str) -> None:
        """Let the next :meth:`collect` of *key* do the work again: what it gave is no longer so."""
        with self._mutex:
            self._jobs.pop(key, None)

    def close(self) -> None:
        """Drop what nobody began; what runs is abandoned with the process."""
        self._closed = True
        # Ctrl-C may have come between taking the mutex and knowing of it; then nobody gives it back.
        if self._mutex.acquire(timeout=_PATIENCE_SECONDS):
            try:
                self._queue.clear()
                self._mutex.notify_all()
            finally:
                self._mutex.release()

    def _enqueue(self, job: _Job) -> None:
        """Let a thread take *job*; the mutex is held."""
        if self._closed:
            return
        self._queue.append(job)
        if len(self._queue) > self._idle and self._threads < self._width:
            if self._threads == 0:
                self._before_threads()
            self._threads += 1
            threading.Thread(target=self._work, name=f"hpm-{self._threads}", daemon=True).start()
        if self._idle:
            self._mutex.notify()

    def _work(self) -> None:
        while True:
            with self._mutex:
                while not self._queue:
                    if self._closed:
                        return
                    self._idle += 1
                    self._mutex.wait()
                    self._idle -= 1
                job = self._queue.popleft()
            self._see_to(job)

    def _see_to(self, job: _Job) -> None:
        """*job* is done, by this thread if no other has taken it."""
        while not job.is_done:
            with self._mutex:
                is_mine, ended = not job.is_taken, job.ended
                if is_mine:
                    job.take()
            if is_mine:
                self._do(job)
            elif not job.is_done:
                job.listen()
                take(ended)
                ended.release()  # another may wait, too

    def _do(self, job: _Job) -> None:
        result, failure = None, None
        if job.before is not None:
            self._see_to(job.before)
            failure = job.before.failure
        if failure is None:
            try:
                result = job.work()
            except BaseException as error:  # noqa: BLE001  handed on to whoever collects
                failure = error
        self._end(job, result, failure)
        if isinstance(failure, KeyboardInterrupt) and _is_heard():
            raise failure  # whether somebody collects it or not

    def _end(self, job: _Job, result: Any, failure: BaseException | None) -> None:
        with self._mutex:
            job.result, job.failure, job.is_done = result, failure, True
            followers, job.after = job.after, []
            for follower in followers:
                self._enqueue(follower)
        job.ended.release()


def _is_heard() -> bool:
    """Whether this is the thread that hears of interruptions."""
    return threading.current_thread() is threading.main_thread()
