"""store: archives and trees, kept once for all projects.

It needs no lock to be right. Everything has a name made of its content, grows under a
temporary name and is renamed; who loses a race against equal content has succeeded. A damaged
entry is found when it is used, removed, and reported as :class:`DamagedEntry`: fetch it again.
Who puts something in or takes something out shares the mutex for as long as that takes, never
over the network; who collects garbage is alone, for a moment (see ``store.collection``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from hpmtasks.dataclass import replace
from hpmtasks.errors import StorageFailure
from hpmtasks.files.atomic import replace_folder
from hpmtasks.files.failures import OF_A_DISK, storage_failures
from hpmtasks.files.leftovers import sweep, temporary_beside
from hpmtasks.files.removal import remove_tree
from hpmtasks.files.shared_mutex import shared
from hpmtasks.model.package import PackageName
from hpmtasks.store import archives, trees
from hpmtasks.store.entries import (
    ArchiveEntry,
    CachedPackage,
    DamagedEntry,
    Intake,
    LinkMethod,
    Prepared,
    Staging,
    TreeEntry,
)
from hpmtasks.store.index import read_record, write_record
from hpmtasks.store.layout import Layout
from hpmtasks.store.materialize import Damage, materialize
from hpmtasks.store.staging import within

if TYPE_CHECKING:
    from hpmtasks.store.collection import Choose, Pruned
    from hpmtasks.store.received import Received
    from hpmtasks.store.verification import Finding


def _nothing(_: bytes | None) -> None:
    """What is done with what nobody asked for."""


class Store:
    """The store in one cache folder. Making one touches nothing on the disk.

    Methods raise :class:`~hpmtasks.errors.StorageFailure` when the file system refuses.
    """

    def __init__(self, cache_dir: Path) -> None:
        self.layout = Layout(cache_dir)
        self._methods: dict[int, LinkMethod] = {}  # by the target's device: what worked there
        self._links_at_once = True  # until a file system refused
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
        with self._received(write) as received, shared(self.layout.mutex):
            return archives.add(self.layout, name, commit, received, version)

    def take_in(
        self,
        name: PackageName,
        commit: str,
        write: Callable[[BinaryIO], None],
        *,
        version: str = "",
        read: Callable[[bytes | None], object] = _nothing,
        lay_out: Staging | None = None,
    ) -> Intake:
        """What *write* writes is the archive of *name* at *commit*, and its tree is in the store, too.

        As :meth:`add_archive` and :meth:`unpack`, for a fraction of their cost: the archive is unpacked as
        it comes, and not read again.

        Args:
            read: Told its package.json, ``None`` if it has none, as soon as the archive was found safe and
                before any file is written.
            lay_out: Its files are wanted, too, and come in the same go where that can be. Else it is for
                :meth:`prepare` to do.

        Raises:
            UnsafeArchive: It cannot be used; nothing is added.
        """
        from hpmtasks.store.at_once import AtOnce
        from hpmtasks.store.extract import Archive, refusals
        from hpmtasks.store.identify import identify
        from hpmtasks.store.inflate import inflate

        with (
            self._received(write) as received,
            shared(self.layout.mutex),
            refusals(archives.label_of(name, version, commit)),
            storage_failures("write", self.layout.cache),
        ):
            comment = identify(received.beginning())
            archive = Archive(inflate(received.opened(), self.layout.temporary))
            manifest = archive.manifest()
            read(manifest)
            sha256, size = received.digest(), received.size()
            with AtOnce(lay_out if self._links_at_once else None, sha256) as at_once:
                tree = trees.add(self.layout, archive, at_once)
                path = archives.keep(self.layout, received, sha256)
                entry = ArchiveEntry(name, commit, sha256, size, path, comment, tree.digest, version)
                write_record(self.layout, entry, tree.files)
        if at_once.is_refused:
            self._links_at_once = False
        return Intake(entry, tree, manifest, at_once.prepared)

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
        with archives.opened(self.layout, name, commit) as (_, archive):
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
        return trees.find(self.layout, digest)

    def recorded_tree(self, digest: str) -> TreeEntry | None:
        """The tree *digest* by its record of this boot; unlike :meth:`find_tree`, no file is looked at."""
        return trees.recorded(self.layout, digest)

    def unpack(self, name: PackageName, commit: str) -> TreeEntry:
        """The tree of *name* at *commit* is in the store, made from its archive, and is recorded for it.

        Raises:
            DamagedEntry: The archive is not what was received; it is removed. Also if there is none.
            UnsafeArchive: It is what was received, and not usable; it is removed.
        """
        from hpmtasks.store.at_once import AtOnce

        with shared(self.layout.mutex), archives.opened(self.layout, name, commit) as (entry, archive):
            with storage_failures("write", self.layout.cache):
                tree = trees.add(self.layout, archive, AtOnce())
            write_record(self.layout, replace(entry, tree=tree.digest), tree.files)
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
            device = within(folder, lambda: os.stat(folder).st_dev)
        method = how or self._methods.get(device, LinkMethod.HARD_LINK)
        staged = temporary_beside(folder / "any")
        try:
            with shared(self.layout.mutex), storage_failures("write", target):
                method = materialize(tree, staged, method)
            self._used(tree)
        except Damage as damage:
            remove_tree(staged)
            is_missing = not os.path.lexists(tree.path)
            trees.try_to_discard(self.layout, tree.digest)
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
                within(target.parent, lambda: os.stat(target.parent))
            replace_folder(prepared.path, target)
        except BaseException:
            remove_tree(prepared.path)
            raise

    # ------------------------------------------------------------ removal and inventory

    def discard(self, name: PackageName, commit: str) -> None:
        """The store has no archive of *name* at *commit*. Its tree stays."""
        archives.discard(self.layout, name, commit)

    def discard_tree(self, digest: str) -> None:
        """The store has no tree *digest*. It is moved away first, so that nobody finds a part of it."""
        trees.discard(self.layout, digest)

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

    @contextmanager
    def _received(self, write: Callable[[BinaryIO], None]) -> Iterator[Received]:
        """What *write* wrote."""
        from hpmtasks.store.received import Received

        if not self._is_swept:
            with storage_failures("write", self.layout.cache):
                os.makedirs(self.layout.temporary, exist_ok=True)
            self.sweep()
        with Received(self.layout) as received:
            with storage_failures("write", self.layout.cache, among=OF_A_DISK):
                write(cast("BinaryIO", received))
            yield received
