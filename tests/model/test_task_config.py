"""What ``tasks``, ``workspaces`` and ``hpm.pools`` of package.json may say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hpmtasks.errors import InvalidManifest
from hpmtasks.model.manifest import Manifest, parse_dependency_manifest, parse_manifest
from hpmtasks.model.task_config import ReadyWhen, TaskConfig, parse_tasks
from tests.support.task_documents import REFUSED, TAKEN, document


def parsed(fields: dict[str, Any]) -> Manifest:
    """The manifest of a project with these *fields*."""
    return parse_manifest(json.dumps(document(fields)).encode(), "package.json")


def test_a_plain_script_is_a_task() -> None:
    """It reads everything, leaves nothing that is known, and gets the whole environment."""
    manifest = parsed({"scripts": {"a": "x", "b": "y"}, "tasks": {"b": {}}})
    assert list(manifest.tasks.values()) == [TaskConfig("a", "x"), TaskConfig("b", "y", described=True)]
    assert not any(task.is_kept for task in manifest.tasks.values())


def test_every_field_arrives() -> None:
    """With the meaning that the documentation gives it."""
    task = {
        "dependsOn": ["codegen", "^build", "acme/docs#build", "codegen"],
        "inputs": ["src/**", "!src/x", "//base.json"],
        "outputs": ["dist/**"],
        "env": ["MODE", "BUILD_*"],
        "passThroughEnv": ["*"],
        "cache": False,
        "pool": "big",
        "weight": 2,
        "timeout": 1.5,
        "shell": "bash",
    }
    service = {"persistent": True, "readyWhen": {"log": "^ready", "timeout": 5}, "outputs": None}
    manifest = parsed(
        {
            "scripts": {"codegen": "x", "build": "x", "serve": "x"},
            "tasks": {"build": task, "serve": service, "all": {"dependsOn": ["build"]}, "codegen": None},
            "workspaces": ["packages/*", "!packages/old"],
            "hpm": {"pools": {"big": 3}},
        }
    )
    assert manifest.tasks["build"] == TaskConfig(  # noqa: S604  nothing is run
        "build",
        "x",
        ("codegen", "^build", "acme/docs#build"),
        ("src/**", "!src/x", "//base.json"),
        ("dist/**",),
        ("MODE", "BUILD_*"),
        ("*",),
        cache=False,
        pool="big",
        weight=2,
        timeout=1.5,
        shell="bash",
        described=True,
    )
    assert manifest.tasks["serve"].ready_when == ReadyWhen(log="^ready", timeout=5)
    assert manifest.tasks["all"].command is None
    assert manifest.tasks["codegen"] == TaskConfig("codegen", "x")
    assert manifest.workspaces == ("packages/*", "!packages/old")
    assert manifest.pools == {"big": 3}


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ({}, False),
        ({"outputs": ["dist"]}, True),
        ({"outputs": ["dist"], "cache": True}, True),
        ({"outputs": ["dist"], "cache": False}, False),
    ],
)
def test_only_what_has_outputs_is_kept(task: dict[str, Any], expected: bool) -> None:
    """And only if nobody says that it is not."""
    tasks, issues = parse_tasks({"build": "x"}, {"build": task})
    assert issues == []
    assert tasks["build"].is_kept is expected


@pytest.mark.parametrize("fields", TAKEN, ids=str)
def test_what_is_right_is_taken(fields: dict[str, Any]) -> None:
    """Whatever the documentation allows."""
    assert parsed(fields).name == "acme/app"


@pytest.mark.parametrize(("fields", "sentence"), REFUSED, ids=[str(fields) for fields, _ in REFUSED])
def test_what_is_wrong_is_told_in_one_sentence(fields: dict[str, Any], sentence: str) -> None:
    """It names the field and the way out."""
    with pytest.raises(InvalidManifest) as refusal:
        parsed(fields)
    assert refusal.value.issues == (sentence,)


def test_everything_wrong_is_told_at_once() -> None:
    """One sentence for each, whatever entry it is in."""
    tasks, issues = parse_tasks(
        {"a": "x", "b": "y"}, {"a": {"weight": 0, "dependsOn": ["c"]}, "b": {"chace": True, "pool": ""}}
    )
    assert len(issues) == 4
    assert set(tasks) == {"a", "b"}


def test_a_dependency_has_no_tasks() -> None:
    """What a package runs is its own business, and what is wrong there, too."""
    data = json.dumps({"scripts": {"a": 1}, "tasks": {"a": 3}, "workspaces": 7, "hpm": []}).encode()
    manifest = parse_dependency_manifest(data)
    assert (manifest.tasks, manifest.workspaces, manifest.pools) == ({}, (), {})
