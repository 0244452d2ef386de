"""interpreter: the real Hemlock, where there is one on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import PATIENCE_SECONDS

HEMLOCK = shutil.which("hemlock")
COMPILER = shutil.which("hemlockc")

needs_hemlock = pytest.mark.skipif(
    HEMLOCK is None, reason="compares with the real interpreter: there is no hemlock on the PATH"
)
needs_compiler = pytest.mark.skipif(
    COMPILER is None or HEMLOCK is None, reason="there is no hemlock, or no hemlockc, on the PATH"
)


def hemlock(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What the interpreter does with *arguments*."""
    assert HEMLOCK is not None
    return subprocess.run(
        [HEMLOCK, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def path_with(*programs: Path) -> str:
    """A PATH on which these *programs* come first."""
    return os.pathsep.join([*(str(program.parent) for program in programs), os.environ.get("PATH", "")])
