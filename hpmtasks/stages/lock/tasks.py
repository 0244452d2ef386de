"""tasks: ``lock``, the last task of an installation."""

from __future__ import annotations

from hpmtasks.doit_core import Task
from hpmtasks.graph import Record, stage_task
from hpmtasks.project import LOCKFILE
from hpmtasks.session import Session
from hpmtasks.stages.lock.action import is_written, write_lock
from hpmtasks.stages.resolve.tasks import save


def task(session: Session, after: list[str]) -> Task:
    """``lock``, once everything in *after* is done."""

    def work() -> Record:
        record = write_lock(session)
        if session.resolution is not None:
            # The lock is an input of resolving. What it says now is what this resolution said,
            # so the resolution answers it: f(requirements, f's own lock) is f's own answer.
            save(session, session.resolution)
        session.leave()
        return record.to_json()

    def is_fresh() -> bool:
        fresh = is_written(session)
        if fresh:
            session.leave()
        return fresh

    return stage_task(
        session,
        "lock",
        doc="write package-lock.json",
        work=work,
        is_fresh=is_fresh,
        task_dep=after,
        targets=[LOCKFILE],
    )
