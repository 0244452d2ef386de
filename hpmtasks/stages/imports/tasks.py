"""tasks: ``imports:<name>`` for each package that imports some, ``imports:.`` for the project itself."""

from __future__ import annotations

from hpmtasks.doit_core import Task
from hpmtasks.graph import Record, stage_task
from hpmtasks.session import Session
from hpmtasks.stages.imports.action import Importer, is_laid, lay, take_away


def task(session: Session, importer: Importer) -> Task:
    """``imports:<name>`` for one importer; every package has to be there before."""

    def work() -> Record:
        return lay(session, importer).to_json()

    return stage_task(
        session,
        importer.task_name,
        doc=f"let the interpreter find what {importer.name or 'the project'} imports",
        work=work,
        is_fresh=lambda: is_laid(session, importer),
        task_dep=["prune"],
        clean=[(take_away, [session, importer])],
    )
