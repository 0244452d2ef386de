"""timing: what a command took, by a stopwatch that is a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_STOPWATCH = Path(__file__).with_name("stopwatch.py")
#: No command that is measured takes as long; one that does hangs.
LIMIT_SECONDS = 300.0
#: How much of what a command printed is told of one that failed.
_TOLD = 600


class NotMeasured(Exception):
    """A command did not do what was to be measured; the message says what it did instead."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, where, and with which variables; *environ* is all there are."""

    argv: tuple[str, ...]
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took: milliseconds of wall-clock time and of the processor, and MiB of memory."""

    wall: float
    processor: float
    peak: float


def take(command: Command, *, limit: float = LIMIT_SECONDS) -> Taken:
    """What *command* takes; everything it started has ended.

    Raises:
        NotMeasured: It is not there, failed, or took longer than *limit* seconds.
    """
    with tempfile.NamedTemporaryFile(prefix="hpm-bench-", suffix=".log") as log:
        stopwatch = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_STOPWATCH), log.name, *command.argv],
            cwd=command.folder,
            env=dict(command.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            printed, problem = stopwatch.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"took longer than {limit:.0f} seconds") from None
        finally:
            _end(stopwatch)
        if stopwatch.returncode != 0:
            raise NotMeasured(f"{command.argv[0]} could not be run: {problem.strip().splitlines()[-1]}")
        wall, processor, peak, code = printed.split()
        if code != "0":
            said = Path(log.name).read_text(errors="replace").strip()
            raise NotMeasured(f"exit code {code}: {said[-_TOLD:]}")
    return Taken(float(wall), float(processor), float(peak))


def _end(stopwatch: subprocess.Popen[str]) -> None:
    """Neither *stopwatch* nor what it runs is there any more."""
    if stopwatch.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(stopwatch.pid, signal.SIGKILL)
        stopwatch.communicate()
