"""universe_server: a universe behind the addresses of a forge, as a process of its own.

It answers what an installation asks: the tags of a repository by git's protocol, and the archive of a
commit, by way of a redirection as GitHub does it. Everything is made before the address is told.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from hpmtasks.sources.pkt_line import pkt_line
from tests.benchmarks.presentation import ROOT
from tests.benchmarks.universe import TINY, VERSIONS, Shape, Universe
from tests.support.loopback_server import LoopbackServer, Reply, Request

_RESULT = "application/x-git-upload-pack-result"


def answers(universe: Universe) -> Callable[[Request], Reply]:
    """What answers requests; the archives that will be asked for are made already."""
    tags = {f"/{name}.git/git-upload-pack": _tags(universe, name) for name in universe.packages}
    archives = {
        f"/{name}/archive/{package.commit(version)}.tar.gz": (name, version)
        for name, package in universe.packages.items()
        for version in package.versions
    }
    made: dict[str, bytes] = {}

    def answer(request: Request) -> Reply:
        path = request.path
        if path in tags:
            return Reply(200, tags[path], {"Content-Type": _RESULT})
        if path in archives:
            return Reply(302, headers={"Location": f"/codeload{path}"})
        asked = path.removeprefix("/codeload")
        if asked not in archives:
            return Reply(404, b"404: Not Found", {"Content-Type": "text/plain"})
        if asked not in made:
            made[asked] = universe.archive(*archives[asked])
        return Reply(200, made[asked], {"Content-Type": "application/x-gzip"})

    for path, (name, version) in archives.items():
        if version == best(universe.packages[name].versions):
            made[path] = universe.archive(name, version)
    return answer


def delayed(answer: Callable[[Request], Reply], latency: int) -> Callable[[Request], Reply]:
    """*answer* after *latency* milliseconds."""

    def late(request: Request) -> Reply:
        time.sleep(latency / 1000)
        return answer(request)

    return late if latency else answer


def best(versions: Sequence[str]) -> str:
    """Which of *versions* is installed where nothing forbids it: the last that is no prerelease."""
    return [each for each in versions if "-" not in each][-1]


def many(count: int) -> tuple[str, ...]:
    """That many versions below 2.0.0, in order."""
    return tuple(f"1.{number // 100}.{number % 100}" for number in range(count))


def _tags(universe: Universe, name: str) -> bytes:
    """The answer to git's question for the tags of *name*."""
    package = universe.packages[name]
    lines = sorted((f"v{version}", package.commit(version)) for version in package.versions)
    return b"".join(pkt_line(f"{commit} refs/tags/{tag}") for tag, commit in lines) + b"0000"


@contextmanager
def served(
    packages: int, latencies: Sequence[int], *, tiny: bool = False, versions: int = 0
) -> Iterator[dict[int, str]]:
    """The address at each of *latencies*, while the context is entered; see :func:`universe_of`."""
    told = [f"--packages={packages}", f"--versions={versions}", *(["--tiny"] if tiny else [])]
    told += [f"--latency={latency}" for latency in latencies]
    command = [sys.executable, "-m", "tests.benchmarks.universe_server", *told]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        try:
            line = server.stdout.readline()
            if not line:
                raise RuntimeError("the server of packages ended before it began")
            yield {int(latency): url for latency, url in json.loads(line).items()}
        finally:
            server.stdin.close()  # which ends it


def universe_of(packages: int, *, tiny: bool = False, versions: int = 0) -> Universe:
    """The universe of that many packages: *tiny* ones, or with that many *versions* of each."""
    shape = Shape(packages, *TINY) if tiny else Shape(packages)
    return Universe(shape, f"universe of {packages}", many(versions) if versions else VERSIONS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends; one line tells the addresses."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=int, required=True)
    parser.add_argument("--versions", type=int, default=0)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--latency", type=int, action="append", required=True)
    given = parser.parse_args(arguments)
    universe = universe_of(given.packages, tiny=given.tiny, versions=given.versions)
    answer = answers(universe)
    with ExitStack() as stack:
        urls = {
            latency: stack.enter_context(LoopbackServer("forge", delayed(answer, latency))).url
            for latency in given.latency
        }
        print(json.dumps(urls), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
