"""The solver's own time on random graphs: ``python3 dodo.py bench:solver``.

Prints figures for a reader; judges nothing. Each graph has 80 packages of 8 versions
in which most choices lead into a conflict, and one solution that is hidden among them.
Then registries of growing size, which show what a package and what a version costs.
"""

from __future__ import annotations

import resource
import statistics
import time

from hpmtasks.resolver.solve import solve
from tests.support.large_graphs import only_the_oldest_version_fits, tree_with_a_hub
from tests.support.random_graphs import Case, graph_with_hidden_solution
from tests.support.registry import Registry

GRAPHS = 60
SIZES = (500, 5_000, 10_000)


def main() -> None:
    """Solve every graph once and print what it took."""
    seconds, decisions = [], 0
    for seed in range(GRAPHS):
        packages, root = graph_with_hidden_solution(seed, packages=80, versions=8)
        registry = Registry(packages)
        began = time.perf_counter()
        solve(root, registry)
        seconds.append(time.perf_counter() - began)
        decisions += len(registry.asked_requirements)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{GRAPHS} queries over graphs of 80 packages with 8 versions each")
    print(f"  median {statistics.median(seconds) * 1000:.1f} ms, worst {max(seconds) * 1000:.1f} ms")
    print(f"  {decisions} candidates tried, {sum(seconds) / decisions * 1e6:.0f} ms per 1,000 of them")
    print(f"  peak memory of the process {peak:.0f} MiB")
    for size in SIZES:
        _measure(f"a tree of {size} packages", tree_with_a_hub(size), size)
    for size in SIZES:
        _measure(f"{size} versions, of which the oldest fits", only_the_oldest_version_fits(size, 2), size)


def _measure(told: str, case: Case, size: int) -> None:
    began = time.process_time()
    solution = solve(case[1], Registry(case[0]))
    took = time.process_time() - began
    again = time.process_time()
    solve(case[1], Registry(case[0]), locked=solution.versions())
    locked = time.process_time() - again
    print(f"{told}: {took / size * 1e6:.0f} us each; from the lock {locked / size * 1e6:.0f} us each")


if __name__ == "__main__":
    main()
