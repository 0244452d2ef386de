"""Calls that fail, limits, signals, clocks that jump: told in one sentence, made good by the next run."""

from __future__ import annotations

import shutil

import pytest

from tests.faults.conftest import Survived
from tests.support.faults.invariant import Scene
from tests.support.faults.points import IS_NIGHTLY, calls_of, each, some

#: Error number → the calls that it is given by.
_ERRORS = {
    "ENOSPC": ("write", "mkdir", "open", "link", "rename"),
    "EDQUOT": ("write", "open"),
    "EIO": ("fsync", "write", "rename"),
    "EROFS": ("open", "mkdir"),
    "EACCES": ("rename", "unlink"),
    "EXDEV": ("link", "rename"),
    "EMLINK": ("link",),
    "EMFILE": ("open",),
}
_FIU = ("fiu-run", "-x", "-c", "enable_random name=posix/io/rw/write,probability=0.05")


@pytest.mark.parametrize("error", _ERRORS)
def test_error_at_a_call(scene: Scene, survived: Survived, error: str) -> None:
    """F5: whatever call fails, once, nothing is torn, and the next run is as if nothing had been."""
    seen = calls_of(scene)
    points = [
        (call, number)
        for call in _ERRORS[error]
        for number in some(range(1, seen.get(call, 0) + 1), 6 if call != "link" else 3)
    ]

    def attempt(point: tuple[str, int]) -> None:
        call, number = point
        scene.start_over()
        ran = scene.run(fault={"call": call, "number": number, "do": error})
        scene.check_everything(ran)

    survived("injected errors", each(points, attempt))


@pytest.mark.parametrize(("call", "error"), [("link", "EXDEV"), ("link", "EPERM"), ("link", "EMLINK")])
def test_disk_that_cannot_link(scene: Scene, survived: Survived, call: str, error: str) -> None:
    """F5: where links are impossible altogether, files are copied, and that is no failure."""
    ran = scene.run(fault={"call": call, "number": 0, "do": error})
    assert ran.code == 0, ran
    scene.check_everything(ran)
    survived("injected errors")


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_file_system_without_locks(scene: Scene, survived: Survived, error: str) -> None:
    """F10: a lock service that refuses stops nobody; what is written is right without it."""
    ran = scene.run(fault={"call": "flock", "number": 0, "do": error})
    assert ran.code == 0, ran
    scene.check_everything(ran)
    survived("refused locks")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_lock_that_fails_otherwise(scene: Scene, survived: Survived, number: int) -> None:
    """F10: any other failure of a lock is told."""
    ran = scene.run(fault={"call": "flock", "number": number, "do": "EIO"})
    scene.check_everything(ran)
    survived("refused locks")


@pytest.mark.parametrize("limit", [400, 512, 2048])
def test_limit_on_the_size_of_files(scene: Scene, survived: Survived, limit: int) -> None:
    """F8: no file may be larger than that many bytes."""
    ran = scene.run(limits={"FSIZE": limit})
    assert ran.code != 0
    scene.check_everything(ran)
    survived("limits")


@pytest.mark.parametrize("limit", [4, 8, 12, 16, 24])
def test_limit_on_open_files(scene: Scene, survived: Survived, limit: int) -> None:
    """F8: very few files may be open."""
    scene.check_everything(scene.run(limits={"NOFILE": limit}))
    survived("limits")


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_signal_at_a_call(scene: Scene, survived: Survived, name: str, code: int) -> None:
    """F21: whenever it comes, hpm ends with the signal's code, or had finished; nothing is torn."""
    total = calls_of(scene)["*"]

    def attempt(number: int) -> None:
        scene.start_over()
        ran = scene.run(fault={"number": number, "do": name})
        scene.check_everything(ran, codes=(code,))
        if ran.code == code:
            assert "Interrupted" in ran.err

    survived("signals", each(some(range(1, total + 1), 25), attempt))


@pytest.mark.parametrize("seconds", [-40 * 365 * 86400, -86400, 5 * 365 * 86400])
def test_clock_that_jumps(scene: Scene, survived: Survived, seconds: int) -> None:
    """F18: the clock is decades behind or years ahead during a run, and right again in the next."""
    ran = scene.run(clock=seconds)
    assert ran.code == 0, ran
    scene.check_everything(ran)
    assert scene.run(clock=seconds).code == 0
    survived("jumps of the clock")


def test_library_that_fails_at_random(scene: Scene, survived: Survived) -> None:
    """F6: calls of the C library fail at random, by libfiu, where that is installed."""
    if shutil.which("fiu-run") is None:
        pytest.skip("fiu-run (fiu-utils) is not installed")
    if not IS_NIGHTLY:
        pytest.skip("by night: HPM_FAULTS=nightly")
    import subprocess
    import sys

    from tests.support.command_line import REPOSITORY

    for _ in range(20):
        scene.start_over()
        subprocess.run(
            [*_FIU, sys.executable, "-m", "hpmtasks", "install"],
            cwd=scene.shell.cwd,
            env={**scene.shell.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        scene.check_state()
        scene.check_recovery()
    survived("injected errors", 20)
