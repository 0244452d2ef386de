"""Services as real processes: ready in three ways, started once, stopped at the end, missed when they die."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from tests.support.command_line import CommandLine, Ran
from tests.support.pages import ROOT
from tests.support.processes import has_ended

SCHEMA = json.loads((ROOT / "docs/run.schema.json").read_text(encoding="utf-8"))
# Says which process it is, and runs until somebody ends it.
SERVE = "echo $$ >> started; echo $$ > process; {}; exec sleep 1000"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[CommandLine]:
    """A project without scripts yet."""
    with closing(CommandLine(tmp_path)) as opened:
        yield opened


def lay_out(shell: CommandLine, scripts: dict[str, str], tasks: dict[str, Any]) -> None:
    document = {"name": "me/app", "version": "1.0.0", "scripts": scripts, "tasks": tasks}
    shell.write("package.json", json.dumps(document))


def with_service(shell: CommandLine, serve: str, ready: dict[str, Any], test: str = "test -e ready") -> None:
    """``test`` needs ``serve``, which is ready as *ready* says."""
    tasks = {
        "serve": {"persistent": True, "readyWhen": {"timeout": 20, **ready}},
        "test": {"dependsOn": ["serve"]},
    }
    lay_out(shell, {"serve": serve, "test": test}, tasks)


def process_of(shell: CommandLine) -> int:
    return int((shell.project / "process").read_text())


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


LISTEN = """exec python3 -c "
import socket, time
s = socket.create_server(('127.0.0.1', {port})); open('ready', 'w').close()
while True: s.accept()[0].close()
" """


def test_service_is_ready_by_its_log(shell: CommandLine) -> None:
    """Whoever needs it begins when a line of it says so, and it is gone when the run is over."""
    with_service(shell, SERVE.format("touch ready; echo port 80 is open >&2"), {"log": "port \\d+ is open"})
    done = shell.process("run", "test")
    assert done.code == 0, done.err
    assert "serve | ready\n" in done.err
    assert has_ended(process_of(shell))


def test_service_is_ready_by_a_file(shell: CommandLine) -> None:
    """That comes some time after it was started."""
    with_service(shell, SERVE.format("sleep 0.1; touch ready"), {"file": "ready"})
    assert shell.process("run", "test").code == 0
    assert has_ended(process_of(shell))


def test_service_is_ready_by_a_port(shell: CommandLine) -> None:
    """That takes connections."""
    port = free_port()
    with_service(shell, LISTEN.format(port=port), {"port": port})
    done = shell.process("run", "test")
    assert done.code == 0, done.err
    with pytest.raises(OSError):  # noqa: PT011  refused, however a system says it
        socket.create_connection(("127.0.0.1", port), 1).close()


def test_port_that_is_taken_already_is_not_its_own(shell: CommandLine) -> None:
    """Who answers there is somebody else, so nobody would be tested but that one."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with_service(shell, SERVE.format("touch ready"), {"port": port})
        done = shell.process("run", "test")
    assert done.code == 1
    assert f"something answers at port {port} already" in done.err
    assert not (shell.project / "ready").exists()


def failing(shell: CommandLine) -> Ran:
    done = shell.process("run", "test")
    assert done.code == 1
    assert not (shell.project / "ran").exists()
    return done


def test_service_that_ends_before_it_is_ready(shell: CommandLine) -> None:
    """What needs it is not begun, and its code is told."""
    with_service(shell, "exit 7", {"log": "never"}, test="touch ran")
    assert "serve ended with 7 before it was ready." in failing(shell).err


def test_service_that_is_not_ready_in_time(shell: CommandLine) -> None:
    """It is stopped, and what needs it has failed."""
    with_service(shell, SERVE.format("true"), {"log": "never", "timeout": 0.2}, test="touch ran")
    assert "serve was not ready after 0.2 seconds." in failing(shell).err
    assert has_ended(process_of(shell))


def test_service_that_dies_takes_its_users_along(shell: CommandLine) -> None:
    """They would wait for it for ever; it does not matter that it ended well."""
    serve = "touch ready; echo ready; while ! test -e die; do sleep 0.01; done"
    with_service(shell, serve, {"log": "ready"}, test="touch die; sleep 1000; touch ran")
    assert "serve ended with 0 while it was needed." in failing(shell).err


def test_service_is_not_started_for_what_need_not_run(shell: CommandLine) -> None:
    """Two users share one; when both are fresh, nobody needs it."""
    user = {"dependsOn": ["serve"], "inputs": [], "outputs": ["out-*"]}
    scripts = {"serve": SERVE.format("true"), "a": "touch out-a", "b": "touch out-b"}
    tasks: dict[str, Any] = {"serve": {"persistent": True}, "all": {"dependsOn": ["a", "b"]}}
    tasks |= {name: {**user, "outputs": [f"out-{name}"]} for name in ("a", "b")}
    lay_out(shell, scripts, tasks)
    first = shell.run("run", "--json", "all")
    OAS31Validator(SCHEMA).validate(first.data)
    again = shell.run("run", "--json", "all")

    assert [each["outcome"] for each in first.data["tasks"]] == ["service", "ran", "ran", "fresh"]
    assert [each["outcome"] for each in again.data["tasks"]] == ["service", "fresh", "fresh", "fresh"]
    assert len((shell.project / "started").read_text().split()) == 1


def test_service_that_needs_a_service(shell: CommandLine) -> None:
    """The one below is ready first, and both are ended."""
    scripts = {
        "database": "echo $$ > database; sleep 0.1; touch data; exec sleep 1000",
        "serve": SERVE.format("test -e data && touch ready"),
        "test": "test -e ready",
    }
    tasks = {
        "database": {"persistent": True, "readyWhen": {"file": "data"}},
        "serve": {"persistent": True, "dependsOn": ["database"], "readyWhen": {"file": "ready"}},
        "test": {"dependsOn": ["serve"]},
    }
    lay_out(shell, scripts, tasks)
    done = shell.process("run", "test")
    assert done.code == 0, done.err
    assert has_ended(process_of(shell))
    assert has_ended(int((shell.project / "database").read_text()))


def test_service_alone_is_a_script_like_any_other(shell: CommandLine) -> None:
    """It runs until it ends, and its code is that of hpm."""
    lay_out(shell, {"serve": "echo here; exit 5"}, {"serve": {"persistent": True}})
    done = shell.process("run", "serve")
    assert (done.code, done.out) == (5, "here\n")


def test_service_that_is_asked_for_goes_on_when_its_users_have_ended(shell: CommandLine) -> None:
    """It is started once, and the run ends when it does."""
    serve = (
        "echo $$ >> started; echo ready; while ! test -e tested; do sleep 0.01; done; sleep 0.05; touch later"
    )
    with_service(shell, serve, {"log": "ready"}, test="touch tested")
    shell.process("run", "serve", "test")
    assert (shell.project / "later").exists()
    assert len((shell.project / "started").read_text().split()) == 1
