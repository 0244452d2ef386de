"""Killed at any call that changes the disk: nothing is torn, and the next run makes it good."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.faults.conftest import Survived
from tests.support.command_line import REPOSITORY
from tests.support.faults.invariant import Scene
from tests.support.faults.points import IS_NIGHTLY, calls_of, each, some

_SYSTEM_CALLS = (
    "write",
    "rename",
    "mkdir",
    "mkdirat",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "fsync",
)
_PATIENCE_SECONDS = 120


def test_killed_at_every_call(scene: Scene, survived: Survived) -> None:
    """F1: kill -9 before each call that changes the disk; the next run finishes what was begun."""
    total = calls_of(scene)["*"]
    assert total > 50

    def attempt(number: int) -> None:
        scene.start_over()
        ran = scene.run(fault={"number": number})
        assert ran.code in {-9, 0}  # threads do not always take the same way
        scene.check_everything(ran)

    survived("kill points", each(range(1, total + 1), attempt))


def test_killed_in_the_first_installation(scene: Scene, survived: Survived) -> None:
    """F1: the same where nothing is there yet, neither store nor lock nor folder."""

    def start_over() -> None:
        scene.start_over()
        for path in (scene.shell.home, scene.shell.project / "hem_modules", scene.shell.project / ".hpm"):
            shutil.rmtree(path, ignore_errors=True)
        (scene.shell.project / "package-lock.json").unlink()
        scene.old_documents = scene.shell.documents()

    report = scene.folder / "report.json"
    start_over()
    assert scene.run(fault={"report": str(report)}).code == 0
    total = json.loads(report.read_text())["seen"]["*"]

    def attempt(number: int) -> None:
        start_over()
        scene.check_everything(scene.run(fault={"number": number}))

    survived("kill points", each(some(range(1, total + 1), 30), attempt))


def test_killed_while_packages_are_exchanged(scene: Scene, survived: Survived) -> None:
    """F1: the same where a plan exchanges what stands for what was installed before, as after git switch."""
    report = scene.folder / "report.json"

    def start_over() -> None:
        scene.start_over()
        lock = scene.shell.documents()["package-lock.json"]
        assert lock is not None
        scene.well()
        scene.shell.require({"acme/a": "1.0.0", "acme/b": "1.0.0"})
        scene.shell.write("package-lock.json", lock)
        scene.well()
        for name, content in scene.new_documents.items():
            assert content is not None
            scene.shell.write(name, content)
        scene.old_documents = scene.shell.documents()

    start_over()
    ran = scene.run(fault={"report": str(report)})
    assert "~ acme/a: 1.0.0" in ran.out
    seen = json.loads(report.read_text())["seen"]
    assert seen["link"] > 0
    assert "fsync" not in seen, "it was the graph"

    def attempt(number: int) -> None:
        start_over()
        scene.check_everything(scene.run(fault={"number": number}))

    survived("kill points", each(some(range(1, seen["*"] + 1), 40), attempt))


# ---------------------------------------------------------------- by the kernel's own calls


def _strace() -> str:
    """The path of strace, if it may be used."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed")
    tried = subprocess.run([found, "-o", os.devnull, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip("strace may not trace here")
    return found


def test_killed_at_every_system_call(scene: Scene, survived: Survived) -> None:
    """F1: as seen by the kernel, so that what Python does by itself is counted too."""
    strace = _strace()

    def run(call: str, number: int) -> int:
        done = subprocess.run(
            [
                strace,
                *("-f", "-qq", "-o", os.devnull, "-e", f"trace={call}"),
                *("-e", f"inject={call}:signal=KILL:when={number}"),
                *(sys.executable, "-m", "hpmtasks", "install"),
            ],
            cwd=scene.shell.cwd,
            env={**scene.shell.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        return done.returncode

    killed: list[tuple[str, int]] = []

    def attempt(call: str) -> None:
        number = 1
        while True:
            scene.start_over()
            code = run(call, number)
            scene.check_state()
            scene.check_recovery()
            if code == 0:
                return
            killed.append((call, number))
            number += 1 if IS_NIGHTLY else 4

    each(_SYSTEM_CALLS if IS_NIGHTLY else ("write", "rename", "linkat"), attempt)
    assert killed
    survived("kill points of the kernel", len(killed))
