"""A task of a stage is for doit what one of doit's own would be."""

from __future__ import annotations

import inspect
from pathlib import Path

from doit.task import Task

from hpmtasks.graph import StageTask, stage_task
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.session import Session


def made(tmp_path: Path, name: str) -> StageTask:
    """A task of a stage, with something in every place."""
    session = Session(
        Project(tmp_path), Settings.load({"HOME": str(tmp_path)}), State(tmp_path / "state.json")
    )
    task = stage_task(
        session,
        name,
        doc="do something",
        work=dict,
        is_fresh=bool,
        task_dep=["first"],
        targets=["made"],
        clean=[(print, ["gone"])],
    )
    assert isinstance(task, StageTask)
    return task


def test_attributes_are_those_of_an_ordinary_task(tmp_path: Path) -> None:
    """Nothing that doit's constructor sets is missing, or of another type."""
    task = made(tmp_path, "stage:name")

    def do() -> None:
        """Nothing."""

    own = Task(
        "stage:name",
        [do],
        doc="do something",
        uptodate=[bool],
        task_dep=["first"],
        targets=[str(tmp_path / "made")],
        clean=[do],
        io={"capture": False},
        verbosity=2,
        subtask_of="stage",
    )
    assert len(own.actions) == len(task.actions) == 1
    kinds = {name: type(value) for name, value in vars(own).items()}
    assert {name: type(value) for name, value in vars(task).items() if name in kinds} == kinds
    for name in ("name", "doc", "task_dep", "targets", "subtask_of", "verbosity", "params", "meta"):
        assert getattr(task, name) == getattr(own, name)


def test_tasks_share_nothing_that_can_change(tmp_path: Path) -> None:
    """What doit puts into one task does not turn up in another, nor in one that is made later."""
    containers = (dict, list, set)
    tasks = [made(tmp_path, "one"), made(tmp_path, "two")]
    seen = [id(value) for task in tasks for value in vars(task).values() if isinstance(value, containers)]
    doubled = [task.actions is task.__dict__["_actions"] for task in tasks]
    assert len(seen) - sum(doubled) == len(set(seen))


def test_signature_of_freshness_is_that_of_a_function_without_arguments(tmp_path: Path) -> None:
    """doit, which passes what a signature asks for, passes nothing."""
    (question, arguments, named) = made(tmp_path, "stage").uptodate[0]
    assert not inspect.signature(question).parameters
    assert question(*arguments, **named) is False
