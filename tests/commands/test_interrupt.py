"""Ctrl-C and SIGTERM in the middle of an installation."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from hpmtasks.files.atomic import write_atomically
from tests.support.command_line import CommandLine, gate
from tests.support.github_server import GithubServer

MOMENTS = {
    "tags": "web */git-upload-pack",
    "first archive": "codeload /acme/a/*",
    "last archive": "codeload /acme/new/*",
}


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
@pytest.mark.parametrize("moment", MOMENTS)
def test_interrupted_installation_leaves_old_or_new_packages(
    own_shell: CommandLine, own_server: GithubServer, number: int, kind: str, moment: str
) -> None:
    """The documents keep their bytes, each package is whole, and the next run goes on from there."""
    own_shell.require({"acme/a": "1.0.0"})
    own_shell.run("install")
    own_server.publish("acme/a", "v1.2.0", dependencies={"acme/b": "^1.0.0"})
    own_shell.require({"acme/a": "1.2.0", "acme/new": "*"})
    before = own_shell.documents()
    closed = gate(own_server, MOMENTS[moment])
    as_json = ("--json",) if moment == "tags" else ()

    started = own_shell.start("install", *as_json)
    assert closed.reached.wait(30)
    started.send_signal(number)
    out, err = started.communicate(timeout=30)
    closed.set()

    code = 128 + number
    assert started.returncode == code
    told = "Interrupted. package.json and package-lock.json are as they were."
    if as_json:
        assert f'"kind": "{kind}",\n    "code": "HPM{code}1",\n    "exitCode": {code},' in out
        assert f'\n    "message": "{told}"' in out
    else:
        assert (out, err) == ("", f"Error: {told}\n")
    assert own_shell.documents() == before
    assert own_shell.installed()["acme/a"] in {"1.0.0", "1.2.0"}
    assert own_shell.run("install").code == 0
    assert own_shell.installed() == {"acme/a": "1.2.0", "acme/b": "1.2.0", "acme/new": "1.0.0"}


def test_interrupted_addition_leaves_package_json_as_it_was(
    own_shell: CommandLine, own_server: GithubServer
) -> None:
    """``hpm install X`` stopped half-way did not happen."""
    own_shell.require({})
    before = own_shell.documents()
    closed = gate(own_server, "codeload *")

    started = own_shell.start("install", "acme/new")
    assert closed.reached.wait(30)
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=30)
    closed.set()

    assert started.returncode == 130
    assert own_shell.documents() == before
    assert not (own_shell.project / ".hpm/package.json").exists()


def test_interrupt_between_the_two_documents_waits_for_both(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """package.json and its lock are never torn apart; whoever interrupts is told that both are written."""

    def write(path: Path, data: bytes, *, durable: bool) -> None:
        write_atomically(path, data, durable=durable)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("hpmtasks.stages.lock.action.write_atomically", write)
    shell.require({})

    ran = shell.run("install", "acme/new")

    assert ran.code == 130
    assert "after package-lock.json was written" in ran.err
    assert shell.manifest()["dependencies"] == {"acme/new": "^1.0.0"}
    assert list(shell.lock()["dependencies"]) == ["acme/new"]
    monkeypatch.undo()
    assert shell.run("install").code == 0
