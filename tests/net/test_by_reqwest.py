"""Loading the compiled client: what is told to its allocator stays between the two."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.command_line import REPOSITORY

VARIABLE = "MIMALLOC_ARENA_EAGER_COMMIT"


@pytest.mark.parametrize("before", [None, "1"])
def test_loading_it_leaves_the_environment_alone(before: str | None) -> None:
    """No script that hpm runs sees the variable; whoever has set it himself is not overruled."""
    pytest.importorskip("pyreqwest", reason="the compiled client is not installed")
    environ = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if before is not None:
        environ[VARIABLE] = before
    program = f"import os, hpmtasks.net.by_reqwest; print(os.environ.get({VARIABLE!r}))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(before)
