"""tasks: ``lock``, the last task of an installation."""

from __future__ import annotations

from hpmtasks.doit_core import Task
from hpmtasks.graph import Record, stage_task
from hpmtasks.project import LOCKFILE
from hpmtasks.session import Session
from hpmtasks.stages.lock.action import is_written, write_lock
from hpmtasks.stages.resolve.tasks import save

NAME = "lock"


def task(session: Session, after: list[str]) -> Task:
    """``lock``, once everything in *after* is done."""

    def work() -> Record:
        record = write_lock(session).to_json()
        if session.resolution is not None:
            # The lock is an input of resolving. What it says now is what this resolution said,
            # so the resolution answers it: f(requirements, f's own lock) is f's own answer.
            save(session, session.resolution)
        # As doit will, when others have been let in: so the state is written once.
        session.state.keep_task_value(NAME, "_values_:", record)
        session.leave()
        return record

    def is_fresh() -> bool:
        fresh = is_written(session)
        if fresh:
            session.leave()
        return fresh

    return stage_task(
        session,
        NAME,
        doc="write package-lock.json",
        work=work,
        is_fresh=is_fresh,
        task_dep=after,
        targets=[LOCKFILE],
    )
