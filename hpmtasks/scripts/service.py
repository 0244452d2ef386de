"""service: persistent tasks: started when something that needs them is about to run, stopped at the end.

A service is ready when its ``readyWhen`` has come true, or, if it says nothing, as soon as it
runs. What it prints is watched as it comes; for a port or a file the system has nothing to
wait on, so they are looked at, ever more seldom, for as long as ``readyWhen.timeout``.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hpmtasks.errors import HpmError
from hpmtasks.model.task_config import ReadyWhen
from hpmtasks.scripts.events import Events, Output, Ready, Stream

if TYPE_CHECKING:
    from hpmtasks.scripts.execution import Execution
    from hpmtasks.scripts.process import Exit
    from hpmtasks.scripts.tasks import ScriptTask, TaskId

# Of a line without an end, only so much is looked at.
_LONGEST_LINE = 1 << 16
_FIRST_LOOK_SECONDS = 0.01
_LOOK_SECONDS = 0.2
_CONNECT_SECONDS = 1.0


class ServiceFailed(Exception):
    """A service did not become ready, or ended while it was needed: what needs it has failed."""


class Service:
    """One service, from its start to its end; it is watched by a thread of its own.

    Args:
        execution: Its commands, not yet begun.
    """

    def __init__(self, task: ScriptTask, execution: Execution, events: Events) -> None:
        self.task = task
        self.exit: Exit | None = None
        self._execution = execution
        self._events = events
        self._when = task.config.ready_when or ReadyWhen()
        self._pattern = re.compile(self._when.log.encode()) if self._when.log is not None else None
        self._lines: dict[Stream, bytes] = {"stdout": b"", "stderr": b""}
        self._changed = threading.Condition()
        self._is_ready = False
        self._is_stopped = False
        self._failure: HpmError | None = None
        self._on_end: dict[Callable[[], None], None] = {}
        self._threads = [threading.Thread(target=self._run, name=f"hpm {task.id}", daemon=True)]
        if self._when.port is not None or self._when.file is not None:
            self._threads.append(threading.Thread(target=self._look, name=f"hpm {task.id}?", daemon=True))

    def start(self) -> None:
        """It runs.

        Raises:
            ServiceFailed: Something else answers at its port already.
        """
        if self._when.port is not None and _answers(self._when.port):
            raise ServiceFailed(
                f"{self.task.id} cannot be started: something answers at port {self._when.port} already."
            )
        for thread in self._threads:
            thread.start()
        if self._when == ReadyWhen(timeout=self._when.timeout):
            self._become_ready()

    def await_ready(self) -> None:
        """It is ready.

        Raises:
            ServiceFailed: It ended before it was, or took too long; it is stopped then.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_ready or self.exit is not None, self._when.timeout)
            if self._is_ready and self.exit is None:
                return
        if self.exit is not None:
            raise self._ended("before it was ready" if not self._is_ready else "while it was needed")
        self.stop()
        raise ServiceFailed(f"{self.task.id} was not ready after {self._when.timeout:g} seconds.")

    def await_end(self) -> Exit:
        """How it ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.exit is not None)
            assert self.exit is not None  # noqa: S101  just waited for
            return self.exit

    @contextmanager
    def used(self, on_end: Callable[[], None]) -> Iterator[None]:
        """While inside, its end calls *on_end*.

        Raises:
            ServiceFailed: When leaving: it had ended before its user had.
        """
        with self._changed:
            self._on_end[on_end] = None
            has_ended = self.exit is not None
        if has_ended:
            on_end()
        try:
            yield
        finally:
            with self._changed:
                self._on_end.pop(on_end, None)
        if self.exit is not None and not self._is_stopped:
            raise self._ended("while it was needed")

    def stop(self) -> None:
        """It has ended: by itself after SIGTERM, or killed."""
        self._is_stopped = True
        self._execution.stop()
        self.await_end()

    # ---- its thread

    def _run(self) -> None:
        from hpmtasks.scripts.process import Exit

        ended = Exit(1)
        try:
            ended = self._execution.run(self._take)
        except HpmError as error:
            self._failure = error
        finally:
            with self._changed:
                self.exit = ended
                told = list(self._on_end)
                self._changed.notify_all()
            for on_end in told:
                on_end()

    def _take(self, stream: Stream, data: bytes) -> None:
        self._events.publish(Output(self.task.id, self._events.clock(), stream, data))
        if self._pattern is None or self._is_ready:
            return
        *whole, rest = (self._lines[stream] + data).split(b"\n")
        self._lines[stream] = rest[-_LONGEST_LINE:]
        if any(self._pattern.search(line) for line in (*whole, rest)):
            self._become_ready()

    def _look(self) -> None:
        pause, deadline = _FIRST_LOOK_SECONDS, time.monotonic() + self._when.timeout
        while self.exit is None and time.monotonic() < deadline:
            if self._is_there():
                self._become_ready()
                return
            with self._changed:
                self._changed.wait_for(lambda: self.exit is not None, pause)
            pause = min(pause * 2, _LOOK_SECONDS)

    def _is_there(self) -> bool:
        if self._when.port is not None:
            return _answers(self._when.port)
        assert self._when.file is not None  # noqa: S101  else nobody looks
        return os.path.exists(self.task.member.folder / self._when.file)

    def _become_ready(self) -> None:
        with self._changed:
            self._is_ready = True
            self._changed.notify_all()
        self._events.publish(Ready(self.task.id, self._events.clock()))

    def _ended(self, when: str) -> ServiceFailed:
        if self._failure is not None:
            return ServiceFailed(f"{self.task.id}: {self._failure}")
        code = self.exit.code if self.exit is not None else 0
        return ServiceFailed(f"{self.task.id} ended with {code} {when}.")


class Services:
    """The services of a run; each is started once, whoever needs it first.

    Args:
        execute: The commands of a task, not yet begun.
    """

    def __init__(
        self,
        tasks: Mapping[TaskId, ScriptTask],
        execute: Callable[[ScriptTask], Execution],
        events: Events,
    ) -> None:
        self._tasks = tasks
        self._execute = execute
        self._events = events
        self._mutex = threading.RLock()
        self._running: dict[TaskId, Service] = {}
        self._is_closed = False

    def needed_by(self, task: ScriptTask) -> list[ScriptTask]:
        """The services that *task* needs, also by way of tasks that only stand for others."""
        found: dict[TaskId, ScriptTask] = {}
        waiting = [*reversed(task.needs)]
        seen = set()
        while waiting:
            need = self._tasks[waiting.pop()]
            if need.id in seen:
                continue
            seen.add(need.id)
            if need.config.persistent:
                found[need.id] = need
            elif need.config.command is None:
                waiting += reversed(need.needs)
        return list(found.values())

    def start(self, task: ScriptTask) -> Service:
        """The service *task* runs and is ready, and so is every service that it needs itself.

        Raises:
            ServiceFailed: One of them could not be made ready.
        """
        for needed in self.needed_by(task):
            self.start(needed)
        with self._mutex:
            service = self._running.get(task.id)
            if service is None:
                if self._is_closed:
                    raise ServiceFailed(f"{task.id} is not started any more.")
                service = Service(task, self._execute(task), self._events)
                service.start()
                self._running[task.id] = service
        service.await_ready()
        return service

    def stop(self, id_: TaskId) -> None:
        """The service *id_* does not run; the next one who needs it starts it anew."""
        with self._mutex:
            service = self._running.pop(id_, None)
        if service is not None:
            service.stop()

    def close(self) -> None:
        """None runs, and none is started any more; those that were started last are stopped first."""
        with self._mutex:
            self._is_closed = True
        for id_ in reversed(list(self._running)):
            with suppress(KeyError):
                self.stop(id_)


def _answers(port: int) -> bool:
    """Whether something on this machine takes connections at *port*."""
    import socket

    for host in ("127.0.0.1", "::1"):
        with suppress(OSError), socket.create_connection((host, port), _CONNECT_SECONDS):
            return True
    return False
