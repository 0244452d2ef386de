"""What a script does without saying so is found, with the line that says it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.errors import Usage
from hpmtasks.project import Project
from hpmtasks.project.workspace import read_workspace
from hpmtasks.scripts.audit import (
    Audit,
    Declared,
    as_data,
    compare,
    footprint_of,
    require_strace,
    told,
    traced,
)
from hpmtasks.scripts.footprint import Footprint
from hpmtasks.scripts.process import Launch
from hpmtasks.scripts.tasks import TaskId, lay, task_names
from tests.support.git_repositories import Content
from tests.support.working_copies import Workspace as Folder

FILES: dict[str, Content] = {
    "package.json": {
        "name": "me/root",
        "version": "1.0.0",
        "workspaces": ["app"],
        "scripts": {"build": "true", "codegen": "true", "loose": "true"},
        "tasks": {
            "build": {"inputs": ["src/**"], "outputs": ["dist/**", "!dist/.cache"]},
            "codegen": {"outputs": ["gen/**"]},
        },
    },
    "app/package.json": {
        "name": "me/app",
        "version": "1.0.0",
        "scripts": {"build": "true"},
        "tasks": {"build": {"dependsOn": ["^build"], "inputs": ["main.hml"], "outputs": ["out/"]}},
    },
    "src/main.hml": "1",
    "app/main.hml": "1",
    "data/[1].txt": "1",
    "README.md": "1",
    "gen/a.hml": "1",
    ".git/HEAD": "1",
    ".hpm/state.json": "1",
    **{f"many/{number}/x": "1" for number in range(3)},
    "hem_modules/acme/json/src/index.hml": "1",
    "hem_modules/acme/other/src/index.hml": "1",
    **{f"dist/{name}": "1" for name in ("a", ".cache/b")},
    **{f"lib/{name}": "1" for name in ("a", "b", "c")},
    "app/out/x": "1",
    "app/made": "1",
}


def declared(root: Path, task: str, *files: str) -> Declared:
    workspace = read_workspace(Project(root))
    laid = lay(workspace, task_names(workspace))
    member, _, script = task.rpartition("#")
    found = laid[TaskId(member, script)]
    return Declared(found, frozenset(files), ["Acme/json"], list(laid.values()))


# Each: the task; what it read, wrote and removed; what is told of it, but for what is empty.
CASES: dict[str, tuple[str, str, str, str, dict[str, Any]]] = {
    "all is declared": ("build", "src/main.hml", "dist/a", "", {}),
    "what is outside is not told": ("build", "/etc/hosts", "/srv/x", "/srv/y", {}),
    "a file beside its inputs": (
        *("build", "data/[1].txt", "", ""),
        {"reads": ["data/[1].txt"], "add": {"inputs": ["src/**", "data/[[]1].txt"]}},
    ),
    "many files of one folder": (
        *("build", "many/0/x many/1/x many/2/x", "", ""),
        {"reads": ["many/0/x", "many/1/x", "many/2/x"], "add": {"inputs": ["src/**", "many/**"]}},
    ),
    "what another task leaves": (
        *("build", "gen/a.hml", "", ""),
        {"reads": ["gen/a.hml"], "add": {"dependsOn": ["codegen"]}},
    ),
    "what another member's task leaves": (
        *("build", "app/out/x", "", ""),
        {"reads": ["app/out/x"], "add": {"dependsOn": ["me/app#build"]}},
    ),
    "a file of the root": (
        *("me/app#build", "app/main.hml README.md", "", ""),
        {"reads": ["README.md"], "add": {"inputs": ["main.hml", "//README.md"]}},
    ),
    "its own package.json, with inputs": (
        *("build", "package.json", "", ""),
        {"reads": ["package.json"], "add": {"inputs": ["src/**", "package.json"]}},
    ),
    "its own package.json, without": ("codegen", "package.json", "gen/a.hml", "", {}),
    "what is ignored, without inputs": (
        *("codegen", "src/main.hml README.md", "", ""),
        {"reads": ["README.md"], "add": {"inputs": ["src/main.hml", "README.md"]}},
    ),
    "an output that is taken out on purpose": ("build", "", "dist/.cache/b", "", {}),
    "files beside its outputs": (
        *("build", "", "lib/a lib/b lib/c", ""),
        {"writes": ["lib/a", "lib/b", "lib/c"], "add": {"outputs": ["dist/**", "!dist/.cache", "lib/**"]}},
    ),
    "a task without outputs": (
        "loose",
        "",
        "lib/a",
        "",
        {"writes": ["lib/a"], "add": {"outputs": ["lib/a"]}},
    ),
    "a file outside of its member": (
        *("me/app#build", "", "lib/a app/made", ""),
        {"writes": ["app/made", "lib/a"], "add": {"outputs": ["out/", "made"]}},
    ),
    "what it reads, it changes": ("build", "src/main.hml", "src/main.hml", "", {"writes": ["src/main.hml"]}),
    "a temporary file that is gone": ("build", "", "lib/gone", "", {}),
    "a file is removed": ("build", "", "", "old.txt", {"removes": ["old.txt"]}),
    "a file was removed and made again": ("build", "", "dist/a", "dist/a", {}),
    "a package that is reached": ("build", "hem_modules/acme/json/src/index.hml", "", "", {}),
    "a package that is not": (
        *("build", "hem_modules/acme/other/src/index.hml", "", ""),
        {"packages": ["acme/other"]},
    ),
    "files of packages are changed": (
        *("build", "", "hem_modules/acme/json/src/index.hml", ""),
        {"writes": ["hem_modules/acme/json/src/index.hml"]},
    ),
    "what hpm keeps": ("build", ".hpm/state.json", ".hpm/state.json", "", {}),
    "what git knows": ("build", ".git/HEAD", "", "", {"asksGit": True}),
}
EMPTY = as_data(Audit(""))


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_declared_is_found(tmp_path: Path, case: str) -> None:
    """What is told, and the fields to change, are the row's."""
    task, *paths, expected = CASES[case]
    Folder(tmp_path, tmp_path).write(FILES)
    sets = [{str(tmp_path / path) for path in str(each).split()} for each in paths]
    audit = compare(Footprint(*sets), tmp_path, declared(tmp_path, task, "src/main.hml", "app/main.hml"))
    assert as_data(audit) == {**EMPTY, "task": task, **expected}
    assert audit.is_clean == (not expected)


def test_it_is_told_with_the_lines_to_add() -> None:
    """One line for each thing, and then what package.json should say."""
    audit = Audit(
        "me/app#build",
        read=("b é.txt",),
        written=("app/x",),
        removed=("old",),
        packages=("acme/x",),
        asks_git=True,
        additions={"inputs": ("a", "b é.txt"), "outputs": ("x",)},
    )
    assert told(audit, "app/package.json") == [
        "me/app#build:",
        "  reads    b é.txt",
        "  writes   app/x",
        "  removes  old",
        "  reads the package acme/x, which its package.json does not require",
        "  asks git, which nothing can declare: give it what it asks for by a variable under env",
        'Say under tasks."build" in app/package.json:',
        '  "inputs": ["a", "b é.txt"]',
        '  "outputs": ["x"]',
        "Add to app/package.json: hpm install acme/x",
    ]
    assert told(Audit("build"), "package.json") == ["build: everything that it read and wrote is declared."]


def test_without_strace_it_is_told(tmp_path: Path) -> None:
    """What is missing is named."""
    with pytest.raises(Usage, match="strace"):
        require_strace({"PATH": str(tmp_path)})


def test_where_nobody_may_be_followed_it_is_told(tmp_path: Path) -> None:
    """What strace says is told, with the way out."""
    program = tmp_path / "strace"
    program.write_text("#!/bin/sh\necho 'strace: Operation not permitted' >&2; exit 1\n")
    program.chmod(0o755)
    if sys.platform != "linux":
        pytest.skip("only Linux has strace")
    with pytest.raises(Usage, match=r"Operation not permitted(?s:.*)SYS_PTRACE"):
        require_strace({"PATH": str(tmp_path)})


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("strace"), reason="there is no strace here")
def test_a_real_script_is_audited(tmp_path: Path) -> None:
    """What a traced shell did in a member's folder is compared as it happened."""
    Folder(tmp_path, tmp_path).write(FILES)
    script = "cat main.hml ../README.md >t && mv t out/y && rm out/x && (cd .. && : >lib/new)"
    launch = traced(Launch(["sh", "-c", script], tmp_path / "app", {}), "strace", tmp_path / "trace")
    done = subprocess.run(launch.argv, cwd=launch.folder, capture_output=True, check=False, timeout=60)
    if b"ptrace" in done.stderr:
        pytest.skip("this machine lets nobody trace")
    assert done.returncode == 0, done.stderr
    footprint = footprint_of([tmp_path / "trace"], launch.folder)
    audit = compare(footprint, tmp_path, declared(tmp_path, "me/app#build", "app/main.hml"))
    assert as_data(audit) == {
        **EMPTY,
        "task": "me/app#build",
        "reads": ["README.md"],
        "writes": ["lib/new"],
        "add": {"inputs": ["main.hml", "//README.md"]},
    }
