"""A change is of interest if a task goes by the file, and not if a task leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpmtasks.project import Project
from hpmtasks.project.workspace import read_workspace
from hpmtasks.scripts.tasks import lay, task_names
from hpmtasks.scripts.watched import Watched
from tests.support.script_workspaces import ScriptWorkspace

# Each: a path; whether it counts.
PATHS = [
    ("src/deep/a.hml", True),
    ("src/tests/a.hml", False),
    ("README.md", False),
    ("package.json", True),
    ("package-lock.json", True),
    ("app/package.json", True),
    ("other/package.json", False),
    (".gitignore", True),
    ("app/anything", True),
    ("app/inner/x", False),
    ("app/inner/package.json", True),
    ("app/dist/a", False),
    ("app/ignored/a", False),
    ("dist/a", False),
    ("dist/.keep/a", False),
    ("hem_modules/acme/json/package.json", False),
    ("app/hem_modules/x", False),
    (".git/HEAD", False),
    (".hpm/state.json", False),
    ("shared/words.txt", True),
]


@pytest.mark.parametrize(("path", "counts"), PATHS)
def test_what_counts(tmp_path: Path, path: str, counts: bool) -> None:
    """The row says whether a change of the path is a reason to look at the tasks again."""
    folder = ScriptWorkspace(tmp_path)
    folder.manifest(
        {"build": "x"},
        {"build": {"inputs": ["src/**", "!src/tests"], "outputs": ["dist/**"]}},
        workspaces=["app", "app/inner"],
    )
    app = {
        "build": {"inputs": ["!ignored"], "outputs": ["dist/"]},
        "lint": {"inputs": ["//shared/*.txt"], "outputs": ["lint.log"]},
    }
    folder.manifest({"build": "x", "lint": "x"}, app, member="app")
    folder.manifest({}, member="app/inner")
    workspace = read_workspace(Project(tmp_path))
    tasks = list(lay(workspace, task_names(workspace)).values())
    watched = Watched(tasks, tuple(member.path for member in workspace.members))
    assert watched.counts(path) is counts
