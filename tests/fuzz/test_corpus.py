"""Whatever fuzzing has ever found, and a few honest things, go through without surprise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.run import CORPUS
from tests.fuzz.targets import TARGETS

KEPT = sorted(CORPUS.glob("*/*"))


def test_every_target_has_something_to_begin_with() -> None:
    """Each target has a folder with seeds, and there is no folder without a target."""
    assert {path.parent.name for path in KEPT} == set(TARGETS)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_kept_ends_well(path: Path) -> None:
    """Success, or the target's own error."""
    TARGETS[path.parent.name](path.read_bytes())
