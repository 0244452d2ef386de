"""events: what a run of scripts tells while it happens, to whoever shows, records or watches it.

An event is published by the thread that it happened in, and each listener is called in the
order of publication, one event at a time: a listener needs no lock of its own, and one
that takes long holds up the run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from hpmtasks.dataclass import dataclass, field

if TYPE_CHECKING:
    from hpmtasks.scripts.tasks import TaskId

#: How a task may end. ``fresh``: its outputs are on disk; ``restored``: they were put there;
#: ``service``: it runs beside those that need it; ``skipped``: something it needs failed, or the run ended.
Kind = Literal["fresh", "restored", "ran", "failed", "skipped", "service"]
Stream = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one task ended.

    Attributes:
        kind: See :data:`Kind`.
        code: The exit code; 0 unless it failed.
        seconds: How long the script itself took; for a restored or fresh one, when it last ran.
        reason: Why it ran, was restored, failed or was skipped, as a clause; empty if nothing is to be said.
    """

    kind: Kind
    code: int = 0
    seconds: float = 0.0
    reason: str = ""

    @property
    def is_success(self) -> bool:
        """Whether what needs the task may go on."""
        return self.kind not in ("failed", "skipped")


@dataclass(frozen=True, slots=True)
class Queued:
    """A task has work to do, and waits for a place; *reason* says what made it stale."""

    task: TaskId
    at: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A task has its place; *line* is the command, or empty if it only gives its place up again."""

    task: TaskId
    at: float
    line: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """A task, or the log of an earlier run of it, printed *data*."""

    task: TaskId
    at: float
    stream: Stream
    data: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the user should know of a task although it goes on."""

    task: TaskId
    at: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A service is ready for those that need it."""

    task: TaskId
    at: float


@dataclass(frozen=True, slots=True)
class Ended:
    """A task is settled: nothing more of it will happen."""

    task: TaskId
    at: float
    outcome: Outcome


Event = Queued | Started | Output | Note | Ready | Ended
Listener = Callable[[Event], None]


@dataclass
class Events:
    """The one stream of a run. ``at`` is in seconds of :func:`clock`, whose zero means nothing."""

    clock: Callable[[], float] = time.monotonic
    _listeners: list[Listener] = field(default_factory=list)
    _order: threading.RLock = field(default_factory=threading.RLock)

    def subscribe(self, listener: Listener) -> None:
        """*listener* is told of everything from now on."""
        self._listeners.append(listener)

    def publish(self, event: Event) -> None:
        """Every listener has been told of *event*."""
        with self._order:
            for listener in self._listeners:
                listener(event)
