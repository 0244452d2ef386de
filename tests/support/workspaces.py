"""workspaces: a project with members, before a registry in a folder.

``acme/app`` requires the member ``acme/lib`` and the package ``acme/y``, which needs ``acme/x``;
``acme/lib`` requires ``acme/x``; ``acme/tool``, without a version, requires ``acme/app`` for its
development; the root requires ``acme/t`` for its own. So ``app`` and ``lib`` stand in hem_modules.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.session import Session
from tests.support.projects import ProjectFolder

#: The package.json files of the members, by folder.
MEMBERS: dict[str, dict[str, Any]] = {
    "packages/app": {
        "name": "acme/app",
        "version": "0.1.0",
        "dependencies": {"acme/lib": "^1.0.0", "acme/y": "^1.0.0"},
    },
    "packages/lib": {"name": "acme/lib", "version": "1.0.0", "dependencies": {"acme/x": "^1.0.0"}},
    "packages/tool": {"name": "acme/tool", "devDependencies": {"acme/app": "*"}},
}
ROOT = {
    "name": "acme/all",
    "version": "1.0.0",
    "workspaces": ["packages/*"],
    "devDependencies": {"acme/t": "^1.0.0"},
}


class WorkspaceFolder(ProjectFolder):
    """The workspace of this module's docstring."""

    def lay(self) -> None:
        """The registry has the packages, and the workspace has its files; nothing is installed."""
        for version in ("1.0.0", "1.1.0", "2.0.0"):
            self.registry.publish("acme/x", version)
            self.registry.publish("acme/t", version)
            self.registry.publish("acme/z", version)
        self.registry.publish("acme/y", "1.0.0", {"acme/x": "^1.0.0"})
        self.write_document("package.json", ROOT)
        for folder, document in MEMBERS.items():
            self.write_document(f"{folder}/package.json", document)
        self.write("packages/lib/src/index.hml", "export let a = 1;\n")
        self.write("packages/lib/src/more/deep.hml", "export let b = 1;\n")
        self.write("packages/app/src/index.hml", 'import { a } from "acme/lib";\n')

    def write_document(self, path: str, document: dict[str, Any]) -> None:
        """The file *path* holds *document*."""
        self.write(path, json.dumps(document, indent=2) + "\n")

    def document(self, folder: str) -> Any:
        """package.json of the member in *folder*."""
        return json.loads((self.project / folder / "package.json").read_text())

    def change(self, folder: str, **fields: Any) -> None:
        """package.json of the member in *folder* has *fields*; those that are ``None`` are gone."""
        document = {**self.document(folder), **fields}
        kept = {key: value for key, value in document.items() if value is not None}
        self.write_document(f"{folder}/package.json", kept)

    def session(self, below: str = ".") -> Session:
        """A session as a command has it that is started in the folder *below*."""
        project = Project.find(self.project / below)
        return Session(project, Settings.load(self.environ), State(project.state_path))

    def copied(self, name: str) -> dict[str, str]:
        """The files in hem_modules of the package *name*, by path."""
        folder = self.module(name)
        return {
            path.relative_to(folder).as_posix(): path.read_text()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def make(folder: Path) -> WorkspaceFolder:
    """The workspace in *folder*; whoever makes it closes it."""
    workspace = WorkspaceFolder(folder)
    workspace.lay()
    return workspace
