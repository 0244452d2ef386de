"""What the tests of faults share: the process that forks, the scene, and the counts told at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.faults.forked import Forks
from tests.support.faults.invariant import Scene


class Survived(Protocol):
    """Counts what was survived, to be told at the end."""

    def __call__(self, kind: str, times: int = 1) -> None:
        """*kind* was survived so many *times*."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is marked ``faults``."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was survived, by kind."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name.startswith("survived ") and report.when == "call":
                counts[name.removeprefix("survived ")] += value
    if counts:
        terminalreporter.section("faults survived")
        for kind, count in sorted(counts.items()):
            terminalreporter.line(f"{count:6} {kind}")


@pytest.fixture
def survived(record_property: Callable[[str, object], None]) -> Survived:
    """Counts what was survived, to be told at the end."""

    def count(kind: str, times: int = 1) -> None:
        record_property(f"survived {kind}", times)

    return count


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """The process that forks."""
    with Forks() as opened:
        yield opened


@pytest.fixture
def scene(tmp_path: Path, forks: Forks) -> Iterator[Scene]:
    """A project that is installed, and asked for something new."""
    prepared = Scene.prepare(tmp_path, forks)
    with closing(prepared.shell):
        yield prepared
