"""tasks: ``link:<name>``, in the place of ``extract:<name>`` while a folder is linked."""

from __future__ import annotations

from pathlib import Path

from hpmtasks.doit_core import Task
from hpmtasks.graph import Record, stage_task
from hpmtasks.model.package import PackageName
from hpmtasks.project import MODULES
from hpmtasks.session import Session
from hpmtasks.session.copies import occupant_of
from hpmtasks.stages.extract.action import remove
from hpmtasks.stages.link.action import link


def task(session: Session, name: PackageName, folder: Path) -> Task:
    """``link:<name>`` for one linked folder, or one member of the workspace."""
    task_name = f"link:{name}"
    target = f"{MODULES}/{name}"

    def work() -> Record:
        return link(session, name, folder).to_json()

    def is_fresh() -> bool:
        occupant = occupant_of(session, name, folder)
        is_recorded = session.state.values_of(task_name).get("tree") == occupant.tree
        return is_recorded and session.modules.holds(occupant)

    return stage_task(
        session,
        task_name,
        doc=f"copy {session.project.relative(folder)} to {target}",
        work=work,
        is_fresh=is_fresh,
        task_dep=["resolve"],
        targets=[target],
        clean=[(remove, [session, name])],
    )
