"""supplies: where packages come from while installations are measured, peers' and our own.

Either the set-up of ``../shared/bench`` in the folder that ``BENCH_FOLDER`` names: the same packages for
hpm and its peers, behind nginx. Or a universe of our own, for hpm alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import Size
from tests.benchmarks.scenarios import PACKAGES
from tests.benchmarks.universe import Universe
from tests.benchmarks.universe_server import best, served, universe_of

#: Names the folder in which ``../shared/bench/setup.sh`` was run.
FOLDER_VARIABLE = "BENCH_FOLDER"


@dataclass(frozen=True, slots=True)
class Supply:
    """The packages of one size.

    Attributes:
        size: How much an installation of all of them is.
        manifest: The package.json that needs them.
        urls: Where the forge is, at each latency.
        archives: What is unpacked at least to install them.
    """

    size: Size
    manifest: Mapping[str, object]
    urls: Mapping[int, str]
    archives: Sequence[Path]


def harness() -> Path | None:
    """The folder of the set-up with the peers; None if the environment names none."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else None


def of_harness(folder: Path, name: str, latencies: Sequence[int]) -> Supply:
    """The packages that the set-up in *folder* has of the size *name*."""
    projects = folder / "data/projects" / name
    meta = json.loads((projects / "meta.json").read_text())
    locked = json.loads((projects / "hpm/lock.json").read_text())["dependencies"]
    port = int(os.environ.get("BENCH_PORT", "18000"))
    codeload = folder / "data/www" / name / "gh/codeload"
    return Supply(
        Size(meta["packages"], meta["files"], meta["bytes"]),
        json.loads((projects / "hpm/package.json").read_text()),
        {latency: f"http://127.0.0.1:{port + latency}/{name}/gh" for latency in latencies},
        [codeload / package / f"v{entry['version']}.tar.gz" for package, entry in locked.items()],
    )


@contextmanager
def own(name: str, latencies: Sequence[int], folder: Path) -> Iterator[Supply]:
    """Packages that are made up; their archives are written below *folder*."""
    universe = universe_of(PACKAGES[name])
    with served(PACKAGES[name], latencies) as urls:
        yield Supply(size_of(universe), universe.manifest(), urls, _archives(universe, folder / name))


def size_of(universe: Universe) -> Size:
    """How much an installation of all but the extras is."""
    names = universe.installed()
    version = best(universe.versions)
    trees = [universe.files(name, version) for name in names]
    octets = sum(len(content) for tree in trees for content in tree.values())
    return Size(len(names), sum(map(len, trees)), octets)


def _archives(universe: Universe, folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    version, paths = best(universe.versions), []
    for number, name in enumerate(universe.installed()):
        path = folder / f"{number}.tar.gz"
        path.write_bytes(universe.archive(name, version))
        paths.append(path)
    return paths
