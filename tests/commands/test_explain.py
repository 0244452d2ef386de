"""hpm explain: why scripts and stages of the installation would run, or are fresh."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from tests.support.command_line import CommandLine
from tests.support.pages import ROOT
from tests.support.projects import ProjectFolder

SCHEMA = json.loads((ROOT / "docs/explain.schema.json").read_text(encoding="utf-8"))
SCRIPTS = {
    "codegen": "mkdir -p gen && cat src/schema >gen/a",
    "build": "mkdir dist && cat gen/a >dist/a",
    "all": "true",
}
TASKS = {
    "codegen": {"inputs": ["src/schema"], "outputs": ["gen/**"]},
    "build": {"dependsOn": ["codegen"], "outputs": ["dist/**"], "env": ["MODE", "API_TOKEN"]},
}


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    """A project with three scripts that requires acme/a, which requires acme/b."""
    made = ProjectFolder(tmp_path)
    made.registry.publish("acme/a", "1.0.0", {"acme/b": "^1.0.0"})
    made.registry.publish("acme/b", "1.0.0")
    made.require({"acme/a": "^1.0.0"})
    document = made.manifest() | {"scripts": SCRIPTS, "tasks": TASKS}
    made.write("package.json", json.dumps(document, indent=2))
    made.write("src/schema", "s\n")
    return made


def explained(project: CommandLine, *words: str) -> list[dict[str, Any]]:
    """The rows for *words*, by the published schema."""
    done = project.run("explain", *words, "--json")
    assert done.code == 0, done.out
    OAS31Validator(SCHEMA).validate(done.data)
    rows: list[dict[str, Any]] = done.data["tasks"]
    return rows


def verdicts(project: CommandLine, *words: str) -> dict[str, str]:
    return {row["task"]: row["verdict"] for row in explained(project, *words)}


def test_before_anything_was_done(project: ProjectFolder) -> None:
    """The installation and what is never kept would run; what needs others depends on them."""
    assert verdicts(project) == {
        "tags:acme/a": "run",
        "resolve": "run",
        **dict.fromkeys(("download", "verify", "extract", "link", "prune", "imports", "lock"), "unknown"),
        "install": "run",
        "codegen": "run",
        "build": "depends",
        "all": "run",
    }
    before = project.everything()
    assert "The installation comes first" in project.run("explain", "build").out
    assert project.everything() == before


def test_an_installation_that_is_fresh(project: ProjectFolder) -> None:
    """Every task of it says what proves it."""
    project.install()
    rows = {row["task"]: row for row in explained(project) if row["kind"] == "installation"}
    assert {row["verdict"] for row in rows.values()} == {"fresh"}
    assert all(row["reason"] for row in rows.values())
    assert rows["extract:acme/b"]["why"] == "me/app → acme/a@1.0.0 (^1.0.0) → acme/b@1.0.0 (^1.0.0)"


# Each: what is done to an installed project; the task; what is told of it.
def change_lock(project: ProjectFolder) -> None:
    project.write("package-lock.json", (project.project / "package-lock.json").read_text() + "\n")


def remove_folder(project: ProjectFolder) -> None:
    project.module("acme/b").rename(project.folder / "aside")


def edit_folder(project: ProjectFolder) -> None:
    project.module("acme/b").rename(project.folder / "aside")
    project.write("hem_modules/acme/b/src/index.hml", "edited")


def forget(project: ProjectFolder) -> None:
    (project.project / ".hpm/state.json").unlink()


CASES: dict[str, tuple[Any, str, str]] = {
    "a requirement": (
        lambda project: project.change_requirements({"acme/b": "^1.0.0"}),
        "resolve",
        "resolve would run: what package.json requires changed.",
    ),
    "a requirement that the lock does not answer": (
        lambda project: project.change_requirements({"acme/a": "^2.0.0"}),
        "tags:acme/a",
        "tags:acme/a would run: 1.0.0 is locked, and ^2.0.0 is required.",
    ),
    "the lock": (change_lock, "resolve", "resolve would run: package-lock.json changed."),
    "no lock": (
        lambda project: (project.project / "package-lock.json").unlink(),
        "resolve",
        "resolve would run: package-lock.json is gone.",
    ),
    "no folder": (remove_folder, "acme/b", "extract:acme/b would run: hem_modules/acme/b is not there."),
    "an edited folder": (
        edit_folder,
        "ACME/B",
        "extract:acme/b would run: hem_modules/acme/b holds other files",
    ),
    "no state": (forget, "resolve", "it was forgotten, or .hpm/state.json was"),
    "a formatted package.json": (
        lambda project: project.write("package.json", json.dumps(project.manifest(), indent=7)),
        "resolve",
        "resolve is fresh: requirements, lock and sources are as they were when 2 packages were chosen.",
    ),
    "the whole": (remove_folder, "install", "install would run: 1 of its tasks has work to do."),
}


@pytest.mark.parametrize("case", CASES)
def test_why_a_stage_would_run(project: ProjectFolder, case: str) -> None:
    """The reason is the row's, and nothing is done about it."""
    change, task, told = CASES[case]
    project.install()
    change(project)
    before = project.everything()
    done = project.run("explain", task)
    assert done.code == 0, done.err
    assert told in done.out
    assert project.everything() == before


def test_several_are_told_one_after_another(project: ProjectFolder) -> None:
    """In the order in which they were asked for."""
    assert list(verdicts(project, "all", "resolve", "script:build")) == ["all", "resolve", "build"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("biuld", "There is no script, package or task 'biuld'.\n\nDid you mean build?"),
        ("unheard-of", "Run 'hpm explain' for all that there is."),
        ("script:bild", "has no script 'bild'. Did you mean build?"),
    ],
)
def test_what_there_is_not(project: ProjectFolder, word: str, said: str) -> None:
    """A similar name is told."""
    done = project.run("explain", word)
    assert done.code == 2
    assert said in done.err


def test_a_project_without_anything(shell: CommandLine) -> None:
    """It is told in a sentence, and no lock is made for it."""
    shell.require({})
    done = shell.run("explain")
    assert (done.code, done.out) == (0, "package.json has no scripts, and requires no packages.\n")


# ---------------------------------------------------------------- after scripts have run


@pytest.fixture
def built(project: ProjectFolder) -> ProjectFolder:
    """The project after its scripts have run once."""
    assert project.run("run", "build", MODE="fast", API_TOKEN="hush").code == 0
    return project


def explain_build(project: CommandLine, **environ: str) -> str:
    done = project.run("explain", "build", **{"MODE": "fast", "API_TOKEN": "hush", **environ})
    assert done.code == 0, done.err
    assert "hush" not in done.out
    return done.out


def test_what_proved_it_fresh(built: ProjectFolder) -> None:
    """The numbers of what it depends on, and its key."""
    told = explain_build(built)
    assert told.startswith(
        "build is fresh.\n\n  1 command line, 3 files, 2 packages, 2 variables and this machine"
    )
    assert "  1 output stands as it left them\n  key " in told


def test_a_new_version_is_told_with_why_it_was_chosen(built: ProjectFolder) -> None:
    """Old and new version, their trees, and the chain of requirements that led to it."""
    built.registry.publish("acme/b", "1.2.0")
    assert built.run("update", "acme/b").code == 0
    told = explain_build(built)
    assert "codegen comes first" in told
    assert "  package   acme/b: 1.0.0 (tree " in told
    assert ") → 1.2.0 (tree " in told
    assert "; required by me/app → acme/a@1.0.0 (^1.0.0) → acme/b@1.2.0 (^1.0.0)\n" in told


def test_a_new_tag_with_the_same_files_does_not_count(built: ProjectFolder) -> None:
    """It stays fresh, and that is told."""
    old = built.registry.folder / "acme/b/v1.0.0"
    files = {str(path.relative_to(old)): path.read_bytes() for path in old.rglob("*") if path.is_file()}
    built.registry.publish("acme/b", "1.3.0", files=files)
    assert built.run("update", "acme/b").code == 0
    told = explain_build(built)
    assert told.startswith("build is fresh.")
    assert "acme/b 1.0.0 → 1.3.0: the same files, so it does not count" in told


def test_variables_and_files(built: ProjectFolder) -> None:
    """Old and new, but for secrets; as data by the published schema."""
    built.write("README.md", "new\n")
    told = explain_build(built, MODE="slow", API_TOKEN="silence")
    assert '  variable  MODE: "fast" → "slow"\n' in told
    assert "  variable  API_TOKEN: changed; its value is told to nobody\n" in told
    assert "  file      README.md: new, 4 bytes\n" in told
    (row,) = explained(built, "build")
    assert {each["name"] for each in row["differences"]} == {"MODE", "API_TOKEN", "README.md"}
    assert row["last"]["kind"] == "ran"


def test_members_of_a_workspace(tmp_path: Path) -> None:
    """At the root, a name means the task of every member that has it; in a member, its own."""
    shell = CommandLine(tmp_path)
    shell.write("package.json", '{"name": "me/root", "version": "1.0.0", "workspaces": ["packages/*"]}')
    for name in ("app", "lib"):
        document = {"name": f"me/{name}", "version": "1.0.0", "scripts": {"build": "true"}}
        shell.write(f"packages/{name}/package.json", json.dumps(document))
    assert list(verdicts(shell, "build")) == ["me/app#build", "me/lib#build"]
    assert list(verdicts(shell, "lib#build")) == ["me/lib#build"]
    assert list(verdicts(shell, "-C", "packages/lib", "build")) == ["me/lib#build"]


def test_without_a_network(project: ProjectFolder) -> None:
    """With --offline it says the same: it asks nobody."""
    assert project.run("explain", "--offline").out == project.run("explain").out
