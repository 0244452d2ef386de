"""Cases of resolution, written as text files that anybody can add to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.scenario import read_scenario, show_asked

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
FILES = sorted(FOLDER.glob("*.txt"))
#: A message that is longer is not read.
MOST_LINES = 11


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario_comes_out_as_written(path: Path) -> None:
    """The solution, or every word of the message, is what the file expects."""
    scenario = read_scenario(path.read_text(encoding="utf-8"))
    outcome, registry = scenario.play()
    assert outcome == scenario.expect
    if scenario.asks is not None:
        assert show_asked(registry) == scenario.asks


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_question_is_never_asked_twice(path: Path) -> None:
    """The catalogue may answer slowly: each package and each candidate is asked about once."""
    _, registry = read_scenario(path.read_text(encoding="utf-8")).play()
    assert len(set(registry.asked_versions)) == len(registry.asked_versions)
    assert len(set(registry.asked_requirements)) == len(registry.asked_requirements)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_message_is_short(path: Path) -> None:
    """However large the conflict is, its message fits on a screen."""
    outcome, _ = read_scenario(path.read_text(encoding="utf-8")).play()
    if "(exit " in outcome:
        assert len(outcome.splitlines()) - 1 <= MOST_LINES


def test_there_are_scenarios() -> None:
    """The folder was found."""
    assert len(FILES) >= 60
