"""hpm is stopped in the middle of a script, in three ways: nothing runs on, and nothing half is believed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import PATIENCE_SECONDS, REPOSITORY, CommandLine
from tests.support.processes import await_end

# While there is a file "hold", the script stops with half of its output written.
_HALF = "mkdir -p dist && echo half > dist/out"
BUILD = f"{_HALF}; if test -e hold; then echo $$; sleep 1000; fi; echo whole > dist/out"
TASKS: dict[str, Any] = {
    "scripts": {"first": "mkdir -p gen && echo gen > gen/out", "build": BUILD, "last": "touch last"},
    "tasks": {
        "first": {"inputs": ["src"], "outputs": ["gen/**"]},
        "build": {"dependsOn": ["first"], "inputs": ["src"], "outputs": ["dist/**"]},
        "last": {"dependsOn": ["build"]},
    },
}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[CommandLine]:
    """A project whose build waits for somebody to stop it."""
    with closing(CommandLine(tmp_path)) as opened:
        opened.write("package.json", json.dumps({"name": "me/app", "version": "1.0.0", **TASKS}))
        opened.write("src", "1\n")
        yield opened


def start_and_wait(shell: CommandLine) -> tuple[subprocess.Popen[bytes], int]:
    """``hpm run last`` whose build has written half of its output; and the number of the build's process."""
    shell.write("hold", "")
    started = subprocess.Popen(
        [sys.executable, "-m", "hpmtasks", "run", "last"],
        cwd=shell.project,
        env={**shell.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert started.stdout
    line = started.stdout.readline()
    assert line.startswith(b"build | "), line
    return started, int(line.removeprefix(b"build | "))


def outcomes(shell: CommandLine) -> dict[str, str]:
    done = shell.run("run", "--json", "last")
    assert done.code == 0, done.err
    return {each["task"]: each["outcome"] for each in done.data["tasks"]}


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name
)
def test_stopped_run_leaves_no_orphan_and_no_half_result(shell: CommandLine, number: signal.Signals) -> None:
    """The script ends with hpm; the next run does what was not done, and only that."""
    started, build = start_and_wait(shell)
    started.send_signal(number)
    out, err = started.communicate(timeout=PATIENCE_SECONDS)
    await_end(build)

    killed = number == signal.SIGKILL
    assert started.returncode == (-number if killed else 128 + number)
    assert b"Traceback" not in err
    assert killed or b"Interrupted." in err
    assert out == b""
    assert not (shell.project / "last").exists()
    assert (shell.project / "dist/out").read_text() == "half\n"
    (shell.project / "hold").unlink()
    assert outcomes(shell) == {"first": "fresh", "build": "ran", "last": "ran"}
    assert (shell.project / "dist/out").read_text() == "whole\n"
    assert outcomes(shell) == {"first": "fresh", "build": "fresh", "last": "ran"}


def test_killed_run_does_not_spoil_the_result_before_it(shell: CommandLine) -> None:
    """What was made of the sources before is restored when they are as before, over the half output."""
    assert outcomes(shell)["build"] == "ran"
    shell.write("src", "2\n")
    started, build = start_and_wait(shell)
    started.kill()
    started.communicate(timeout=PATIENCE_SECONDS)
    await_end(build)
    (shell.project / "hold").unlink()
    shell.write("src", "1\n")
    assert outcomes(shell)["build"] == "restored"
    assert (shell.project / "dist/out").read_text() == "whole\n"


def test_who_asks_twice_does_not_wait(shell: CommandLine) -> None:
    """A script that does not listen is killed by the second signal, with what it started."""
    deaf = "trap '' TERM INT; echo $$; while :; do sleep 1000; done"
    document = {**TASKS, "scripts": {**TASKS["scripts"], "build": f"mkdir dist; {deaf}"}}
    shell.write("package.json", json.dumps({"name": "me/app", "version": "1.0.0", **document}))
    started, build = start_and_wait(shell)
    started.send_signal(signal.SIGTERM)
    os.kill(started.pid, 0)
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=PATIENCE_SECONDS)
    await_end(build)
    assert started.returncode in {128 + signal.SIGTERM, 128 + signal.SIGINT}


def test_failure_is_told_with_its_code_and_what_was_not_begun(shell: CommandLine) -> None:
    """The exit code is that of the first in graph order; what comes after it did not run."""
    document = {**TASKS, "scripts": {**TASKS["scripts"], "build": "echo nope; exit 41"}}
    shell.write("package.json", json.dumps({"name": "me/app", "version": "1.0.0", **document}))
    done = shell.process("run", "last")
    assert (done.code, done.out) == (41, "build | nope\n")
    assert "build | failed: it ended with 41.\n" in done.err
    assert "3 tasks: 1 ran, 1 failed, 1 skipped" in done.err
    assert not (shell.project / "last").exists()
