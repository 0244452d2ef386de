"""The stopwatch tells what a command took, and nothing of what measures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.benchmarks.timing import Command, NotMeasured, take
from tests.support.processes import await_end

PYTHON = (sys.executable, "-I", "-S", "-c")


def test_times_and_memory_are_those_of_the_command(tmp_path: Path) -> None:
    """The peak is that of the command and its children, whatever the one who measures has in memory."""
    held = bytearray(200 << 20)
    held[:: 1 << 12] = b"x" * (len(held) >> 12)
    taken = take(Command((*PYTHON, "pass"), tmp_path))
    assert 0 < taken.peak < 100
    assert taken.wall > 0
    child = f"import subprocess; subprocess.run([{sys.executable!r}, '-c', 'bytearray(150 << 20)'])"
    assert take(Command((*PYTHON, child), tmp_path)).peak > 140
    assert len(held) == 200 << 20


def test_the_command_has_its_folder_its_variables_and_no_input(tmp_path: Path) -> None:
    """It sees what it was given and nothing else."""
    seen = "os.environ['A'] + sys.stdin.read() + str('HOME' in os.environ)"
    script = f"import os, sys; open('seen', 'w').write({seen})"
    take(Command((*PYTHON, script), tmp_path, {"A": "given "}))
    assert (tmp_path / "seen").read_text() == "given False"


def test_a_failure_is_told_with_what_was_printed(tmp_path: Path) -> None:
    """The exit code and the words are in the message."""
    with pytest.raises(NotMeasured, match="exit code 3: it is broken"):
        take(Command((*PYTHON, "print('it is broken'); raise SystemExit(3)"), tmp_path))


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """It is said, and is no defect of what measures."""
    with pytest.raises(NotMeasured, match="could not be run"):
        take(Command(("there-is-no-such-program",), tmp_path))


def test_what_hangs_is_ended(tmp_path: Path) -> None:
    """After the limit neither the command nor its children are there."""
    script = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    with pytest.raises(NotMeasured, match="took longer than 2 seconds"):
        take(Command((*PYTHON, script), tmp_path), limit=2)
    await_end(int((tmp_path / "pid").read_text()))
