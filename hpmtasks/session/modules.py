"""modules: what stands in hem_modules, compared with what should."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path

from hpmtasks.dataclass import replace
from hpmtasks.errors import StorageFailure
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.leftovers import sweep
from hpmtasks.files.removal import remove_tree
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.project import Project
from hpmtasks.project.state import Installed, State
from hpmtasks.session.occupant import Occupant, Patch
from hpmtasks.store.tree import ForeignEntry, digest_folder


def _unpatched(package: ResolvedPackage) -> Patch | None:
    del package
    return None


class Modules:
    """The package folders of one project, and what the state remembers of them.

    Args:
        patch_of: The patch that a package is to have; ``None`` for none.
    """

    def __init__(
        self,
        project: Project,
        state: State,
        patch_of: Callable[[ResolvedPackage], Patch | None] = _unpatched,
    ) -> None:
        self._project = project
        self._state = state
        self._patch_of = patch_of
        self._intact: dict[str, bool] = {}

    def occupant_of(self, package: ResolvedPackage) -> Occupant:
        """What should stand in the folder of *package*: its locked files, patched if there is a patch.

        What a patch makes of them is known once ``extract`` has made it.

        Raises:
            InvalidPatch: The patch is not there.
        """
        locked, patch = self.locked_tree(package), self._patch_of(package)
        if patch is None:
            return Occupant(package.name, str(package.version), locked)
        made = self._state.values_of(f"extract:{package.name}")
        is_made = (made.get("base"), made.get("patch")) == (locked, patch.fingerprint)
        return Occupant(package.name, str(package.version), made["tree"] if is_made else None, patch)

    def locked_tree(self, package: ResolvedPackage) -> str | None:
        """The digest of *package* as published: the lock's word, else what verification found."""
        if package.tree is not None:
            return package.tree
        record = self._state.values_of(f"verify:{package.name}")
        tree = record.get("tree") if record.get("commit") == package.commit else None
        return tree if isinstance(tree, str) else None

    def hold(self, package: ResolvedPackage) -> bool:
        """Whether the folder of *package* holds exactly what should stand there."""
        return self.holds(self.occupant_of(package))

    def holds(self, occupant: Occupant) -> bool:
        """Whether exactly the files of *occupant* stand in its folder.

        The folder's own mtime and inode are looked at; where they differ from what was
        recorded (a restored CI cache), the contents decide. See "Fresh" in
        ``docs/architecture.md``.
        """
        key = occupant.name.key
        if key not in self._intact:
            self._intact[key] = occupant.tree is not None and self._stands(occupant, occupant.tree)
        return self._intact[key]

    def _stands(self, occupant: Occupant, tree: str) -> bool:
        folder = self._project.package_path(occupant.name)
        found = self._look_at(folder)
        if found is None:
            return False
        known = self._state.packages.get(occupant.name.key)
        if known and (known.tree, known.mtime_ns, known.inode) == (tree, found.st_mtime_ns, found.st_ino):
            return True
        try:
            if digest_folder(Path(folder)) != tree:
                return False
        except (OSError, ForeignEntry):
            return False
        self.note(occupant, tree)
        return True

    def note(self, occupant: Occupant, tree: str) -> None:
        """The state remembers that the folder of *occupant*, as it stands now, holds *tree*."""
        name = occupant.name
        found = os.lstat(self._project.package_path(name))
        installed = Installed(str(name), occupant.version, tree, found.st_mtime_ns, found.st_ino)
        self._state.keep_package(name.key, installed)
        self._intact[name.key] = True

    @contextmanager
    def unaffected(self, name: PackageName) -> Iterator[None]:
        """What is done to the folder of *name* inside does not count as a change of what it holds.

        For what is put beside a package's files and belongs to no package, as import shims do.
        """
        folder, before = self._project.package_folder(name), self._state.packages.get(name.key)
        was_known = before is not None and _stat(folder) == (before.mtime_ns, before.inode)
        yield
        after = _stat(folder)
        if was_known and before is not None and after is not None:
            self._state.keep_package(name.key, replace(before, mtime_ns=after[0], inode=after[1]))

    def adopt(self, name: PackageName, installed: Installed | None) -> None:
        """The folder of *name* is as *installed*, as another session of this process has written down."""
        if installed is not None:
            self._state.packages[name.key] = installed
        self._intact.pop(name.key, None)

    def forget(self, name: PackageName) -> None:
        """The state remembers nothing of *name*."""
        self._state.forget_package(name.key)
        self._intact.pop(name.key, None)

    def folder_of(self, name: PackageName) -> Path | None:
        """The folder that hpm laid out for *name*, spelled as it was then; ``None`` if it is not there."""
        known = self._state.packages.get(name.key)
        if known is None:
            return None
        folder = self._project.package_folder(PackageName.parse(known.name))
        return folder if self._look_at(str(folder)) is not None else None

    def _look_at(self, path: str) -> os.stat_result | None:
        """The stat of a package's folder; ``None`` if none is there.

        Nor if it or one above it is a link: what is behind that is not the project's.
        """
        try:
            found = os.lstat(path)
            above = [os.lstat(each) for each in (os.path.dirname(path), self._project.modules_path)]
        except OSError:
            return None
        return found if all(stat.S_ISDIR(each.st_mode) for each in (found, *above)) else None

    def version_of(self, name: PackageName) -> str | None:
        """The version that hpm last laid out for *name*; ``None`` if there is none."""
        return self._state.packages[name.key].version if self.folder_of(name) else None

    def standing(self, name: PackageName) -> tuple[str, str] | None:
        """The version of what stands in the folder of *name*, and its digest; ``None`` if nothing does.

        It is read only where mtime and inode of the folder are not as they were left.
        """
        known = self._state.packages.get(name.key)
        folder = self._project.package_path(PackageName.parse(known.name) if known else name)
        found = self._look_at(folder)
        if found is None:
            return None
        try:
            if known and (known.mtime_ns, known.inode) == (found.st_mtime_ns, found.st_ino):
                return known.version, known.tree
            return known.version if known else "", digest_folder(Path(folder))
        except (OSError, ForeignEntry):
            return None

    def place_for(self, name: PackageName) -> Path:
        """The folder where *name* belongs, in folders that are really the project's.

        A link in the place of the owner's folder is removed, never followed: writing
        through it would be writing elsewhere.

        Raises:
            StorageFailure: ``hem_modules`` itself is a link.
        """
        if os.path.islink(self._project.modules_path):
            raise StorageFailure(
                f"{self._project.modules} is a link, and hpm writes only inside the project.\n\n"
                "Remove the link (the interpreter cannot load packages through one) and run hpm again."
            )
        owner = f"{self._project.modules_path}/{name.owner}"
        if os.path.islink(owner):
            os.unlink(owner)
        return self._project.package_folder(name)

    def respell(self, name: PackageName) -> None:
        """What hpm laid out for *name* when it was spelled in other letters is called so now."""
        known = self._state.packages.get(name.key)
        if known is None or known.name == str(name):
            return
        old, new = self.folder_of(name), self.place_for(name)
        if old is not None:
            with storage_failures("rename", old):
                new.parent.mkdir(parents=True, exist_ok=True)
                # Where case does not count, the two are one folder.
                if os.path.lexists(new) and not (os.path.exists(new) and os.path.samefile(old, new)):
                    remove_tree(old)
                else:
                    old.rename(new)
                with suppress(OSError):
                    old.parent.rmdir()
        self._state.keep_package(name.key, replace(known, name=str(name)))
        self._intact.pop(name.key, None)

    def installed(self) -> dict[PackageName, str]:
        """The packages whose folders hpm made and are still there, sorted, each with its version."""
        return dict(self._standing(sorted(self._state.packages)))

    def extraneous(self, wanted: AbstractSet[str]) -> list[PackageName]:
        """Packages whose folders hpm made and whose keys are not *wanted*, sorted."""
        return [name for name, _ in self._standing(sorted(self._state.packages.keys() - wanted))]

    def _standing(self, keys: Iterable[str]) -> Iterator[tuple[PackageName, str]]:
        """Those of the packages *keys* whose folders are still there, each with its version."""
        for key in keys:
            name = PackageName.parse(self._state.packages[key].name)
            version = self.version_of(name)
            if version is not None:
                yield name, version

    def sweep(self) -> None:
        """What killed processes left half done is gone."""
        if not self._project.modules.is_symlink():
            sweep(self._project.modules)
            for folder in self._owners():
                sweep(folder)

    def _owners(self) -> Iterator[Path]:
        try:
            with os.scandir(self._project.modules) as entries:
                yield from [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return


def _stat(folder: Path) -> tuple[int, int] | None:
    try:
        found = os.lstat(folder)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
