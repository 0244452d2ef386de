"""The schedule: what is judged and done when, with a clock that only moves when nobody can do anything."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from hpmtasks.errors import StorageFailure
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.task_config import TaskConfig
from hpmtasks.project.workspace import Member
from hpmtasks.scripts.events import Ended, Event, Events, Outcome, Queued
from hpmtasks.scripts.schedule import Schedule, Stale
from hpmtasks.scripts.tasks import ScriptTask, TaskId

PATIENCE_SECONDS = 30
ROOT = Member(None, "", Path("/nowhere"), Manifest())


def task(name: str, needs: str = "", **config: object) -> ScriptTask:
    """The task *name* of the root, after the tasks in *needs*."""
    found = TaskConfig(name, "true", **config)  # type: ignore[arg-type]
    return ScriptTask(TaskId("", name), ROOT, found, (), tuple(TaskId("", each) for each in needs.split()))


@dataclass
class Virtual:
    """Performs tasks in virtual seconds: the clock moves when as many run as can.

    Attributes:
        seconds: How long each takes; what is not there is fresh.
        failing: What fails, with which code.
    """

    seconds: Mapping[str, float]
    failing: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, float] = field(default_factory=dict)
    now: float = 0.0
    began: dict[str, float] = field(default_factory=dict)
    most: int = 0
    judged: list[str] = field(default_factory=list)
    _ends: dict[str, float] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def judge(self, task: ScriptTask) -> Outcome | Stale:
        name = task.id.script
        self.judged.append(name)
        return Stale(f"{name} is new") if name in self.seconds else Outcome("fresh")

    def seconds_of(self, task: TaskId) -> float | None:
        return self.known.get(task.script)

    def perform(self, task: ScriptTask) -> Outcome:
        name = task.id.script
        with self._changed:
            self.began[name] = self.now
            self._ends[name] = self.now + self.seconds[name]
            self.most = max(self.most, len(self._ends))
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: name not in self._ends, PATIENCE_SECONDS)
        if name in self.failing:
            return Outcome("failed", self.failing[name])
        return Outcome("ran", seconds=self.seconds[name])

    def pass_time(self, order: Iterable[tuple[str, ...]]) -> None:
        """Time passes whenever exactly these run together: the ones that end first, end."""
        for together in order:
            wanted = set(together)
            with self._changed:
                while set(self._ends) != wanted:
                    assert self._changed.wait(PATIENCE_SECONDS), (together, self._ends)
                self.now = min(self._ends.values())
                over = {name for name, end in self._ends.items() if end <= self.now}
                for name in over:
                    del self._ends[name]
                self._changed.notify_all()
                assert self._changed.wait_for(partial(over.issubset, self._settled), PATIENCE_SECONDS)

    def listen(self, event: Event) -> None:
        """No time passes before the schedule knows what has ended."""
        if isinstance(event, Ended):
            with self._changed:
                self._settled.add(event.task.script)
                self._changed.notify_all()


def run(
    tasks: Iterable[ScriptTask], performer: Virtual, *order: str, asked: str = "", **options: object
) -> tuple[Schedule, dict[str, str]]:
    """Settle all *tasks*, while those in each of *order* run together; how each ended."""
    laid = {each.id: each for each in tasks}
    events = listened(performer)
    schedule = Schedule(
        laid,
        performer,
        events,
        asked=_ids(asked),
        **options,  # type: ignore[arg-type]
    )
    schedule.require(laid)
    performer.pass_time(tuple(words.split()) for words in order)
    return schedule, {id_.script: outcome.kind for id_, outcome in schedule.finish().items()}


def listened(virtual: Virtual) -> Events:
    """A stream of events that *virtual* listens to, by its clock."""
    events = Events(lambda: virtual.now)
    events.subscribe(virtual.listen)
    return events


def _ids(names: str) -> list[TaskId]:
    return [TaskId("", name) for name in names.split()]


# ---------------------------------------------------------------- the order


def test_longest_way_goes_first() -> None:
    """Of what may run, the task with most work behind it, as it took the last time, gets the place."""
    tasks = [task("a"), task("b"), task("c"), task("after-b", "b"), task("all", "a after-b c")]
    seconds = {"a": 3, "b": 1, "c": 1, "after-b": 4, "all": 1}
    virtual = Virtual(seconds, known=seconds)
    run(tasks, virtual, "a b", "a after-b", "after-b c", "after-b", "all", jobs=2)
    assert virtual.began == {"b": 0, "a": 0, "after-b": 1, "c": 3, "all": 5}


def test_without_history_the_longest_chain_goes_first() -> None:
    """What is not known is taken to need as long as the others."""
    tasks = [task("lone"), task("first"), task("second", "first"), task("third", "second")]
    virtual = Virtual(dict.fromkeys(("lone", "first", "second", "third"), 1.0))
    run(tasks, virtual, "first", "second", "lone", "third", jobs=1)
    assert virtual.began == {"first": 0, "second": 1, "lone": 2, "third": 3}


def test_no_more_run_at_once_than_there_are_places() -> None:
    """Ten tasks of one second need four seconds in three places."""
    names = [f"t{number}" for number in range(10)]
    virtual = Virtual(dict.fromkeys(names, 1.0))
    groups = [" ".join(names[at : at + 3]) for at in range(0, 10, 3)]
    run([task(name) for name in names], virtual, *groups, jobs=3)
    assert (virtual.most, virtual.now) == (3, 4)


def test_heavy_task_takes_several_places_and_never_more_than_there_are() -> None:
    """A weight of two leaves one of three places; a weight beyond all of them is all of them."""
    tasks = [task("heavy", weight=2), task("light"), task("other"), task("giant", weight=99)]
    known = {"giant": 1.0, "heavy": 4.0, "light": 3.0, "other": 2.0}
    virtual = Virtual(dict.fromkeys(known, 1.0), known=known)
    run(tasks, virtual, "heavy light", "other", "giant", jobs=3)
    assert virtual.began == {"heavy": 0, "light": 0, "other": 1, "giant": 2}


def test_pool_has_places_of_its_own() -> None:
    """Tasks of a pool that package.json does not know run one at a time; others beside them."""
    tasks = [task("d1", pool="db"), task("d2", pool="db"), task("n1", pool="net"), task("n2", pool="net")]
    virtual = Virtual(dict.fromkeys(("d1", "d2", "n1", "n2"), 1.0))
    run(tasks, virtual, "d1 n1 n2", "d2", jobs=4, pools={"net": 2})
    assert virtual.began == {"d1": 0, "n1": 0, "n2": 0, "d2": 1}


def test_outcomes_have_the_order_of_the_graph() -> None:
    """Whatever ended first."""
    tasks = [task("slow"), task("quick"), task("fresh")]
    virtual = Virtual({"slow": 9, "quick": 1})
    _, outcomes = run(tasks, virtual, "slow quick", "slow", jobs=2)
    assert list(outcomes.items()) == [("slow", "ran"), ("quick", "ran"), ("fresh", "fresh")]


# ---------------------------------------------------------------- what is asked


def test_only_what_is_required_is_judged() -> None:
    """And what that needs, first; a second question begins nothing anew."""
    laid = {each.id: each for each in [task("a"), task("b", "a"), task("c")]}
    virtual = Virtual({})
    schedule = Schedule(laid, virtual, listened(virtual))
    assert schedule.verdict(TaskId("", "b")) is True
    assert schedule.outcome(TaskId("", "b")) == Outcome("fresh")
    assert virtual.judged == ["a", "b"]


def test_verdict_does_not_wait_for_the_work() -> None:
    """That a task is stale is known while it still runs."""
    laid = {each.id: each for each in [task("a")]}
    virtual = Virtual({"a": 1})
    schedule = Schedule(laid, virtual, listened(virtual), jobs=1)
    assert schedule.verdict(TaskId("", "a")) is False
    virtual.pass_time([("a",)])
    assert schedule.outcome(TaskId("", "a")).kind == "ran"


def test_events_tell_the_whole_story() -> None:
    """Whatever waits is queued with its reason, and everything ends once."""
    laid = {each.id: each for each in [task("a"), task("b", "a")]}
    virtual = Virtual({"b": 2})
    told: list[Event] = []
    events = listened(virtual)
    events.subscribe(told.append)
    schedule = Schedule(laid, virtual, events)
    schedule.require(laid)
    virtual.pass_time([("b",)])
    schedule.finish()
    a, b = laid
    assert told == [
        Ended(a, 0.0, Outcome("fresh")),
        Queued(b, 0.0, "b is new"),
        Ended(b, 2.0, Outcome("ran", seconds=2)),
    ]


# ---------------------------------------------------------------- failures


def test_failure_lets_what_runs_end_and_begins_nothing() -> None:
    """What waits is skipped, and says because of whom; the code is that of the failure."""
    tasks = [task("bad"), task("running"), task("waiting"), task("user", "bad")]
    virtual = Virtual(dict.fromkeys(("running", "waiting", "user"), 2.0) | {"bad": 1.0}, failing={"bad": 41})
    schedule, outcomes = run(tasks, virtual, "bad running", "running", jobs=2)
    assert outcomes == {"bad": "failed", "running": "ran", "waiting": "skipped", "user": "skipped"}
    found = schedule.outcomes()
    assert found[TaskId("", "bad")].code == 41
    assert "bad" in found[TaskId("", "waiting")].reason
    assert "bad" in found[TaskId("", "user")].reason


def test_keep_going_skips_only_what_needs_the_failure() -> None:
    """Directly or not."""
    tasks = [task("bad"), task("user", "bad"), task("users-user", "user"), task("other")]
    virtual = Virtual(dict.fromkeys(("bad", "user", "users-user", "other"), 1.0), failing={"bad": 1})
    _, outcomes = run(tasks, virtual, "bad", "other", jobs=1, keep_going=True)
    assert outcomes == {"bad": "failed", "user": "skipped", "users-user": "skipped", "other": "ran"}


@pytest.mark.parametrize("error", [StorageFailure("the disk is full"), ValueError("a defect")], ids=type)
@pytest.mark.parametrize("moment", ["judge", "perform"])
def test_what_a_performer_raises_is_the_failure_of_its_task(error: Exception, moment: str) -> None:
    """An error for the user keeps its exit code; anything else is kept as a defect, and nobody hangs."""

    class Raising(Virtual):
        def judge(self, task: ScriptTask) -> Outcome | Stale:
            if moment == "judge":
                raise error
            return super().judge(task)

        def perform(self, task: ScriptTask) -> Outcome:
            raise error from None if task.id.script == "a" else AssertionError("b was begun")

    schedule, outcomes = run([task("a"), task("b", "a")], Raising({"a": 1.0}))
    assert outcomes == {"a": "failed", "b": "skipped"}
    found = schedule.outcomes()[TaskId("", "a")]
    assert str(error) in found.reason
    is_known = isinstance(error, StorageFailure)
    assert (found.code, schedule.defect) == ((4, None) if is_known else (70, error))


def test_stop_begins_nothing_more() -> None:
    """What runs is waited for; what waits is skipped with the reason given."""
    laid = {each.id: each for each in [task("a"), task("b"), task("c", "b")]}
    virtual = Virtual(dict.fromkeys("abc", 1.0))
    schedule = Schedule(laid, virtual, listened(virtual), jobs=1)
    schedule.require(laid)
    schedule.stop("interrupted")
    virtual.pass_time([("b",)])
    outcomes = schedule.finish()
    assert {id_.script: (each.kind, each.reason) for id_, each in outcomes.items()} == {
        "a": ("skipped", "interrupted"),
        "b": ("ran", ""),
        "c": ("skipped", "interrupted"),
    }


# ---------------------------------------------------------------- services


def test_needed_service_takes_no_place_and_is_not_performed() -> None:
    """It is for those that need it to start it; they come after what it needs itself."""
    tasks = [task("build"), task("serve", "build", persistent=True), task("test", "serve")]
    virtual = Virtual({"build": 1, "serve": 99, "test": 1})
    _, outcomes = run(tasks, virtual, "build", "test", jobs=1)
    assert outcomes == {"build": "ran", "serve": "service", "test": "ran"}


def test_service_that_is_asked_for_runs_beside_the_others() -> None:
    """It holds up nobody, not even in one place, and is over when it ends."""
    tasks = [task("serve", persistent=True), task("test", "serve")]
    virtual = Virtual({"serve": 5, "test": 1})
    _, outcomes = run(tasks, virtual, "serve test", "serve", jobs=1, asked="serve test")
    assert outcomes == {"serve": "ran", "test": "ran"}


def test_a_thousand_tasks_are_settled_in_a_chain_and_in_a_star() -> None:
    """No recursion, and nothing is forgotten."""
    chain = [task("t0"), *(task(f"t{number}", f"t{number - 1}") for number in range(1, 1000))]
    star = [
        *(task(f"s{number}") for number in range(1000)),
        task("hub", " ".join(f"s{n}" for n in range(1000))),
    ]
    for tasks in (chain, star):
        _, outcomes = run(tasks, Virtual({}))
        assert set(outcomes.values()) == {"fresh"}
        assert len(outcomes) == len(tasks)
