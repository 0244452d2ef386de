"""hpm verify: the locked packages, computed again from git, and their signatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.git_repositories import package
from tests.support.github_server import GithubServer
from tests.support.golden import Golden
from tests.support.signing import make_key, needs_ssh_keygen, sign_tag


@pytest.fixture
def locked(own_shell: CommandLine) -> CommandLine:
    """acme/a, which requires acme/b; acme/new for development."""
    own_shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "*"})
    assert own_shell.run("install").code == 0
    return own_shell


def test_everything_is_as_locked(locked: CommandLine, own_server: GithubServer, golden: Golden) -> None:
    """A line for each package; neither archives nor the store are asked, and nothing is left behind."""
    locked.run("cache", "clean")
    locked.delete_modules()
    before = locked.everything()
    own_server.clear_log()
    ran = locked.process("verify")
    assert (ran.code, ran.err) == (0, "")
    golden.check("verify/same.txt", ran.out)
    assert locked.everything() == before
    assert own_server.count("*/archive/*") == 0


def test_files_and_modes_of_every_kind(locked: CommandLine, own_server: GithubServer) -> None:
    """What is left out of installations, is executable, or is a link gives the same digest from git."""
    files = {
        **package("acme/odd", "1.0.0"),
        "package.json": {"name": "acme/odd", "version": "1.0.0", "files": ["src", "bin"]},
        "bin/run": "#!/bin/sh\n",
        "tests/left-out.hml": "x",
        "src/crlf.hml": "a\r\nb\r\n",
        "src/version.hml": "$Format:%H$\n",
        ".gitattributes": "src/version.hml export-subst\nsrc/secret.hml export-ignore\n",
        "src/secret.hml": "x",
    }
    own_server.publish("acme/odd", "v1.0.0", files, executable=["bin/run"], symlinks={"src/link": "crlf.hml"})
    locked.require({"acme/odd": "*"})
    assert locked.run("install").code == 0
    assert locked.run("verify").code == 0


def test_other_files_than_locked(locked: CommandLine, golden: Golden) -> None:
    """Exit code 6, and both digests; the other packages are told as well."""
    locked.edit_lock("acme/b", tree="sha256-" + "0" * 64)
    ran = locked.run("verify")
    assert ran.code == 6
    assert f"sha256-{'0' * 64} is locked" in ran.out
    data = locked.run("verify", "--json").data
    assert {each["name"]: each["contents"] for each in data["packages"]} == {
        "acme/a": "same",
        "acme/b": "different",
        "acme/new": "same",
    }


def test_moved_tag(locked: CommandLine, own_server: GithubServer) -> None:
    """The locked commit is still what it was; that the tag was moved is a finding."""
    new = own_server.publish("acme/b", None, {**package("acme/b", "1.2.0"), "more": "1"})
    own_server.repository("acme/b").tag("v1.2.0", new)
    ran = locked.run("verify", "acme/b")
    assert ran.code == 10
    assert f"git has the same files; its tag points at {new[:12]}" in ran.out


def test_deleted_tag_and_missing_digest(locked: CommandLine, own_server: GithubServer) -> None:
    """A tag that is gone is told; without a digest in the lock nothing is proven."""
    own_server.repository("acme/b").delete_tag("v1.2.0")
    ran = locked.run("verify", "acme/b")
    assert (ran.code, "it has no tag any more" in ran.out) == (0, True)
    locked.edit_lock("acme/b", tree=None)
    assert locked.run("verify", "acme/b").code == 10


def test_unreadable_repository(locked: CommandLine, own_server: GithubServer) -> None:
    """Exit code 4; under --offline no socket is opened."""
    own_server.delete("acme/b")
    ran = locked.run("verify")
    assert ran.code == 4
    assert "acme/b@1.2.0: Network error: git could not read acme/b" in ran.out
    assert "1 of 3 packages not proven" in ran.out
    own_server.clear_log()
    assert locked.run("verify", "--offline").code == 4
    assert own_server.requests == []


def test_folder_cannot_be_proven(own_shell: CommandLine) -> None:
    """It is said, and is no finding, unless signatures are demanded."""
    own_shell.write("packages/o/x/v1.0.0/package.json", '{"name": "o/x", "version": "1.0.0"}')
    sources = '[{"match": "o/*", "type": "directory", "path": "packages"}]'
    own_shell.environ["HPM_SOURCES"] = sources
    own_shell.require({"o/x": "*"})
    assert own_shell.run("install").code == 0
    ran = own_shell.run("verify")
    assert (ran.code, "it comes from a folder" in ran.out) == (0, True)
    assert own_shell.run("verify", "--signed").code == 10


@needs_ssh_keygen
def test_signatures(locked: CommandLine, own_server: GithubServer, tmp_path: Path) -> None:
    """Who signed is told; --signed demands a key that is trusted, of every package."""
    key = make_key(tmp_path / "keys", "ada@example.com")
    (tmp_path / "allowed").write_text(key.line)
    commits = {name: locked.lock()["dependencies"][name]["commit"] for name in ("acme/a", "acme/b")}
    sign_tag(own_server.repository("acme/a"), "v1.1.0", commits["acme/a"], key)
    ran = locked.run("verify", "acme/a", "acme/b")
    assert ran.code == 0
    assert f"acme/a@1.1.0: git has the same files; signed by ssh {key.fingerprint}" in ran.out
    assert "acme/b@1.2.0: git has the same files; not signed" in ran.out
    signers = ("--signed", "--signers", str(tmp_path / "allowed"))
    assert locked.run("verify", "acme/a", "--signed").code == 10
    assert locked.run("verify", "acme/a", *signers).code == 0
    assert locked.run("verify", "acme/a", "acme/b", *signers).code == 10
    sign_tag(own_server.repository("acme/b"), "v1.2.0", commits["acme/b"], key)
    assert locked.run("verify", "acme/a", "acme/b", *signers).code == 0


def test_arguments_that_make_no_sense(locked: CommandLine) -> None:
    """A package that is not locked: 2. A file of keys that is not there: 64."""
    assert locked.run("verify", "acme/zzz").code == 2
    assert locked.run("verify", "--signers", "nowhere").code == 64


def test_only_what_the_project_needs_to_run(locked: CommandLine) -> None:
    """--prod leaves out what is for development only."""
    everything, some = (locked.run("verify", "--json", *more).data for more in ((), ("--prod",)))
    names = [[each["name"] for each in found["packages"]] for found in (everything, some)]
    assert set(names[1]) < set(names[0])
