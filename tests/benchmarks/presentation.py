"""presentation: the figures of docs/performance as tables and charts in the pages.

``python3 dodo.py docs`` writes them. In a page, what stands between ``<!-- figures: WORDS -->`` and
``<!-- end of figures -->`` is written by this module: ``installations`` is all of it, ``installations
medium 20`` one table, ``scale`` the table of large projects.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import figures
from tests.benchmarks.chart import Bar, Group, chart
from tests.benchmarks.figures import Cell, Report
from tests.benchmarks.scenarios import LIMIT, LIMITS, PACKAGES, TITLES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/performance"
INSTALLATIONS = FOLDER / "installations.json"
SCALE = FOLDER / "scale.json"
PAGES = (ROOT / "docs/performance.md", ROOT / "README.md")

_OWN = "hpm"
_READING = "Milliseconds, medians of all runs; in brackets, how many times as long hpm takes."
_PLACE = re.compile(r"(<!-- figures: ([\w ]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def milliseconds(value: float) -> str:
    """*value* for a reader: two digits at least, and no more than whole ones."""
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def times(ratio: float) -> str:
    """A ratio with two digits that count."""
    digits = 0 if ratio >= 10 else 1 if ratio >= 1 else 2
    return f"{ratio:.{digits}f}×"  # noqa: RUF001  the sign is meant


# ---------------------------------------------------------------- tables


def table(report: Report, size: str, latency: int, *, with_ratios: bool) -> str:
    """Scenarios by tools, in milliseconds; with ratios, how many times as long hpm takes stands behind."""
    tools = _in_order(report.tools(size, latency))
    lines = [f"| | {' | '.join(tools)} |", "|---" * (len(tools) + 1) + "|"]
    for scenario, title in TITLES.items():
        cells = [_words(report, Cell(tool, size, latency, scenario), with_ratios) for tool in tools]
        if any(cells):
            lines.append(f"| {title} | {' | '.join(cells)} |")
    peaks = [report.peak(tool, size, latency) if tool != LIMIT else None for tool in tools]
    cells = [f"{peak:.0f}" if peak else "" for peak in peaks]
    lines.append(f"| peak memory, MiB | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _words(report: Report, cell: Cell, with_ratios: bool) -> str:
    if cell in report.failures:
        return "failed"
    median = report.median(cell)
    if median is None:
        return ""
    own = report.ratio(Cell(_OWN, cell.size, cell.latency, cell.scenario), cell.tool)
    behind = f" ({times(own)})" if with_ratios and own and cell.tool != _OWN else ""
    return milliseconds(median) + behind


def _in_order(tools: list[str]) -> list[str]:
    """hpm first, what a machine needs at least last, the peers as they were measured."""
    rank = {_OWN: 0, LIMIT: 2}
    return sorted(tools, key=lambda tool: rank.get(tool, 1))


def machine(report: Report) -> str:
    """Where and when, and with which versions, in one paragraph."""
    told = report.machine
    versions = ", ".join(f"{tool} {version}" for tool, version in report.versions.items())
    return (
        f"{told['cores']} cores of {told['processor']}, {told['memoryGiB']} GiB, {told['kernel']},"
        f" {told['fileSystem']}, Python {told['python']}, load {told['load']}; {report.taken}. {versions}.\n"
    )


def limits(report: Report) -> str:
    """What stands in the column of the limit, as a sentence behind another; empty if there is none."""
    if not any(each.cell.tool == LIMIT for each in report.measurements):
        return ""
    return f" The limit is what the simplest program takes: {', '.join(LIMITS.values())}."


def installations(report: Report) -> str:
    """Everything that was measured of installations."""
    parts = [machine(report), f"{_READING}{limits(report)}\n"]
    for size, amount in report.sizes.items():
        told = f"{amount.files:,} files, {amount.bytes / 1e6:.1f} MB"
        for latency in report.latencies(size):
            parts += [
                f"### {amount.packages} packages, {latency} ms\n",
                f"{told}; {_runs(report, size, latency)} of each, in turn.\n",
                f"![{_title(report, size, latency)}](performance/{chart_name(size, latency)})\n",
                table(report, size, latency, with_ratios=True),
            ]
    return "\n".join(parts)


def _runs(report: Report, size: str, latency: int) -> str:
    """How often everything was run there, at least."""
    cells = [each for each in report.measurements if (each.cell.size, each.cell.latency) == (size, latency)]
    count = min(len(each.wall) for each in cells)
    return f"{count} run" + "s" * (count != 1)


def scale(report: Report) -> str:
    """What large projects cost, and each package of them."""
    sizes = list(report.sizes)
    lines = [machine(report), f"| | {' | '.join(sizes)} |", "|---" * (len(sizes) + 1) + "|"]
    for scenario in dict.fromkeys(each.cell.scenario for each in report.measurements):
        cells = [_scaled(report, Cell(_OWN, size, 0, scenario)) for size in sizes]
        lines.append(f"| {TITLES.get(scenario, scenario)} | {' | '.join(cells)} |")
    peaks = [report.peak(_OWN, size, 0) for size in sizes]
    lines.append(f"| peak memory, MiB | {' | '.join(f'{peak:.0f}' if peak else '' for peak in peaks)} |")
    return "\n".join(lines) + "\n"


def _scaled(report: Report, cell: Cell) -> str:
    """Milliseconds of the processor, and of each package where there are many."""
    found = report.find(cell)
    if found is None:
        return "failed" if cell in report.failures else ""
    median, packages = statistics.median(found.processor), report.sizes[cell.size].packages
    each = f" ({median / packages:.2f} each)" if packages > 1 else ""
    return milliseconds(median) + each


# ---------------------------------------------------------------- charts


def chart_name(size: str, latency: int) -> str:
    """The file of a chart."""
    return f"installations-{size}-{latency}.svg"


def _title(report: Report, size: str, latency: int) -> str:
    return f"{report.sizes[size].packages} packages, {latency} ms for each answer: milliseconds"


def installations_chart(report: Report, size: str, latency: int) -> str:
    """The bars of one size at one latency."""
    tools = _in_order(report.tools(size, latency))
    groups = []
    for scenario, title in TITLES.items():
        bars = list(_bars(report, size, latency, scenario, tools))
        if len(bars) > 1:  # nothing is compared in one bar
            groups.append(Group(title, bars))
    sentences = [
        f"{group.title}: {', '.join(f'{bar.label} {bar.words}' for bar in group.bars)}." for group in groups
    ]
    return chart(_title(report, size, latency), " ".join(sentences), groups)


def _bars(report: Report, size: str, latency: int, scenario: str, tools: list[str]) -> Iterator[Bar]:
    """The bars of a group; the compiled front is compared with what others take for nothing to do."""
    cells = [(tool, Cell(tool, size, latency, scenario)) for tool in tools]
    if scenario == "noop":
        cells.insert(1, ("front", Cell(_OWN, size, latency, "front")))
    kinds = {_OWN: "own", LIMIT: "limit"}
    for label, cell in cells:
        words = _words(report, cell, with_ratios=False)
        if words:
            yield Bar(label, report.median(cell), words, kinds.get(cell.tool, "other"))


# ---------------------------------------------------------------- pages


def rendered() -> dict[Path, str]:
    """Every file that shows figures, as the committed documents have it."""
    report, large = figures.read(INSTALLATIONS), figures.read(SCALE)
    files = {page: _fill(page.read_text(encoding="utf-8"), report, large) for page in PAGES}
    for size in report.sizes:
        for latency in report.latencies(size):
            files[FOLDER / chart_name(size, latency)] = installations_chart(report, size, latency)
    return files


def _fill(text: str, report: Report, large: Report) -> str:
    """The page *text* with its places filled."""

    def written(place: re.Match[str]) -> str:
        match place[2].split():
            case ["installations"]:
                content = installations(report)
            case ["installations", size, latency] if size in PACKAGES:
                told = table(report, size, int(latency), with_ratios=False)
                content = f"Milliseconds, medians.{limits(report)}\n\n{told}"
            case ["scale"]:
                content = scale(large)
            case words:
                raise ValueError(f"there are no figures called {' '.join(words)}")
        return f"{place[1]}\n{content}\n{place[3]}"

    return _PLACE.sub(written, text)


def main() -> None:
    """Write every file that shows figures; charts of what is not measured any more are gone."""
    files = rendered()
    for chart_file in FOLDER.glob("*.svg"):
        if chart_file not in files:
            chart_file.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
