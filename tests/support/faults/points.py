"""points: at which calls something goes wrong, and what is the sum of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.support.faults.invariant import Scene

#: By night every point is tried; else so many that CI can wait for them.
IS_NIGHTLY = os.environ.get("HPM_FAULTS") == "nightly"


def calls_of(scene: Scene, *arguments: str) -> dict[str, int]:
    """How often a run without a fault makes each call; the scene is as it was."""
    report = scene.folder / "report.json"
    ran = scene.run(*arguments, fault={"report": str(report)})
    assert ran.code == 0, ran
    scene.start_over()
    seen: dict[str, int] = json.loads(report.read_text())["seen"]
    return seen


def some(numbers: Sequence[int], most: int) -> Sequence[int]:
    """*numbers*, or by day *most* of them, evenly spread and with the first and the last."""
    if IS_NIGHTLY or len(numbers) <= most:
        return numbers
    step = (len(numbers) - 1) / (most - 1)
    return [numbers[round(index * step)] for index in range(most)]


def each(points: Iterable[Any], attempt: Callable[[Any], object]) -> int:
    """*attempt* holds for each of *points*; the result is how many they are.

    Raises:
        AssertionError: It does not; the message names all the points where it does not.
    """
    failed: list[str] = []
    count = 0
    for point in points:
        count += 1
        try:
            attempt(point)
        except AssertionError as error:
            failed.append(f"{point}: {str(error)[:1500]}")
    assert not failed, f"{len(failed)} of {count}:\n" + "\n".join(failed[:5])
    return count


def files_in(*folders: Path) -> Iterator[Path]:
    """Every file in *folders*."""
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
