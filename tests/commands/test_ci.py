"""hpm ci and hpm fetch: exactly what is locked, into an empty folder, or into the store alone."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.golden import Golden
from tests.support.loopback_server import Reply


@pytest.fixture
def locked(own_shell: CommandLine) -> CommandLine:
    """acme/a, acme/b and, for development, acme/new are installed and locked."""
    own_shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "^1.0.0"})
    assert own_shell.run("install").code == 0
    return own_shell


def fresh_store(shell: CommandLine) -> None:
    """The machine has nothing yet."""
    shell.environ["HPM_CACHE_DIR"] = str(shell.folder / "fresh")


# ---------------------------------------------------------------- ci


@pytest.mark.parametrize("alias", ["ci", "clean-install"])
def test_whatever_was_there_is_replaced(locked: CommandLine, golden: Golden, alias: str) -> None:
    """Edits, foreign folders and links are gone; the documents are not touched."""
    outside = locked.folder / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    index = locked.project / "hem_modules/acme/b/src/index.hml"
    index.chmod(0o644)
    index.unlink()
    locked.write("hem_modules/acme/b/src/index.hml", "edited")
    locked.write("hem_modules/foreign/thing/package.json", "{}")
    (locked.project / "hem_modules/linked").symlink_to(outside)
    documents = locked.documents()

    ran = locked.process(alias)

    assert (ran.code, ran.err) == (0, "")
    golden.check("ci/installed.txt", locked.plain(ran.out))
    assert locked.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0", "acme/new": "1.0.0"}
    assert not (locked.project / "hem_modules/foreign").exists()
    assert (outside / "precious").read_text() == "mine"
    assert locked.documents() == documents
    assert locked.run("check", "--content").code == 0


def test_newer_versions_are_no_matter(locked: CommandLine, own_server: GithubServer) -> None:
    """Nobody is asked anything while the store has what is locked."""
    own_server.publish("acme/a", "v1.2.0")
    own_server.clear_log()
    assert locked.run("ci").code == 0
    assert locked.installed()["acme/a"] == "1.1.0"
    assert own_server.requests == []


def test_every_package_is_laid_out_and_nothing_else_is_done(locked: CommandLine) -> None:
    """The lock is not resolved away from and not written."""
    tasks = locked.run("ci", "--json").data["tasks"]
    assert [task for task in tasks if not task.startswith(("download:", "verify:"))] == [
        "extract:acme/a",
        "extract:acme/b",
        "extract:acme/new",
    ]


def without_lock(shell: CommandLine) -> None:
    """There is no lock."""
    (shell.project / "package-lock.json").unlink()


def against_lock(shell: CommandLine) -> None:
    """package.json asks for something else."""
    shell.require({"acme/a": "1.0.0"})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without_lock, "There is no package-lock.json, and 'hpm ci' installs only what is locked."),
        (against_lock, "does not answer package.json, and 'hpm ci' forbids changing it"),
    ],
)
def test_without_or_against_the_lock(locked: CommandLine, spoil: object, said: str) -> None:
    """Exit code 9, and hem_modules is still there."""
    assert callable(spoil)
    spoil(locked)
    before = locked.documents()

    ran = locked.run("ci")

    assert (ran.code, ran.out) == (9, "")
    assert said in ran.err
    assert locked.documents() == before
    assert locked.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0", "acme/new": "1.0.0"}


def test_nothing_is_removed_before_everything_is_there(locked: CommandLine, own_server: GithubServer) -> None:
    """If a package cannot be downloaded, the installed ones stay."""
    fresh_store(locked)
    own_server.fail("*acme/b*tar.gz*", Reply(500), times=None)
    own_server.fail("*acme/b*tarball*", Reply(500), times=None)

    assert locked.run("ci").code == 4

    assert locked.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0", "acme/new": "1.0.0"}


def test_contents_that_are_not_the_locked_ones(locked: CommandLine) -> None:
    """Exit code 6, and the installed packages stay."""
    locked.edit_lock("acme/b", tree=f"sha256-{'0' * 64}")
    assert locked.run("ci").code == 6
    assert locked.installed()["acme/b"] == "1.2.0"


def test_only_what_runs(locked: CommandLine) -> None:
    """--prod leaves out what only development needs; check knows that by the same option."""
    assert locked.run("ci", "--prod").code == 0
    assert locked.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0"}
    assert locked.run("check", "--prod").code == 0
    assert locked.run("check").code == 9


def test_offline_after_fetch(locked: CommandLine, own_server: GithubServer) -> None:
    """What fetch put into the store is all that ci needs."""
    fresh_store(locked)
    assert locked.run("ci", "--offline").code == 4
    assert locked.run("fetch").code == 0
    own_server.clear_log()
    assert locked.run("ci", "--offline").code == 0
    assert own_server.requests == []


# ---------------------------------------------------------------- fetch


def test_fetch_writes_the_store_and_nothing_else(locked: CommandLine, golden: Golden) -> None:
    """A folder with nothing but a lock stays so; below it the lock is found, too."""
    lock = locked.documents()["package-lock.json"]
    assert lock is not None
    shutil.rmtree(locked.project)
    locked.write("package-lock.json", lock)
    (locked.project / "below").mkdir()
    locked.below = "below"
    fresh_store(locked)

    ran = locked.process("fetch")

    assert (ran.code, ran.err) == (0, "")
    golden.check("ci/fetched.txt", locked.plain(ran.out))
    assert sorted(locked.everything()) == ["below", "package-lock.json"]
    assert locked.run("fetch").out == "The store has everything already (3 packages).\n"
    assert locked.run("fetch", "--offline").code == 0


def test_fetch_asks_for_archives_only(locked: CommandLine, own_server: GithubServer) -> None:
    """The lock names the commits; no tags are read."""
    fresh_store(locked)
    own_server.clear_log()
    locked.run("fetch")
    assert own_server.count("*upload-pack*") == 0
    assert {request.path.split("/")[2] for request in own_server.requests} == {"a", "b", "new"}


def test_fetch_without_dev_packages(locked: CommandLine) -> None:
    """--prod leaves out what only development needs."""
    fresh_store(locked)
    data = locked.run("fetch", "--prod", "--json").data
    assert [(each["name"], each["fetched"]) for each in data["packages"]] == [
        ("acme/a", True),
        ("acme/b", True),
    ]
    assert locked.run("fetch", "--json").data["packages"][2] == {
        "name": "acme/new",
        "version": "1.0.0",
        "commit": locked.lock()["dependencies"]["acme/new"]["commit"],
        "fetched": True,
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"tree": f"sha256-{'0' * 64}"}, 6), ({"version": "9.9.9", "commit": None}, 3), ({"version": "v2"}, 9)],
)
def test_fetch_of_a_wrong_lock(locked: CommandLine, fields: dict[str, str | None], code: int) -> None:
    """Other contents, a version that is gone, a version that is none: each has its exit code."""
    locked.edit_lock("acme/b", **fields)
    assert locked.run("fetch").code == code


def test_fetch_without_a_lock(shell: CommandLine) -> None:
    """Exit code 9: package.json alone does not say what to fetch."""
    assert shell.run("fetch").code == 9
    shell.require({"acme/a": "*"})
    assert shell.run("fetch").code == 9


def test_fetch_follows_the_sources_of_package_json(locked: CommandLine) -> None:
    """A project with sources of its own is fetched from there."""
    document = locked.manifest()
    document["hpm"] = {"sources": [{"match": "*", "type": "directory", "path": "nowhere"}]}
    locked.write("package.json", json.dumps(document))
    fresh_store(locked)
    ran = locked.run("fetch")
    assert ran.code == 2
    assert "nowhere" in ran.err
