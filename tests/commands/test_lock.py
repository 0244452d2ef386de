"""hpm lock: the lock alone, written, checked, and merged by git."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.golden import Golden

REPOSITORY = Path(__file__).resolve().parents[2]


# ---------------------------------------------------------------- writing


def test_lock_is_written_and_hem_modules_is_not(shell: CommandLine, golden: Golden) -> None:
    """The lock is complete, as an installation would write it, and no package is laid out."""
    shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "1"})

    ran = shell.process("lock")

    assert (ran.code, ran.err) == (0, "")
    golden.check("lock/written.txt", ran.out)
    assert not (shell.project / "hem_modules").exists()
    lock = shell.documents()["package-lock.json"]
    shell.run("install")
    assert shell.documents()["package-lock.json"] == lock


def test_tasks_of_a_lock(shell: CommandLine) -> None:
    """Packages are downloaded and verified, because the lock records what they hold, and no more."""
    shell.require({"acme/b": "1.0.0"})
    tasks = shell.run("lock", "--json").data["tasks"]
    assert tasks == ["tags:acme/b", "resolve", "download:acme/b", "verify:acme/b", "lock"]
    assert shell.run("lock", "--json").data["tasks"] == []
    assert shell.run("install", "--json").data["tasks"] == ["extract:acme/b"]


def test_lock_leaves_installed_packages_alone(shell: CommandLine) -> None:
    """Neither what is new nor what is gone is done to hem_modules; the next installation does it."""
    shell.require({"acme/a": "^1.0.0"})
    shell.run("install")
    shell.require({"acme/new": "1"})

    ran = shell.run("lock")

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Wrote package-lock.json (1 package).")
    assert shell.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0"}
    shell.run("install")
    assert shell.installed() == {"acme/new": "1.0.0"}


def test_locked_versions_are_kept(own_shell: CommandLine, own_server: GithubServer) -> None:
    """A newer release is no reason to write."""
    own_shell.require({"acme/new": "^1.0.0"})
    own_shell.run("lock")
    own_server.publish("acme/new", "v1.1.0")
    assert own_shell.run("lock").out == "package-lock.json is up to date (1 package).\n"


def test_dry_run(shell: CommandLine, golden: Golden) -> None:
    """What would change, and not a file."""
    shell.require({"acme/a": "1.0.0"})
    before = shell.everything()
    golden.check("lock/dry-run.txt", shell.run("lock", "--dry-run").out)
    assert shell.everything() == before


def test_lowest_versions(shell: CommandLine) -> None:
    """--resolution chooses anew."""
    shell.require({"acme/b": ">=1.0.0"})
    shell.run("lock", "--resolution", "lowest")
    assert shell.lock()["dependencies"]["acme/b"]["version"] == "1.0.0"


# ---------------------------------------------------------------- --check


@pytest.fixture
def locked(shell: CommandLine) -> CommandLine:
    """acme/a and acme/b are locked."""
    shell.require({"acme/a": "1.0.0"})
    assert shell.run("lock").code == 0
    return shell


def test_check_of_a_good_lock(locked: CommandLine) -> None:
    """Exit code 0, without the network, without state, and nothing is written."""
    for path in (locked.project / ".hpm").iterdir():
        path.unlink()
    before = locked.everything()
    ran = locked.process("lock", "--check", "--offline", HPM_CACHE_DIR=str(locked.folder / "none"))
    assert (ran.code, ran.out) == (0, "package-lock.json is up to date (2 packages).\n")
    assert locked.everything() == before


def change_manifest(shell: CommandLine) -> None:
    """package.json asks for what is not locked."""
    shell.require({"acme/a": "^1.1.0", "acme/new": "1"})


def delete_lock(shell: CommandLine) -> None:
    """There is no lock."""
    (shell.project / "package-lock.json").unlink()


def forget_tree(shell: CommandLine) -> None:
    """The lock does not say what is in acme/b."""
    shell.edit_lock("acme/b", tree=None)


def reformat(shell: CommandLine) -> None:
    """The lock has the same content on one line."""
    shell.write("package-lock.json", json.dumps(shell.lock()))


def mark_dev(shell: CommandLine) -> None:
    """The lock says that only development needs acme/b."""
    document = shell.lock()
    document["dependencies"]["acme/b"]["dev"] = True
    shell.write("package-lock.json", json.dumps(document, indent=2) + "\n")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (change_manifest, "  - acme/a: package.json asks for ^1.1.0, and 1.0.0 is locked\n  - acme/new:"),
        (delete_lock, "  - There is none.\n"),
        (forget_tree, "  - acme/b: no tree is recorded\n"),
        (reformat, "  - The same versions would be written in another form.\n"),
        (mark_dev, "  - The same versions would be written in another form.\n"),
    ],
)
def test_check_of_a_lock_that_would_change(locked: CommandLine, spoil: object, said: str) -> None:
    """Exit code 9 with the reasons, nothing written; 'hpm lock' then settles it."""
    assert callable(spoil)
    spoil(locked)
    before = locked.everything()

    ran = locked.run("lock", "--check")

    assert (ran.code, ran.out) == (9, "")
    assert said in ran.err
    assert locked.everything() == before
    assert locked.run("lock").out.splitlines()[-1].startswith("Wrote package-lock.json")
    assert locked.run("lock", "--check").code == 0


def test_check_as_data(locked: CommandLine) -> None:
    """One object either way."""
    assert locked.run("lock", "--check", "--json").data["ok"] is True
    delete_lock(locked)
    assert locked.run("lock", "--check", "--json").data["error"]["exitCode"] == 9


def test_reasons_are_bounded(locked: CommandLine) -> None:
    """A lock of a thousand wrong entries is told in ten lines."""
    locked.require({f"p/p{at}": "1" for at in range(1000)})
    ran = locked.run("lock", "--check")
    assert "  - and 992 more\n" in ran.err


# ---------------------------------------------------------------- --merge


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Git in *folder*; the machine's own settings change nothing."""
    settings = ("-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *settings, *arguments],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def branches(own_shell: CommandLine, own_server: GithubServer) -> CommandLine:
    """A git repository that merges locks by hpm, on the branch main, where acme/b is locked."""
    own_shell.require({"acme/b": "^1.0.0"})
    own_shell.run("lock")
    own_server.publish("acme/b", "v1.3.0")
    own_shell.write(".gitignore", ".hpm\nhem_modules\n")
    own_shell.write(".gitattributes", "package-lock.json merge=hpm\n")
    folder = own_shell.project
    driver = f"{sys.executable} -m hpmtasks lock --merge %O %A %B"
    for arguments in (
        ("init", "-q", "-b", "main"),
        ("config", "merge.hpm.name", "package-lock.json, package by package"),
        ("config", "merge.hpm.driver", driver),
        ("add", "."),
        ("commit", "-q", "-m", "first"),
        ("branch", "other"),
    ):
        assert git(folder, *arguments).returncode == 0, arguments
    return own_shell


def commit(shell: CommandLine, dependencies: dict[str, str]) -> None:
    """package.json requires *dependencies*, which are locked and committed."""
    shell.require(dependencies)
    assert shell.run("update").code == 0
    assert git(shell.project, "commit", "-qam", "change").returncode == 0


def test_git_merges_what_two_branches_added(branches: CommandLine) -> None:
    """Each branch added a package: both are locked, and git is content."""
    commit(branches, {"acme/b": "1.2.0", "acme/new": "1"})
    git(branches.project, "checkout", "-q", "other")
    commit(branches, {"acme/b": "1.2.0", "acme/curl": "1"})

    merged = git(branches.project, "merge", "-q", "-X", "ours", "main")

    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert list(branches.lock()["dependencies"]) == ["acme/b", "acme/curl", "acme/new"]
    branches.require({"acme/b": "1.2.0", "acme/new": "1", "acme/curl": "1"})
    assert branches.run("lock", "--check").code == 0


def test_git_merges_locks_that_differ_on_a_package(branches: CommandLine) -> None:
    """The package is left out and told, git is content, and the next installation chooses it."""
    commit(branches, {"acme/b": "1.3.0"})
    git(branches.project, "checkout", "-q", "other")
    commit(branches, {"acme/b": "1.0.0"})

    merged = git(branches.project, "merge", "-q", "-X", "ours", "main")

    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert "acme/b: 1.0.0 here and 1.3.0 there; left out" in merged.stderr
    assert branches.lock()["dependencies"] == {}
    assert branches.run("install").code == 0
    assert branches.installed() == {"acme/b": "1.0.0"}


def test_merge_of_an_unusable_file_leaves_ours(branches: CommandLine) -> None:
    """Exit code 5 makes git report a conflict; the file stays as it was."""
    ours = branches.documents()["package-lock.json"]
    branches.write("theirs", "{")
    branches.write("base", "")
    ran = branches.run("lock", "--merge", "base", "package-lock.json", "theirs")
    assert (ran.code, ran.out) == (5, "")
    assert "theirs" in ran.err
    assert branches.documents()["package-lock.json"] == ours


def test_merge_as_data(branches: CommandLine) -> None:
    """How many packages there are now, and which were left out."""
    lock = branches.lock()
    lock["dependencies"]["acme/b"]["version"] = "1.0.1"
    branches.write("theirs", json.dumps(lock))
    branches.write("base", "")
    data = branches.run("lock", "--merge", "base", "package-lock.json", "theirs", "--json").data
    assert data["dropped"] == [{"name": "acme/b", "ours": "1.2.0", "theirs": "1.0.1"}]
    assert data["packages"] == 0


@pytest.mark.parametrize(
    "arguments", [("--merge", "a", "b"), ("--merge", "a", "b", "c", "--check"), ("acme/b",)]
)
def test_wrong_usage(shell: CommandLine, arguments: tuple[str, ...]) -> None:
    """Exit code 64."""
    assert shell.run("lock", *arguments).code == 64
