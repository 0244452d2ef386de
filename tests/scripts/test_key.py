"""What makes a task run again, and what does not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.errors import IntegrityMismatch
from hpmtasks.files.globs import glob_set
from hpmtasks.project.state import Installed
from hpmtasks.scripts.action import root_of
from hpmtasks.scripts.digests import FileDigests
from hpmtasks.scripts.key import Key, Keys
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.tree import digest_folder
from tests.support.script_workspaces import ScriptWorkspace

BUILD: dict[str, Any] = {
    "inputs": ["src/**"],
    "outputs": ["dist/**", "!dist/tmp"],
    "env": ["MODE", "API_TOKEN"],
}
SCRIPTS = {"build": "make", "prebuild": "prepare"}
NEEDED = {"acme/json": "^1.0.0"}


def small(folder: Path) -> ScriptWorkspace:
    """A project with one task, one member and two packages, only one of which the root reaches."""
    workspace = ScriptWorkspace(folder)
    described(workspace)
    workspace.manifest({}, member="app", dependencies={"acme/forms": "*"})
    workspace.write("src/main.hml", "main")
    workspace.write("README.md", "read me")
    workspace.package("acme/json", "json")
    workspace.package("acme/forms", "forms")
    workspace.environ |= {"MODE": "fast", "API_TOKEN": "hush", "OTHER": "x"}
    return workspace


def described(
    workspace: ScriptWorkspace, *, scripts: dict[str, str] | None = None, version: str = "1.0.0", **task: Any
) -> None:
    """The root's package.json, with changes to the task."""
    needed: dict[str, Any] = {"workspaces": ["app"], "dependencies": NEEDED, "version": version}
    workspace.manifest(scripts or SCRIPTS, {"build": {**BUILD, **task}}, **needed)


def hemlock(workspace: ScriptWorkspace, version: str) -> None:
    """An interpreter of that version is on the PATH."""
    program = workspace.write("../bin/hemlock", f"#!/bin/sh\necho Hemlock {version}\n")
    program.chmod(0o755)
    workspace.environ["PATH"] = str(program.parent)


Change = Callable[[ScriptWorkspace], object]
COUNTS: dict[str, Change] = {
    "content of an input": lambda w: w.write("src/main.hml", "other"),
    "an input of the same size": lambda w: w.write("src/main.hml", "niam"),
    "executable bit": lambda w: (w.root / "src/main.hml").chmod(0o755),
    "new input": lambda w: w.write("src/new.hml"),
    "removed input": lambda w: (w.root / "src/main.hml").unlink(),
    "renamed input": lambda w: (w.root / "src/main.hml").rename(w.root / "src/niam.hml"),
    "new link": lambda w: (w.root / "src/link").symlink_to("main.hml"),
    "declared variable": lambda w: w.environ.update(MODE="slow"),
    "unset variable": lambda w: w.environ.pop("MODE"),
    "empty variable": lambda w: w.environ.update(MODE=""),
    "secret variable": lambda w: w.environ.update(API_TOKEN="other"),
    "command": lambda w: described(w, scripts={**SCRIPTS, "build": "make all"}),
    "command before it": lambda w: described(w, scripts={**SCRIPTS, "prebuild": "x"}),
    "no command before it": lambda w: described(w, scripts={"build": "make"}),
    "command after it": lambda w: described(w, scripts={**SCRIPTS, "postbuild": "x"}),
    "shell": lambda w: described(w, shell="bash"),  # noqa: S604  a field of package.json
    "outputs": lambda w: described(w, outputs=["dist/**"]),
    "order of outputs": lambda w: described(w, outputs=["!dist/tmp", "dist/**"]),
    "a package's contents": lambda w: w.package("acme/json", "other"),
    "a package's absence": lambda w: shutil.rmtree(w.root / "hem_modules/acme/json"),
    "version of its own package": lambda w: described(w, version="1.0.1"),
    "the interpreter": lambda w: hemlock(w, "1.6.7"),
}
DOES_NOT_COUNT: dict[str, Change] = {
    "time of an input": lambda w: os.utime(w.root / "src/main.hml", (1, 1)),
    "equal content, written again": lambda w: w.write("src/main.hml", "main"),
    "a replaced input": lambda w: w.write("x", "main").replace(w.root / "src/main.hml"),
    "group's executable bit": lambda w: (w.root / "src/main.hml").chmod(0o654),
    "another file": lambda w: w.write("README.md", "other"),
    "an empty folder": lambda w: (w.root / "src/empty").mkdir(),
    "an output": lambda w: w.write("dist/x"),
    "an undeclared variable": lambda w: w.environ.update(OTHER="y", NEW="z"),
    "the PATH": lambda w: w.environ.update(PATH="/nowhere"),
    "another script": lambda w: described(w, scripts={**SCRIPTS, "test": "x"}),
    "a timeout": lambda w: described(w, timeout=3, weight=2, pool="x", passThroughEnv=["OTHER"]),
    "a package that only a member reaches": lambda w: w.package("acme/forms", "other"),
    "a package that nobody reaches": lambda w: w.package("acme/more", "x"),
    "the memory": lambda w: shutil.rmtree(w.root / ".hpm"),
}


@pytest.mark.parametrize("change", COUNTS.values(), ids=COUNTS)
def test_what_counts(tmp_path: Path, change: Change) -> None:
    """Another action; undone, the first one again."""
    workspace = small(tmp_path / "w")
    before = workspace.action("build")
    shutil.copytree(workspace.root, tmp_path / "copy", symlinks=True)
    environ = dict(workspace.environ)
    change(workspace)
    assert workspace.action("build") != before
    assert ScriptWorkspace(tmp_path / "copy", environ).action("build") == before


@pytest.mark.parametrize("change", DOES_NOT_COUNT.values(), ids=DOES_NOT_COUNT)
def test_what_does_not_count(tmp_path: Path, change: Change) -> None:
    """The same action."""
    workspace = small(tmp_path / "w")
    before = workspace.action("build")
    change(workspace)
    assert workspace.action("build") == before


def test_no_two_changes_make_one_action(tmp_path: Path) -> None:
    """Each of them leads somewhere of its own."""
    found = {}
    for number, (name, change) in enumerate(COUNTS.items()):
        workspace = small(tmp_path / str(number) / "w")
        change(workspace)
        found[name] = workspace.action("build")
    assert len(set(found.values())) == len(found), found


def test_copies_of_a_project_share_results(tmp_path: Path) -> None:
    """Its folder, and that of the user, are nowhere in the key, nor is a secret."""
    first, second = small(tmp_path / "one"), small(tmp_path / "elsewhere/two")
    for each in (first, second):
        (each.root / "src/absolute").symlink_to(each.root / "src/main.hml")
        each.environ["HOME"] = str(each.root.parent)
    one, two = first.key("build"), second.key("build")
    assert one.action == two.action
    assert one.parts() == two.parts()
    written = json.dumps(one.parts()).encode() + b"".join(each.content for each in one.messages())
    for hidden in (os.fspath(tmp_path), "hush"):
        assert hidden.encode() not in written


def test_the_parts_say_what_is_in_the_action(tmp_path: Path) -> None:
    """Every part by name, so that two keys can be compared."""
    workspace = small(tmp_path / "w")
    parts = workspace.key("build").parts()
    assert parts["command"] == ["prepare", "make"]
    assert parts["env"]["MODE"] == "fast"
    assert parts["told"] == {
        "HPM_SCRIPT": "build",
        "HPM_PACKAGE_NAME": "acme/root",
        "HPM_PACKAGE_VERSION": "1.0.0",
    }
    assert list(parts["files"]) == ["src/main.hml"]
    assert list(parts["packages"]) == ["acme/json"]
    assert (parts["outputs"], parts["shell"], parts["mode"]) == (["dist/**", "!dist/tmp"], "sh", "strict")
    assert json.loads(json.dumps(parts)) == parts


def test_words_and_a_loose_environment_count(tmp_path: Path) -> None:
    """What a result was made with is not what another may be taken for."""
    workspace = small(tmp_path / "w")
    session, tasks = workspace.session(), workspace.laid("build")
    (task,) = tasks.values()
    digests = FileDigests.of(session.project)
    made = [
        Keys(session, tasks, digests, workspace.environ).of(task),
        Keys(session, tasks, digests, workspace.environ).of(task.with_arguments(["x"])),
        Keys(session, tasks, digests, workspace.environ, "loose").of(task),
    ]
    assert len({each.action for each in made}) == 3
    assert made[0].action == workspace.key("build").action


def test_the_same_script_of_two_members_is_two_tasks(tmp_path: Path) -> None:
    """Even if everything about them is equal: each leaves its outputs in its own folder."""
    workspace = ScriptWorkspace(tmp_path)
    workspace.manifest({}, workspaces=["one", "two"])
    for member in ("one", "two"):
        workspace.manifest({"build": "x"}, {"build": {"inputs": [], "outputs": ["o"]}}, member=member)
    one, two = workspace.key("acme/one#build"), workspace.key("acme/two#build")
    assert (one.files, two.files) == ({}, {})
    assert one.action != two.action


def test_packages_are_looked_at_once_until_somebody_says_that_they_changed(tmp_path: Path) -> None:
    """A task in the middle of a run may renew what stands in hem_modules."""
    workspace = small(tmp_path / "w")
    session, tasks = workspace.session(), workspace.laid("build")
    (task,) = tasks.values()
    keys = Keys(session, tasks, FileDigests.of(session.project), workspace.environ)
    before = keys.of(task).action
    workspace.package("acme/json", "other")
    assert keys.of(task).action == before
    keys.forget_packages()
    assert keys.of(task).action != before


def test_a_package_that_is_none_is_told(tmp_path: Path) -> None:
    """A link in a folder of a package, whose own times tell nothing of it."""
    workspace = small(tmp_path / "w")
    session, tasks = workspace.session(), workspace.laid("build")
    (task,) = tasks.values()
    folder = workspace.root / "hem_modules/acme/json"
    status, tree = folder.stat(), digest_folder(folder)
    remembered = Installed("acme/json", "1.0.0", tree, status.st_mtime_ns, status.st_ino)
    session.state.keep_package("acme/json", remembered)
    (folder / "src/link").symlink_to("x")
    with pytest.raises(IntegrityMismatch, match="hpm check --content --fix"):
        Keys(session, tasks, FileDigests.of(session.project), workspace.environ).of(task)


def test_the_interpreter_is_asked_once(tmp_path: Path) -> None:
    """Not again in later runs, as long as the program is the same; and the project's state is left alone."""
    workspace = small(tmp_path / "w")
    hemlock(workspace, "1.6.7")
    program, asked = tmp_path / "bin/hemlock", tmp_path / "asked"
    program.write_text(f"#!/bin/sh\necho x >> {asked}\necho Hemlock 1.6.7\n")
    assert [workspace.key("build").platform["hemlock"] for _ in range(3)] == ["1.6.7"] * 3
    assert asked.read_text() == "x\n"
    assert not workspace.session().project.state_path.exists()
    program.write_text(f"#!/bin/sh\necho x >> {asked}\necho Hemlock 1.7.0-dev\n")
    assert workspace.key("build").platform["hemlock"] == "1.7.0-dev"
    assert asked.read_text() == "x\n" * 2


GOLDEN = Key(  # noqa: S604  nothing is run
    folder="packages/app",
    command=("prepare", "make"),
    shell="sh",
    env={"MODE": "fast", "UNSET": None},
    told={"HPM_SCRIPT": "build"},
    files={},
    packages={"acme/json": "sha256-0"},
    versions={"acme/json": "1.0.0"},
    modules=tuple(root_of({}, {"acme/json": Digest("0" * 64, 7)})),
    outputs=("dist/**", "!dist/tmp"),
    platform={"os": "linux", "arch": "x86_64", "libc": "glibc 2.36", "hemlock": ""},
)


def test_the_action_of_a_key_stays_what_it_is() -> None:
    """If this changes, all results that were kept are lost: raise FORMAT, and say so in the changelog."""
    assert str(GOLDEN.action) == "36655fecfb12abf0baa47e0ef5270f9acda39009c9b44459103feff105e0a74f/268"


@pytest.mark.parametrize("pattern", ["dist/**", "dist", "dist/a/*.js", "*.js", "a{b,c}/d", "[a]/b", "./x//y"])
def test_an_action_names_where_outputs_begin(pattern: str) -> None:
    """An executor elsewhere brings back the file or folder that it says, and all that fits is in it."""
    (path,) = replace(GOLDEN, outputs=(pattern,))._command().outputs
    assert not set(path) & set("*?[{")
    assert not path or glob_set((pattern,)).start.literals == frozenset({path.split("/")[0]})
