"""executor: each thing is done once, whoever asks first, and whoever collects gets what came of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from hpmtasks.session.executor import Executor


@pytest.fixture
def executor() -> Iterator[Executor]:
    """Two threads."""
    made = Executor(width=2)
    yield made
    made.close()


def _refuse() -> str:
    raise ValueError("refused")


def _never() -> str:
    raise AssertionError("done twice")


def test_what_was_started_is_collected(executor: Executor) -> None:
    """Who collects gets the result of the work that was started, and does none itself."""
    executor.start(("a", lambda: "result"))
    assert executor.collect("a", _never) == "result"


def test_what_nobody_started_is_done_by_who_collects(executor: Executor) -> None:
    """Without a start the work is done in the collecting thread, and only once."""
    worker: list[int] = []
    executor.collect("a", lambda: worker.append(threading.get_ident()))
    executor.collect("a", _never)
    assert worker == [threading.get_ident()]


def test_a_thing_is_begun_once(executor: Executor) -> None:
    """A second start of the same thing changes nothing."""
    executor.start(("a", lambda: "first"))
    executor.start(("a", _never))
    assert executor.collect("a", _never) == "first"


def test_a_failure_reaches_who_collects_and_all_later_steps(executor: Executor) -> None:
    """A step that fails fails those that were to follow it, with the same error."""
    executor.start(("a", _refuse), ("b", _never))
    for key in ("a", "b"):
        with pytest.raises(ValueError, match="refused"):
            executor.collect(key, _never)


def test_more_work_than_threads_is_all_done(executor: Executor) -> None:
    """What finds no thread waits for one."""
    for number in range(20):
        executor.start((str(number), partial(str, number)))
    assert [executor.collect(str(number), _never) for number in range(20)] == [*map(str, range(20))]


def test_what_is_forgotten_is_done_again(executor: Executor) -> None:
    """After ``forget`` the next to collect does the work anew."""
    assert executor.collect("a", lambda: 1) == 1
    executor.forget("a")
    assert executor.collect("a", lambda: 2) == 2


def test_nothing_is_begun_after_the_end(executor: Executor) -> None:
    """A start after ``close`` is no start."""
    executor.close()
    executor.start(("a", _never))
    assert not executor.knows("a")


def test_what_was_lent_is_collected_as_it_was_given_back(executor: Executor) -> None:
    """Who collects lent work listens for it, gets what came of it, and does none himself."""
    listening = threading.Event()
    give_back = executor.lend("a", _never, listening.set)
    assert give_back is not None
    executor.start(("a", _never), ("b", lambda: "followed"))
    assert listening.is_set()
    give_back("result")
    assert executor.collect("a", _never) == "result"
    assert executor.collect("b", _never) == "followed"


def test_what_is_given_back_undone_is_done_here(executor: Executor) -> None:
    """Who waits for lent work that comes back undone gets the result of the work itself."""
    found: list[str] = []
    waiting = threading.Event()
    give_back = executor.lend("a", lambda: "done here", waiting.set)
    assert give_back is not None
    collecting = threading.Thread(target=lambda: found.append(executor.collect("a", _never)))
    collecting.start()
    assert waiting.wait(60)
    give_back(None)
    collecting.join(60)
    assert found == ["done here"]


def test_what_is_known_cannot_be_lent(executor: Executor) -> None:
    """What somebody began already is not lent, and stays what it was."""
    assert executor.collect("a", lambda: "result") == "result"
    assert executor.lend("a", _never, lambda: None) is None
    assert executor.collect("a", _never) == "result"


def test_what_is_given_back_for_later_is_done_by_who_collects(executor: Executor) -> None:
    """Work that comes back undone, and not at once, waits for somebody who wants it."""
    worker: list[int] = []
    give_back = executor.lend("a", lambda: worker.append(threading.get_ident()), lambda: None)
    assert give_back is not None
    give_back(None, at_once=False)
    executor.collect("a", _never)
    assert worker == [threading.get_ident()]


def test_who_only_waits_is_told_nothing(executor: Executor) -> None:
    """What was begun has ended after ``await_if_begun``, even if it failed; what was not is not begun."""
    executor.await_if_begun("nothing")
    assert not executor.knows("nothing")
    executor.start(("a", _refuse))
    executor.await_if_begun("a")
    assert executor.tally("a") == (1, 1)


def test_an_interruption_of_the_main_thread_is_raised_there_whoever_waits(executor: Executor) -> None:
    """Also where nobody wants to know how the work ended, only that it has."""

    def interrupt() -> None:
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt

    blocked = threading.Event()
    for number in range(2):  # both threads are at work
        executor.start((f"other {number}", blocked.wait))
    executor.start(("mine", interrupt))
    with pytest.raises(KeyboardInterrupt):
        executor.await_if_begun("mine")
    blocked.set()
