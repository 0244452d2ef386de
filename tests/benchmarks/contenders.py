"""contenders: who is measured, and hpm as one of them.

Each brings its own project to where a scenario begins, tells the command, and says afterwards whether
the result is complete. The others are in ``peers`` and ``limit``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from hpmtasks.model.lockfile import read_lockfile
from hpmtasks.store.tree import ForeignEntry, digest_folder
from tests.benchmarks.supplies import Supply
from tests.benchmarks.timing import Command, NotMeasured
from tests.benchmarks.universe import EXTRAS

#: Where the system's programs are; nothing of the project's own environment is found.
PATH = "/usr/bin:/bin"


class Contender(Protocol):
    """What is measured at one size and one latency."""

    name: str

    @abstractmethod
    def ready(self, scenario: str, turn: int) -> Command | None:
        """What to run now that the project is where *scenario* begins; None if this one has no such thing.

        Raises:
            NotMeasured: The project could not be brought there.
        """

    @abstractmethod
    def problem(self, scenario: str, turn: int) -> str:
        """What is wrong with what the command of :meth:`ready` left; empty if nothing is."""


def remove(*paths: Path) -> None:
    """None of *paths* is there, whatever it was."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


class Hpm:
    """hpm as *program*, in the new folder *folder*, with packages of *supply* at one *latency*."""

    name = "hpm"

    def __init__(self, program: Path, folder: Path, supply: Supply, latency: int) -> None:
        self._program = program
        self._supply = supply
        self.project, self._cache, self._home = folder / "project", folder / "cache", folder / "home"
        self._modules, self._state = self.project / "hem_modules", self.project / ".hpm"
        self._manifest, self._lock = self.project / "package.json", self.project / "package-lock.json"
        self.project.mkdir(parents=True)
        url = supply.urls[latency]
        self.environ: Mapping[str, str] = {
            "PATH": PATH,
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "HPM_CACHE_DIR": str(self._cache),
            "HPM_GITHUB_SERVER_URL": url,
            "HPM_GITHUB_API_URL": url,
        }
        self._manifest, self._lock = self.project / "package.json", self.project / "package-lock.json"
        self._whole = json.dumps(supply.manifest, indent=2) + "\n"
        self._locked = b""  # the lock for it
        self._older: tuple[str, bytes] | None = None  # a manifest with an older package, and its lock
        self._before: tuple[str, bytes] | None = None  # manifest and lock before a package was added
        self._begin: Mapping[str, Callable[[int], tuple[str, ...]]] = {
            "cold": self._begin_cold,
            "locked": self._begin_locked,
            "warm": self._begin_warm,
            "clone": self._begin_clone,
            "noop": self._begin_noop,
            "graph": self._begin_noop,
            "changed": self._begin_changed,
            "add": self._begin_add,
        }

    # ------------------------------------------------------------ scenarios

    def ready(self, scenario: str, turn: int) -> Command | None:
        """See :class:`Contender`."""
        if not self._locked:
            self._manifest.write_text(self._whole)
            self.run("install")
            self._locked = self._lock.read_bytes()
        self._undo_addition()
        if scenario == "front":
            return self._front()
        return self.command(*self._begin[scenario](turn), graph=scenario == "graph")

    def command(self, *arguments: str, graph: bool = False) -> Command:
        """hpm with *arguments*; with *graph*, neither stamp nor plan may answer."""
        environ = {**self.environ, "HPM_FASTPATH": "off"} if graph else self.environ
        return Command((str(self._program), *arguments), self.project, environ)

    def _front(self) -> Command | None:
        """The program that gives the first answer only; None where there is no compiler."""
        if shutil.which("cc", path=PATH) is None:
            return None
        self.run("front", "install")
        self.run("install")
        return Command((str(self._home / ".hpm/bin/hpm"), "install"), self.project, self.environ)

    def _begin_cold(self, _turn: int) -> tuple[str, ...]:
        self._forget_all()
        remove(self._lock)
        return ("install",)

    def _begin_locked(self, _turn: int) -> tuple[str, ...]:
        self._forget_all()
        self._write(self._whole, self._locked)
        return "install", "--locked"

    def _begin_warm(self, _turn: int) -> tuple[str, ...]:
        remove(self._modules)
        return ("install",)

    def _begin_clone(self, _turn: int) -> tuple[str, ...]:
        remove(self._modules, self._state)
        self._write(self._whole, self._locked)
        return ("install",)

    def _begin_noop(self, _turn: int) -> tuple[str, ...]:
        self.run("install")  # whatever came before, this is the second run of the same
        return ("install",)

    def _begin_changed(self, _turn: int) -> tuple[str, ...]:
        """The lock was pulled, and has a newer version of one package, which nobody stored yet."""
        self._older = self._older or self._with_an_older_package()
        self._forget_all()
        self._write(*self._older)
        self.run("install", "--locked")
        self._write(self._whole, self._locked)
        return ("install",)

    def _begin_add(self, turn: int) -> tuple[str, ...]:
        self._before = self._manifest.read_text(), self._lock.read_bytes()
        return "install", f"zeta/extra-{turn % EXTRAS:02}"

    # ------------------------------------------------------------ their parts

    def run(self, *arguments: str) -> None:
        """hpm has done *arguments*, unmeasured."""
        command = self.command(*arguments)
        done = subprocess.run(
            command.argv,
            cwd=command.folder,
            env=dict(command.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise NotMeasured(
                f"hpm {' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}"
            )

    def _forget_all(self) -> None:
        """Nothing is stored, installed, or remembered."""
        remove(self._modules, self._state, self._cache, self._home)

    def _write(self, manifest: str, lock: bytes) -> None:
        """The project has these two, with new times."""
        remove(self._manifest, self._lock)
        self._manifest.write_text(manifest)
        self._lock.write_bytes(lock)

    def _with_an_older_package(self) -> tuple[str, bytes]:
        """A manifest that holds one package back, and the lock for it."""
        document = json.loads(self._whole)
        held = min(document["dependencies"])
        document["dependencies"][held] = "1.2.0"
        older = json.dumps(document, indent=2) + "\n"
        self._forget_all()
        self._write(older, self._locked)
        self.run("install")
        lock = self._lock.read_bytes()
        if lock == self._locked:
            raise NotMeasured(f"{held} could not be held back at 1.2.0")
        return older, lock

    def _undo_addition(self) -> None:
        if self._before is not None:
            self._write(*self._before)
            self.run("install")
            self._before = None

    # ------------------------------------------------------------ afterwards

    def problem(self, scenario: str, turn: int) -> str:  # noqa: ARG002  each is proved each time
        """See :class:`Contender`: every file is what the lock promises, and none is missing or too much."""
        lock = read_lockfile(self._lock)
        if lock is None:
            return "there is no lock"
        there = {f"{owner.name}/{repo.name}" for owner in self._modules.iterdir() for repo in owner.iterdir()}
        wanted = {str(name): entry.tree for name, entry in lock.entries.items()}
        if there != set(wanted):
            return f"hem_modules differs from the lock in {sorted(there ^ set(wanted))[:3]}"
        wrong = [name for name, tree in wanted.items() if tree is None or self._digest(name) != tree]
        if wrong:
            return f"{wrong[0]} is not what is locked"
        expected = self._supply.size
        if scenario == "add":
            return "" if len(wanted) > expected.packages else "nothing was added"
        files = sum(len(names) for _, _, names in os.walk(self._modules))
        if (len(wanted), files) == (expected.packages, expected.files):
            return ""
        return f"{len(wanted)} packages with {files} files, and there should be {expected}"

    def _digest(self, name: str) -> str:
        """What stands in the folder of the package; something else for one that cannot be a package's."""
        try:
            return digest_folder(self._modules / name)
        except (ForeignEntry, OSError) as error:
            return str(error)
