"""What is said of a script is why it runs, or what proved it fresh, without anything being run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.scripts.explain import Explanation, as_data, lines
from hpmtasks.scripts.outlook import outlook
from hpmtasks.scripts.run import RunOptions, ScriptRun
from hpmtasks.scripts.tasks import TaskId
from hpmtasks.session.results import results_of
from tests.support.script_workspaces import ScriptWorkspace

SCRIPTS = {
    "codegen": "mkdir -p gen && cat src/schema >gen/a",
    "build": 'mkdir -p dist && cat gen/a src/main >dist/a && ln -sf a dist/b && echo "$MODE" >dist/mode',
    "test": "true",
    "broken": "mkdir -p out && exit 3",
    "serve": "sleep 100",
}
TASKS: dict[str, Any] = {
    "codegen": {"inputs": ["src/schema"], "outputs": ["gen/**"]},
    "build": {
        "dependsOn": ["codegen"],
        "inputs": ["src/main"],
        "outputs": ["dist/**"],
        "env": ["MODE", "API_TOKEN"],
    },
    "broken": {"inputs": [], "outputs": ["out/**"]},
    "serve": {"persistent": True},
}


class Folder(ScriptWorkspace):
    """A project whose scripts have run once."""

    def run(self, *asked: str) -> None:
        """The tasks *asked* for are settled, by a run of the library."""
        session = self.session()
        tasks = self.laid(*asked)
        run = ScriptRun(session, tasks, self.ids(*asked), RunOptions(jobs=1), results_of(session))
        try:
            run.begin()
            run.finish()
        finally:
            run.close()

    def ids(self, *asked: str) -> list[TaskId]:
        return [TaskId("", name) for name in asked]

    def explained(self, name: str) -> Explanation:
        """What is said of the task *name*."""
        with outlook(self.session(), self.laid(name)) as seen:
            return seen.explanation(TaskId("", name), lambda package: f"required by us as {package}")

    def listing(self) -> dict[str, int]:
        """Every file of the project that hpm does not keep for itself, with its time."""
        files = [path for path in self.root.rglob("*") if ".hpm" not in path.parts]
        return {os.fspath(path): path.lstat().st_mtime_ns for path in files}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project that was built."""
    made = Folder(tmp_path / "project", {"PATH": os.environ["PATH"], "MODE": "fast", "API_TOKEN": "hush"})
    made.environ["HPM_CACHE_DIR"] = str(tmp_path / "cache")
    made.manifest(SCRIPTS, TASKS, dependencies={"acme/json": "^1.0.0"})
    made.write("src/schema", "s\n")
    made.write("src/main", "m\n")
    made.package("acme/json", "json")
    made.run("build")
    return made


def edit_package(folder: Folder) -> None:
    folder.package("acme/json", "another")


def relink(folder: Folder) -> None:
    (folder.root / "dist/b").unlink()
    (folder.root / "dist/b").symlink_to("mode")


def reword(folder: Folder) -> None:
    folder.manifest({**SCRIPTS, "build": SCRIPTS["build"] + "; true"}, TASKS, dependencies={"acme/json": "*"})


# Each: what is done; the verdict on build; what is told, without the last line.
CASES: dict[str, tuple[Callable[[Folder], object], str, list[str]]] = {
    "nothing": (lambda folder: None, "fresh", ["command line", "stand as it left them"]),
    "another time": (lambda folder: (folder.root / "src/main").touch(), "fresh", ["2 files"]),
    "a file": (
        lambda folder: folder.write("src/main", "mm\n"),
        "run",
        ["file      src/main: 2 bytes", "→ 3 bytes"],
    ),
    "a new mode": (
        lambda folder: (folder.root / "src/main").chmod(0o755),
        "run",
        ["src/main: executable now"],
    ),
    "a variable": (lambda folder: folder.environ.update(MODE="slow"), "run", ['MODE: "fast" → "slow"']),
    "a secret": (
        lambda folder: folder.environ.update(API_TOKEN="silence"),
        "run",
        ["API_TOKEN: changed; its value is told to nobody"],
    ),
    "a command": (reword, "run", ["command   command: mkdir"]),
    "a package": (
        edit_package,
        "depends",
        ["package   acme/json: unknown (tree", "required by us as acme/json"],
    ),
    "what comes before": (
        lambda folder: folder.write("src/schema", "t\n"),
        "depends",
        ["codegen comes first"],
    ),
    "an output is gone": (
        lambda folder: (folder.root / "dist/a").unlink(),
        "restore",
        ["output    dist/a is gone"],
    ),
    "an output was edited": (
        lambda folder: folder.write("dist/a", "x"),
        "restore",
        ["output    dist/a was changed"],
    ),
    "a link leads elsewhere": (
        relink,
        "restore",
        ["output    dist/b was changed"],
    ),
    "a stranger among the outputs": (
        lambda folder: folder.write("dist/own", "x"),
        "restore",
        ["output    dist/own is not from this script"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_of_a_script(folder: Folder, case: str) -> None:
    """Verdict and lines are the row's, and nothing was run or written for it."""
    change, verdict, told = CASES[case]
    change(folder)
    before = folder.listing()
    explanation = folder.explained("build")
    assert explanation.verdict == verdict
    text = "\n".join(lines(explanation))
    assert [part for part in told if part not in text] == [], text
    assert "hush" not in text + repr(as_data(explanation))
    assert folder.listing() == before


def test_a_script_that_failed(folder: Folder) -> None:
    """The exit code of its last run is told."""
    folder.run("broken")
    assert lines(folder.explained("broken"))[0] == "broken would run: it failed the last time."
    assert "failed with 3" in lines(folder.explained("broken"))[-1]


def test_scripts_of_which_nothing_is_kept(folder: Folder) -> None:
    """They always run, or are services; nothing is said of keys."""
    assert lines(folder.explained("test")) == ["test would run: nothing is kept of it."]
    assert lines(folder.explained("serve")) == ["serve is a service: it would run while something needs it."]
    assert as_data(folder.explained("test"))["key"] is None


def test_the_states_of_a_graph(folder: Folder) -> None:
    """Each script is drawn in its state, behind what it needs."""
    folder.run("broken")
    (folder.root / "dist/a").unlink()
    tasks = folder.laid("build", "broken", "test", "serve")
    with outlook(folder.session(), tasks) as seen:
        nodes = {node.name: node for node in seen.nodes(["install"])}
    assert {name: node.state for name, node in nodes.items()} == {
        "script:codegen": "fresh",
        "script:build": "restored",
        "script:broken": "failed",
        "script:test": "stale",
        "script:serve": "service",
    }
    assert nodes["script:build"].needs == ("install", "script:codegen")
    assert nodes["script:build"].seconds is not None
