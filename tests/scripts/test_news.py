"""Which tasks need what has done something in this run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpmtasks.scripts.news import News
from hpmtasks.scripts.tasks import TaskId
from tests.support.script_workspaces import ScriptWorkspace

SCRIPTS = dict.fromkeys(("gen", "serve", "build", "test", "other"), "true")
TASKS = {
    "serve": {"persistent": True, "dependsOn": ["gen"]},
    "build": {"dependsOn": ["gen"]},
    "all": {"dependsOn": ["build"]},
    "test": {"dependsOn": ["serve"]},
    "last": {"dependsOn": ["all"]},
}


@pytest.mark.parametrize("name", ["build", "all", "last", "test"])
def test_reaches_all_that_need_it(tmp_path: Path, name: str) -> None:
    """Through tasks that stand for others, through services, and through what was fresh all the same."""
    workspace = ScriptWorkspace(tmp_path)
    workspace.manifest(SCRIPTS, TASKS)
    tasks = workspace.laid(name, "other")
    news = News(tasks)
    news.happened(tasks[TaskId("", "gen")])
    reached = {id_.script for id_, task in tasks.items() if news.reached(task)}
    assert name in reached
    assert "other" not in reached


def test_nothing_is_reached_before_anything_happens(tmp_path: Path) -> None:
    """Where all is fresh there are no news."""
    workspace = ScriptWorkspace(tmp_path)
    workspace.manifest(SCRIPTS, TASKS)
    tasks = workspace.laid("last", "test")
    assert not any(map(News(tasks).reached, tasks.values()))
