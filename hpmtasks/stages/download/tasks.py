"""tasks: ``download:<name>``."""

from __future__ import annotations

from collections.abc import Callable

from hpmtasks.doit_core import Task
from hpmtasks.graph import Record, stage_task
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.session import Session
from hpmtasks.stages.download.action import download, is_in_store


def task(session: Session, package: ResolvedPackage, run_ahead: Callable[[], None]) -> Task:
    """``download:<name>`` for one resolved package.

    Args:
        run_ahead: Starts whatever else is missing, so that the first of many need not be
            finished before the next begins.
    """
    name = f"download:{package.name}"

    def work() -> Record:
        run_ahead()
        return download(session, package).to_json()

    def is_fresh() -> bool:
        if session.modules.hold(package):
            return True
        own = (package.name.key, package.commit)
        recorded = session.state.values_of(name).get("commit") == package.commit
        found = recorded and own not in session.fetched and is_in_store(session, package)
        # And again: a thread that runs ahead says what it fetches before the store has it.
        return found and own not in session.fetched

    return stage_task(
        session,
        name,
        doc=f"the archive of {package.name} is in the store",
        work=work,
        is_fresh=is_fresh,
        task_dep=["resolve"],
    )
