"""Has hpm become slower? ``python3 dodo.py bench:check`` compares ratios with the committed limits.

Each thing that hpm does is run in turn with something that this project does not change: a bare
interpreter, ``cp -al``, a plain installer in Python. How many times as much hpm takes, run by run, does
not depend on how fast the machine is, and the middle one hardly on what else it does. Two ratios are
judged: of the processor's time, which says most, and of the wall-clock time, with a wider margin, unless
others use the machine, which is seen by how long a bare interpreter waits.

``limits.json`` has the ratios that were measured when they were last accepted; ``--accept`` writes it. A
ratio is over when it is more than a third above that (half, on the wall).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import clean_environment
from tests.benchmarks.contenders import PATH, Hpm, remove
from tests.benchmarks.limit import Limit
from tests.benchmarks.supplies import Supply, own
from tests.benchmarks.this_machine import folder_in_memory
from tests.benchmarks.timing import Command, NotMeasured, Taken, take

LIMITS = Path(__file__).with_name("limits.json")
#: How far a ratio may be above the accepted one.
MARGINS = {"processor": 1 / 3, "wall": 1 / 2}
_SIZE = "medium"
#: Where a bare interpreter takes more than this many times its processor's time, it waits for others.
_CROWDED = 1.4


@dataclass(frozen=True, slots=True)
class Pair:
    """hpm doing *scenario*, beside *reference*, that many times."""

    scenario: str
    reference: str
    turns: int

    @property
    def name(self) -> str:
        """How the pair is called in the limits and in sentences."""
        return f"{self.scenario} / {self.reference}"


PAIRS = (
    Pair("noop", "bare interpreter", 21),
    Pair("graph", "bare interpreter", 7),
    Pair("warm", "cp -al", 7),
    Pair("clone", "cp -al", 5),
    Pair("locked", "plain installer", 5),
    Pair("cold", "plain installer", 3),
)


def ratios(runs: Sequence[tuple[Taken, Taken]]) -> dict[str, float]:
    """The middle ratio of hpm's and the reference's times; *runs* have hpm first."""
    return {
        "processor": statistics.median(own.processor / other.processor for own, other in runs),
        "wall": statistics.median(own.wall / other.wall for own, other in runs),
    }


def findings(
    measured: Mapping[str, Mapping[str, float]], accepted: Mapping[str, Mapping[str, float]]
) -> list[str]:
    """A sentence for each ratio that is over its limit, or has none."""
    found = []
    for name, kinds in measured.items():
        for kind, ratio in kinds.items():
            usual = accepted.get(name, {}).get(kind)
            if usual is None:
                found.append(f"{name}: there is no limit for it; accept it with --accept.")
            elif ratio > usual * (1 + MARGINS[kind]):
                found.append(
                    f"{name}: hpm takes {ratio:.2f} times the {kind} time of its reference, where"
                    f" {usual:.2f} is usual and {usual * (1 + MARGINS[kind]):.2f} the limit."
                )
    return found


def is_crowded(runs: Sequence[Taken]) -> bool:
    """Whether what took *runs*, and waits for nothing by itself, had to wait for other processes."""
    return statistics.median(each.wall / each.processor for each in runs) > _CROWDED


def accept(measured: Mapping[str, Mapping[str, float]]) -> None:
    """These ratios are the usual ones from now on."""
    usual = {name: {kind: round(ratio, 2) for kind, ratio in each.items()} for name, each in measured.items()}
    LIMITS.write_text(json.dumps(usual, indent=2) + "\n")


class References:
    """What hpm is compared with."""

    def __init__(self, folder: Path, supply: Supply, lock: Path) -> None:
        self._limit = Limit(folder / "limit", supply)
        self._target, self._lock, self._url = folder / "plain", lock, supply.urls[0]
        self._ready: Mapping[str, Callable[[], Command | None]] = {
            "bare interpreter": lambda: self._limit.ready("noop", 0),
            "cp -al": lambda: self._limit.ready("warm", 0),
            "plain installer": self._plain,
        }

    def ready(self, reference: str) -> Command | None:
        """What to run as *reference*; None if this system has no such thing."""
        return self._ready[reference]()

    def _plain(self) -> Command:
        remove(self._target)
        script = str(Path(__file__).with_name("reference_installer.py"))
        argv = (sys.executable, "-I", "-S", script, self._url, str(self._lock), str(self._target))
        return Command(argv, self._lock.parent, {"PATH": PATH})


def measure(
    program: Path, pairs: Sequence[Pair], work: Path, supply: Supply
) -> tuple[dict[str, dict[str, float]], bool]:
    """The ratios of each of *pairs* for the hpm *program*, and whether others use the machine.

    Every tree that hpm leaves is proved.

    Raises:
        NotMeasured: A run failed, or its tree is not right.
    """
    hpm = Hpm(program, work / "hpm", supply, 0)
    hpm.ready("noop", 0)
    lock = work / "package-lock.json"
    lock.write_bytes((hpm.project / "package-lock.json").read_bytes())
    references = References(work / "references", supply, lock)
    measured, alone = {}, []
    for pair in pairs:
        runs = []
        for turn in range(pair.turns):
            reference, command = references.ready(pair.reference), hpm.ready(pair.scenario, turn)
            if reference is None or command is None:
                break
            other, own_time = take(reference), take(command)
            problem = hpm.problem(pair.scenario, turn)
            if problem:
                raise NotMeasured(f"{pair.scenario}: what was installed is not right: {problem}")
            runs.append((own_time, other))
        if not runs:
            print(f"{pair.name}: not on this system")
            continue
        measured[pair.name] = ratios(runs)
        if pair.reference == "bare interpreter":
            alone += [other for _, other in runs]
        told = ", ".join(f"{ratio:.2f} ({kind})" for kind, ratio in measured[pair.name].items())
        print(f"{pair.name}: {told}", flush=True)
    return measured, is_crowded(alone)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and judge; the exit code is 1 if a ratio is over."""
    parser = argparse.ArgumentParser(prog="bench:check")
    parser.add_argument("--accept", action="store_true", help="what is measured now is the usual from now on")
    given = parser.parse_args(arguments)
    program = clean_environment.hpm()
    with ExitStack() as stack:
        work = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="hpm-bench-", dir=folder_in_memory()))
        )
        supply = stack.enter_context(own(_SIZE, [0], work / "archives"))
        try:
            measured, crowded = measure(program, PAIRS, work, supply)
        except NotMeasured as problem:
            sys.exit(f"bench:check: {problem}")
    if crowded:
        print("Others use this machine: the wall clock is not judged.")
        measured = {name: {"processor": each["processor"]} for name, each in measured.items()}
    if not given.accept:
        found = findings(measured, json.loads(LIMITS.read_text()))
        if found:
            sys.exit("hpm has become slower:\n" + "\n".join(f"  {sentence}" for sentence in found))
    elif crowded:
        sys.exit("bench:check: nothing is accepted while others use the machine.")
    else:
        accept(measured)


if __name__ == "__main__":
    main()
