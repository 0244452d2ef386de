"""What tasks print, as it is shown in each of the four ways."""

from __future__ import annotations

import io

import pytest

from hpmtasks.scripts.display import Display, Manner, Mode, summary
from hpmtasks.scripts.events import Ended, Event, Note, Outcome, Output, Ready, Started, Stream
from hpmtasks.scripts.tasks import TaskId

BUILD, LINT = TaskId("", "build"), TaskId("me/app", "lint")


def out(task: TaskId, data: bytes, stream: Stream = "stdout") -> Output:
    return Output(task, 0.0, stream, data)


def ended(task: TaskId, outcome: Outcome) -> Ended:
    return Ended(task, 0.0, outcome)


MIXED: list[Event] = [
    Started(BUILD, 0.0, "make"),
    out(BUILD, b"one\ntw"),
    out(LINT, b"checked\n", "stderr"),
    out(BUILD, b"o\nthree"),
    ended(LINT, Outcome("failed", 3)),
    ended(BUILD, Outcome("ran")),
]


def shown(events: list[Event], manner: Manner, *, asked: tuple[TaskId, ...] = ()) -> tuple[str, str]:
    """What stands on stdout and on stderr in the end."""
    streams = io.BytesIO(), io.BytesIO()
    display = Display(*streams, manner, asked)
    for event in events:
        display(event)
    return streams[0].getvalue().decode(), streams[1].getvalue().decode()


FAILED = "me/app#lint | failed: it ended with 3.\n"
MODES: dict[Mode, tuple[str, str]] = {
    "prefix": (
        "build | one\nbuild | two\nbuild | three\n",
        f"build | > make\nme/app#lint | checked\n{FAILED}",
    ),
    "group": (
        "one\ntwo\nthree\n",
        f"build | > make\nme/app#lint | printed:\nchecked\n{FAILED}build | printed:\n",
    ),
    "errors": ("", f"build | > make\nme/app#lint | printed:\nchecked\n{FAILED}"),
    "none": ("", f"build | > make\n{FAILED}"),
}


@pytest.mark.parametrize("mode", MODES)
def test_each_way_of_showing(mode: Mode) -> None:
    """Whole lines of several tasks are told apart, or their whole output is kept together, or left out."""
    assert shown(MIXED, Manner(mode)) == MODES[mode]


def test_quiet_tells_failures_alone() -> None:
    """Beside what the tasks print."""
    assert shown(MIXED, Manner("none", quiet=True)) == ("", FAILED)


def test_lone_task_is_shown_byte_for_byte() -> None:
    """Nothing is added, not even an end of line, and bytes that are no text stay."""
    stream = io.BytesIO()
    display = Display(stream, io.BytesIO(), Manner(is_alone=True))
    for data in (b"\xff\xfe", b"a\nb", b"\r"):
        display(out(BUILD, data))
    display(ended(BUILD, Outcome("ran")))
    assert stream.getvalue() == b"\xff\xfea\nb\r"


def test_line_without_end_is_shown_in_pieces() -> None:
    """It does not grow in memory for ever."""
    told, _ = shown([out(BUILD, b"x" * 70_000), out(BUILD, b"y\n")], Manner())
    assert told == f"build | {'x' * 70_000}\nbuild | y\n"


def test_who_was_asked_for_is_told_of() -> None:
    """That a task was fresh or restored matters to who asked for it, or wants to know all."""
    events: list[Event] = [
        ended(BUILD, Outcome("fresh")),
        ended(LINT, Outcome("restored")),
        ended(TaskId("", "x"), Outcome("skipped", reason="build failed")),
    ]
    assert shown(events, Manner(), asked=(BUILD,))[1] == "build | fresh\n"
    told = "build | fresh\nme/app#lint | restored\nx | skipped: build failed\n"
    assert shown(events, Manner(every=True))[1] == told


def test_notes_and_services_are_told() -> None:
    """With the name in front; a reason stands in the place of the code."""
    events: list[Event] = [
        Ready(BUILD, 0.0),
        Note(LINT, 0.0, "its result is not kept"),
        ended(LINT, Outcome("failed", 124, reason="it did not end in time")),
    ]
    expected = "build | ready\nme/app#lint | its result is not kept\nme/app#lint | it did not end in time\n"
    assert shown(events, Manner())[1] == expected


def test_name_cannot_command_the_terminal() -> None:
    """A script may be called anything."""
    assert shown([Ready(TaskId("", "a\x1b[2J"), 0.0)], Manner())[1] == "a\\u001b[2J | ready\n"


def test_names_are_painted_in_the_order_in_which_they_come() -> None:
    """By whoever knows of colours."""
    manner = Manner(paint=lambda name, number: f"<{number}>{name}")
    assert shown([out(LINT, b"a\n"), out(BUILD, b"b\n"), out(LINT, b"c\n")], manner)[0] == (
        "<0>me/app#lint | a\n<1>build | b\n<0>me/app#lint | c\n"
    )


def test_reader_that_leaves_is_told_once() -> None:
    """Then nothing more is written, and nothing fails."""

    class Closed(io.BytesIO):
        def write(self, data: object) -> int:
            del data
            raise BrokenPipeError

    told: list[str] = []
    display = Display(Closed(), io.BytesIO(), Manner(), on_broken=lambda: told.append("left"))
    display(out(BUILD, b"a\n"))
    display(out(BUILD, b"b\n"))
    assert (display.is_broken, told) == (True, ["left"])


def test_summary_counts_and_names_the_longest_chain() -> None:
    """Services are not counted; a chain of one is none."""
    outcomes = {
        BUILD: Outcome("ran"),
        LINT: Outcome("failed"),
        TaskId("", "s"): Outcome("service"),
        TaskId("", "f"): Outcome("fresh"),
    }
    assert summary(outcomes, 2.34, [BUILD], 1.0) == "3 tasks: 1 ran, 1 fresh, 1 failed, in 2.3s"
    told = summary({BUILD: Outcome("ran")}, 2.34, [BUILD, LINT], 1.25)
    assert told == "1 task: 1 ran, in 2.3s; critical path 1.2s: build → me/app#lint"
