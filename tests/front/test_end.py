"""The end of the process: everything that somebody waits for happens, and nothing is taken apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PROGRAM = """
import atexit, sys
from hpmtasks.front import script

class Part:
    def __del__(self):
        print("taken apart")

part = Part()
atexit.register(lambda: print("registered"))
sys.argv = ["hpm", *sys.argv[1:]]
print("begun", end=" ")
script()
print("never")
"""


def ended(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_what_is_printed_and_registered_is_done() -> None:
    """All output arrives where it is no terminal, then what was registered for the end; nothing after it."""
    code, out, err = ended("--version")
    assert (code, err) == (0, "")
    assert out.startswith("begun hpm ")
    assert out.endswith("\nregistered\n")


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- >&- 2>&-"])
def test_nobody_need_listen(tmp_path: Path, closed: str) -> None:
    """Where streams are closed hpm ends as it would have, and writes nothing of what it says into files."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-m", "hpmtasks", "init", "--yes"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "HPM_HOME": str(tmp_path / "home")},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0
    assert json.loads((tmp_path / "package.json").read_text())["version"] == "1.0.0"


def test_a_failure_ends_with_its_code() -> None:
    """The exit code is that of the failure, and its sentence is whole."""
    code, out, err = ended("no-such-command")
    assert (code, out) == (64, "begun registered\n")
    assert err.endswith("explains.\n")
