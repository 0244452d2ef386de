"""Installations by hpm and by its peers: ``python3 dodo.py bench``.

For each size and latency all tools work in turn, and each through all scenarios, so that what else the
machine does meets them alike; medians are for readers to take. After each run of hpm every file is
compared with the lock, and nothing may be missing or too much; peers are looked at in their first turn. A
run that fails is told, in the document too, and the others go on.

With ``BENCH_FOLDER``, where ``../shared/bench/setup.sh`` was run, peers are measured beside hpm, on the same
packages; without, hpm alone, on packages that are made up.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import hpmtasks
from tests.benchmarks import clean_environment, figures, presentation, this_machine
from tests.benchmarks.contenders import Contender, Hpm
from tests.benchmarks.figures import Cell, Measurement, Report, Size
from tests.benchmarks.limit import Limit
from tests.benchmarks.peers import Peers
from tests.benchmarks.scenarios import ORDER, PACKAGES, REPEATS, TITLES
from tests.benchmarks.supplies import FOLDER_VARIABLE, Supply, harness, of_harness, own
from tests.benchmarks.timing import NotMeasured, Taken, take

DEFAULT_SIZES = "small:3,medium:5,large:2"
DEFAULT_TOOLS = "hpm,npm,pnpm,uv,deno,bun"


@dataclass
class Results:
    """What was measured so far."""

    taken: dict[Cell, list[Taken]] = field(default_factory=dict)
    failures: dict[Cell, str] = field(default_factory=dict)

    def measurements(self) -> list[Measurement]:
        """The runs of all cells, those that failed apart."""
        return [
            Measurement(
                cell,
                tuple(round(run.wall, 1) for run in runs),
                tuple(round(run.processor, 1) for run in runs),
                round(max(run.peak for run in runs), 1),
            )
            for cell, runs in self.taken.items()
            if cell not in self.failures
        ]


def measure(
    results: Results,
    contenders: Sequence[Contender],
    place: tuple[str, int],
    turns: int,
    scenarios: Sequence[str],
    *,
    until: float = math.inf,
    settle: Callable[[], object] = os.sync,
) -> None:
    """*results* has *turns* turns of all *contenders* more; *place* is the size and the latency.

    But for the first, no turn begins later than *until*, by the monotonic clock. *settle* is called before
    each run: what came before is not this run's to write to the disk.
    """
    for turn in range(turns):
        if turn and time.monotonic() > until:
            tell(f"{place[0]}, {place[1]} ms: {turn} of {turns} turns, for lack of time")
            return
        for contender in contenders:
            for scenario in scenarios:
                cell = Cell(contender.name, *place, scenario)
                if cell in results.failures:
                    continue
                try:
                    _measure_once(results, contender, cell, turn, settle)
                except (NotMeasured, OSError) as problem:
                    results.failures[cell] = str(problem)
                    tell(f"FAILED {cell}: {problem}")
            tell(_line(results, contender.name, place, turn))


def _measure_once(
    results: Results, contender: Contender, cell: Cell, turn: int, settle: Callable[[], object]
) -> None:
    for _ in range(REPEATS.get(cell.scenario, 1)):
        command = contender.ready(cell.scenario, turn)
        if command is None:
            return
        settle()
        taken = take(command)
        problem = contender.problem(cell.scenario, turn)
        if problem:
            raise NotMeasured(f"what was installed is not right: {problem}")
        results.taken.setdefault(cell, []).append(taken)


def _line(results: Results, tool: str, place: tuple[str, int], turn: int) -> str:
    """What *tool* took in its last runs."""
    cells = [Cell(tool, *place, scenario) for scenario in TITLES]
    last = [(cell.scenario, results.taken[cell][-1].wall) for cell in cells if cell in results.taken]
    told = ", ".join(f"{scenario} {wall:.0f}" for scenario, wall in last)
    return f"{place[0]}, {place[1]} ms, turn {turn + 1}: {tool}: {told}"


def tell(line: str) -> None:
    """A line for whoever waits."""
    print(line, file=sys.stderr, flush=True)


# ---------------------------------------------------------------- what is measured


@dataclass
class Bench:
    """One sitting.

    Attributes:
        program: The hpm that is measured.
        tools: Who is measured, by name.
        harness: The set-up with the peers; None: hpm alone.
        work: Where projects and stores are made.
        until: When no turn begins any more, by the monotonic clock; each place has one at least.
    """

    program: Path
    tools: Sequence[str]
    scenarios: Sequence[str]
    latencies: Sequence[int]
    harness: Path | None
    work: Path
    until: float = math.inf
    results: Results = field(default_factory=Results)
    versions: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)

    def measure(self, name: str, turns: int) -> None:
        """The results have *turns* turns at the size *name*, for each latency."""
        with self._supply(name) as supply:
            self.sizes[name] = supply.size
            for latency in self.latencies:
                with tempfile.TemporaryDirectory(dir=self.work) as folder:
                    there = list(self._contenders(supply, name, latency, Path(folder)))
                    place = (name, latency)
                    measure(self.results, there, place, turns, self.scenarios, until=self.until)

    def _supply(self, name: str) -> AbstractContextManager[Supply]:
        if self.harness is None:
            return own(name, self.latencies, self.work / "archives")
        return nullcontext(of_harness(self.harness, name, self.latencies))

    def _contenders(self, supply: Supply, size: str, latency: int, folder: Path) -> Iterator[Contender]:
        """Each of the tools that is here, and the limit; who is not here is told."""
        peers = Peers(self.harness, folder / "peers") if self.harness else None
        for tool in self.tools:
            if tool == Hpm.name:
                self.versions[tool] = hpmtasks.__version__
                yield Hpm(self.program, folder / tool, supply, latency)
            elif peers is not None:
                try:
                    peer = peers.make(tool, size, latency)
                except (KeyError, OSError) as problem:
                    tell(f"{tool} is not here: {problem!r}")
                else:
                    self.versions[tool] = peer.version()
                    yield peer
        yield Limit(folder / "limit", supply)


def run(given: argparse.Namespace) -> Report:
    """Everything that the command line *given* asks for, measured."""
    folder = harness()
    if folder is None:
        tell(
            f"hpm alone. With its peers: bash ../shared/bench/setup.sh FOLDER, and {FOLDER_VARIABLE}=FOLDER."
        )
    program = clean_environment.hpm()
    prepared = folder / "fs" if folder and (folder / "fs").is_dir() else None
    below = given.folder or prepared or this_machine.folder_in_memory()
    with tempfile.TemporaryDirectory(prefix="hpm-bench-", dir=below) as name:
        work = Path(name)
        machine = this_machine.describe(work)
        until = time.monotonic() + given.minutes * 60
        bench = Bench(program, given.tools, given.scenarios, given.latencies, folder, work, until)
        for size, turns in given.sizes:
            bench.measure(size, turns)
    results = bench.results
    return Report(
        this_machine.today(), machine, bench.versions, bench.sizes, results.measurements(), results.failures
    )


def sizes_of(text: str) -> list[tuple[str, int]]:
    """``small:3,medium:5`` as names and turns.

    Raises:
        ArgumentTypeError: There is no such size, or no such number.
    """
    found = []
    for word in words(text):
        name, _, turns = word.partition(":")
        if name not in PACKAGES or not (turns or "3").isdigit() or turns == "0":
            raise argparse.ArgumentTypeError(f"{word!r} is not a size with its turns, such as small:3")
        found.append((name, int(turns or "3")))
    return found


def scenarios_of(text: str) -> list[str]:
    """``warm,noop`` as scenarios, in the order in which they are run.

    Raises:
        ArgumentTypeError: There is no such scenario.
    """
    unknown = set(words(text)) - set(ORDER)
    if unknown:
        raise argparse.ArgumentTypeError(f"{min(unknown)!r} is none of {', '.join(ORDER)}")
    return [scenario for scenario in ORDER if scenario in words(text)]


def words(text: str) -> list[str]:
    """What stands between the commas of *text*."""
    return text.split(",")


def numbers(text: str) -> list[int]:
    """The same, as numbers."""
    return list(map(int, words(text)))


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--sizes", type=sizes_of, default=DEFAULT_SIZES, help="sizes, each with its turns: small:3,large:1"
    )
    parser.add_argument("--latencies", type=numbers, default="0,20", help="milliseconds for each answer")
    parser.add_argument("--tools", type=words, default=DEFAULT_TOOLS, help="who is measured")
    parser.add_argument("--scenarios", type=scenarios_of, default=",".join(ORDER), help="what is measured")
    parser.add_argument("--minutes", type=float, default=9, help="after these, one turn for what is left")
    parser.add_argument("--folder", type=Path, help="where projects and stores are made")
    parser.add_argument("--output", type=Path, default=presentation.INSTALLATIONS, help="the document")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write the document, and print the tables."""
    given = options().parse_args(arguments)
    report = run(given)
    figures.write(given.output, report)
    print(presentation.installations(report))
    for cell, reason in report.failures.items():
        print(f"failed: {cell}: {reason}")
    if given.output == presentation.INSTALLATIONS:
        presentation.main()


if __name__ == "__main__":
    main()
