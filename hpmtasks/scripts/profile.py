"""profile: when everything in a run began and ended, in the form that trace viewers read.

The form is Chrome's Trace Event Format, which chrome://tracing, Perfetto and speedscope open:
"complete" events with microseconds, in rows ("threads") of two groups ("processes"), the
installation and the scripts. Scripts that ran at the same time stand in rows below each other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from hpmtasks.dataclass import dataclass, field
from hpmtasks.scripts.events import Ended, Event, Note, Output, Queued, Ready, Started

#: The groups of rows, by the number that a trace has for them.
GROUPS = {1: "installation", 2: "scripts"}
_INSTALLATION, _SCRIPTS = GROUPS
_MICROSECONDS = 1_000_000

#: Told of what begins and may take time; the result lasts as long as that does.
Progress = Callable[..., AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time, in seconds of the run's clock; *row* says what it stands beside."""

    name: str
    group: int
    row: str
    began: float
    ended: float
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Profile:
    """Listens to a run; any thread may tell it something.

    Args:
        clock: The one that the events of the run have.
    """

    clock: Callable[[], float] = time.monotonic
    spans: list[Span] = field(default_factory=list)
    _queued: dict[str, Queued] = field(default_factory=dict)
    _started: dict[str, Started] = field(default_factory=dict)
    _stage: tuple[str, float] | None = None
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    # ---- the installation

    def task_began(self, name: str) -> None:
        """A stage of the installation runs; they run one after another."""
        self.stages_ended()
        self._stage = (name, self.clock())

    def task_was_fresh(self, name: str) -> None:
        """A stage of the installation had nothing to do."""
        del name
        self.stages_ended()

    def stages_ended(self) -> None:
        """No stage of the installation runs any more."""
        if self._stage is not None:
            name, began = self._stage
            self._stage = None
            self._add(Span(name, _INSTALLATION, "stages", began, self.clock()))

    def following(self, progress: Progress) -> Progress:
        """*progress*, and whoever tells it of something that lasts tells it here as well."""

        @contextmanager
        def followed(text: str, *more: Any) -> Iterator[object]:
            began = self.clock()
            with progress(text, *more) as activity:
                try:
                    yield activity
                finally:
                    row = threading.current_thread().name
                    self._add(Span(text, _INSTALLATION, row, began, self.clock()))

        return followed

    # ---- the scripts

    def listen(self, event: Event) -> None:
        """What happens to the scripts; see :mod:`hpmtasks.scripts.events`."""
        name = str(event.task)
        match event:
            case Queued():
                self._queued[name] = event
            case Started() if event.line and name not in self._started:
                self._started[name] = event
            case Ended():
                self._settled(name, event)
            case Started() | Output() | Note() | Ready():
                pass

    def _settled(self, name: str, event: Ended) -> None:
        queued, started = self._queued.pop(name, None), self._started.pop(name, None)
        outcome = event.outcome
        began = started.at if started else queued.at if queued else event.at
        details: dict[str, Any] = {"outcome": outcome.kind, "exitCode": outcome.code}
        if reason := outcome.reason or (queued.reason if queued else ""):
            details["reason"] = reason
        if started:
            details["command"] = started.line
        if queued and started:
            details["waitedSeconds"] = round(started.at - queued.at, 6)
        self._add(Span(name, _SCRIPTS, "", began, event.at, details))

    def _add(self, span: Span) -> None:
        with self._mutex:
            self.spans.append(span)


def trace(spans: list[Span]) -> dict[str, Any]:
    """*spans* as a document in Chrome's Trace Event Format; the first of them begins at 0."""
    begin = min((span.began for span in spans), default=0.0)
    rows: dict[tuple[int, str], int] = {}
    events = []
    for span, row in _in_rows(spans):
        number = rows.setdefault((span.group, row), len(rows) + 1)
        events.append(
            {
                "name": span.name,
                "cat": GROUPS[span.group],
                "ph": "X",
                "ts": round((span.began - begin) * _MICROSECONDS),
                "dur": round((span.ended - span.began) * _MICROSECONDS),
                "pid": span.group,
                "tid": number,
                "args": dict(span.details),
            }
        )
    groups = sorted({group for group, _ in rows})
    names = [_name("process_name", group, 0, GROUPS[group]) for group in groups]
    names += [_name("thread_name", group, number, row) for (group, row), number in rows.items()]
    return {"displayTimeUnit": "ms", "traceEvents": [*names, *events]}


def _in_rows(spans: list[Span]) -> Iterator[tuple[Span, str]]:
    """Each span with the row that it stands in: its own, or the first that is free for all of it."""
    free_at: list[float] = []
    for span in sorted(spans, key=lambda span: (span.began, -span.ended, span.name)):
        if span.row:
            yield span, span.row
            continue
        index = next((index for index, free in enumerate(free_at) if free <= span.began), len(free_at))
        free_at[index : index + 1] = [span.ended]
        yield span, f"place {index + 1}"


def _name(kind: str, group: int, row: int, name: str) -> dict[str, Any]:
    return {"name": kind, "ph": "M", "pid": group, "tid": row, "args": {"name": name}}
