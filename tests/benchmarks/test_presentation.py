"""Pages show what the committed documents say, and the words around figures are right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks import presentation
from tests.benchmarks.figures import Cell, Measurement, Report, Size

COMMITTED = presentation.rendered()


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.relative_to(presentation.ROOT).as_posix()) for path in COMMITTED]
)
def test_pages_and_charts_are_those_of_the_figures(path: Path) -> None:
    """Rendering the committed figures again changes no byte: ``python3 dodo.py docs`` was run."""
    assert path.read_text(encoding="utf-8") == COMMITTED[path]


def test_there_is_no_chart_without_figures() -> None:
    """Each committed chart belongs to something that was measured."""
    assert set(presentation.FOLDER.glob("*.svg")) == {path for path in COMMITTED if path.suffix == ".svg"}


def test_every_page_has_its_places() -> None:
    """The pages that show figures have all places that they are to show."""
    text = "".join(COMMITTED[page] for page in presentation.PAGES)
    for words in ("installations", "installations medium 20", "scale"):
        assert f"<!-- figures: {words} -->\n\n" in text


def report() -> Report:
    """Two tools, one of which failed once."""
    place = ("small", 0)
    return Report(
        taken="2026-11-21",
        machine={
            "processor": "A", "cores": 2, "memoryGiB": 4, "kernel": "Linux 6", "python": "3.11",
            "fileSystem": "ext4", "load": 0.1,
        },
        versions={"hpm": "0.1.0", "bun": "1.4"},
        sizes={"small": Size(20, 1495, 3_700_000)},
        measurements=[
            Measurement(Cell("bun", *place, "noop"), (5.0, 5.0), (5.0, 5.0), 17.0),
            Measurement(Cell("limit", *place, "noop"), (4.0, 4.0), (4.0, 4.0), 8.0),
            Measurement(Cell("hpm", *place, "noop"), (12.0, 14.0), (12.0, 14.0), 9.4),
            Measurement(Cell("hpm", *place, "cold"), (300.4,), (300.0,), 50.0),
        ],
        failures={Cell("bun", *place, "cold"): "exit code 1"},
    )  # fmt: skip


def test_table() -> None:
    """hpm stands first, the limit last; a failure is told, and a scenario that nobody has is left out."""
    assert presentation.table(report(), "small", 0, with_ratios=True) == (
        "| | hpm | bun | limit |\n"
        "|---|---|---|---|\n"
        "| nothing to do | 13 | 5.0 (2.6×) | 4.0 (3.2×) |\n"  # noqa: RUF001
        "| nothing stored, no lock | 300 | failed |  |\n"
        "| peak memory, MiB | 50 | 17 |  |\n"
    )


def test_whole_section() -> None:
    """The machine, the versions, the amount and the number of runs are told, and the chart is shown."""
    text = presentation.installations(report())
    assert (
        "2 cores of A, 4 GiB, Linux 6, ext4, Python 3.11, load 0.1; 2026-11-21. hpm 0.1.0, bun 1.4." in text
    )
    assert "### 20 packages, 0 ms" in text
    assert "The limit is what the simplest program takes: `python3 -I -S -c pass`, `cp -al`" in text
    assert "1,495 files, 3.7 MB; 1 run of each" in text
    assert "](performance/installations-small-0.svg)" in text


def test_the_chart_compares() -> None:
    """Who is alone in a scenario has no bar; the compiled front stands beside what others take."""
    alone = report()
    front = Measurement(Cell("hpm", "small", 0, "front"), (0.9,), (0.9,), 2.0)
    clone = Measurement(Cell("hpm", "small", 0, "clone"), (70.0,), (70.0,), 9.0)
    drawn = presentation.installations_chart(
        replace(alone, measurements=[*alone.measurements, front, clone]), "small", 0
    )
    assert "<title>nothing to do: front 0.9</title>" in drawn
    assert "fresh clone" not in drawn


def test_large_projects_are_told_by_package() -> None:
    """The table of large projects has the processor's time, and that of one package."""
    assert "| nothing stored, no lock | 300 (15.00 each) |" in presentation.scale(report())


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(0.0368, "0.04×"), (0.951, "0.95×"), (1.0, "1.0×"), (9.94, "9.9×"), (23.4, "23×")],  # noqa: RUF001
)
def test_ratios_have_two_digits(ratio: float, words: str) -> None:
    """A ratio is as exact as it can be meant."""
    assert presentation.times(ratio) == words


def test_unknown_figures_are_refused() -> None:
    """A page that asks for figures that are not there is a mistake, not an empty place."""
    with pytest.raises(ValueError, match="no figures called nonsense"):
        presentation._fill("<!-- figures: nonsense -->\n<!-- end of figures -->", report(), report())
