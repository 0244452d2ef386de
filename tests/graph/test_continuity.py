"""What stays as it is: across checkouts, restored caches, transports, mirrors, folders, and the first hpm."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer


@pytest.fixture
def server(github_server: GithubServer) -> GithubServer:
    """A GitHub with three packages: ``acme/a`` requires ``acme/b``; ``acme/c`` stands alone."""
    github_server.publish("acme/a", "v1.0.0", dependencies={"acme/b": "^1.0.0"})
    github_server.publish("acme/b", "v1.0.0")
    github_server.publish("acme/b", "v1.1.0", annotated=True)
    github_server.publish("acme/c", "v0.3.0")
    return github_server


@pytest.fixture
def first(tmp_path: Path, server: GithubServer) -> Iterator[CommandLine]:
    """A project that requires them, installed."""
    with closing(CommandLine(tmp_path / "first", server.environment())) as opened:
        opened.require({"acme/a": "^1.0.0"}, dev={"acme/c": "~0.3.0"})
        assert opened.run("install").code == 0
        server.clear_log()
        yield opened


def elsewhere(origin: CommandLine, folder: Path, *names: str) -> CommandLine:
    """A copy of *origin* in *folder* with *names* of its project; all inodes and times are new."""
    copy = CommandLine(folder, {**origin.environ, "HPM_HOME": str(folder / "home")})
    for name in names:
        source, target = origin.project / name, copy.project / name
        if source.is_dir():
            shutil.copytree(source, target, copy_function=shutil.copy)
        else:
            shutil.copy(source, target)
    return copy


def copy_store(origin: CommandLine, copy: CommandLine) -> None:
    """As a CI cache restores it: the contents, with new inodes, and times of its own."""
    shutil.copytree(origin.home, copy.home, copy_function=shutil.copy)


def tasks(shell: CommandLine, **environ: str) -> list[str]:
    """What an installation runs."""
    ran = shell.run("install", "--json", **environ)
    assert ran.code == 0, ran.err
    return [str(task) for task in ran.data["tasks"]]


DOCUMENTS = ("package.json", "package-lock.json")


def test_fresh_clone_with_the_cache_only_lays_out(
    first: CommandLine, server: GithubServer, tmp_path: Path
) -> None:
    """The cache folder restored, everything else new: no request, and the lock keeps its bytes."""
    clone = elsewhere(first, tmp_path / "clone", *DOCUMENTS)
    copy_store(first, clone)
    assert {task.partition(":")[0] for task in tasks(clone)} <= {"resolve", "download", "verify", "extract"}
    assert not server.requests
    assert clone.installed() == first.installed()
    assert clone.documents() == first.documents()


def test_fresh_clone_with_everything_restored_runs_nothing(
    first: CommandLine, server: GithubServer, tmp_path: Path
) -> None:
    """hem_modules and .hpm restored, too, with other inodes and times: nothing runs at all."""
    clone = elsewhere(first, tmp_path / "clone", *DOCUMENTS, "hem_modules", ".hpm")
    copy_store(first, clone)
    for path in clone.project.rglob("*"):
        os.utime(path, ns=(10**18, 10**18))
    assert tasks(clone) == []
    assert not server.requests


def test_restored_modules_suffice_without_the_cache(
    first: CommandLine, server: GithubServer, tmp_path: Path
) -> None:
    """What is installed as locked needs no store."""
    clone = elsewhere(first, tmp_path / "clone", *DOCUMENTS, "hem_modules", ".hpm")
    assert tasks(clone) == []
    assert not server.requests


def test_restored_state_does_not_vouch_for_other_modules(
    first: CommandLine, server: GithubServer, tmp_path: Path
) -> None:
    """A restored .hpm beside a hem_modules of other contents is found out."""
    clone = elsewhere(first, tmp_path / "clone", *DOCUMENTS, "hem_modules", ".hpm")
    copy_store(first, clone)
    index = clone.project / "hem_modules/acme/b/src/index.hml"
    index.chmod(0o644)
    index.write_text("evil")
    assert tasks(clone) == ["extract:acme/b"]
    assert clone.installed() == first.installed()


def test_lock_keeps_its_bytes_without_modules_and_state(first: CommandLine) -> None:
    """Deleting all that is derived changes nothing that is committed."""
    before = first.documents()
    shutil.rmtree(first.project / ".hpm")
    first.delete_modules()
    tasks(first)
    assert first.documents() == before


@pytest.mark.parametrize("transport", ["git", "api"])
@pytest.mark.parametrize("with_cache", [True, False])
def test_lock_keeps_its_bytes_by_either_transport(
    first: CommandLine, tmp_path: Path, transport: str, with_cache: bool
) -> None:
    """Which way the archives come, and so which bytes they have, leaves no trace in the lock."""
    clone = elsewhere(first, tmp_path / "clone", *DOCUMENTS)
    if with_cache:
        copy_store(first, clone)
    tasks(clone, HPM_GITHUB_TRANSPORT=transport)
    assert clone.documents() == first.documents()
    assert clone.installed() == first.installed()


def test_lock_keeps_its_bytes_behind_a_mirror(
    first: CommandLine, server: GithubServer, tmp_path: Path
) -> None:
    """The same repositories as a git source elsewhere: same commits, same trees, same lock."""
    clone = elsewhere(first, tmp_path / "clone", *DOCUMENTS)
    template = server.repository_path("acme/a").as_uri().replace("acme", "{owner}").replace("/a", "/{repo}")
    source = [{"match": "acme/*", "type": "git", "url": template}]
    tasks(clone, HPM_SOURCES=json.dumps(source))
    assert clone.documents() == first.documents()
    assert clone.installed() == first.installed()
    assert not server.requests


def test_lock_names_public_places_only(first: CommandLine) -> None:
    """Neither a mirror's host, nor loopback, nor a path of this machine stands in the lock."""
    text = (first.project / "package-lock.json").read_text()
    assert '"https://github.com/acme/b/archive/refs/tags/v1.1.0.tar.gz"' in text
    for secret in ("127.0.0.1", "localhost", str(first.folder)):
        assert secret not in text


def test_lock_by_git_and_lock_by_api_agree(server: GithubServer, tmp_path: Path) -> None:
    """Written from nothing, the two differ in what only one of them can know: archive bytes and the id."""
    locks = []
    for transport in ("git", "api"):
        with closing(CommandLine(tmp_path / transport, server.environment())) as shell:
            shell.require({"acme/a": "^1.0.0"})
            tasks(shell, HPM_GITHUB_TRANSPORT=transport)
            document = shell.lock()["dependencies"]
            for entry in document.values():
                entry.pop("integrity")
                entry.pop("repository", None)
            locks.append(document)
    assert locks[0] == locks[1]


FIRST_HPM = """{
  "lockVersion": 1,
  "hemlock": "1.0.0",
  "dependencies": {
    "acme/b": {
      "version": "1.0.0",
      "resolved": "https://github.com/acme/b/archive/refs/tags/v1.0.0.tar.gz",
      "integrity": "sha256-baa89858c7e545390273530ba63c61b94c2e09d38c28b0a0311bfa7bde396181"
    },
    "acme/a": {
      "version": "1.0.0",
      "resolved": "https://github.com/acme/a/archive/v1.0.0.tar.gz",
      "integrity": "sha256-unknown",
      "dependencies": {
        "acme/b": "^1.0.0"
      }
    }
  }
}
"""


def test_lock_of_the_first_hpm_is_kept_and_completed(server: GithubServer, tmp_path: Path) -> None:
    """Its versions stay, although newer ones exist; commits and trees are added; then it is canonical."""
    with closing(CommandLine(tmp_path / "old", server.environment())) as shell:
        shell.require({"acme/a": "^1.0.0"})
        shell.write("package-lock.json", FIRST_HPM)
        assert "lock" in tasks(shell)
        entries = shell.lock()["dependencies"]
        assert {name: entry["version"] for name, entry in entries.items()} == {
            "acme/a": "1.0.0",
            "acme/b": "1.0.0",
        }
        assert list(entries["acme/b"]) == ["version", "resolved", "integrity", "commit", "tree"]
        assert entries["acme/a"]["dependencies"] == {"acme/b": "^1.0.0"}
        assert server.count("web *git-upload-pack") == 2
        assert server.count("codeload *") == 2
        before = shell.documents()
        assert tasks(shell) == []
        assert shell.documents() == before


def test_lock_of_the_first_hpm_is_installed_frozen_as_it_is(server: GithubServer, tmp_path: Path) -> None:
    """``--frozen`` installs from it and does not touch it."""
    with closing(CommandLine(tmp_path / "old", server.environment())) as shell:
        shell.require({"acme/a": "^1.0.0"})
        shell.write("package-lock.json", FIRST_HPM)
        assert shell.run("install", "--frozen").code == 0
        assert shell.installed() == {"acme/a": "1.0.0", "acme/b": "1.0.0"}
        assert (shell.project / "package-lock.json").read_text() == FIRST_HPM
