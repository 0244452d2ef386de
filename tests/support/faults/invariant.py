"""invariant: what holds after anything that may go wrong, in one place.

1. package.json and package-lock.json are, byte for byte, the old or the new ones.
2. Each package folder is complete, the old or the new version, or absent.
3. What hpm says is one clear sentence, and its code is not 0; unless it was killed.
4. The same command without the fault succeeds, and then everything is as it should be; once more, and
   there is nothing to do.
5. Nothing in the store is other than what was stored.
6. No temporary name is left in the project, and none in the cache that is not swept by the next use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpmtasks.store.tree import digest_folder
from tests.support.command_line import Ran
from tests.support.faults.forked import Forks
from tests.support.projects import ProjectFolder

COMMAND = ("install",)
OLD = {"acme/a": "1.0.0", "acme/b": "1.0.0"}
NEW = {"acme/a": "1.1.0", "acme/b": "1.1.0", "acme/c": "1.0.0"}


@dataclass
class Scene:
    """A project in the middle of its life: installed, and asked for something new.

    ``acme/a`` requires ``acme/b``; the old installation has both at 1.0.0, the new one both at 1.1.0
    and ``acme/c``.
    """

    shell: ProjectFolder
    forks: Forks
    folder: Path
    old_documents: Mapping[str, bytes | None] = field(default_factory=dict)
    new_documents: Mapping[str, bytes | None] = field(default_factory=dict)
    trees: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def prepare(cls, folder: Path, forks: Forks) -> Scene:
        """The scene in *folder*; what the new installation leads to is known, and undone."""
        shell = ProjectFolder(folder, {"HPM_RETRY_DELAYS": "0", "CI": "1"})
        for version in ("1.0.0", "1.1.0"):
            shell.registry.publish("acme/a", version, {"acme/b": f"^{version}"})
            shell.registry.publish("acme/b", version)
        shell.registry.publish("acme/c", "1.0.0")
        scene = cls(shell, forks, folder)
        scene.require_new()
        scene.well()
        scene.note_trees()
        scene.new_documents = shell.documents()
        scene.start_over()
        return scene

    def require_new(self) -> None:
        """package.json asks for the new versions."""
        self.shell.require({"acme/a": "1.1.0", "acme/c": "*"})

    def start_over(self) -> None:
        """The old installation is there, the store knows nothing else, and package.json asks for the new."""
        for path in (self.shell.home, self.shell.project):
            _remove(path)
        self.shell.project.mkdir()
        self.shell.require({"acme/a": "1.0.0", "acme/b": "1.0.0"})
        self.well()
        self.note_trees()
        self.require_new()
        self.old_documents = self.shell.documents()

    def note_trees(self) -> None:
        """What is installed now is what may be installed."""
        for name in ("acme/a", "acme/b", "acme/c"):
            if self.shell.module(name).exists():
                self.trees.setdefault(name, set()).add(digest_folder(self.shell.module(name)))

    def run(self, *arguments: str, environ: Mapping[str, str] | None = None, **circumstances: Any) -> Ran:
        """Run hpm in the project; see :meth:`Forks.run`."""
        return self.forks.run(
            *(arguments or COMMAND),
            cwd=self.shell.cwd,
            environ={**self.shell.environ, **(environ or {})},
            **circumstances,
        )

    def well(self, **circumstances: Any) -> Ran:
        """Run hpm; it succeeds."""
        ran = self.run(**circumstances)
        assert ran.code == 0, ran
        return ran

    # ---- the invariant

    def check_state(self) -> None:
        """Points 1 and 2, at once after the fault."""
        documents = self.shell.documents()
        for name, content in documents.items():
            assert content in {self.old_documents[name], self.new_documents[name]}, f"{name} is torn"
        for name, allowed in self.trees.items():
            folder = self.shell.module(name)
            assert not folder.exists() or digest_folder(folder) in allowed, f"{name} is torn"

    def check_told(self, ran: Ran, codes: Sequence[int] = ()) -> None:
        """Point 3."""
        if ran.code == 0:
            return
        assert ran.code in (codes or (-9, 1, 2, 3, 4, 5, 6, 9)), ran
        assert "Traceback" not in ran.out + ran.err, ran
        if ran.code > 0:
            assert ran.err.startswith("Error: "), ran
            assert ran.err.count("Error: ") == 1, ran

    def check_recovery(self, **circumstances: Any) -> None:
        """Points 4 to 6: without the fault all is well again."""
        self.well(**circumstances)
        self.check_installed()
        again = self.run("install", "--json", **circumstances)
        assert again.code == 0, again
        assert json.loads(again.out)["tasks"] == []
        if "boot" in circumstances:  # what power took is noticed by whoever uses it, or by this
            self.run("cache", "verify", "--fix", **circumstances)
        verified = self.run("cache", "verify")
        assert verified.code == 0, verified
        assert self.litter(self.shell.project) == []
        if self.litter(self.shell.home):  # whoever next puts something into the store sweeps it, or prune
            assert self.run("cache", "prune").code == 0
        assert self.litter(self.shell.home) == []

    def check_installed(self) -> None:
        """The new installation is there, file by file."""
        self.shell.check_installed()
        assert self.shell.documents() == self.new_documents
        assert self.shell.installed() == NEW

    def check_everything(self, ran: Ran, codes: Sequence[int] = (), **circumstances: Any) -> None:
        """The whole invariant, after a fault that ended in *ran*."""
        self.check_told(ran, codes)
        self.check_state()
        self.check_recovery(**circumstances)

    def litter(self, root: Path) -> list[str]:
        """What has a temporary name below *root*."""
        temporary = (".tmp-", ".deep-", "stamp.", "plan.")
        return [str(path) for path in root.rglob("*") if path.name.startswith(temporary)]


def _remove(path: Path) -> None:
    from hpmtasks.files.removal import remove_tree

    remove_tree(path)
