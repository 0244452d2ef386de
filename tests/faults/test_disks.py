"""Disks that are full or may only be read, and no network at all: in namespaces of one's own."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.faults.conftest import Survived
from tests.support.faults.invariant import NEW, Scene
from tests.support.faults.namespace import unshared


def run(scene: Scene, *arguments: str) -> dict[str, Any]:
    """The step that runs hpm."""
    return {
        "run": list(arguments),
        "cwd": str(scene.shell.cwd),
        "environ": scene.shell.environ,
    }


@pytest.mark.parametrize("limit", ["size=16k", "size=40k", "size=72k", "nr_inodes=8", "nr_inodes=30"])
@pytest.mark.parametrize("where", ["cache", "project"])
def test_full_disk(scene: Scene, survived: Survived, where: str, limit: str) -> None:
    """F3, F4: no blocks or no inodes are left; with more of them the same command completes it."""
    place = scene.shell.home if where == "cache" else scene.shell.project / "hem_modules"
    shutil.rmtree(place)
    place.mkdir()
    full, after, again, verified = unshared(
        [
            {"mount": ["-t", "tmpfs", "-o", limit, "none", str(place)]},
            run(scene, "install"),
            {"mount": ["-o", "remount,size=10m,nr_inodes=10k", str(place)]},
            run(scene, "install"),
            run(scene, "list", "--json"),
            run(scene, "cache", "verify"),
        ]
    )
    scene.check_told(full)
    if full.code:
        assert "disk is full" in full.err
    assert after.code == again.code == verified.code == 0, (full, after, again, verified)
    assert all(f'"{version}"' in again.out and name in again.out for name, version in NEW.items())
    survived("full disks")


@pytest.mark.parametrize("where", ["cache", "project", "home"])
def test_disk_that_may_only_be_read(scene: Scene, survived: Survived, where: str) -> None:
    """F7: told, with nothing changed; a cache that may only be read still serves what it has."""
    place = {
        "cache": scene.shell.home / "cache",
        "home": scene.shell.home,
        "project": scene.shell.project,
    }[where]
    mounts = [
        {"mount": ["--bind", str(place), str(place)]},
        {"mount": ["-o", "remount,bind,ro", str(place)]},
    ]
    refused, listed = unshared([*mounts, run(scene, "install"), run(scene, "list")])
    scene.check_told(refused)
    assert refused.code != 0
    assert "read-only" in refused.err
    assert listed.code in {0, 9}
    scene.check_state()
    scene.check_recovery()
    if where == "cache":
        shutil.rmtree(scene.shell.project / "hem_modules")
        (served,) = unshared([*mounts, run(scene, "install", "--offline")])
        assert served.code == 0, served
        scene.check_installed()
    survived("disks that may only be read")


def test_no_network_at_all(scene: Scene, survived: Survived) -> None:
    """F13: without so much as a loopback device, what is in the store is installed."""
    scene.well()
    shutil.rmtree(scene.shell.project / "hem_modules")
    (ran,) = unshared([run(scene, "install", "--offline")], network=False)
    assert ran.code == 0, ran
    scene.check_installed()
    survived("networks that are not there")
