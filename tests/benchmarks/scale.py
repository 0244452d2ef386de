"""What large projects cost: ``python3 dodo.py bench:scale``.

Tiny packages, so that what is measured is not their contents: 500 and 5,000 of them, of which each should
cost the same; one package with 10,000 versions; and the lock of the 5,000, read and written. hpm alone, on
packages that are made up; every tree is compared with its lock. The figures go to docs/performance.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import hpmtasks
from hpmtasks.model.lockfile import read_lockfile, write_lockfile
from tests.benchmarks import clean_environment, figures, presentation, this_machine
from tests.benchmarks.contenders import Hpm
from tests.benchmarks.figures import Cell, Report, Size
from tests.benchmarks.installations import Results, measure, tell
from tests.benchmarks.supplies import Supply, size_of
from tests.benchmarks.timing import Taken
from tests.benchmarks.universe_server import served, universe_of

#: What is measured, by its name: packages, versions of each (0: the usual few), turns.
CASES = {
    "500 packages": (500, 0, 3),
    "5,000 packages": (5000, 0, 1),
    "1 package of 10,000 versions": (1, 10_000, 3),
}
_SCENARIOS = ("cold", "locked", "warm", "noop", "graph")
_LOCKED = "5,000 packages"
_LOCK_TURNS = 9


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write the document and the pages."""
    parser = argparse.ArgumentParser(prog="bench:scale")
    parser.add_argument("--folder", type=Path, help="where projects and stores are made")
    parser.add_argument("--output", type=Path, default=presentation.SCALE, help="the document")
    given = parser.parse_args(arguments)
    program = clean_environment.hpm()
    with tempfile.TemporaryDirectory(
        prefix="hpm-bench-", dir=given.folder or this_machine.folder_in_memory()
    ) as name:
        report = run(program, Path(name))
        figures.write(given.output, report)
        print(presentation.scale(report), flush=True)
        if given.output == presentation.SCALE:
            presentation.main()
        tell("Removing what was installed ...")


def run(program: Path, work: Path) -> Report:
    """All cases, measured with *program*, below *work*."""
    machine, results = this_machine.describe(work), Results()
    sizes = {case: measure_case(results, case, program, work) for case in CASES}
    versions = {"hpm": hpmtasks.__version__}
    return Report(this_machine.today(), machine, versions, sizes, results.measurements(), results.failures)


def measure_case(results: Results, case: str, program: Path, work: Path) -> Size:
    """*results* has the runs of *case*; returned is how much its installation is."""
    packages, versions, turns = CASES[case]
    universe = universe_of(packages, tiny=True, versions=versions)
    with ExitStack() as stack:
        urls = stack.enter_context(served(packages, [0], tiny=True, versions=versions))
        supply = Supply(size_of(universe), universe.manifest(), urls, [])
        hpm = Hpm(program, work / case, supply, 0)
        measure(results, [hpm], (case, 0), turns, _SCENARIOS)
    if case == _LOCKED:
        measure_lock(results, case, hpm.project / "package-lock.json", work)
    return supply.size


def measure_lock(results: Results, case: str, path: Path, work: Path) -> None:
    """*results* has how long the lock at *path* takes to be read, and to be written and synced."""
    for turn in range(_LOCK_TURNS):
        began = time.perf_counter(), time.process_time()
        lock = read_lockfile(path)
        read = time.perf_counter(), time.process_time()
        assert lock
        assert len(lock.entries) == CASES[case][0]
        write_lockfile(work / f"{turn}.json", lock)
        written = time.perf_counter(), time.process_time()
        for scenario, start, end in (("lock read", began, read), ("lock written", read, written)):
            wall, processor = ((b - a) * 1000 for a, b in zip(start, end, strict=True))
            cell = Cell("hpm", case, 0, scenario)
            results.taken.setdefault(cell, []).append(Taken(wall, processor, 0.0))
    tell(f"{case}: the lock was read and written {_LOCK_TURNS} times")


if __name__ == "__main__":
    main()
