"""run: fuzzing, by hand or by night: ``python -m tests.fuzz.run SECONDS [TARGET...]``.

With atheris, which follows the coverage, if it is installed; else with hypothesis, which mutates what
is kept in ``tests/fuzz/corpus``. What is found is put there, and ``tests/fuzz/test_corpus.py`` tries
it again in every run of the tests.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.mutations import mutated
from tests.fuzz.targets import TARGETS

# Tries of hypothesis before it begins with another seed.
_ROUND = 400

CORPUS = Path(__file__).with_name("corpus")


def kept(target: str) -> list[bytes]:
    """What is kept for *target*."""
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir()) if path.is_file()]


def keep(target: str, data: bytes) -> Path:
    """*data* is kept for *target*, named by its content."""
    path = CORPUS / target / hashlib.sha256(data).hexdigest()[:16]
    path.write_bytes(data)
    return path


def by_atheris(target: str, seconds: float) -> int:
    """Fuzz in a process of its own, because atheris ends the one that it is in."""
    code = f"from tests.fuzz.run import follow; follow({target!r})"
    options = [str(CORPUS / target), f"-max_total_time={seconds:.0f}", f"-artifact_prefix={CORPUS / target}/"]
    return subprocess.run([sys.executable, "-c", code, *options], check=False).returncode


def follow(target: str) -> None:
    """What the process of :func:`by_atheris` does."""
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, TARGETS[target])
    atheris.Fuzz()


def by_hypothesis(target: str, seconds: float) -> int:
    """Fuzz until the time is over, or until something is found, which is then kept."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    ends, tried, last = time.monotonic() + seconds, 0, b""

    @settings(
        max_examples=_ROUND,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(kept(target)))
    def search(data: bytes) -> None:
        nonlocal tried, last
        tried, last = tried + 1, data
        TARGETS[target](data)

    try:
        while time.monotonic() < ends:
            seed(os.urandom(8))(search)()
    except Exception:  # noqa: BLE001 - whatever it is, it is a finding
        print(f"{target}: found after {tried} tries, kept as {keep(target, last)}", flush=True)
        traceback.print_exc()
        return 1
    print(f"{target}: {tried} tries, nothing found", flush=True)
    return 0


def main(seconds: float, targets: Iterable[str]) -> int:
    """Fuzz each of *targets* for so many seconds; 0 if nothing was found."""
    way = by_atheris if importlib.util.find_spec("atheris") else by_hypothesis
    return max(way(target, seconds) for target in targets)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if sys.argv[1:] else 60.0, sys.argv[2:] or list(TARGETS)))
