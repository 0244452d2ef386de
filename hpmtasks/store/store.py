"""store: archives and trees, kept once for all projects.

It needs no lock to be right. Everything has a name made of its content, grows under a
temporary name and is renamed; who loses a race against equal content has succeeded. A damaged
entry is found when it is used, removed, and reported as :class:`DamagedEntry`: fetch it again.
Who puts something in or takes something out shares the mutex for as long as that takes, never
over the network; who collects garbage is alone, for a moment (see ``store.collection``).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from hpmtasks.dataclass import replace
from hpmtasks.errors import StorageFailure, UnsafeArchive
from hpmtasks.files.atomic import replace_folder, sync_folder
from hpmtasks.files.boot import boot
from hpmtasks.files.failures import OF_A_DISK, storage_failures
from hpmtasks.files.leftovers import sweep, temporary_beside
from hpmtasks.files.removal import remove_tree
from hpmtasks.files.shared_mutex import shared
from hpmtasks.model.package import PackageName
from hpmtasks.store.entries import (
    ArchiveEntry,
    CachedPackage,
    DamagedEntry,
    Intake,
    LinkMethod,
    Prepared,
    TreeEntry,
    TreeFile,
)
from hpmtasks.store.extract import Archive, refusals
from hpmtasks.store.identify import identify
from hpmtasks.store.index import (
    begin_tree_index,
    read_record,
    read_tree_index,
    write_record,
    write_tree_index,
)
from hpmtasks.store.layout import Layout, is_tree_digest, tree_files, tree_index
from hpmtasks.store.materialize import Damage, check_content, is_as_recorded, materialize
from hpmtasks.store.tree import sha256_of, tree_digest

if TYPE_CHECKING:
    from hpmtasks.store.collection import Choose, Pruned
    from hpmtasks.store.verification import Finding

_LOST_THE_RACE = frozenset({errno.ENOTEMPTY, errno.EEXIST})


class Store:
    """The store in one cache folder. Making one touches nothing on the disk.

    Methods raise :class:`~hpmtasks.errors.StorageFailure` when the file system refuses.
    """

    def __init__(self, cache_dir: Path) -> None:
        self.layout = Layout(cache_dir)
        self._methods: dict[int, LinkMethod] = {}  # by the target's device: what worked there
        self._is_swept = False

    # ------------------------------------------------------------ archives

    def find_archive(self, name: PackageName, commit: str) -> ArchiveEntry | None:
        """The archive of *name* at *commit*, if it was added and its file has the recorded size."""
        entry = read_record(self.layout, name, commit)
        if entry is None:
            return None
        try:
            is_whole = os.lstat(entry.path).st_size == entry.size
        except OSError:
            return None
        return entry if is_whole else None

    def integrity_of(self, name: PackageName, commit: str) -> str | None:
        """``sha256-<hex>`` of the archive of *name* at *commit* as it was received; ``None`` if unknown."""
        entry = read_record(self.layout, name, commit)
        return f"sha256-{entry.sha256}" if entry is not None else None

    def add_archive(
        self, name: PackageName, commit: str, write: Callable[[BinaryIO], None], *, version: str = ""
    ) -> ArchiveEntry:
        """What *write* writes is the archive of *name* at *commit*.

        *write* may start over (``seek(0)``, ``truncate()``); what the file holds in the end counts.
        If it raises, nothing is added.

        Raises:
            UnsafeArchive: It is no archive at all: an error page, or nothing.
        """
        with self._temporary() as temporary:
            with storage_failures("write", self.layout.cache):
                file = temporary.open("xb")
            with storage_failures("write", self.layout.cache, among=OF_A_DISK), file:
                write(file)
                file.flush()
                if not boot():
                    os.fsync(file.fileno())
            with shared(self.layout.mutex):
                return self._adopt(name, commit, temporary, version)

    def take_in(
        self, name: PackageName, commit: str, write: Callable[[BinaryIO], None], *, version: str = ""
    ) -> Intake:
        """What *write* writes is the archive of *name* at *commit*, and its tree is in the store, too.

        As :meth:`add_archive` and :meth:`unpack`, for a fraction of their cost: the archive is unpacked as
        it comes, and not read again.

        Raises:
            UnsafeArchive: It cannot be used; nothing is added.
        """
        archive = self.add_archive(name, commit, write, version=version)
        tree = self.unpack(name, commit)
        return Intake(replace(archive, tree=tree.digest), tree)

    def adopt_archive(self, name: PackageName, commit: str, path: Path, *, version: str = "") -> ArchiveEntry:
        """A copy of the file *path* is the archive of *name* at *commit*. The file stays.

        Raises:
            UnsafeArchive: It is no archive at all.
        """

        def copy(target: BinaryIO) -> None:
            import shutil

            with storage_failures("read", path), path.open("rb") as source:
                shutil.copyfileobj(source, target)

        return self.add_archive(name, commit, copy, version=version)

    def legacy_archive(self, name: PackageName, version: str) -> Path | None:
        """The archive that the first hpm left of a version, or ``None``.

        Nobody wrote down what it should be: use it only if its sha256 is one that a lock promises.
        """
        path = self.layout.legacy(name, version)
        return path if path.is_file() and not path.is_symlink() else None

    def read_manifest(self, name: PackageName, commit: str) -> bytes | None:
        """The bytes of the package.json of *name* at *commit*; ``None`` if the package has none.

        Raises:
            DamagedEntry: The store does not have it (any more).
            UnsafeArchive: The archive is not usable, or its package.json is larger than 1 MiB.
        """
        entry = read_record(self.layout, name, commit)
        tree = self.find_tree(entry.tree) if entry is not None and entry.tree else None
        if tree is not None:
            from hpmtasks.store import inventory

            try:
                return inventory.manifest_of(tree)
            except StorageFailure:
                if os.path.lexists(tree.path):
                    raise  # else it was collected between the look and the reading
        with self._opened(name, commit) as (_, archive):
            return archive.manifest()

    # ------------------------------------------------------------ trees

    def find_tree_of(self, name: PackageName, commit: str) -> TreeEntry | None:
        """The tree of *name* at *commit*, as :meth:`find_tree`; ``None`` also if it was never unpacked."""
        entry = read_record(self.layout, name, commit)
        return self.find_tree(entry.tree) if entry is not None and entry.tree else None

    def find_tree(self, digest: str) -> TreeEntry | None:
        """The tree *digest*, each of its files as it was recorded.

        A file whose stat differs from the record is read; so are all, once, after the machine has
        started anew. Where the content is right the record is renewed. Where it is not, the tree is
        removed and the answer is ``None``.
        """
        if not is_tree_digest(digest):
            return None
        folder = self.layout.tree(digest)
        recorded = read_tree_index(tree_index(folder), digest)
        if recorded is None:
            if os.path.lexists(folder):
                self._try_to_discard(digest)
            return None
        files, written_in = recorded
        try:
            checked = _checked(tree_files(folder), files, trust_times=written_in == boot())
        except Damage:
            self._try_to_discard(digest)
            return None
        if checked != files or written_in != boot():
            with suppress(StorageFailure):  # a store that may only be read has been checked all the same
                write_tree_index(self.layout, tree_index(folder), checked)
        return TreeEntry(digest, checked, tree_files(folder))

    def recorded_tree(self, digest: str) -> TreeEntry | None:
        """The tree *digest* by its record of this boot; unlike :meth:`find_tree`, no file is looked at."""
        folder = self.layout.tree(digest)
        recorded = read_tree_index(tree_index(folder), digest)
        if recorded is None or not boot() or recorded[1] != boot():
            return None
        return TreeEntry(digest, recorded[0], tree_files(folder))

    def unpack(self, name: PackageName, commit: str) -> TreeEntry:
        """The tree of *name* at *commit* is in the store, made from its archive, and is recorded for it.

        Raises:
            DamagedEntry: The archive is not what was received; it is removed. Also if there is none.
            UnsafeArchive: It is what was received, and not usable; it is removed.
        """
        with (
            shared(self.layout.mutex),
            self._opened(name, commit) as (entry, archive),
            self._temporary() as temporary,
        ):
            with storage_failures("write", self.layout.cache):
                os.makedirs(tree_files(temporary))
                files = archive.write(tree_files(temporary), durable=not boot())
                begin_tree_index(tree_index(temporary), files)
            digest = tree_digest(files)
            tree = self._install_tree(
                temporary, TreeEntry(digest, files, tree_files(self.layout.tree(digest)))
            )
            write_record(self.layout, replace(entry, tree=digest), files)
            return tree

    def lay_out(self, tree: TreeEntry, target: Path, *, how: LinkMethod | None = None) -> LinkMethod:
        """The folder *target* holds exactly the files of *tree*; before, and if this fails, it is as it was.

        Args:
            how: A method to begin with; by default the best that worked for this disk.

        Returns:
            The method that the disk allowed; single files may have been copied.

        Raises:
            DamagedEntry: A file in the store has changed; the tree is removed from the store.
        """
        prepared = self.prepare(tree, target, how=how)
        self.place(prepared, target)
        return prepared.method

    def prepare(
        self, tree: TreeEntry, target: Path, *, staging: Path | None = None, how: LinkMethod | None = None
    ) -> Prepared:
        """The first half of :meth:`lay_out`: all of it but the name. *target* itself is not touched.

        Any process may do it ahead of knowing whether *tree* is wanted; who does not place it removes it.

        Args:
            target: Where it is going to be.
            staging: The folder for the temporary name, on the same file system; by default *target*'s own.
            how: As in :meth:`lay_out`.

        Raises:
            DamagedEntry: A file in the store has changed; the tree is removed from the store.
        """
        folder = staging or target.parent
        with storage_failures("write", target):
            folder.mkdir(parents=True, exist_ok=True)
            device = os.stat(folder).st_dev
        method = how or self._methods.get(device, LinkMethod.HARD_LINK)
        staged = temporary_beside(folder / "any")
        try:
            with shared(self.layout.mutex), storage_failures("write", target):
                method = materialize(tree, staged, method)
            self._used(tree)
        except Damage as damage:
            remove_tree(staged)
            is_missing = not os.path.lexists(tree.path)
            self._try_to_discard(tree.digest)
            raise DamagedEntry(
                f"{target.parent.name}/{target.name} ({damage.file.path})",
                expected=f"sha256-{damage.file.sha256}",
                actual=damage.actual,
                is_missing=is_missing,
            ) from None
        except BaseException:
            remove_tree(staged)
            raise
        if how is None:
            self._methods[device] = method
        return Prepared(staged, tree.digest, method)

    def place(self, prepared: Prepared, target: Path) -> None:
        """The second half of :meth:`lay_out`: *prepared* is at *target*; if this fails, it is gone."""
        try:
            with storage_failures("write", target):
                target.parent.mkdir(parents=True, exist_ok=True)
            replace_folder(prepared.path, target)
        except BaseException:
            remove_tree(prepared.path)
            raise

    # ------------------------------------------------------------ removal and inventory

    def discard(self, name: PackageName, commit: str) -> None:
        """The store has no archive of *name* at *commit*. Its tree stays."""
        entry = read_record(self.layout, name, commit)
        remove_tree(self.layout.record(name, commit))
        if entry is not None:
            remove_tree(entry.path)

    def discard_tree(self, digest: str) -> None:
        """The store has no tree *digest*. It is moved away first, so that nobody finds a part of it."""
        folder = self.layout.tree(digest)
        with self._temporary() as temporary, storage_failures("remove", folder), suppress(FileNotFoundError):
            os.rename(folder, temporary)

    def list_packages(self) -> list[CachedPackage]:
        """What is cached, by name and version; with the archives that the first hpm left."""
        from hpmtasks.store import inventory

        return inventory.list_packages(self.layout)

    def size(self) -> int:
        """Bytes of all files of the store and of the first hpm's archives."""
        from hpmtasks.store import inventory

        return inventory.size(self.layout)

    def count_results(self) -> tuple[int, int]:
        """How many results of scripts there are, and how many bytes they take."""
        from hpmtasks.store.results.inventory import count_results

        return count_results(self.layout)

    def clean(self, on_wait: Callable[[], None] = lambda: None) -> int:
        """Nothing is cached. Whatever else is in the cache folder stays.

        Returns:
            Bytes of the files that are gone; those that projects still share are not counted.
        """
        from hpmtasks.store import collection

        return collection.clean(self.layout, on_wait)

    def prune(self, choose: Choose, on_wait: Callable[[], None] = lambda: None) -> Pruned:
        """Of packages and results only those are left that *choose* keeps, and what these consist of."""
        from hpmtasks.store import collection

        return collection.prune(self.layout, choose, on_wait)

    def verify(self) -> list[Finding]:
        """Everything is read; what is not as it was stored is the result. Nothing is changed."""
        from hpmtasks.store import verification

        return verification.verify(self.layout)

    def remove(self, findings: Iterable[Finding]) -> None:
        """What *findings* name is gone from the store."""
        for finding in findings:
            with shared(self.layout.mutex):
                if finding.what == "tree":
                    self.discard_tree(f"sha256-{finding.path.name}")
                else:
                    remove_tree(finding.path)

    def sweep(self) -> None:
        """What killed processes left half done is gone; looked for once."""
        if not self._is_swept:
            self._is_swept = True
            sweep(self.layout.temporary)

    # ------------------------------------------------------------ inside

    def _used(self, tree: TreeEntry) -> None:
        """The folder of *tree* tells when it was last needed."""
        with suppress(OSError):
            os.utime(tree.path.parent)

    def _try_to_discard(self, digest: str) -> None:
        """The damaged tree *digest* is gone, unless the store may only be read."""
        with suppress(StorageFailure):
            self.discard_tree(digest)

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A path in the store's own folder for temporary things; afterwards nothing is there."""
        folder = self.layout.temporary
        with storage_failures("write", self.layout.cache):
            folder.mkdir(parents=True, exist_ok=True)
        self.sweep()
        path = temporary_beside(folder / "any")
        try:
            yield path
        finally:
            remove_tree(path)

    def _adopt(self, name: PackageName, commit: str, file: Path, version: str) -> ArchiveEntry:
        """The finished *file* becomes the archive of *name* at *commit*."""
        label = f"{name}@{version or commit}"
        with refusals(label), storage_failures("read", self.layout.cache):
            comment = identify(file)
        with storage_failures("write", self.layout.cache):
            sha256, size = sha256_of(file), file.stat().st_size
            path = self.layout.archive(sha256)
            entry = ArchiveEntry(name, commit, sha256, size, path, comment, "", version)
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.rename(file, path)  # over an equal one, or a damaged one
            except IsADirectoryError:
                remove_tree(path)
                os.rename(file, path)
            if not boot():
                sync_folder(path.parent)
        known = read_record(self.layout, name, commit)
        if known is not None and known.sha256 == sha256:
            entry = replace(entry, tree=known.tree, version=version or known.version)
        write_record(self.layout, entry)
        return entry

    @contextmanager
    def _opened(self, name: PackageName, commit: str) -> Iterator[tuple[ArchiveEntry, Archive]]:
        """The archive, its bytes those that were received; what turns out unusable inside is discarded."""
        entry = read_record(self.layout, name, commit)
        label = f"{name}@{(entry.version if entry else '') or commit}"
        if entry is None:
            raise DamagedEntry(label, expected="an archive in the cache", actual="none", is_missing=True)
        is_missing = False
        try:
            actual = sha256_of(entry.path)
        except OSError as error:
            actual, is_missing = error.strerror or "unreadable", isinstance(error, FileNotFoundError)
        if actual != entry.sha256:
            self.discard(name, commit)
            expected = f"sha256-{entry.sha256}"
            raise DamagedEntry(label, expected=expected, actual=actual, is_missing=is_missing)
        try:
            with refusals(label), storage_failures("unpack", entry.path):
                self.layout.temporary.mkdir(parents=True, exist_ok=True)
                archive = Archive(entry.path, self.layout.temporary)
            with refusals(label):
                yield entry, archive
        except UnsafeArchive:
            # It may have been cut on its way without anybody noticing: the next run fetches it afresh.
            self.discard(name, commit)
            raise

    def _install_tree(self, finished: Path, tree: TreeEntry) -> TreeEntry:
        """The finished folder is in its place, or an equal one that somebody else put there."""
        folder = self.layout.tree(tree.digest)
        with storage_failures("write", self.layout.cache):
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.rename(finished, folder)
            except OSError as error:
                if error.errno not in _LOST_THE_RACE:
                    raise
                existing = self.find_tree(tree.digest)  # removes it if it is damaged
                if existing is not None:
                    return existing
                os.rename(finished, folder)
        return tree


def _checked(folder: Path, files: tuple[TreeFile, ...], *, trust_times: bool) -> tuple[TreeFile, ...]:
    """*files* with the times and inodes that they have now, their contents known to be right.

    Raises:
        Damage: One is not.
    """
    root = os.fspath(folder)
    checked: list[TreeFile] = []
    for file in files:
        path = f"{root}/{file.path}"
        if trust_times and is_as_recorded(path, file):
            checked.append(file)
        else:
            checked.append(check_content(path, file))
    return tuple(checked)
