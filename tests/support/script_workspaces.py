"""script_workspaces: a workspace whose tasks are laid and keyed, without anything being run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.scripts.digests import FileDigests
from hpmtasks.scripts.environment import Mode
from hpmtasks.scripts.key import Key, Keys
from hpmtasks.scripts.tasks import ScriptTask, TaskId, lay
from hpmtasks.session import Session


@dataclass
class ScriptWorkspace:
    """Files in a folder. What is asked of it is looked up anew each time, as the next run would.

    Attributes:
        root: The folder.
        environ: What the scripts are called with; an empty PATH, so that no interpreter is found.
    """

    root: Path
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": ""})

    def write(self, path: str, content: str | bytes | Mapping[str, Any] = "") -> Path:
        """The file *path* holds *content*; a mapping is written as JSON."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def manifest(
        self,
        scripts: Mapping[str, str],
        tasks: Mapping[str, Any] | None = None,
        *,
        member: str = "",
        **fields: Any,
    ) -> None:
        """The package.json of *member* has these *scripts*, *tasks* and other *fields*."""
        named = {"name": f"acme/{member.rpartition('/')[2] or 'root'}", "version": "1.0.0"}
        document = {**named, "scripts": dict(scripts), "tasks": dict(tasks or {}), **fields}
        self.write(f"{member}/package.json" if member else "package.json", document)

    def package(self, name: str, text: str) -> None:
        """The package *name* stands in hem_modules, with *text* in its only source file."""
        self.write(f"hem_modules/{name}/package.json", {"name": name, "version": "1.0.0"})
        self.write(f"hem_modules/{name}/src/index.hml", text)

    def session(self) -> Session:
        """A session over it as it is now."""
        settings = Settings.load({"HPM_HOME": str(self.root.parent / "home"), **self.environ})
        project = Project(self.root)
        return Session(project, settings, State(project.state_path))

    def laid(self, *asked: str) -> dict[TaskId, ScriptTask]:
        """The tasks *asked* for, and what they need."""
        workspace = self.session().workspace
        return lay(workspace, [TaskId.parse(text, workspace, workspace.root) for text in asked])

    def key(self, asked: str, mode: Mode = "strict") -> Key:
        """The key of one task, as it is now."""
        session = self.session()
        task = TaskId.parse(asked, session.workspace, session.workspace.root)
        tasks = lay(session.workspace, [task])
        digests = FileDigests.of(session.project)
        try:
            return Keys(session, tasks, digests, self.environ, mode).of(tasks[task])
        finally:
            digests.save()

    def action(self, asked: str) -> str:
        """The digest of the action of one task."""
        return str(self.key(asked).action)

    def files(self, asked: str) -> list[str]:
        """The paths of the files that count for one task."""
        return list(self.key(asked).files)
