"""schedule: every task that is asked for is settled, as many at once as may be, the longest way first.

A task is *judged* when all that it needs is settled: it is fresh, or it is stale and waits for a
place. Judging is quick and is done by one thread at a time, whichever comes along; work is done
by a thread for each task that has a place. Those with the longest chain of work behind them are
judged and begun first, by how long each took the last time.

A service (a persistent task) counts as settled when all that it needs is; those that need it see
to it that it runs. One that was asked for by name runs until it ends, and takes no place.
"""

from __future__ import annotations

import heapq
import os
import threading
from bisect import insort
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import HpmError
from hpmtasks.hearing import wait, wait_for
from hpmtasks.scripts.events import Ended, Events, Outcome, Queued

if TYPE_CHECKING:
    from hpmtasks.scripts.tasks import ScriptTask, TaskId

T = TypeVar("T")

#: What a task is taken to need, in seconds, while nothing is known of any.
_UNKNOWN_SECONDS = 1.0
#: How many tasks of a pool run at once if package.json does not say.
_POOL_SIZE = 1


@dataclass(frozen=True, slots=True)
class Stale:
    """The verdict on a task that has work to do, and why, as a clause."""

    reason: str = ""


class Performer(Protocol):
    """Whoever knows what a task is; the schedule only knows when."""

    def judge(self, task: ScriptTask) -> Outcome | Stale:
        """Whether *task* is settled as it is. Quick, and never called by two threads at once."""
        ...

    def perform(self, task: ScriptTask) -> Outcome:
        """*task* was done, by restoring or running it. Called by many threads."""
        ...

    def seconds_of(self, task: TaskId) -> float | None:
        """How long *task* took when it last ran; ``None`` if that is not known."""
        ...


@dataclass(slots=True)
class _Node:
    task: ScriptTask
    index: int
    state: Literal["known", "required", "ready", "stale", "running", "settled"] = "known"
    #: How many of its needs are not settled.
    waiting: int = 0
    #: Whether those that need it may go on.
    is_open: bool = False
    users: list[_Node] = field(default_factory=list)
    outcome: Outcome | None = None


class Schedule:
    """One run over *tasks*; nothing happens until some are required.

    Args:
        tasks: Each after what it needs.
        jobs: How many places there are; a task takes as many as its weight.
        pools: How many places each pool has, within those.
        asked: What was asked for by name: of those, services run for their own sake.
        keep_going: A failure stops only what needs the task that failed.

    Attributes:
        defect: A bug of hpm that a task ran into.
    """

    def __init__(
        self,
        tasks: Mapping[TaskId, ScriptTask],
        performer: Performer,
        events: Events,
        *,
        jobs: int | None = None,
        pools: Mapping[str, int] | None = None,
        asked: Collection[TaskId] = (),
        keep_going: bool = False,
    ) -> None:
        self._nodes = {id_: _Node(task, index) for index, (id_, task) in enumerate(tasks.items())}
        self._performer = performer
        self._events = events
        self._jobs = jobs or os.cpu_count() or 1
        self._free = self._jobs
        self._pools = dict(pools or {})
        self._pool_free: dict[str, int] = {}
        self._asked = frozenset(asked)
        self._keep_going = keep_going
        self._changed = threading.Condition()
        self._ready: list[tuple[float, int, TaskId]] = []
        self._stale: list[tuple[float, int, TaskId]] = []
        self._ranks: dict[TaskId, float] | None = None
        self._running = 0
        self._is_pumping = False
        self._stopped: str | None = None
        self.defect: Exception | None = None

    # ---- what others ask

    def require(self, wanted: Iterable[TaskId]) -> None:
        """Begin to settle *wanted* and all that they need."""
        with self._changed:
            self._include(wanted)
        self._pump()

    def verdict(self, wanted: TaskId) -> bool:
        """Whether *wanted* was found to have nothing to do; waits until that is known."""
        node = self._nodes[wanted]
        known = node.outcome
        if known is None:
            self.require([wanted])
            with self._changed:
                wait_for(self._changed, lambda: node.state in ("stale", "running", "settled"))
                known = node.outcome
        return known is not None and known.kind == "fresh"

    def outcome(self, wanted: TaskId) -> Outcome:
        """How *wanted* ended; waits until it has."""
        self.require([wanted])
        node = self._nodes[wanted]
        with self._changed:
            wait_for(self._changed, lambda: node.outcome is not None)
            assert node.outcome is not None  # noqa: S101  just waited for
            return node.outcome

    def stop(self, reason: str) -> None:
        """Nothing more is begun; what waits is skipped for *reason*.

        What runs is stopped by others, and its end tells everybody; so this may be called from anywhere.
        """
        self._stopped = self._stopped or reason

    def finish(self) -> dict[TaskId, Outcome]:
        """Every required task is settled, those that wait after a stop included; in graph order."""
        self._pump()
        with self._changed:
            while not all(node.state in ("known", "settled") for node in self._nodes.values()):
                if self._stopped is not None and not self._is_pumping and (self._ready or self._stale):
                    self._changed.release()  # who stopped the run was in no position to clear it up
                    try:
                        self._pump()
                    finally:
                        self._changed.acquire()
                    continue
                wait(self._changed)
            return self.outcomes()

    def outcomes(self) -> dict[TaskId, Outcome]:
        """How each task ended that has, in graph order."""
        return {id_: node.outcome for id_, node in self._nodes.items() if node.outcome is not None}

    # ---- what is known to be wanted; the mutex is held

    def _include(self, wanted: Iterable[TaskId]) -> None:
        waiting = [self._nodes[id_] for id_ in wanted]
        found = []
        while waiting:
            node = waiting.pop()
            if node.state == "known":
                node.state = "required"
                found.append(node)
                waiting += [self._nodes[need] for need in node.task.needs]
        for node in sorted(found, key=lambda each: each.index):
            self._enlist(node)

    def _enlist(self, node: _Node) -> None:
        """*node* waits for what it needs, or is ready."""
        for need in map(self._nodes.__getitem__, node.task.needs):
            if need.outcome is not None and not need.outcome.is_success:
                self._settle(node, _needs_failed(need.task.id))
                return
            if not need.is_open:
                need.users.append(node)
                node.waiting += 1
        if node.waiting == 0:
            self._make_ready(node)

    def _make_ready(self, node: _Node) -> None:
        node.state = "ready"
        heapq.heappush(self._ready, (-self._rank(node.task.id), node.index, node.task.id))

    # ---- judging, by one thread at a time

    def _pump(self) -> None:
        """Judge all that is ready, and begin what has a place."""
        with self._changed:
            if self._is_pumping:
                return  # whoever is at it sees what has come
            self._is_pumping = True
        try:
            while (node := self._next_ready()) is not None:
                self._judge(node)
        except BaseException:
            with self._changed:
                self._is_pumping = False
            raise

    def _next_ready(self) -> _Node | None:
        """What is to be judged next; ``None``, and nobody is pumping any more, if there is nothing."""
        with self._changed:
            while self._ready:
                node = self._nodes[heapq.heappop(self._ready)[2]]
                if self._stopped is not None:
                    self._settle(node, Outcome("skipped", reason=self._stopped))
                elif node.task.config.persistent:
                    self._open_service(node)
                else:
                    return node
            self._begin_what_fits()
            if self._ready:
                return self._next_ready()
            self._is_pumping = False
            self._changed.notify_all()
            return None

    def _judge(self, node: _Node) -> None:
        verdict = self._told_by(self._performer.judge, node)
        with self._changed:
            if isinstance(verdict, Outcome):
                self._settle(node, verdict)
                return
            node.state = "stale"
            insort(self._stale, (-self._rank(node.task.id), node.index, node.task.id))
            self._events.publish(Queued(node.task.id, self._events.clock(), verdict.reason))
            self._begin_what_fits()
            self._changed.notify_all()

    def _open_service(self, node: _Node) -> None:
        """Those that need the service may go on; it runs now only if it was asked for itself."""
        self._release_users(node)
        if node.task.id in self._asked:
            self._events.publish(Queued(node.task.id, self._events.clock()))
            self._begin(node)
        else:
            self._settle(node, Outcome("service"))

    # ---- places; the mutex is held

    def _begin_what_fits(self) -> None:
        if self._stopped is not None:
            for *_, id_ in self._stale:
                self._settle(self._nodes[id_], Outcome("skipped", reason=self._stopped))
            self._stale.clear()
            return
        at = 0
        while self._free > 0 and at < len(self._stale):
            node = self._nodes[self._stale[at][2]]
            if self._takes_place(node.task):
                del self._stale[at]
                self._begin(node)
            else:
                at += 1

    def _takes_place(self, task: ScriptTask) -> bool:
        places = self._places(task)
        pool, pooled = task.config.pool, self._pool_places(task)
        if places > self._free or (pool and pooled > self._pool_free.setdefault(pool, self._size(pool))):
            return False
        self._free -= places
        if pool:
            self._pool_free[pool] -= pooled
        return True

    def _gives_place_back(self, task: ScriptTask) -> None:
        if task.config.persistent:
            return
        self._free += self._places(task)
        if task.config.pool:
            self._pool_free[task.config.pool] += self._pool_places(task)

    def _places(self, task: ScriptTask) -> int:
        return min(task.config.weight, self._jobs)

    def _pool_places(self, task: ScriptTask) -> int:
        return min(task.config.weight, self._size(task.config.pool)) if task.config.pool else 0

    def _size(self, pool: str) -> int:
        return self._pools.get(pool, _POOL_SIZE)

    def _begin(self, node: _Node) -> None:
        node.state = "running"
        self._running += 1
        threading.Thread(target=self._work, args=(node,), name=f"hpm {node.task.id}", daemon=True).start()

    def _told_by(self, ask: Callable[[ScriptTask], T], node: _Node) -> T | Outcome:
        """What the performer says of *node*; where it fails, that is how the task ended."""
        try:
            return ask(node.task)
        except HpmError as error:
            return _failed_by(error)
        except Exception as error:  # noqa: BLE001  a defect: told by whoever collects
            return self._broken_by(node, error)

    def _work(self, node: _Node) -> None:
        outcome = self._told_by(self._performer.perform, node)
        with self._changed:
            self._running -= 1
            self._gives_place_back(node.task)
            self._settle(node, outcome)
        self._pump()

    # ---- the end of a task; the mutex is held

    def _settle(self, node: _Node, outcome: Outcome) -> None:
        """*node* has ended like that, and so have, if it failed, all that wait for it."""
        unsettled = [(node, outcome)]
        while unsettled:
            each, how = unsettled.pop()
            if each.outcome is not None:
                continue
            each.outcome, each.state = how, "settled"
            self._events.publish(Ended(each.task.id, self._events.clock(), how))
            if how.is_success:
                self._release_users(each)
                continue
            if how.kind == "failed" and not self._keep_going:
                self._stopped = self._stopped or f"{each.task.id} failed"
            if not each.is_open:  # who needs a service that was asked for is told by the service itself
                unsettled += [(user, _needs_failed(each.task.id)) for user in reversed(each.users)]
        self._changed.notify_all()

    def _release_users(self, node: _Node) -> None:
        if node.is_open:
            return
        node.is_open = True
        for user in node.users:
            user.waiting -= 1
            if user.waiting == 0 and user.state == "required":
                self._make_ready(user)

    def _broken_by(self, node: _Node, error: Exception) -> Outcome:
        self.defect = self.defect or error
        return Outcome(
            "failed", HpmError.exit_code, reason=f"{type(error).__name__}: {error}, in {node.task.id}"
        )

    # ---- the order

    def _rank(self, id_: TaskId) -> float:
        """Seconds of work on the longest way from *id_* to the end, itself included."""
        if self._ranks is None:
            self._ranks = self._longest_ways()
        return self._ranks[id_]

    def _longest_ways(self) -> dict[TaskId, float]:
        known = {id_: self._performer.seconds_of(id_) for id_ in self._nodes}
        measured = [seconds for seconds in known.values() if seconds is not None]
        usual = sum(measured) / len(measured) if measured else _UNKNOWN_SECONDS
        ranks: dict[TaskId, float] = dict.fromkeys(self._nodes, 0.0)
        for id_ in reversed(self._nodes):  # needers first: then what is below a task is summed up already
            seconds = known[id_]
            ranks[id_] += usual if seconds is None else seconds
            for need in self._nodes[id_].task.needs:
                ranks[need] = max(ranks[need], ranks[id_])
        return ranks


def _failed_by(error: HpmError) -> Outcome:
    return Outcome("failed", error.exit_code, reason=str(error))


def _needs_failed(id_: TaskId) -> Outcome:
    return Outcome("skipped", reason=f"{id_}, which it needs, did not succeed")
