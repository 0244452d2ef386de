"""Many at once, some of them killed: installers of one project, projects on one store, collections."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.faults.conftest import Survived
from tests.support.faults.invariant import Scene
from tests.support.faults.points import IS_NIGHTLY
from tests.support.projects import ProjectFolder

_PATIENCE_SECONDS = 90


def ended(started: list[subprocess.Popen[str]]) -> Iterator[tuple[int, str, str]]:
    """The end of each, which comes in time: nobody waits for ever for another."""
    for process in started:
        out, err = process.communicate(timeout=_PATIENCE_SECONDS)
        yield process.returncode, out, err


def test_installers_killed_beside_each_other(scene: Scene, survived: Survived) -> None:
    """F2: of four installers three are killed at random moments; the fourth, or the next, completes it."""
    moments = random.Random(20)  # noqa: S311 - always the same moments
    rounds = 25 if IS_NIGHTLY else 4
    for _ in range(rounds):
        scene.start_over()
        started = [scene.shell.start("install") for _ in range(4)]
        for victim in started[:3]:
            try:
                victim.wait(moments.uniform(0, 0.6))
            except subprocess.TimeoutExpired:
                victim.kill()
        codes = [code for code, _, _ in ended(started)]
        assert codes[3] in {0, 9}
        scene.check_state()
        scene.check_recovery()
    survived("rounds of killed installers", rounds)


def test_ten_installers_of_one_project(scene: Scene, survived: Survived) -> None:
    """F9: each succeeds or is told that another one changed the project; the result is one installation."""
    started = [scene.shell.start("install") for _ in range(10)]
    outcomes = list(ended(started))
    assert {code for code, _, _ in outcomes} <= {0, 9}
    assert any(code == 0 for code, _, _ in outcomes)
    assert all("Another hpm process" in err for code, _, err in outcomes if code == 9)
    scene.check_state()
    scene.check_recovery()
    survived("installers at once", 10)


@pytest.mark.parametrize("collection", [("cache", "clean"), ("cache", "prune", "--size", "0")])
def test_ten_projects_and_a_collection_on_one_store(
    tmp_path: Path, survived: Survived, collection: tuple[str, ...]
) -> None:
    """F9: ten projects fill one store while it is emptied again and again; all are installed in time."""
    with ExitStack() as stack:
        shared = {"HPM_CACHE_DIR": str(tmp_path / "cache")}
        first = stack.enter_context(closing(ProjectFolder(tmp_path / "0", shared)))
        for number in range(5):
            first.registry.publish(f"acme/p{number}", "1.0.0")
        sources = {**shared, "HPM_SOURCES": first.registry.rule()}
        projects = [first]
        projects += [
            stack.enter_context(closing(ProjectFolder(tmp_path / str(number), sources)))
            for number in range(1, 10)
        ]
        for project in projects:
            project.require({f"acme/p{number}": "*" for number in range(5)})
        started = [project.start("install") for project in projects]
        cleaned = 0
        while any(process.poll() is None for process in started):
            assert first.process(*collection).code == 0
            cleaned += 1
        assert cleaned > 0
        for (code, out, err), project in zip(ended(started), projects, strict=True):
            assert code == 0, out + err
            project.check_installed()
        assert first.process("cache", "verify").code == 0
    survived("installers at once", 10)
    survived("collections beside them", cleaned)
