"""A thousand small scripts, by hpm and by its peers: ``python3 dodo.py bench:scripts``.

Prints figures for a reader; judges nothing but that the outputs are right. Each project has the
same tasks: each reads one file and writes one file, and one more task stands for all of them.
Peers that are not on the PATH are left out. Wall-clock and processor seconds are those of the
whole command with all its children; of several runs, the median.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: Tasks of one package, for tools that know tasks by package and name.
PER_PACKAGE = 5


@dataclass(frozen=True)
class Tool:
    """A runner of tasks.

    Attributes:
        program: What has to be on the PATH.
        write: Makes its project of that many tasks in a folder that has ``src``.
        command: Does all tasks.
        restores: Whether it puts outputs back that it made once; else it runs the tasks again.
        version: What prints its version; empty: its package.json has it.
        environ: What it is told besides, as to not ask servers for anything.
    """

    name: str
    program: str
    write: Callable[[Path, int], None]
    command: tuple[str, ...]
    restores: bool
    version: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)


def line(number: int) -> str:
    """The command line of a task."""
    return f"cat src/{number}.txt > out/{number}.txt"


# ---------------------------------------------------------------- the projects


def write_hpm(root: Path, tasks: int) -> None:
    """One package with that many scripts."""
    names = [f"t{number}" for number in range(tasks)]
    document = {
        "name": "bench/scripts",
        "version": "1.0.0",
        "scripts": {f"t{number}": line(number) for number in range(tasks)},
        "tasks": {
            **{
                f"t{number}": {"inputs": [f"src/{number}.txt"], "outputs": [f"out/{number}.txt"]}
                for number in range(tasks)
            },
            "all": {"dependsOn": names},
        },
    }
    (root / "package.json").write_text(json.dumps(document))


def write_hpm_workspace(root: Path, tasks: int) -> None:
    """Packages with some tasks each, as turbo has them; ``all`` of the root needs them all."""
    packages = [f"bench/p{number}" for number in range(tasks // PER_PACKAGE)]
    own = range(PER_PACKAGE)
    for number, package in enumerate(packages):
        document = {
            "name": package,
            "version": "1.0.0",
            "scripts": {f"t{each}": line(each) for each in own},
            "tasks": {
                f"t{each}": {"inputs": [f"src/{each}.txt"], "outputs": [f"out/{each}.txt"]} for each in own
            },
        }
        (root / f"packages/p{number}/package.json").write_text(json.dumps(document))
    needed = [f"{package}#t{number}" for package in packages for number in range(PER_PACKAGE)]
    root_document = {
        "name": "bench/scripts",
        "version": "1.0.0",
        "workspaces": ["packages/*"],
        "tasks": {"all": {"dependsOn": needed}},
    }
    (root / "package.json").write_text(json.dumps(root_document))


def write_ninja(root: Path, tasks: int) -> None:
    """One rule, and an edge for each task."""
    edges = [f"build out/{number}.txt: copy src/{number}.txt\n" for number in range(tasks)]
    outputs = " ".join(f"out/{number}.txt" for number in range(tasks))
    text = "rule copy\n  command = cat $in > $out\n" + "".join(edges)
    (root / "build.ninja").write_text(f"{text}build all: phony {outputs}\ndefault all\n")


def write_go_task(root: Path, tasks: int) -> None:
    """Tasks that go by checksums."""
    lines = ["version: '3'", "silent: true", "tasks:", "  all:", "    deps:"]
    lines += [f"      - t{number}" for number in range(tasks)]
    for number in range(tasks):
        lines += [
            f"  t{number}:",
            f"    cmds: ['{line(number)}']",
            f"    sources: [src/{number}.txt]",
            f"    generates: [out/{number}.txt]",
        ]
    (root / "Taskfile.yml").write_text("\n".join(lines) + "\n")


def write_wireit(root: Path, tasks: int) -> None:
    """Scripts of npm that wireit runs."""
    names = [f"t{number}" for number in range(tasks)]
    document = {
        "name": "bench",
        "private": True,
        "scripts": dict.fromkeys([*names, "all"], "wireit"),
        "wireit": {
            **{
                f"t{number}": {
                    "command": line(number),
                    "files": [f"src/{number}.txt"],
                    "output": [f"out/{number}.txt"],
                }
                for number in range(tasks)
            },
            "all": {"dependencies": names},
        },
    }
    (root / "package.json").write_text(json.dumps(document))


def write_turbo(root: Path, tasks: int) -> None:
    """Packages with some tasks each, which is how turbo knows tasks."""
    own = range(PER_PACKAGE)
    for package in range(tasks // PER_PACKAGE):
        document = {
            "name": f"p{package}",
            "version": "1.0.0",
            "scripts": {f"t{each}": line(each) for each in own},
        }
        (root / f"packages/p{package}/package.json").write_text(json.dumps(document))
    turbo = {
        "tasks": {f"t{each}": {"inputs": [f"src/{each}.txt"], "outputs": [f"out/{each}.txt"]} for each in own}
    }
    (root / "turbo.json").write_text(json.dumps(turbo))
    root_document = {
        "name": "bench",
        "private": True,
        "packageManager": "npm@10.0.0",
        "workspaces": ["packages/*"],
    }
    (root / "package.json").write_text(json.dumps(root_document))
    (root / "package-lock.json").write_text(
        json.dumps({"name": "bench", "lockfileVersion": 3, "packages": {}})
    )


_TURBO_TASKS = tuple(f"t{number}" for number in range(PER_PACKAGE))
_HPM = (sys.executable, "-m", "hpmtasks")
TOOLS = (
    Tool("hpm", sys.executable, write_hpm, (*_HPM, "run", "-q", "all"), True, (*_HPM, "--version")),
    Tool(
        "hpm, workspace",
        sys.executable,
        write_hpm_workspace,
        (*_HPM, "run", "-q", "all"),
        True,
        (*_HPM, "--version"),
    ),
    Tool("ninja", "ninja", write_ninja, ("ninja", "--quiet"), False, ("ninja", "--version")),
    Tool("go-task", "task", write_go_task, ("task", "all"), False, ("task", "--version")),
    Tool(
        "wireit",
        "wireit",
        write_wireit,
        ("npm", "run", "--silent", "all"),
        True,
        (),
        {"WIREIT_LOGGER": "quiet-ci"},
    ),
    Tool(
        "turbo",
        "turbo",
        write_turbo,
        ("turbo", "run", *_TURBO_TASKS, "--output-logs=errors-only", "--no-update-notifier"),
        True,
        ("turbo", "--version"),
        {"TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"},
    ),
)
_IN_PACKAGES = frozenset({"turbo", "hpm, workspace"})


# ---------------------------------------------------------------- measuring


@dataclass(frozen=True)
class Bench:
    """The project of one tool, in *root*."""

    tool: Tool
    root: Path
    tasks: int

    def prepare(self) -> None:
        """Sources and declarations are there, and nothing was ever run."""
        for number in range(self.tasks):
            for kind in ("src", "out"):
                self.file(number, kind).parent.mkdir(parents=True, exist_ok=True)
            self.file(number, "src").write_text(f"{number}\n")
        self.tool.write(self.root, self.tasks)

    def file(self, number: int, kind: str) -> Path:
        """What a task reads (``src``) or writes (``out``)."""
        if self.tool.name not in _IN_PACKAGES:
            return self.root / kind / f"{number}.txt"
        package, own = divmod(number, PER_PACKAGE)
        return self.root / f"packages/p{package}" / kind / f"{own}.txt"

    def run(self) -> tuple[float, float]:
        """Wall-clock and processor seconds of doing all tasks; the outputs are right afterwards."""
        environ = {
            **os.environ,
            **self.tool.environ,
            "HPM_CACHE_DIR": str(self.root / ".cache"),
            "HOME": str(self.root),
        }
        environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
        before = os.times()
        began = time.perf_counter()
        done = subprocess.run(
            self.tool.command,
            cwd=self.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        after = os.times()
        if done.returncode != 0:
            raise RuntimeError(
                f"{self.tool.name} failed:\n{done.stdout.decode()[-2000:]}{done.stderr.decode()[-2000:]}"
            )
        self.check()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        return seconds, used

    def check(self) -> None:
        """Every output is what its source says."""
        for number in range(self.tasks):
            if self.file(number, "out").read_bytes() != self.file(number, "src").read_bytes():
                raise RuntimeError(f"{self.tool.name}: out/{number}.txt is not right")

    def remove_outputs(self) -> None:
        """No output is there."""
        for number in range(self.tasks):
            self.file(number, "out").unlink()


def cases(bench: Bench, runs: int) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Each case with what its runs took; the first run of all is the only one that runs every task."""
    yield "first run", [bench.run()]
    bench.run()
    yield "nothing to do", [bench.run() for _ in range(runs)]
    changed = []
    for run in range(runs):
        bench.file(run, "src").write_text(f"changed {run} {time.time_ns()}\n")
        changed.append(bench.run())
    yield "one changed", changed
    restored = []
    for _ in range(runs):
        bench.remove_outputs()
        restored.append(bench.run())
    yield "all outputs gone", restored


def version_of(tool: Tool) -> str:
    """What the tool says of itself, in one line."""
    if not tool.version:
        program = Path(shutil.which(tool.program) or "").resolve()
        return str(json.loads((program.parents[1] / "package.json").read_text())["version"])
    done = subprocess.run(tool.version, capture_output=True, text=True, check=False)
    words = " ".join(done.stdout.split())
    return words[-60:] or "unknown"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every tool that is there, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tool", action="append", help="only these")
    given = parser.parse_args(arguments)
    print(
        f"{given.tasks} tasks, median of {given.runs} runs: seconds (of the processor, over all cores)",
        flush=True,
    )
    for tool in TOOLS:
        if given.tool and tool.name not in given.tool:
            continue
        if shutil.which(tool.program) is None:
            print(f"{tool.name}: not here")
            continue
        with tempfile.TemporaryDirectory(prefix="hpm-bench-") as folder:
            bench = Bench(tool, Path(folder), given.tasks)
            bench.prepare()
            print(f"{tool.name} ({version_of(tool)})", flush=True)
            for case, taken in cases(bench, given.runs):
                wall, used = (statistics.median(column) for column in zip(*taken, strict=True))
                note = "" if case != "all outputs gone" or tool.restores else ", run again"
                print(f"  {case:<17} {wall:8.3f} ({used:.3f}){note}", flush=True)


if __name__ == "__main__":
    main()
