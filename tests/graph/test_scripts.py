"""Scripts of package.json as tasks of doit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.projects import ProjectFolder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """A project with a dodo.py, a required package, and scripts that look for it."""
    with closing(ProjectFolder(tmp_path)) as opened:
        opened.registry.publish("acme/a", "1.0.0")
        scripts = {
            "prebuild": "echo before",
            "build": "test -f hem_modules/acme/a/package.json && test -f package-lock.json && echo built",
            "fail": "exit 3",
            "a=b": "echo never",
        }
        document = {"name": "me/app", "version": "1.0.0", "dependencies": {"acme/a": "1"}, "scripts": scripts}
        opened.write("package.json", json.dumps(document))
        opened.write_dodo()
        yield opened


def test_script_runs_after_the_installation(project: ProjectFolder) -> None:
    """The packages are there when it starts, and its output is its own."""
    done = project.doit("script:build")
    assert done.code == 0, done.err
    assert done.ran[-2:] == ["lock", "script:build"]
    assert "before\nbuilt\n" in done.out


def test_script_that_keeps_nothing_is_never_fresh(project: ProjectFolder) -> None:
    """It declares nothing that it leaves, so it runs each time; the installation does not."""
    project.doit("script:build")
    assert project.doit("script:build").ran == ["script:build"]


def test_failing_script_is_a_failed_task(project: ProjectFolder) -> None:
    """The script and its code are named, without a traceback."""
    done = project.doit("script:fail")
    assert done.code == 1
    assert "script fail ended with 3" in done.out + done.err
    assert "Traceback" not in done.out + done.err


def test_scripts_are_listed(project: ProjectFolder) -> None:
    """Each has a task, be its name one that doit cannot take; installing runs none of them."""
    listed = project.doit("list", "--all", "--quiet").out.split()
    assert [name for name in listed if name.startswith("script")] == [
        "script",
        "script:a%3Db",
        "script:build",
        "script:fail",
        "script:prebuild",
    ]
    assert not [name for name in project.doit("install").ran if name.startswith("script")]


def test_unusable_package_json_fails_as_ever(project: ProjectFolder) -> None:
    """Then there are no scripts, and the installation says why."""
    project.write("package.json", '{"name": "me/app"}')
    done = project.doit("install")
    assert "package.json missing required field: version" in done.out + done.err
    assert "Traceback" not in done.out + done.err


def test_script_that_keeps_something_is_fresh_restored_and_run(project: ProjectFolder) -> None:
    """By the same records and results as under hpm run, and with what it needs before it."""
    document = project.manifest()
    document["scripts"] |= {"gen": "mkdir -p gen && cat src > gen/x", "dist": "cat gen/x > dist && echo made"}
    document["tasks"] = {
        "gen": {"inputs": ["src"], "outputs": ["gen/**"]},
        "dist": {"dependsOn": ["gen"], "inputs": ["gen/**"], "outputs": ["dist"]},
    }
    project.write("package.json", json.dumps(document))
    project.write("src", "1\n")
    first = project.doit("script:dist")
    assert first.ran[-2:] == ["script:gen", "script:dist"]
    assert "dist | made\n" in first.out
    assert project.doit("script:dist").ran == []
    told = {each["task"]: each["outcome"] for each in project.run("run", "--json", "dist").data["tasks"]}
    assert told == {"gen": "fresh", "dist": "fresh"}
    (project.project / "dist").unlink()
    assert project.doit("script:dist").ran == ["script:dist"]
    assert (project.project / "dist").read_text() == "1\n"


def test_what_is_given_back_where_it_was_leaves_the_record(project: ProjectFolder) -> None:
    """It tells the same: from what the result is, and that the outputs are those. Another result does not."""
    document = project.manifest()
    document["scripts"] |= {"dist": "cat src > dist"}
    document["tasks"] = {"dist": {"inputs": ["src"], "outputs": ["dist"]}}
    project.write("package.json", json.dumps(document))
    project.write("src", "1\n")
    record, records = project.project / ".hpm/scripts/dist.json", []
    for source, gone in (("1\n", False), ("1\n", True), ("2\n", False), ("1\n", False)):
        project.write("src", source)
        if gone:
            (project.project / "dist").unlink()
        outcome = project.run("run", "--json", "dist").data["tasks"][0]["outcome"]
        assert (project.project / "dist").read_text() == source
        records.append((outcome, record.stat().st_ino, json.loads(record.read_bytes())["kind"]))
    assert [outcome for outcome, _, _ in records] == ["ran", "restored", "ran", "restored"]
    assert [kind for _, _, kind in records] == ["ran", "ran", "ran", "restored"]
    assert records[0][1] == records[1][1]


def test_own_tasks_of_a_dodo_may_need_scripts(project: ProjectFolder) -> None:
    """In one run with others, one after another or in doit's threads; each script once."""
    project.write_dodo(
        "from hpmtasks.dodo import DOIT_CONFIG, task_hpm\n"
        "def task_one():\n    return {'actions': ['echo one >> own'], 'task_dep': ['script:build']}\n"
        "def task_two():\n"
        "    return {'actions': ['echo two >> own'], 'task_dep': ['install', 'script:build']}\n"
    )
    for options in ((), ("-n", "2")):
        done = project.doit(*options, "one", "two")
        assert done.code == 0, done.out + done.err
        assert done.ran.count("script:build") == 1
    assert sorted((project.project / "own").read_text().split()) == ["one", "one", "two", "two"]
