"""tasks: ``extract:<name>``, and ``prune`` for what is no longer wanted."""

from __future__ import annotations

from hpmtasks.doit_core import Task
from hpmtasks.graph import Record, stage_task
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.project import MODULES
from hpmtasks.session import Session
from hpmtasks.stages.extract.action import extract, extraneous, remove


def task(session: Session, package: ResolvedPackage) -> Task:
    """``extract:<name>`` for one resolved package."""
    name = f"extract:{package.name}"
    path = f"{MODULES}/{package.name}"

    def work() -> Record:
        return extract(session, package).to_json()

    def is_fresh() -> bool:
        occupant = session.modules.occupant_of(package)
        is_recorded = session.state.values_of(name).get("tree") == occupant.tree
        return is_recorded and session.modules.holds(occupant)

    return stage_task(
        session,
        name,
        doc=f"lay {package.name} out in {path}",
        work=work,
        is_fresh=is_fresh,
        task_dep=[f"verify:{package.name}"],
        targets=[path],
        clean=[(remove, [session, package.name])],
    )


def prune_task(session: Session, after: list[str]) -> Task:
    """``prune``: after the tasks *after*, nothing is left that hpm installed and that is not wanted."""

    def work() -> Record:
        names = extraneous(session)
        for name in names:
            remove(session, name)
        return {"removed": [str(name) for name in names]}

    return stage_task(
        session,
        "prune",
        doc="remove from hem_modules what is no longer required",
        work=work,
        is_fresh=lambda: not extraneous(session),
        task_dep=after,
    )
