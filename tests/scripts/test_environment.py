"""Which variables reach a script, and which of them count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hpmtasks.model.manifest import Manifest
from hpmtasks.model.task_config import TaskConfig
from hpmtasks.project.settings import VARIABLES
from hpmtasks.project.workspace import Member
from hpmtasks.scripts.environment import TOLD, counting, environment_of, looks_secret, told

PLAIN = TaskConfig("build", "x")
DESCRIBED = TaskConfig(
    "build",
    "x",
    described=True,
    env=("MODE", "BUILD_*", "API_TOKEN", "UNSET", "HPM_PROJECT_ROOT"),
    pass_through_env=("DEPLOY_KEY", "AWS_*"),
)
ENVIRON = {
    "PATH": "/bin",
    "LC_ALL": "C",
    "HPM_CACHE_DIR": "/cache",
    "https_proxy": "http://proxy",
    "CI": "1",
    "MODE": "fast",
    "BUILD_ID": "7",
    "BUILD_": "",
    "REBUILD_ID": "8",
    "API_TOKEN": "hush",
    "DEPLOY_KEY": "hush",
    "AWS_REGION": "eu",
    "GITHUB_TOKEN": "hush",
    "OTHER": "x",
    "HPM_PROJECT_ROOT": "/elsewhere",
}


def test_a_described_task_gets_what_it_names_and_what_is_well_known() -> None:
    """Neither an undeclared variable nor a token reaches it, nor one whose name only looks alike."""
    found = environment_of(DESCRIBED, ENVIRON)
    assert found.keys() == ENVIRON.keys() - {"REBUILD_ID", "GITHUB_TOKEN", "OTHER"}
    assert all(found[name] == ENVIRON[name] for name in found)


def test_a_plain_script_and_a_loose_run_get_everything() -> None:
    """As scripts always did."""
    assert environment_of(PLAIN, ENVIRON) == environment_of(DESCRIBED, ENVIRON, "loose") == ENVIRON


def test_a_task_may_ask_for_everything() -> None:
    """passThroughEnv: ["*"] is a loose environment of one task."""
    config = TaskConfig("x", "x", described=True, pass_through_env=("*",))
    assert environment_of(config, ENVIRON) == ENVIRON


def test_only_declared_variables_count() -> None:
    """Well-known ones do not, nor those that are passed through; an unset one is told from an empty one."""
    assert counting(DESCRIBED, ENVIRON) == {
        "API_TOKEN": counting(DESCRIBED, ENVIRON)["API_TOKEN"],
        "BUILD_": "",
        "BUILD_ID": "7",
        "MODE": "fast",
        "UNSET": None,
    }
    assert counting(PLAIN, ENVIRON) == {}


def test_a_secret_counts_and_is_not_shown() -> None:
    """Another value is another key, and neither value stands in it; nor does one that is no text."""
    one, two = (counting(DESCRIBED, {"API_TOKEN": value})["API_TOKEN"] for value in ("hush", "hash"))
    assert one is not None
    assert one.startswith("sha256:")
    assert one != two
    assert "hush" not in one
    broken = counting(DESCRIBED, {"MODE": os.fsdecode(b"\xff")})["MODE"]
    assert broken is not None
    assert broken.startswith("sha256:")


@pytest.mark.parametrize("name", [name for name in VARIABLES if not looks_secret(name)])
def test_what_hpm_reads_reaches_a_script_that_calls_hpm(name: str) -> None:
    """Each variable of hpm's own is well known, but for tokens."""
    assert environment_of(TaskConfig("x", "x", described=True), {name: "1"}) == {name: "1"}


def test_a_script_is_told_where_it_is(tmp_path: Path) -> None:
    """Root, script, name and version; empty where there is none."""
    member = Member("acme/app", "app", tmp_path / "app", Manifest(name="acme/app"))
    assert told(tmp_path, member, "prebuild") == dict(
        zip(TOLD, (str(tmp_path), "prebuild", "acme/app", ""), strict=True)
    )
