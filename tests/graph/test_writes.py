"""What an installation remembers is written once, and a run that has nothing to do writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.files import fingerprint
from hpmtasks.files.atomic import write_atomically
from hpmtasks.project import state
from tests.support.projects import ProjectFolder


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each time that a state was written, whether the disk was waited for."""
    seen: list[bool] = []

    def write(path: Path, data: bytes, *, durable: bool) -> None:
        seen.append(durable)
        write_atomically(path, data, durable=durable)

    monkeypatch.setattr(state, "write_atomically", write)
    # However slow this machine is, no run lasts so long that it has to be written in its midst.
    monkeypatch.setattr(state, "_FLUSH_AFTER_SECONDS", 3600.0)
    return seen


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """A project that requires two packages, one through the other."""
    with closing(ProjectFolder(tmp_path)) as opened:
        opened.require_two_packages()
        yield opened


def test_state_is_written_once_and_synced(project: ProjectFolder, writes: list[bool]) -> None:
    """One write for all tasks, before others are let in; what doit does afterwards adds nothing."""
    project.install()
    assert writes == [True]


def test_run_with_nothing_to_do_writes_no_state(
    project: ProjectFolder, writes: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups, which doit counts as run each time, are no reason to write."""
    # Else what was written within a tick of the clock before it was recorded is looked at once more.
    monkeypatch.setattr(fingerprint, "TICK_NS", 0)
    project.install()
    writes.clear()
    assert project.install().ran == []
    assert writes == []
