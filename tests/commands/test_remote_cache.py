"""hpm run beside a remote cache: another checkout runs nothing, and no failure of the cache is one of hpm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine, Ran
from tests.support.http_cache import HttpCache
from tests.support.loopback_server import Fault, Reply

SCRIPTS = {
    "codegen": "echo codegen >> ../ran; mkdir -p gen; tr a-z A-Z < schema/a.txt > gen/a.txt",
    "build": "echo build >> ../ran; echo out; echo err >&2; mkdir -p dist;"
    " cat gen/a.txt src/b.txt > dist/all; chmod +x dist/all; ln -s all dist/link",
}
TASKS = {
    "codegen": {"inputs": ["schema/**"], "outputs": ["gen/**"]},
    "build": {"dependsOn": ["codegen"], "inputs": ["src/**", "gen/**"], "outputs": ["dist/**"]},
}
OUTPUTS = {"gen/a.txt": b"SCHEMA\n", "dist/all": b"SCHEMA\nsource\n", "dist/link": b"SCHEMA\nsource\n"}


@pytest.fixture
def server() -> Iterator[HttpCache]:
    """A remote cache without anything."""
    with HttpCache() as made:
        yield made


class Checkout:
    """The same project on a machine of its own, which uses the server."""

    def __init__(self, folder: Path, url: str, *, writes: bool = False) -> None:
        self.shell = CommandLine(folder)
        self.environ = {"HPM_REMOTE_CACHE": url, "HPM_REMOTE_WRITE": "on" if writes else "off"}
        manifest = {"name": "acme/app", "version": "1.0.0", "scripts": SCRIPTS, "tasks": TASKS}
        self.shell.write("package.json", json.dumps(manifest))
        self.shell.write("schema/a.txt", "schema\n")
        self.shell.write("src/b.txt", "source\n")

    def run(self, *options: str) -> Ran:
        """``hpm run build``."""
        return self.shell.process("run", *options, "build", **self.environ)

    def outputs(self) -> dict[str, bytes]:
        """What the scripts left."""
        root = self.shell.project
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for folder in ("gen", "dist")
            for path in (root / folder).rglob("*")
        }

    def ran(self) -> list[str]:
        """The scripts that really ran, in their order."""
        told = self.shell.folder / "ran"
        return told.read_text().split() if told.exists() else []

    def close(self) -> None:
        """No process is left."""
        self.shell.close()


@pytest.fixture
def filled(server: HttpCache, tmp_path: Path) -> HttpCache:
    """A remote cache that a build server has filled."""
    writer = Checkout(tmp_path / "ci", server.url, writes=True)
    ran = writer.run()
    assert (ran.code, writer.ran(), writer.outputs()) == (0, ["codegen", "build"], OUTPUTS)
    writer.close()
    server.requests.clear()
    return server


@pytest.fixture
def checkout(filled: HttpCache, tmp_path: Path) -> Iterator[Checkout]:
    """A checkout of somebody who reads that cache, at another path."""
    made = Checkout(tmp_path / "somewhere" / "else", filled.url)
    yield made
    made.close()


def test_another_checkout_runs_nothing(filled: HttpCache, checkout: Checkout) -> None:
    """All outputs come from the cache with their modes and links, the log is printed, no script runs."""
    ran = checkout.run()
    assert (ran.code, checkout.ran(), checkout.outputs()) == (0, [], OUTPUTS)
    assert (checkout.shell.project / "dist/link").readlink() == Path("all")
    assert (checkout.shell.project / "dist/all").stat().st_mode & 0o100
    assert "out\n" in ran.out
    assert "err\n" in ran.err
    assert "Warning" not in ran.err
    assert {request.method for request in filled.requests} == {"GET"}


def test_nothing_in_the_cache_tells_where_the_project_was(filled: HttpCache, tmp_path: Path) -> None:
    """Neither results nor blobs hold the path of the machine that wrote them."""
    assert filled.stored
    assert not any(str(tmp_path).encode() in content for content in filled.stored.values())


@pytest.mark.parametrize(
    "fault",
    [
        Fault("*", times=None, reset=True),
        Fault("*", times=None, reply=Reply(500)),
        Fault("*", times=None, reply=Reply(401)),
        Fault("*", times=None, reply=Reply(200, b"<html>")),
        Fault("* /cas/*", times=None, reply=Reply(404)),
        Fault("* /cas/*", times=None, reply=Reply(200, b"x")),
        Fault("* /cas/*", times=None, cut_at=2),
    ],
    ids=["reset", "500", "401", "html", "missing", "wrong", "cut"],
)
def test_a_cache_that_fails_changes_nothing(filled: HttpCache, checkout: Checkout, fault: Fault) -> None:
    """The scripts run instead, the outputs are the same, and there is one warning."""
    filled.faults.append(fault)
    ran = checkout.run()
    assert (ran.code, checkout.ran(), checkout.outputs()) == (0, ["codegen", "build"], OUTPUTS)
    assert ran.err.count("Remote cache 127.0.0.1:") == 1


def test_a_cache_that_is_down_changes_nothing(tmp_path: Path) -> None:
    """Where nobody listens, scripts run, also for one who would write."""
    with HttpCache() as gone:
        url = gone.url
    checkout = Checkout(tmp_path / "here", url, writes=True)
    ran = checkout.run()
    assert (ran.code, checkout.ran(), checkout.outputs()) == (0, ["codegen", "build"], OUTPUTS)
    assert ran.err.count("could not connect") == 1
    checkout.close()


def test_what_goes_wrong_with_the_last_upload_is_told(server: HttpCache, tmp_path: Path) -> None:
    """A server that takes nothing is one warning of the run that wanted to give, and the run succeeds."""
    server.faults.append(Fault("*", times=None, reply=Reply(404)))
    checkout = Checkout(tmp_path / "here", server.url, writes=True)
    ran = checkout.run()
    assert (ran.code, checkout.outputs()) == (0, OUTPUTS)
    assert ran.err.count("Remote cache 127.0.0.1:") == 1
    checkout.close()
