"""F15: the power is lost at any call that changes the disk: nothing torn is used, and all is made good."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.conftest import Survived
from tests.support.faults.inject import identity
from tests.support.faults.invariant import Scene
from tests.support.faults.points import calls_of, each, files_in, some


@pytest.mark.parametrize("survivor", ["emptied", "zeros", "half"])
def test_power_lost_at_a_call(scene: Scene, survived: Survived, survivor: str) -> None:
    """F15: what was written and not synced is lost, and its name is there; the next boot notices."""
    total = calls_of(scene)["*"]
    report = scene.folder / "report.json"

    def attempt(number: int) -> None:
        scene.start_over()
        report.unlink(missing_ok=True)
        ran = scene.run(fault={"number": number, "report": str(report)}, boot="before")
        lost = set(json.loads(report.read_text())["dirty"])
        for path in files_in(scene.shell.project, scene.shell.home):
            if identity(path.lstat()) in lost:
                _lose(path, survivor)
        scene.check_told(ran)
        documents = scene.shell.documents()
        for name, content in documents.items():
            assert content in {scene.old_documents[name], scene.new_documents[name]}, f"{name} is torn"
        scene.check_recovery(boot="after")

    survived("losses of power", each(some(range(1, total + 1), 25), attempt))


def _lose(path: Path, survivor: str) -> None:
    """The content of *path* is not what was written."""
    size = path.stat().st_size
    mode = path.stat().st_mode
    path.chmod(0o644)
    content = path.read_bytes()[: size // 2]
    path.write_bytes({"emptied": b"", "zeros": bytes(size), "half": content}[survivor])
    path.chmod(mode)
