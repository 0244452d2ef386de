"""peers: other package managers, as the set-up of ``../shared/bench`` drives them.

That set-up has one class for each tool, which knows its commands, files and settings; here they answer
the calls of a :class:`~tests.benchmarks.contenders.Contender`.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.timing import Command
from tests.benchmarks.universe import EXTRAS

#: What the set-up calls the scenarios that peers have, too.
_SCENARIOS = {"cold": "cold_nolock", "locked": "cold_lock", "warm": "warm_lock", "noop": "noop", "add": "add"}


class Peers:
    """The tools of the set-up in *folder*; they work below *work*."""

    def __init__(self, folder: Path, work: Path) -> None:
        self._work = work
        spec = importlib.util.spec_from_file_location("bench_peers", folder / "peers.py")
        if spec is None or spec.loader is None:
            raise FileNotFoundError(folder / "peers.py")
        module: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        Path(module.HOME).mkdir(parents=True, exist_ok=True)
        self._classes: Mapping[str, Any] = module.TOOLS

    def make(self, name: str, size: str, latency: int) -> Peer:
        """The tool *name*, with a project of that size.

        Raises:
            KeyError: The set-up has no such tool.
            OSError: It is not installed there.
        """
        tool = self._classes[name](size, latency)
        tool.d = str(self._work / f"{name}-{size}-{latency}")
        tool.c, tool.p = f"{tool.d}/.cache", f"{tool.d}/project"
        missing = [word for word in program(tool.cmd("noop")) if not os.path.exists(word)]
        if missing:
            raise FileNotFoundError(missing[0])
        return Peer(name, tool)


class Peer:
    """One tool with its project."""

    def __init__(self, name: str, tool: Any) -> None:
        self.name = name
        self._tool = tool
        self._saved: dict[Path, bytes] = {}
        tool.setup()
        tool.rm_tree()

    def version(self) -> str:
        """What the tool says of itself."""
        command = [*program(self._tool.cmd("noop")), "--version"]
        done = subprocess.run(command, env=self._tool.env, capture_output=True, text=True, check=False)
        words = done.stdout.split()
        return next((word for word in words if word[:1].isdigit()), "unknown")

    def ready(self, scenario: str, turn: int) -> Command | None:
        """See :class:`~tests.benchmarks.contenders.Contender`."""
        tool = self._tool
        if scenario not in _SCENARIOS:
            return None
        for path, content in self._saved.items():
            path.write_bytes(content)
        self._saved = {}
        if scenario in {"cold", "locked", "warm"}:
            tool.rm_tree()
        if scenario in {"cold", "locked"}:
            tool.rm_cache()
        if scenario == "cold":
            tool.rm_lock()
        command = Command(tuple(tool.cmd(_SCENARIOS[scenario])), Path(tool.p), tool.env)
        if scenario == "noop":
            # An installation from a lock may leave the state for the next one to write.
            subprocess.run(command.argv, cwd=tool.p, env=tool.env, capture_output=True, check=False)
        if scenario == "add":
            self._saved = {Path(tool.p) / name: (Path(tool.p) / name).read_bytes() for name in tool.mutable()}
            tool.extra = turn % EXTRAS
            command = Command(tuple(tool.cmd("add")), Path(tool.p), tool.env)
        return command

    def problem(self, scenario: str, turn: int) -> str:
        """See :class:`~tests.benchmarks.contenders.Contender`; a peer is proved in the first turn."""
        if turn > 0 or scenario == "noop":
            return ""
        is_complete, found = self._tool.ok(_SCENARIOS[scenario])
        return "" if is_complete else f"the tree is not complete: {found}"


def program(command: Sequence[str]) -> list[str]:
    """The words of *command* that name what runs: the program, and its script where there is one."""
    return list(itertools.takewhile(os.path.isabs, command))
