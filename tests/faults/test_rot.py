"""F17: any file of the cache and of .hpm is damaged, lost or replaced; it is noticed, and never laid out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Survived
from tests.support.faults.invariant import NEW, Scene
from tests.support.faults.points import each, files_in


def _overwrite(path: Path, content: bytes) -> None:
    mode = path.stat().st_mode
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(mode)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[len(content) // 2] ^= 0x01
    _overwrite(path, bytes(content))


def _to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


_DAMAGES: dict[str, Callable[[Path], object]] = {
    "one bit": _flip,
    "emptied": lambda path: _overwrite(path, b""),
    "half": lambda path: _overwrite(path, path.read_bytes()[: path.stat().st_size // 2]),
    "more": lambda path: _overwrite(path, path.read_bytes() + b"\0"),
    "mode": lambda path: path.chmod(0o777),
    "deleted": lambda path: path.unlink(),
    "folder": _to_folder,
}


@pytest.mark.parametrize("damage", _DAMAGES)
def test_damaged_file(scene: Scene, survived: Survived, damage: str) -> None:
    """With hem_modules gone, what is laid out comes from the store: right, or fetched again."""
    scene.well()
    paths = [
        path.relative_to(scene.folder)
        for path in files_in(scene.shell.home, scene.shell.project / ".hpm")
        if path.name != "mutex"
    ]
    assert len(paths) > 10

    def attempt(relative: Path) -> None:
        path = scene.folder / relative
        if not path.is_file():  # made anew under another name
            return
        _DAMAGES[damage](path)
        shutil.rmtree(scene.shell.project / "hem_modules", ignore_errors=True)
        ran = scene.run()
        if ran.code:  # somebody's folder, which hpm names and does not remove
            scene.check_told(ran)
            assert path.is_dir()
            assert str(path) in ran.err
        if path.is_dir():
            path.rmdir()
        scene.check_state()
        scene.well()
        scene.check_installed()

    survived("damaged files", each(paths, attempt))


@pytest.mark.parametrize("damage", ["one bit", "emptied", "half", "deleted"])
def test_damaged_lock(scene: Scene, survived: Survived, damage: str) -> None:
    """A lock that is no lock is told and kept for its user; without it the same is resolved again."""
    scene.well()
    lock = scene.shell.project / "package-lock.json"
    _DAMAGES[damage](lock)
    content = lock.read_bytes() if lock.exists() else None
    ran = scene.run()
    scene.check_told(ran)
    if ran.code:
        assert "package-lock.json" in ran.err
        assert lock.read_bytes() == content
        lock.unlink()
    scene.well()
    scene.shell.check_installed()  # a bit may have made another lock of it that is one
    assert scene.shell.installed() == NEW
    survived("damaged files")
