"""hpm graph: the installation and the scripts as one graph, in four forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from tests.support.golden import Golden
from tests.support.pages import ROOT
from tests.support.projects import ProjectFolder

SCHEMA = json.loads((ROOT / "docs/graph.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    """A project with scripts that requires acme/a, which requires acme/b."""
    made = ProjectFolder(tmp_path)
    made.registry.publish("acme/a", "1.0.0", {"acme/b": "^1.0.0"})
    made.registry.publish("acme/b", "1.0.0")
    made.require({"acme/a": "^1.0.0"})
    scripts = {"codegen": "true", "build": "true", "lint": "true"}
    tasks = {"codegen": {"outputs": ["gen"]}, "build": {"dependsOn": ["codegen"], "outputs": ["dist"]}}
    made.write("package.json", json.dumps(made.manifest() | {"scripts": scripts, "tasks": tasks}))
    return made


def nodes(project: ProjectFolder, *words: str) -> dict[str, dict[str, Any]]:
    """The nodes by name, by the published schema."""
    done = project.run("graph", "--format", "json", *words)
    assert done.code == 0, done.err
    OAS31Validator(SCHEMA).validate(done.data)
    return {node["name"]: node for node in done.data["nodes"]}


def test_each_package_is_one_node(project: ProjectFolder) -> None:
    """Everything is there once, and leads from resolve to the scripts; nothing leads to what is not there."""
    project.install()
    drawn = nodes(project)
    assert set(drawn) == {
        *("resolve", "acme/a", "acme/b", "prune", "lock", "install"),
        *("script:codegen", "script:build", "script:lint"),
    }
    assert drawn["script:build"]["needs"] == ["install", "script:codegen"]
    assert drawn["acme/b"]["details"]["required by"].startswith("me/app → acme/a@1.0.0")
    assert {need for node in drawn.values() for need in node["needs"]} <= set(drawn)


def test_every_stage_by_itself(project: ProjectFolder) -> None:
    """With --full each stage of each package is a node."""
    project.install()
    drawn = nodes(project, "--full")
    assert {"tags:acme/a", "download:acme/a", "verify:acme/a", "extract:acme/b"} <= set(drawn)


def test_before_the_installation_is_known(project: ProjectFolder) -> None:
    """What comes after resolve is one node whose state is not known."""
    drawn = nodes(project)
    assert {name: node["state"] for name, node in drawn.items() if node["group"] != "script"} == {
        "resolve": "stale",
        "packages": "unknown",
        "lock": "unknown",
        "install": "stale",
    }


def test_a_project_that_requires_nothing(project: ProjectFolder) -> None:
    """Its scripts run without an installation, and there is none to draw."""
    document = project.manifest() | {"dependencies": {}}
    project.write("package.json", json.dumps(document))
    drawn = nodes(project)
    assert {name: node["needs"] for name, node in drawn.items()} == {
        "script:codegen": [],
        "script:build": ["script:codegen"],
        "script:lint": [],
    }


def test_only_what_was_asked_for(project: ProjectFolder) -> None:
    """With TASK, the other scripts are left out, and what it needs is not."""
    assert {name for name in nodes(project, "build") if name.startswith("script:")} == {
        "script:codegen",
        "script:build",
    }


@pytest.mark.parametrize("form", ["mermaid", "dot"])
def test_as_text(project: ProjectFolder, golden: Golden, form: str) -> None:
    """What is printed is the whole of a drawing."""
    project.install()
    done = project.process("graph", "--format", form)
    assert done.code == 0, done.err
    golden.check(f"graph/{form}.txt", done.out)


@pytest.mark.parametrize(
    ("file", "begins"),
    [
        ("g.html", "<!doctype html>"),
        ("g.dot", "digraph"),
        ("g.json", "{"),
        ("g.mmd", "flowchart"),
        ("g", "flowchart"),
    ],
)
def test_a_file_says_the_form(project: ProjectFolder, file: str, begins: str) -> None:
    """The end of its name decides, unless --format does."""
    done = project.run("graph", "--output", file)
    assert done.code == 0, done.err
    assert done.out == f"{file}: 7 tasks, 5 stale, 2 unknown\n"
    assert (project.project / file).read_text().startswith(begins)
    assert project.run("graph", "--output", file, "--format", "html").code == 0
    assert (project.project / file).read_text().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written(project: ProjectFolder) -> None:
    """It is told in a sentence."""
    done = project.run("graph", "--output", "no/such/folder/g.html")
    assert done.code == 4
    assert "g.html" in done.err


def test_a_script_that_there_is_not(project: ProjectFolder) -> None:
    """A similar one is told."""
    done = project.run("graph", "biuld")
    assert done.code == 2
    assert "Did you mean build" in done.err


def test_without_a_network(project: ProjectFolder) -> None:
    """With --offline it says the same: it asks nobody."""
    assert project.run("graph", "--offline").out == project.run("graph").out
