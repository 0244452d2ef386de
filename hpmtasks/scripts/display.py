"""display: what tasks print, on our stdout and stderr: as it comes, task by task, only of failures, or not.

What a task prints on stdout goes to stdout, whole lines of it if several tasks share the
terminal, and byte for byte if it is alone. What hpm says of tasks goes to stderr.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, BinaryIO, Literal

from hpmtasks.dataclass import dataclass, field
from hpmtasks.scripts.events import Ended, Event, Note, Outcome, Output, Ready, Started, Stream

if TYPE_CHECKING:
    from hpmtasks.scripts.tasks import TaskId

#: How output is shown. ``prefix``: line by line, each with its task's name; ``group``: all of a task when
#: it ends; ``errors``: the same, of failures only; ``none``: not at all.
Mode = Literal["prefix", "group", "errors", "none"]
MODES: tuple[Mode, ...] = ("prefix", "group", "errors", "none")

# A line that does not end is shown in pieces of that many bytes.
_LONGEST_LINE = 1 << 16


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is shown.

    Attributes:
        mode: See :data:`Mode`.
        is_alone: There is one task only: nothing is put before its lines.
        quiet: Say nothing about tasks but failures.
        paint: Gives a task's name its colour, by how many names had one before.
        every: Say of every task that it was fresh or restored, and not only of the ones asked for.
    """

    mode: Mode = "prefix"
    is_alone: bool = False
    quiet: bool = False
    paint: Callable[[str, int], str] = lambda name, number: name
    every: bool = False


@dataclass
class Display:
    """A listener that shows.

    Args:
        asked: The tasks that were asked for by name.
        on_broken: Called once when nobody reads what we write any more.
    """

    out: BinaryIO
    err: BinaryIO
    manner: Manner
    asked: Collection[TaskId] = ()
    on_broken: Callable[[], None] = lambda: None
    is_broken: bool = False
    _held: dict[TaskId, list[tuple[Stream, bytes]]] = field(default_factory=dict)
    _rest: dict[tuple[TaskId, Stream], bytes] = field(default_factory=dict)
    _names: dict[TaskId, bytes] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Show *event*, as far as it is to be shown."""
        match event:
            case Output(task, _, stream, data):
                self._output(task, stream, data)
            case Started(task, _, line):
                self._say(task, f"> {line}")
            case Ready(task):
                self._say(task, "ready")
            case Note(task, _, sentence):
                self._tell(task, sentence)
            case Ended(task, _, outcome):
                self._ended(task, outcome)

    # ---- what tasks print

    def _output(self, task: TaskId, stream: Stream, data: bytes) -> None:
        if self.manner.mode == "prefix":
            self._write_lines(task, stream, data)
        elif self.manner.mode != "none":
            self._held.setdefault(task, []).append((stream, data))

    def _write_lines(self, task: TaskId, stream: Stream, data: bytes) -> None:
        if self.manner.is_alone:
            self._write(stream, data)
            return
        *lines, rest = (self._rest.pop((task, stream), b"") + data).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines.append(rest)
        elif rest:
            self._rest[task, stream] = rest
        if lines:
            name = self._name(task)
            self._write(stream, b"".join(name + line + b"\n" for line in lines))

    def _ended(self, task: TaskId, outcome: Outcome) -> None:
        for stream in ("stdout", "stderr"):
            rest = self._rest.pop((task, stream), b"")
            if rest:
                self._write(stream, self._name(task) + rest + b"\n")
        held = self._held.pop(task, [])
        if held and (self.manner.mode == "group" or outcome.kind == "failed"):
            if not self.manner.is_alone:
                self._say(task, "printed:")
            for stream, data in held:
                self._write(stream, data)
            last = held[-1][1]
            if not self.manner.is_alone and not last.endswith(b"\n"):
                self._write(held[-1][0], b"\n")
        self._tell_end(task, outcome)

    def _tell_end(self, task: TaskId, outcome: Outcome) -> None:
        if outcome.kind == "failed":
            if outcome.reason:
                self._tell(task, outcome.reason)
            elif not self.manner.is_alone:
                self._tell(task, f"failed: it ended with {outcome.code}.")
        elif outcome.kind in ("fresh", "restored") and (self.manner.every or task in self.asked):
            self._say(task, f"{outcome.kind}{f': {outcome.reason}' if outcome.reason else ''}")
        elif outcome.kind == "skipped" and self.manner.every:
            self._say(task, f"skipped: {outcome.reason}")

    # ---- what hpm says of them

    def _say(self, task: TaskId, text: str) -> None:
        if not self.manner.quiet:
            self._tell(task, text)

    def _tell(self, task: TaskId, text: str) -> None:
        name = b"" if self.manner.is_alone and text.startswith("> ") else self._name(task, alone=True)
        self._write("stderr", name + _visible(text).encode(errors="backslashreplace") + b"\n")

    def _name(self, task: TaskId, *, alone: bool = False) -> bytes:
        """What stands before a line of *task*."""
        name = self._names.get(task)
        if name is None:
            text = self.manner.paint(_visible(str(task)), len(self._names))
            name = self._names[task] = text.encode(errors="backslashreplace")
        return name + (b": " if alone and self.manner.is_alone else b" | ")

    def _write(self, stream: Stream, data: bytes) -> None:
        if self.is_broken:
            return
        target = self.out if stream == "stdout" else self.err
        try:
            target.write(data)
            target.flush()
        except BrokenPipeError:
            self.is_broken = True
            self.on_broken()


def _visible(text: str) -> str:
    """*text* with nothing in it that a terminal would obey."""
    return "".join(each if each.isprintable() or each == "\n" else f"\\u{ord(each):04x}" for each in text)


def summary(
    outcomes: Mapping[TaskId, Outcome], seconds: float, path: Collection[TaskId], path_seconds: float
) -> str:
    """How the tasks of a run ended, how long it took, and the chain of them that took longest."""
    counted = {kind: sum(each.kind == kind for each in outcomes.values()) for kind in _COUNTED}
    many = sum(counted.values())
    told = f"{many} task{'' if many == 1 else 's'}: "
    told += ", ".join(f"{count} {kind}" for kind, count in counted.items() if count)
    told += f", in {seconds:.1f}s"
    if len(path) > 1:
        told += f"; critical path {path_seconds:.1f}s: {' → '.join(map(str, path))}"
    return told


_COUNTED = ("ran", "restored", "fresh", "failed", "skipped")
