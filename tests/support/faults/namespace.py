"""namespace: what only an administrator may do, done in a namespace of one's own: mounts, and no network.

``unshare -Urm python -m tests.support.faults.namespace`` reads a list of steps, each ``{"mount":
[arguments of mount]}`` or ``{"run": [...], "cwd": ..., "environ": {...}}``, and prints what the runs did.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.command_line import REPOSITORY, Ran

_PATIENCE_SECONDS = 120


def unshared(steps: Sequence[dict[str, Any]], *, network: bool = True) -> list[Ran]:
    """The outcomes of the runs among *steps*; skips the test where there are no namespaces for users."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    options = "-Urm" if network else "-Urmn"
    probe = [unshare, options, "mount", "-t", "tmpfs", "none", "/mnt"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine has no namespaces for users")
    done = subprocess.run(
        [unshare, options, sys.executable, "-m", "tests.support.faults.namespace"],
        input=json.dumps(list(steps)),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Ran(**outcome) for outcome in json.loads(done.stdout)]


def _main() -> None:
    outcomes = []
    for step in json.load(sys.stdin):
        if "mount" in step:
            subprocess.run(["mount", *step["mount"]], check=True)
            continue
        environ = {**step["environ"], "PYTHONPATH": os.fspath(REPOSITORY)}
        done = subprocess.run(
            [sys.executable, "-m", "hpmtasks", *step["run"]],
            cwd=step["cwd"],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        outcomes.append({"code": done.returncode, "out": done.stdout, "err": done.stderr})
    print(json.dumps(outcomes))


if __name__ == "__main__":
    _main()
