"""limit: the simplest program for what installations do; no tool can be expected to take less."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.benchmarks.contenders import PATH, remove
from tests.benchmarks.scenarios import LIMIT
from tests.benchmarks.supplies import Supply
from tests.benchmarks.timing import Command, take


class Limit:
    """A bare interpreter, hard links, tar; the same packages as those of *supply*, below *folder*."""

    name = LIMIT

    def __init__(self, folder: Path, supply: Supply) -> None:
        self._supply = supply
        self._folder, self._source, self._target = folder, folder / "source", folder / "target"
        folder.mkdir(parents=True)

    def ready(self, scenario: str, turn: int) -> Command | None:  # noqa: ARG002  turns are all alike
        """See :class:`Contender`."""
        remove(self._target)
        if scenario == "noop":
            return self._command(sys.executable, "-I", "-S", "-c", "pass")
        if scenario == "warm" and sys.platform == "linux":  # elsewhere cp knows no links
            if not self._source.exists():
                take(self._unpack(self._source))
            return self._command("cp", "-al", str(self._source), str(self._target))
        return self._unpack(self._target) if scenario == "locked" else None

    def _unpack(self, target: Path) -> Command:
        target.mkdir()
        archives = " ".join(map(str, self._supply.archives))
        return self._command("sh", "-c", f"printf '%s\\n' {archives} | xargs -P 2 -n 1 tar -C {target} -xzf")

    def _command(self, *argv: str) -> Command:
        return Command(argv, self._folder, {"PATH": PATH})

    def problem(self, scenario: str, turn: int) -> str:  # noqa: ARG002
        """See :class:`Contender`."""
        if scenario == "noop":
            return ""
        files = sum(len(names) for _, _, names in os.walk(self._target))
        return "" if files == self._supply.size.files else f"{files} files"
