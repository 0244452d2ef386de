"""The words of the live line: what is waited for, how many are done, for how long."""

from __future__ import annotations

import io

import pytest

from hpmtasks.commands.console import Console
from hpmtasks.commands.live_line import Activity, LiveLine
from hpmtasks.session.executor import Executor


def line_with(*activities: Activity) -> LiveLine:
    """A line that was told of *activities*, and shows nothing by itself."""
    line = LiveLine(io.StringIO())
    for activity in activities:
        line.show(activity)
    line.stop()
    return line


def begun(text: str, tally: tuple[int, int] | None = None, at: float = 0.0) -> Activity:
    """Something that began *at* a time."""
    return Activity(text, (lambda: tally) if tally else None, lambda: at)


@pytest.mark.parametrize(
    ("tally", "now", "words"),
    [
        (None, 1.9, "downloading a"),
        (None, 12.2, "downloading a (12s)"),
        ((3, 20), 0.5, "downloading a (3 of 20 done)"),
        ((3, 20), 4.0, "downloading a (3 of 20 done, 4s)"),
        ((0, 1), 0.5, "downloading a"),
    ],
)
def test_words(tally: tuple[int, int] | None, now: float, words: str) -> None:
    """Counts where there is more than one, and seconds from the second on."""
    assert line_with(begun("downloading a", tally)).words(now, 80) == words


def test_what_goes_on_longest_is_what_is_waited_for() -> None:
    """Not what began last, as long as anything that was entered has not ended."""
    first, second, third = begun("a"), begun("b", at=1.0), begun("c", at=2.0)
    line = line_with(first, second, third)
    assert line.words(2.0, 80) == "c"
    with first:
        with second:
            assert line.words(2.5, 80) == "a (2s)"
        assert line.words(2.5, 80) == "a (2s)"
    assert line.words(2.5, 80) == "c"


def test_long_name_gives_way_to_the_facts() -> None:
    """The line is never wider than the terminal, and what changes stays readable."""
    words = line_with(begun("downloading " + "x" * 200, (3, 20))).words(9.0, 40)
    assert len(words) == 40
    assert words.endswith("… (3 of 20 done, 9s)")


def test_task_is_told_in_words_while_one_waits() -> None:
    """A stage that takes long is no silence, and nobody reads the names of tasks."""
    console = Console(err=io.StringIO(), is_live=True)
    console.task_began("extract:acme/a")
    console.task_began("script:build")
    line = console._live
    assert line is not None
    assert line.words(0, 80) == "writing acme/a"
    console.end()


def test_tally_counts_what_is_done_of_what_is_known() -> None:
    """Only things of the kind count; a failure is done as well."""
    executor = Executor(width=1)

    def fail() -> None:
        raise ZeroDivisionError

    executor.collect("archive of a", lambda: 1)
    with pytest.raises(ZeroDivisionError):
        executor.collect("archive of b", fail)
    executor.collect("tags of a", lambda: 1)
    executor.start(("archive of c", executor.close), ("archive of d", lambda: 1))
    executor.collect("archive of c", lambda: None)
    done, known = executor.tally("archive of ")
    assert (known, executor.tally("tags of ")) == (4, (1, 1))
    assert done >= 3
