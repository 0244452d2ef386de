"""Ctrl-C and SIGTERM in the middle of an installation."""

from __future__ import annotations

import importlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import hpmtasks.dataclass as dataclass_module
from hpmtasks.cli import heed
from hpmtasks.dataclass import dataclass
from hpmtasks.files.atomic import write_atomically
from tests.support.command_line import PATIENCE_SECONDS, CommandLine, gate
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


@pytest.fixture
def _heeding() -> Iterator[None]:
    """Signals are heeded as by the command line."""
    before = signal.signal(signal.SIGTERM, heed)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_heeding")
def test_an_import_is_not_cut_in_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is being imported is there in the end, and then the interruption is heard."""
    (tmp_path / "half_imported.py").write_text("import signal\nsignal.raise_signal(15)\nis_whole = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt) as interrupt:  # noqa: PT012  after the import, not in it
        module = importlib.import_module("half_imported")
        assert module.is_whole
        threading.Event().wait(PATIENCE_SECONDS)
    assert interrupt.value.args == (signal.SIGTERM,)


@pytest.mark.usefixtures("_heeding")
def test_a_comparison_does_not_swallow_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes while the first one compiles the method, of which Python would say nothing."""

    @dataclass
    class Thing:
        size: int

    def raise_signal(*_: object) -> Callable[[object, object], bool]:
        signal.raise_signal(signal.SIGTERM)
        return lambda one, other: True

    monkeypatch.setattr(dataclass_module, "_compiled", raise_signal)
    thing = object.__new__(Thing)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012  after the comparison, not in it
        assert thing == object.__new__(Thing)
        threading.Event().wait(PATIENCE_SECONDS)
