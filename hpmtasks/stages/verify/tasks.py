"""tasks: ``verify:<name>``."""

from __future__ import annotations

from hpmtasks.doit_core import Task
from hpmtasks.graph import Record, stage_task
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.session import Session
from hpmtasks.stages.verify.action import verification
from hpmtasks.stages.verify.record import VerifyRecord


def task(session: Session, package: ResolvedPackage) -> Task:
    """``verify:<name>`` for one resolved package."""
    name = f"verify:{package.name}"

    def work() -> Record:
        record: VerifyRecord = session.executor.collect(*verification(session, package))
        return record.to_json()

    def is_fresh() -> bool:
        if session.modules.hold(package):
            return True
        record = session.state.values_of(name)
        if record.get("commit") != package.commit or package.tree not in (None, record.get("tree")):
            return False
        own = (package.name.key, package.commit)
        if own in session.unpacked:
            return False
        found = session.store.find_tree_of(package.name, package.commit) is not None
        # And again: a thread that runs ahead says what it unpacks before the store has it.
        return found and own not in session.unpacked

    return stage_task(
        session,
        name,
        doc=f"the contents of {package.name} are the promised ones",
        work=work,
        is_fresh=is_fresh,
        task_dep=[f"download:{package.name}"],
    )
