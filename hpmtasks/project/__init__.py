"""project: one folder with a package.json, and every path in it that hpm may touch."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Self

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import InvalidManifest
from hpmtasks.files.mutex import Mutex
from hpmtasks.model.package import PackageName

MANIFEST = "package.json"
LOCKFILE = "package-lock.json"
MODULES = "hem_modules"
STATE_FOLDER = ".hpm"


@dataclass(frozen=True)
class Project:
    """A project, by its root folder (absolute). Passed as an argument, never global."""

    root: Path
    #: The folder from which it was looked for: in a workspace it tells which member is meant.
    start: Path = field(default=Path(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.root / self.start)

    @classmethod
    def find(cls, start: Path) -> Self:
        """The project that *start* is in: the nearest folder upwards with a package.json.

        If that belongs to a member of a workspace, the workspace's root is the project.

        Raises:
            InvalidManifest: There is none.
        """
        from hpmtasks.project.workspace import workspace_root_of

        start = start.resolve() if ".." in start.parts else start.absolute()
        for folder in (start, *start.parents):
            if (folder / MANIFEST).is_file():
                if root := workspace_root_of(folder):
                    return cls(root, start)
                # Somebody may have come to a member through a link.
                root = workspace_root_of(folder.resolve())
                return cls(root, start.resolve()) if root else cls(folder, start)
        raise InvalidManifest(
            str(start / MANIFEST),
            ["No package.json found here or in a folder above. Run 'hpm init' first."],
        )

    @property
    def manifest_path(self) -> Path:
        """``package.json``."""
        return self.root / MANIFEST

    @property
    def lock_path(self) -> Path:
        """``package-lock.json``."""
        return self.root / LOCKFILE

    @cached_property
    def modules(self) -> Path:
        """``hem_modules``."""
        return self.root / MODULES

    @property
    def state_folder(self) -> Path:
        """``.hpm``: safe to delete at any time."""
        return self.root / STATE_FOLDER

    @property
    def state_path(self) -> Path:
        """``.hpm/state.json``: doit's state, the stat table, what is installed."""
        return self.state_folder / "state.json"

    @property
    def resolution_path(self) -> Path:
        """``.hpm/resolution.json``: the last answer, and what it was an answer to."""
        return self.state_folder / "resolution.json"

    def candidate_path(self, member: str = "") -> Path:
        """``.hpm/package.json``: the manifest as it will be, while it is not yet sure to be possible.

        That of the *member* ``packages/app`` is ``.hpm/packages+app+package.json``.
        """
        return self.state_folder / f"{member}/{MANIFEST}".lstrip("/").replace("/", "+")

    def candidates(self) -> list[Path]:
        """Every :meth:`candidate_path` that is there, be it of this run or of one that was killed."""
        try:
            names = sorted(os.listdir(self.state_folder))
        except OSError:
            return []
        found = [self.state_folder / name for name in names if name.endswith(MANIFEST)]
        return [path for path in found if path.is_file()]

    @property
    def links_path(self) -> Path:
        """``.hpm/links.json``: which folders stand in for packages."""
        return self.state_folder / "links.json"

    @property
    def edits_path(self) -> Path:
        """``.hpm/patches-edit.json``: which packages are being edited, and what they were before."""
        return self.state_folder / "patches-edit.json"

    def edit_folder(self, name: PackageName) -> Path:
        """``.hpm/patches-edit/owner/repo``: a copy of a package for somebody to edit."""
        return self.state_folder / "patches-edit" / name.owner / name.repo

    @cached_property
    def mutex(self) -> Mutex:
        """``.hpm/mutex``: held by whoever changes this project."""
        return Mutex(self.state_folder / "mutex")

    def package_folder(self, name: PackageName) -> Path:
        """``hem_modules/owner/repo``. The name was validated when it was parsed."""
        return Path(self.package_path(name))

    def package_path(self, name: PackageName) -> str:
        """:meth:`package_folder` as text, for what is done once for each package."""
        return f"{self.modules_path}/{name.owner}/{name.repo}"

    @cached_property
    def modules_path(self) -> str:
        """:attr:`modules` as text."""
        return str(self.modules)

    def as_typed(self, path: str) -> str:
        """*path*, from the root, as one types it in the current folder if that is the root.

        Elsewhere it is absolute. doit looks for paths from the current folder.
        """
        return path if self._is_current else f"{self.root}/{path}"

    @cached_property
    def _is_current(self) -> bool:
        try:
            return os.getcwd() == str(self.root)
        except FileNotFoundError:  # hpm -C, from a folder that is gone
            return False

    def relative(self, path: Path) -> str:
        """*path* as a user in the project's root would write it."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return str(path)
