"""``doit install`` where the stamp says that nothing is to do: one task, and the names of all others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.dodo.standing import standing
from hpmtasks.project.state import State
from tests.support.projects import ProjectFolder

TWO_LINES = "from hpmtasks.dodo import DOIT_CONFIG, task_hpm\n"
#: A task that depends on some of hpm's that nobody runs.
OWN = """
def task_own():
    return {
        "actions": [],
        "task_dep": ["script:build", "extract:acme/a", "verify:*", "lock", "imports"],
        "file_dep": ["package-lock.json"],
    }
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """A project that is installed, and has a stamp, a script and a dodo.py."""
    with closing(ProjectFolder(tmp_path)) as opened:
        opened.require_two_packages()
        manifest = opened.manifest() | {"scripts": {"build": "true"}}
        opened.write("package.json", json.dumps(manifest))
        opened.write("dodo.py", TWO_LINES + OWN)
        assert opened.tasks()
        yield opened


@pytest.mark.parametrize("arguments", [["install"], ["run", "install"]], ids=" ".join)
def test_stamp_answers_where_install_is_all_that_was_asked_for(
    project: ProjectFolder, arguments: list[str]
) -> None:
    """One task is fresh, and doit is told of no other; the tasks of the repository may name any of them."""
    done = project.doit(*arguments)
    assert (done.code, done.fresh, done.ran) == (0, ["install"], [])


def test_answer_leaves_the_stamp_as_it_is(project: ProjectFolder) -> None:
    """Nothing is written, so the next question has the same answer."""
    remembered = [project.project / ".hpm" / name for name in ("stamp", "state.json")]
    before = [path.read_bytes() for path in remembered]
    assert project.doit("install").fresh == ["install"]
    assert [path.read_bytes() for path in remembered] == before
    assert project.doit("install").fresh == ["install"]


@pytest.mark.parametrize("setting", ["off", "verify"])
def test_setting_that_forbids_the_stamp_counts(project: ProjectFolder, setting: str) -> None:
    """With ``HPM_FASTPATH`` off, or to be compared, each task is asked."""
    done = project.doit("install", HPM_FASTPATH=setting)
    assert "extract:acme/b" in done.fresh
    assert done.ran == []


def test_what_is_not_as_it_was_is_put_right(project: ProjectFolder) -> None:
    """The stamp vouches for nothing that has changed."""
    (project.module("acme/b") / "package.json").parent.rename(project.folder / "taken")
    assert project.doit("install").ran == ["extract:acme/b"]


@pytest.mark.parametrize(
    "arguments", [["list", "--all"], ["info", "extract:acme/b"], ["script:build"]], ids=" ".join
)
def test_other_commands_see_every_task(project: ProjectFolder, arguments: list[str]) -> None:
    """Whoever asks for anything else gets tasks with something behind them."""
    done = project.doit(*arguments)
    assert done.code == 0
    assert "as the stamp has found it" not in done.out


def test_names_are_those_of_the_whole(project: ProjectFolder) -> None:
    """Every task of hpm's that ``doit list`` knows is among the names, so none is missed."""
    listed = {line.split()[0] for line in project.doit("list", "--all").out.splitlines()} - {"own"}
    tasks = standing(project.project, State(project.project / ".hpm/state.json").tasks)
    assert tasks is not None
    assert listed <= {task.name for task in tasks}
    assert len(listed) > 12


def test_workspace_has_its_tasks_laid(project: ProjectFolder) -> None:
    """Where members have scripts, too, nobody guesses their names."""
    document = project.manifest() | {"workspaces": ["members/*"]}
    project.write("package.json", json.dumps(document))
    project.tasks()
    assert "lock" in project.doit("install").fresh
    assert project.doit("install").code == 0
