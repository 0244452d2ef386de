"""Commands in a workspace: which package.json is meant, and how members are told of."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.golden import Golden
from tests.support.workspaces import ROOT, WorkspaceFolder, make


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[WorkspaceFolder]:
    """The workspace, installed."""
    with closing(make(tmp_path)) as opened:
        opened.tasks()
        yield opened


def transcript(workspace: WorkspaceFolder, *commands: str) -> str:
    """What each of *commands* prints, a folder and ``:`` before it if it is run there, and how it ends."""
    told = []
    for command in commands:
        below, _, words = command.rpartition(": ")
        workspace.below = below or "."
        done = workspace.run(*words.split())
        told.append(f"$ {command}\n{done.out}{done.err}[{done.code}]\n")
    return "\n".join(told).replace(str(workspace.folder), "/home/ada")


def manifests(workspace: WorkspaceFolder) -> dict[str, bytes]:
    return {
        path.relative_to(workspace.project).as_posix(): path.read_bytes()
        for path in (workspace.project / "package.json", *workspace.project.glob("packages/*/package.json"))
    }


# ---- what is shown


@pytest.mark.parametrize(
    "command",
    [
        "list",
        "list --depth 0",
        "list --invert",
        "list --json",
        "why acme/x",
        "why acme/lib",
        "why acme/tool",
        "why acme/t",
        "why acme/x --json",
        "why acme/lib --json",
        "outdated",
        "outdated --all",
        "outdated --json",
        "check --json",
    ],
)
@pytest.mark.parametrize("below", [".", "packages/app"])
def test_members_are_shown(workspace: WorkspaceFolder, golden: Golden, command: str, below: str) -> None:
    """The same, wherever in the workspace one stands."""
    name = command.replace(" ", "-").replace("/", "-").replace("--", "-")
    shown = transcript(workspace, f"{below}: {command}").replace(f"$ {below}: ", "$ ")
    golden.check(f"workspaces/{name}.txt", shown)


def test_installation_tells_members(tmp_path: Path, golden: Golden) -> None:
    """What is copied has its folder behind it; what was copied before and changed has a sign of its own."""
    with closing(make(tmp_path)) as workspace:
        shown = [transcript(workspace, "install --dry-run")]
        installed = workspace.run("install")
        assert installed.code == 0
        shown.append(installed.out.rpartition(" in ")[0] + "\n")
        workspace.write("packages/lib/src/index.hml", "export let a = 2;\n")
        shown.append(workspace.run("install").out.rpartition(" in ")[0] + "\n")
        shown.append(transcript(workspace, "install", "install --dry-run"))
    golden.check("workspaces/install.txt", "\n".join(shown))


def test_what_is_wrong_with_copies_is_found(workspace: WorkspaceFolder, golden: Golden) -> None:
    """A member that was edited since, a copy that was edited, one that is gone; and it is put right."""
    workspace.write("packages/lib/src/index.hml", "export let a = 2;\n")
    shown = transcript(workspace, "check", "packages/lib: check --json")
    (workspace.module("acme/app") / "src/index.hml").write_text("// mine\n")
    shown += transcript(workspace, "check --content", "check --content --fix", "check --content")
    workspace.delete_modules()
    shown += transcript(workspace, "check")
    golden.check("workspaces/check.txt", shown)


def test_lock_has_to_answer_members(workspace: WorkspaceFolder, golden: Golden) -> None:
    """Whoever may not change the lock says which member it does not answer."""
    workspace.change("packages/tool", dependencies={"acme/z": "^2.0.0", "acme/lib": "^3.0.0"})
    commands = ("lock --check", "install --frozen", "install --locked", "packages/lib: ci", "check")
    golden.check("workspaces/lock.txt", transcript(workspace, *commands))


def test_conflicts_name_members(workspace: WorkspaceFolder, golden: Golden) -> None:
    """Two members that disagree, and one that wants another in a version that it has not."""
    workspace.change("packages/tool", dependencies={"acme/x": "^2.0.0"})
    shown = transcript(workspace, "install")
    workspace.change("packages/tool", dependencies={"acme/lib": "^2.0.0"})
    shown += transcript(workspace, "install", "install --json")
    golden.check("workspaces/conflicts.txt", shown)
    assert transcript(workspace, "install").endswith("[1]\n")


def test_everything_wrong_with_members_is_told(workspace: WorkspaceFolder, golden: Golden) -> None:
    """By every command that needs them, with the file."""
    workspace.change("packages/tool", name="acme/app")
    shown = transcript(workspace, "install", "list", "outdated", "packages/tool: check")
    golden.check("workspaces/invalid.txt", shown)


def test_warnings_are_told(workspace: WorkspaceFolder) -> None:
    """A pattern that fits nothing, a field that counts for nobody."""
    workspace.write_document("package.json", {**ROOT, "workspaces": ["packages/*", "apps/*"]})
    workspace.change("packages/tool", overrides={"acme/x": "1.0.0"})
    done = workspace.run("install", "--json")
    assert done.data["warnings"] == [
        'package.json: workspaces: "apps/*" fits no member.',
        "packages/tool/package.json: overrides counts only in the root's package.json.",
    ]
    assert workspace.lock()["dependencies"]["acme/x"]["version"] == "1.1.0"


# ---- what is changed


@pytest.mark.parametrize(
    ("command", "changed"),
    [
        ("install acme/z@^1.0.0", "package.json"),
        ("packages/app: install acme/z@^1.0.0", "packages/app/package.json"),
        ("packages/app/src: install acme/z@^1.0.0", "packages/app/package.json"),
        ("packages: install acme/z@^1.0.0", "package.json"),
        ("packages/app: install acme/z@^1.0.0 --root", "package.json"),
        ("packages/app: install acme/z@^1.0.0 -w", "package.json"),
        ("packages/app: install acme/z@^1.0.0 --member tool", "packages/tool/package.json"),
        ("install acme/z@^1.0.0 --member packages/lib", "packages/lib/package.json"),
        ("packages/app: uninstall acme/y", "packages/app/package.json"),
        ("uninstall acme/y --member acme/app", "packages/app/package.json"),
        ("packages/app: uninstall acme/t --root", "package.json"),
        ("uninstall acme/lib --everywhere", "packages/app/package.json"),
        ("packages/tool: uninstall acme/x --everywhere", "packages/lib/package.json"),
        ("packages/app: update acme/t --latest", "package.json"),
        ("update acme/x --latest", "packages/lib/package.json"),
    ],
)
def test_this_package_json_is_changed(workspace: WorkspaceFolder, command: str, changed: str) -> None:
    """And no other; afterwards everything is of one mind."""
    if "update acme/x" in command:
        workspace.change("packages/app", dependencies={"acme/lib": "^1.0.0"})
        workspace.tasks()
    before = manifests(workspace)
    told = transcript(workspace, command)
    assert told.endswith("[0]\n"), told
    after = manifests(workspace)
    assert [path for path in after if after[path] != before[path]] == [changed]
    workspace.below = "."
    assert workspace.tasks() == []
    assert workspace.run("check", "--content").code == 0
    assert sorted(path.name for path in (workspace.project / ".hpm").glob("*package.json")) == []


def test_edits_are_told_with_their_file(workspace: WorkspaceFolder, golden: Golden) -> None:
    """To people and as data; nothing is written by a preview."""
    before = manifests(workspace)
    commands = (
        "packages/app: install acme/z acme/tool --dry-run",
        "packages/app: install acme/z acme/tool --dry-run --json",
        "update --latest --dry-run",
        "uninstall acme/x acme/lib --everywhere --dry-run",
    )
    golden.check("workspaces/edits.txt", transcript(workspace, *commands))
    assert manifests(workspace) == before


def test_what_cannot_be_meant_is_told(workspace: WorkspaceFolder, golden: Golden) -> None:
    """Members that do not exist, packages that another member requires, a member that requires itself."""
    commands = (
        "install acme/z --member ap",
        "install --root",
        "install acme/z --root --member app",
        "packages/app: install acme/app",
        "uninstall acme/y",
        "packages/lib: uninstall acme/t acme/y",
        "uninstall acme/y --everywhere --root",
        "update acme/lib",
        "update acme/nothing --latest",
        "why acme/nothing",
        "link packages/lib",
    )
    golden.check("workspaces/usage.txt", transcript(workspace, *commands))


def test_package_that_others_require_stays(workspace: WorkspaceFolder) -> None:
    """The output names the member that does."""
    workspace.change("packages/tool", dependencies={"acme/y": "*"})
    workspace.tasks()
    told = transcript(workspace, "packages/app: uninstall acme/y")
    assert "acme/y@1.0.0 is still installed: acme/tool requires it\n" in told


def test_failed_change_leaves_the_member_as_it_was(workspace: WorkspaceFolder) -> None:
    """A member's package.json is written last, as the root's is."""
    before, copied = manifests(workspace), workspace.copied("acme/app")
    workspace.below = "packages/app"
    assert workspace.run("install", "acme/x@^2.0.0").code == 1
    assert manifests(workspace) == before
    assert workspace.copied("acme/app") == copied
    assert not list((workspace.project / ".hpm").glob("*package.json"))


def test_copy_of_a_member_has_the_new_requirement(workspace: WorkspaceFolder) -> None:
    """The copy is made before package.json is written, and holds what will stand there."""
    workspace.below = "packages/app"
    assert workspace.run("install", "acme/z@^1.0.0").code == 0
    assert json.loads(workspace.copied("acme/app")["package.json"]) == workspace.document("packages/app")


def test_ci_removes_nothing_if_a_member_cannot_be_copied(workspace: WorkspaceFolder) -> None:
    """Everything that may fail has been done before."""
    (workspace.project / "packages/lib/out").symlink_to("/etc/hostname")
    before = workspace.inodes()
    done = workspace.run("ci")
    assert done.code == 5
    assert "acme/lib is a member of this workspace, and others require it." in done.err
    assert workspace.inodes() == before


def test_what_a_killed_command_left_is_gone(workspace: WorkspaceFolder) -> None:
    """The candidates of its package.json files, whose they may be."""
    for name in ("package.json", "packages+app+package.json"):
        workspace.write(f".hpm/{name}", "{}")
    workspace.write("packages/lib/src/index.hml", "export let a = 2;\n")
    assert workspace.tasks() == ["link:acme/lib"]
    assert not list((workspace.project / ".hpm").glob("*package.json"))


def test_lock_alone_is_fetched_from_a_member(workspace: WorkspaceFolder) -> None:
    """``hpm fetch`` finds the lock of the workspace."""
    workspace.below = "packages/lib"
    assert [each["name"] for each in workspace.run("fetch", "--json").data["packages"]] == [
        "acme/t",
        "acme/x",
        "acme/y",
    ]


def test_member_that_is_misspelled_is_recognized(workspace: WorkspaceFolder) -> None:
    """As packages are that somebody has."""
    workspace.change("packages/tool", dependencies={"acme/libb": "*"})
    done = workspace.run("install")
    assert done.code == 2
    assert "Did you mean acme/lib?" in done.err


# ---- the folder of a member


def test_new_member_is_greeted(workspace: WorkspaceFolder) -> None:
    """``hpm init`` says where it belongs, and takes the owner from the root."""
    (workspace.project / "packages/new").mkdir()
    workspace.below = "packages/new"
    done = workspace.run("init", "--yes")
    assert workspace.document("packages/new")["name"] == "acme/new"
    assert done.err == (
        f"It is a member of the workspace in {workspace.project}; 'hpm install' installs what it requires.\n"
    )
    workspace.below = "."
    (workspace.project / "elsewhere").mkdir()
    workspace.below = "elsewhere"
    assert workspace.run("init", "--yes").err == ""


def test_only_a_root_is_released(workspace: WorkspaceFolder) -> None:
    """A package is a whole repository; whoever looks from a member is told."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    workspace.write(".gitignore", "hem_modules\n.hpm\n")
    for arguments in (
        ["init", "--quiet", "-b", "main"],
        ["add", "--all"],
        ["commit", "--quiet", "-m", "All"],
    ):
        subprocess.run(
            ["git", "-C", str(workspace.project), *identity, *arguments],
            check=True,
            env={**os.environ, **workspace.environ},
            stdin=subprocess.DEVNULL,
        )
    told = transcript(workspace, "packages/lib: release minor --dry-run")
    assert "package.json is in packages/lib, and a package is a whole repository" in told
    assert "package.json is in packages/lib" in transcript(workspace, "packages/lib: pack --list")
    assert transcript(workspace, "release minor --dry-run").endswith("[0]\n")


def test_root_may_be_without_a_name(workspace: WorkspaceFolder, golden: Golden) -> None:
    """It need not be a package."""
    workspace.write_document("package.json", {"workspaces": ["packages/*"]})
    assert workspace.run("install").code == 0
    shown = transcript(workspace, "list", "why acme/x", "outdated", "list --invert")
    golden.check("workspaces/unnamed.txt", shown)
