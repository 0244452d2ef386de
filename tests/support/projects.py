"""projects: a project before a registry in a folder, installed by the engine, by hpm or by doit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpmtasks.engine import Outcome, install
from hpmtasks.model.lockfile import needs_update, read_lockfile
from hpmtasks.model.manifest import read_manifest
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.session import Session
from hpmtasks.session.modules import Modules
from hpmtasks.session.options import Options
from hpmtasks.store.tree import digest_folder
from tests.support.command_line import PATIENCE_SECONDS, REPOSITORY, CommandLine, Ran
from tests.support.git_repositories import Content, content_bytes, package

#: What a repository writes to use hpm's tasks, and a task of its own that needs the installation.
DODO = '''\
from hpmtasks.dodo import DOIT_CONFIG, task_hpm


def task_own():
    """a task of the repository's own"""
    return {"actions": ["echo own >> own.log"], "task_dep": ["install"]}
'''


class Unheard:
    """A listener who is not interested."""

    def task_began(self, name: str) -> None:
        """Nothing is said."""

    def task_was_fresh(self, name: str) -> None:
        """Nothing is said."""


@dataclass(frozen=True)
class DirectoryRegistry:
    """Packages as folders, ``owner/repo/v1.2.3``: the fastest source there is."""

    folder: Path

    def publish(
        self,
        name: str,
        version: str,
        dependencies: Mapping[str, str] | None = None,
        files: Mapping[str, Content] | None = None,
    ) -> None:
        """*name* has that version; without *files*, a small one with *dependencies*."""
        place = self.folder / name / f"v{version}"
        for path, content in (files or package(name, version, dependencies)).items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(content_bytes(content))

    def rule(self) -> str:
        """The value of ``HPM_SOURCES`` that leads here."""
        return json.dumps([{"match": "*", "type": "directory", "path": str(self.folder)}])


@dataclass(frozen=True)
class DoitRan(Ran):
    """What a doit command did."""

    @property
    def ran(self) -> list[str]:
        """The tasks whose actions ran, in order."""
        return [line[3:] for line in self.out.splitlines() if line.startswith(".  ")]

    @property
    def fresh(self) -> list[str]:
        """The tasks that were found up to date, in order."""
        return [line[3:] for line in self.out.splitlines() if line.startswith("-- ")]


class ProjectFolder(CommandLine):
    """A project whose packages come from a registry of its own, unless ``HPM_SOURCES`` is given.

    Beside what its base class does, it can be installed without any command, and by doit.
    """

    def __post_init__(self) -> None:
        self.environ = {"HPM_SOURCES": self.registry.rule(), **self.environ}
        super().__post_init__()

    @property
    def registry(self) -> DirectoryRegistry:
        """Where the packages are."""
        return DirectoryRegistry(self.folder / "registry")

    def module(self, name: str) -> Path:
        """The folder of *name* in hem_modules."""
        return self.project / "hem_modules" / name

    def require_two_packages(self) -> None:
        """package.json requires ``acme/a``, which requires ``acme/b``; the registry has both."""
        self.registry.publish("acme/a", "1.0.0", {"acme/b": "^1.0.0"})
        self.registry.publish("acme/b", "1.0.0")
        self.require({"acme/a": "^1.0.0"})

    def change_requirements(self, constraints: Mapping[str, str | None]) -> None:
        """package.json has these *constraints* among its dependencies; ``None`` takes the line away."""
        document = self.manifest()
        for name, constraint in constraints.items():
            document["dependencies"].pop(name, None)
            if constraint is not None:
                document["dependencies"][name] = constraint
        self.write("package.json", json.dumps(document, indent=2) + "\n")

    # ---- three ways to install

    def install(self, **options: Any) -> Outcome:
        """Install by the engine alone: no command, no stamp, and another folder is the current one."""
        project = Project(self.project)
        state = State(project.state_path)
        return install(Session(project, Settings.load(self.environ), state, Options(**options)), Unheard())

    def tasks(self, **environ: str) -> list[str]:
        """Install by ``hpm install``; the tasks that ran."""
        done = self.run("install", "--json", **environ)
        assert done.code == 0, done.err + done.out
        ran: list[str] = done.data["tasks"]
        return ran

    def doit(self, *arguments: str, **environ: str) -> DoitRan:
        """Run the real doit on the project's dodo.py."""
        done = subprocess.run(
            [sys.executable, "-m", "doit", *arguments],
            cwd=self.project,
            env={**self.environ, "PYTHONPATH": str(REPOSITORY), **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return DoitRan(done.returncode, done.stdout, done.stderr)

    def write_dodo(self, text: str = DODO) -> None:
        """The project has a dodo.py."""
        self.write("dodo.py", text)

    # ---- what has to hold whenever an installation has succeeded

    def check_installed(self) -> None:
        """The lock answers package.json, each locked package stands as locked, and hpm laid out no other."""
        manifest = read_manifest(self.project / "package.json")
        lockfile = read_lockfile(self.project / "package-lock.json")
        assert lockfile is not None
        assert not needs_update(lockfile, manifest)
        trees = {str(name): entry.tree for name, entry in lockfile.entries.items()}
        assert {name: digest_folder(self.module(name)) for name in trees} == trees
        project = Project(self.project)
        assert {str(name) for name in Modules(project, State(project.state_path)).installed()} == set(trees)

    def inodes(self) -> dict[str, int]:
        """Every file and folder in hem_modules with its inode: equal where nothing was made anew."""
        root = self.project / "hem_modules"
        return {os.fspath(path.relative_to(root)): path.lstat().st_ino for path in root.rglob("*")}
