"""Figures survive their document, and arithmetic on them is right."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks.figures import Cell, Measurement, Report, Size, parse, render

NOOP = Cell("hpm", "small", 0, "noop")
OTHER = Cell("bun", "small", 0, "noop")
REPORT = Report(
    taken="2026-11-21",
    machine={"processor": "Größer", "cores": 2},
    versions={"hpm": "0.1.0"},
    sizes={"small": Size(20, 495, 3_700_000)},
    measurements=[
        Measurement(NOOP, (14.0, 90.0, 15.0), (13.0, 13.5, 14.0), 9.1),
        Measurement(OTHER, (5.0, 6.0), (5.0, 6.0), 17.0),
        Measurement(Cell("hpm", "small", 20, "cold"), (500.0,), (700.0,), 50.0),
    ],
    failures={Cell("npm", "small", 0, "noop"): "exit code 1: broken"},
)


def test_document_round_trip() -> None:
    """What is written is read again as the same values."""
    again = parse(render(REPORT))
    assert again == REPORT
    assert render(again) == render(REPORT)


def test_one_measurement_is_one_line() -> None:
    """A document changes line by line, so that a difference can be read."""
    lines = [line for line in render(REPORT).splitlines() if '"scenario"' in line]
    assert len(lines) == len(REPORT.measurements) + len(REPORT.failures)


def test_median_is_of_the_wall_and_not_moved_by_one_bad_run() -> None:
    """The middle run counts, not the mean."""
    assert REPORT.median(NOOP) == 15.0
    assert REPORT.median(OTHER) == 5.5


def test_ratio_is_own_time_by_the_others() -> None:
    """A tool that takes a third as long makes a ratio of three, in the same place only."""
    assert REPORT.ratio(NOOP, "bun") == pytest.approx(15.0 / 5.5)
    assert REPORT.ratio(OTHER, "hpm") == pytest.approx(5.5 / 15.0)
    assert REPORT.ratio(NOOP, "npm") is None
    assert REPORT.ratio(Cell("hpm", "small", 20, "cold"), "bun") is None


def test_peak_is_the_largest_at_its_place() -> None:
    """Memory of another latency does not count."""
    assert REPORT.peak("hpm", "small", 0) == 9.1
    assert REPORT.peak("npm", "small", 0) is None


def test_failures_are_among_the_tools() -> None:
    """Who failed has a column, too."""
    assert REPORT.tools("small", 0) == ["hpm", "bun", "npm"]
    assert REPORT.latencies("small") == [0, 20]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"machine": None},
        {"sizes": {"small": {"packages": 1}}},
        {"measurements": [{"tool": "hpm"}]},
        {"failures": "none"},
    ],
)
def test_other_documents_are_refused(change: dict[str, object]) -> None:
    """A document that lacks something is no report, and never half of one."""
    document = {**json.loads(render(REPORT)), **change}
    with pytest.raises(ValueError, match="figures"):
        parse(json.dumps(document))


def test_runs_without_their_processor_time_are_no_measurement() -> None:
    """Each run has both times."""
    with pytest.raises(ValueError, match="each run"):
        Measurement(NOOP, (1.0, 2.0), (1.0,), 1.0)
    with pytest.raises(ValueError, match="each run"):
        Measurement(NOOP, (), (), 1.0)
