"""Workspaces: what was touched in one, and exactly which tasks ran."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.projects import DODO
from tests.support.workspaces import WorkspaceFolder, make


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[WorkspaceFolder]:
    """The workspace, installed, and found fresh by a second run."""
    with closing(make(tmp_path)) as opened:
        opened.tasks()
        assert opened.tasks() == []
        yield opened


def short(tasks: list[str]) -> list[str]:
    return sorted(task.replace("acme/", "") for task in tasks)


# ---- what is touched


def nothing(workspace: WorkspaceFolder) -> None:
    """Leave all as it is."""


def edit_required_member(workspace: WorkspaceFolder) -> None:
    workspace.write("packages/lib/src/index.hml", "export let a = 2;\n")


def edit_deep_in_it(workspace: WorkspaceFolder) -> None:
    workspace.write("packages/lib/src/more/deep.hml", "export let b = 2;\n")


def add_a_file(workspace: WorkspaceFolder) -> None:
    workspace.write("packages/app/src/new.hml", "// new\n")


def remove_a_file(workspace: WorkspaceFolder) -> None:
    (workspace.project / "packages/lib/src/more/deep.hml").unlink()


def make_a_file_executable(workspace: WorkspaceFolder) -> None:
    (workspace.project / "packages/lib/src/index.hml").chmod(0o755)


def edit_unrequired_member(workspace: WorkspaceFolder) -> None:
    workspace.write("packages/tool/src/index.hml", "// nobody imports it\n")


def edit_the_root(workspace: WorkspaceFolder) -> None:
    workspace.write("src/index.hml", "// nobody imports it\n")


def touch_members(workspace: WorkspaceFolder) -> None:
    for path in workspace.project.glob("packages/**/*"):
        os.utime(path, ns=(1, 1))


def write_the_same(workspace: WorkspaceFolder) -> None:
    workspace.write("packages/lib/src/index.hml", "export let a = 1;\n")


def add_a_script(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/tool", scripts={"build": "true"})


def add_a_script_to_required(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/lib", scripts={"build": "true"})


def new_version_of_member(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/lib", version="1.1.0")


def member_requires_more(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/tool", dependencies={"acme/z": "^1.0.0"})


def required_member_requires_more(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/lib", dependencies={"acme/x": "^1.0.0", "acme/z": "^1.0.0"})


def member_requires_less(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/app", dependencies={"acme/lib": "^1.0.0"})


def member_requires_older(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/lib", dependencies={"acme/x": "~1.0.0"})


def member_spells_differently(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/tool", devDependencies={"acme/app": ">=0"})


def member_is_required_no_more(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/tool", devDependencies=None)


def member_is_required_anew(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/lib", devDependencies={"acme/tool": "*"})
    workspace.change("packages/tool", devDependencies=None)


def add_member(workspace: WorkspaceFolder) -> None:
    workspace.write_document(
        "packages/new/package.json", {"name": "acme/new", "dependencies": {"acme/z": "*"}}
    )


def add_member_that_requires_nothing(workspace: WorkspaceFolder) -> None:
    workspace.write_document("packages/new/package.json", {"name": "acme/new"})


def remove_member(workspace: WorkspaceFolder) -> None:
    shutil.rmtree(workspace.project / "packages/tool")


def move_member(workspace: WorkspaceFolder) -> None:
    (workspace.project / "packages/lib").rename(workspace.project / "packages/library")


def rename_member(workspace: WorkspaceFolder) -> None:
    workspace.change("packages/tool", name="acme/tool-two")


def delete_the_copy(workspace: WorkspaceFolder) -> None:
    shutil.rmtree(workspace.module("acme/lib"))


def stray_file_in_the_copy(workspace: WorkspaceFolder) -> None:
    (workspace.module("acme/lib") / "stray").write_text("x")


def delete_modules(workspace: WorkspaceFolder) -> None:
    workspace.delete_modules()


def delete_a_package(workspace: WorkspaceFolder) -> None:
    shutil.rmtree(workspace.module("acme/x"))


def delete_state(workspace: WorkspaceFolder) -> None:
    shutil.rmtree(workspace.project / ".hpm")


def delete_lock(workspace: WorkspaceFolder) -> None:
    (workspace.project / "package-lock.json").unlink()


def what_installations_leave_in_a_member(workspace: WorkspaceFolder) -> None:
    workspace.write("packages/lib/hem_modules/acme/x/package.json", "{}")
    workspace.write("packages/lib/.hpm/state.json", "{}")


ROWS: list[tuple[Callable[[WorkspaceFolder], None], str]] = [
    (nothing, ""),
    (edit_required_member, "link:lib"),
    (edit_deep_in_it, "link:lib"),
    (add_a_file, "link:app"),
    (remove_a_file, "link:lib"),
    (make_a_file_executable, "link:lib"),
    (edit_unrequired_member, ""),
    (edit_the_root, ""),
    (touch_members, ""),
    (write_the_same, ""),
    (add_a_script, ""),
    (add_a_script_to_required, "link:lib"),
    (new_version_of_member, "resolve link:lib"),
    (member_requires_more, "tags:z resolve download:z verify:z extract:z lock"),
    (required_member_requires_more, "tags:z resolve download:z verify:z extract:z link:lib lock"),
    (member_requires_less, "resolve link:app prune lock"),
    (member_requires_older, "tags:x resolve download:x verify:x extract:x link:lib lock"),
    (member_spells_differently, "resolve"),
    (member_is_required_no_more, "resolve prune"),
    (member_is_required_anew, "resolve link:lib link:tool prune"),
    (add_member, "tags:z resolve download:z verify:z extract:z lock"),
    (add_member_that_requires_nothing, "resolve"),
    (remove_member, "resolve prune"),
    (move_member, "resolve"),
    (rename_member, "resolve"),
    (delete_the_copy, "link:lib"),
    (stray_file_in_the_copy, "link:lib"),
    (delete_modules, "extract:t extract:x extract:y link:app link:lib"),
    (delete_a_package, "extract:x"),
    (what_installations_leave_in_a_member, ""),
]


@pytest.mark.parametrize(("touch", "expected"), ROWS, ids=[touch.__name__ for touch, _ in ROWS])
def test_exactly_these_tasks_run(
    workspace: WorkspaceFolder, touch: Callable[[WorkspaceFolder], None], expected: str
) -> None:
    """And afterwards nothing is left to do, and everything is as it should be."""
    touch(workspace)
    assert short(workspace.tasks()) == sorted(expected.split())
    assert workspace.tasks() == []
    assert workspace.run("check", "--content").code == 0


@pytest.mark.parametrize("touch", [delete_state, delete_lock])
def test_what_was_forgotten_is_found_again(
    workspace: WorkspaceFolder, touch: Callable[[WorkspaceFolder], None]
) -> None:
    """Nothing is copied anew that is right already."""
    before = workspace.inodes()
    touch(workspace)
    assert workspace.tasks() != []
    assert workspace.inodes() == before
    assert workspace.tasks() == []


# ---- what is left


def test_members_stand_as_real_files(workspace: WorkspaceFolder) -> None:
    """The interpreter loads nothing through links; nobody requires tool, so it is not there."""
    assert sorted(path.name for path in (workspace.project / "hem_modules/acme").iterdir()) == [
        "app",
        "lib",
        "t",
        "x",
        "y",
    ]
    assert not any(path.is_symlink() for path in (workspace.project / "hem_modules").rglob("*"))
    own = workspace.project / "packages/lib"
    assert workspace.copied("acme/lib") == {
        path.relative_to(own).as_posix(): path.read_text() for path in own.rglob("*") if path.is_file()
    }


def test_lock_knows_no_member_and_no_path(workspace: WorkspaceFolder) -> None:
    """It stays what the first hpm can read; what only development needs is marked across members."""
    lock = workspace.lock()
    assert list(lock["dependencies"]) == ["acme/t", "acme/x", "acme/y"]
    assert {name: entry.get("dev", False) for name, entry in lock["dependencies"].items()} == {
        "acme/t": True,
        "acme/x": False,
        "acme/y": False,
    }
    assert str(workspace.folder) not in json.dumps(lock)


def test_package_that_requires_a_member_gets_it(workspace: WorkspaceFolder) -> None:
    """Although a source has a newer one of that name."""
    workspace.registry.publish("acme/lib", "1.9.0")
    workspace.registry.publish("acme/plugin", "1.0.0", {"acme/lib": "^1.0.0"})
    workspace.change("packages/app", dependencies={"acme/plugin": "*"})
    assert "link:acme/lib" not in workspace.tasks()
    assert "acme/lib" not in workspace.lock()["dependencies"]
    assert workspace.document("packages/lib") == json.loads(workspace.copied("acme/lib")["package.json"])


def test_members_for_development_only(workspace: WorkspaceFolder) -> None:
    """``--prod`` leaves out what nothing but devDependencies require, of members as of packages."""
    done = workspace.run("install", "--prod", "--json")
    assert done.data["tasks"] == ["prune"]
    assert sorted(path.name for path in (workspace.project / "hem_modules/acme").iterdir()) == [
        "lib",
        "x",
        "y",
    ]


def test_package_becomes_member_and_package_again(workspace: WorkspaceFolder) -> None:
    """Its folder in hem_modules changes hands, and the lock follows."""
    workspace.write_document("packages/x/package.json", {"name": "acme/x", "version": "1.7.0"})
    assert short(workspace.tasks()) == ["link:x", "lock", "resolve"]
    assert "acme/x" not in workspace.lock()["dependencies"]
    shutil.rmtree(workspace.project / "packages/x")
    assert short(workspace.tasks()) == ["extract:x", "lock", "resolve", "tags:x"]
    assert workspace.lock()["dependencies"]["acme/x"]["version"] == "1.1.0"


def test_link_of_another_folder_wins(workspace: WorkspaceFolder) -> None:
    """``hpm link`` puts a folder in the place of a member, and ``hpm unlink`` the member back."""
    other = workspace.folder / "fork"
    other.mkdir()
    (other / "package.json").write_text('{"name": "acme/lib", "version": "3.0.0"}')
    assert workspace.run("link", "../fork").code == 0
    assert list(workspace.copied("acme/lib")) == ["package.json"]
    assert workspace.run("unlink", "acme/lib").code == 0
    assert "src/index.hml" in workspace.copied("acme/lib")


def test_installation_in_the_folder_of_a_member_is_that_of_the_workspace(workspace: WorkspaceFolder) -> None:
    """There is nothing of its own in the member."""
    workspace.delete_modules()
    workspace.below = "packages/app"
    assert "link:acme/lib" in workspace.tasks()
    assert sorted(path.name for path in workspace.cwd.iterdir()) == ["package.json", "src"]


def test_doit_knows_the_members(workspace: WorkspaceFolder) -> None:
    """The same tasks and the same state; a member's folder is not the place for a dodo.py."""
    workspace.write_dodo()
    assert workspace.doit("install").ran == []
    edit_required_member(workspace)
    assert workspace.doit("install").ran == ["link:acme/lib"]
    workspace.write("packages/app/dodo.py", DODO)
    done = workspace.doit("--dir", "packages/app", "install")
    assert done.code != 0
    assert "is a member of the workspace in" in done.err + done.out
