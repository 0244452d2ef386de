"""figures: what was measured, as values and as one JSON document.

The document::

    {
      "format": 1,
      "taken": "2026-11-21",
      "machine": {"processor": "...", "cores": 2, "memoryGiB": 23.5, "kernel": "...", "python": "...",
                  "fileSystem": "ext4", "load": 0.3},
      "versions": {"hpm": "0.1.0", "bun": "1.4.5"},
      "sizes": {"medium": {"packages": 100, "files": 2242, "bytes": 17500000}},
      "measurements": [
        {"tool": "bun", "size": "medium", "latency": 20, "scenario": "noop",
         "wall": [5.1, 5.0], "processor": [5.2, 5.1], "peak": 17.1}
      ],
      "failures": [
        {"tool": "npm", "size": "large", "latency": 20, "scenario": "cold", "reason": "exit code 1: ..."}
      ]
    }

``wall`` and ``processor`` are milliseconds, one number for each run, in the order of the runs; the
processor's are those of the command and all its children. ``peak`` is the largest memory of a process
of any run, in MiB. ``latency`` is what the server waits before each answer, in milliseconds. ``load``
is the load average of a minute when the first run began.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """What was measured: by which tool, for which packages, at which latency, doing what."""

    tool: str
    size: str
    latency: int
    scenario: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """The runs of one cell; units are those of the document."""

    cell: Cell
    wall: tuple[float, ...]
    processor: tuple[float, ...]
    peak: float

    def __post_init__(self) -> None:
        if not self.wall or len(self.wall) != len(self.processor):
            raise ValueError(f"{self.cell}: each run has a time of its own on the wall and of the processor")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is installed."""

    packages: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """One document; see the top of this module."""

    taken: str
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    sizes: Mapping[str, Size]
    measurements: Sequence[Measurement]
    failures: Mapping[Cell, str] = field(default_factory=dict)

    def find(self, cell: Cell) -> Measurement | None:
        """What was measured of *cell*; None if nothing was."""
        return next((each for each in self.measurements if each.cell == cell), None)

    def median(self, cell: Cell) -> float | None:
        """The middle wall-clock time of *cell*, in milliseconds."""
        found = self.find(cell)
        return statistics.median(found.wall) if found else None

    def ratio(self, cell: Cell, to: str) -> float | None:
        """How many times as long *cell* takes as the tool *to* takes for the same, by medians."""
        own, other = self.median(cell), self.median(Cell(to, cell.size, cell.latency, cell.scenario))
        return own / other if own is not None and other else None

    def peak(self, tool: str, size: str, latency: int) -> float | None:
        """The largest memory of *tool* in any scenario, in MiB."""
        peaks = [
            each.peak
            for each in self.measurements
            if (each.cell.tool, each.cell.size, each.cell.latency) == (tool, size, latency)
        ]
        return max(peaks, default=None)

    def tools(self, size: str, latency: int) -> list[str]:
        """Who was measured there, in the order of the document; failures count, too."""
        cells = [*(each.cell for each in self.measurements), *self.failures]
        return list(
            dict.fromkeys(each.tool for each in cells if (each.size, each.latency) == (size, latency))
        )

    def latencies(self, size: str) -> list[int]:
        """At which latencies *size* was measured."""
        return sorted({each.cell.latency for each in self.measurements if each.cell.size == size})


def parse(text: str) -> Report:
    """The report that the document *text* holds.

    Raises:
        ValueError: It is not such a document; the message says where.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"these are no figures of format {FORMAT}")
    try:
        return Report(
            taken=str(document["taken"]),
            machine=dict(document["machine"]),
            versions=dict(document["versions"]),
            sizes={name: Size(**size) for name, size in document["sizes"].items()},
            measurements=[
                Measurement(_cell(each), tuple(each["wall"]), tuple(each["processor"]), each["peak"])
                for each in document["measurements"]
            ],
            failures={_cell(each): each["reason"] for each in document["failures"]},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the figures lack something, or it is of another kind: {error}") from None


def _cell(entry: Mapping[str, Any]) -> Cell:
    return Cell(entry["tool"], entry["size"], entry["latency"], entry["scenario"])


def render(report: Report) -> str:
    """The document that holds *report*: one measurement a line, so that differences can be read."""
    head = {
        "format": FORMAT,
        "taken": report.taken,
        "machine": dict(report.machine),
        "versions": dict(report.versions),
        "sizes": {name: asdict(size) for name, size in report.sizes.items()},
    }
    measured = [
        {**asdict(each.cell), "wall": each.wall, "processor": each.processor, "peak": each.peak}
        for each in report.measurements
    ]
    failed = [{**asdict(cell), "reason": reason} for cell, reason in report.failures.items()]
    opening = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")
    return f'{opening},\n  "measurements": {_lines(measured)},\n  "failures": {_lines(failed)}\n}}\n'


def _lines(entries: Sequence[Mapping[str, Any]]) -> str:
    if not entries:
        return "[]"
    return "[\n    " + ",\n    ".join(json.dumps(each, ensure_ascii=False) for each in entries) + "\n  ]"


def read(path: Path) -> Report:
    """The report in the file *path*; errors are those of :func:`parse`, and OSError."""
    return parse(path.read_text(encoding="utf-8"))


def write(path: Path, report: Report) -> None:
    """The file *path* holds *report*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(report), encoding="utf-8")
