"""delivery: one package from its source into the store, and its files ready to be put in their place.

What somebody beside the graph does for one package at a stretch, as a worker does: fetch, unpack,
compare with what the lock promises, lay out under a temporary name. The tasks of the graph collect it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpmtasks.dataclass import NamedTuple
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version
from hpmtasks.session.acquire import fetch, kept_archive
from hpmtasks.session.planning import planned_files
from hpmtasks.session.session import Session
from hpmtasks.store.entries import ArchiveEntry, LinkMethod, Prepared, Staging

if TYPE_CHECKING:
    from hpmtasks.front.linking import Files


class Order(NamedTuple):
    """What to do for one package.

    Attributes:
        integrity, tree: What the lock promises, as it is written there; ``None`` if it does not.
        lays_out: Whether the files are to be laid out, too, under a temporary name.
        tells: Whether somebody waits for the package.json, which is then told before all else.
    """

    name: PackageName
    version: Version
    commit: str
    integrity: str | None = None
    tree: str | None = None
    lays_out: bool = False
    tells: bool = False

    @classmethod
    def parse(cls, name: str, version: str, *more: Any) -> Order:
        """The order whose name and version are spelled so, and the rest is *more*."""
        return cls(PackageName.parse(name), Version.parse(version), *more)


class Delivery(NamedTuple):
    """What came of an order. Plain values, so that one process can tell another.

    Attributes:
        sha256, size: Of the archive.
        comment: What its global header says.
        tree: The digest of what was unpacked.
        manifest: The package.json in it; ``None`` if there is none.
        staged: The folder, under a temporary name, that has the files; empty if they were not laid out.
        method: How they got there.
        files: Those of the tree, as a plan has them.
    """

    sha256: str
    size: int
    comment: str
    tree: str
    manifest: bytes | None
    staged: str = ""
    method: str = ""
    files: Files = ()

    def archive_of(self, session: Session, order: Order) -> ArchiveEntry:
        """The archive, as the store knows it."""
        path = session.store.layout.archive(self.sha256)
        known = self.sha256, self.size, path, self.comment, self.tree, str(order.version)
        return ArchiveEntry(order.name, order.commit, *known)

    @property
    def prepared(self) -> Prepared | None:
        """The files, ready to be put in their place; ``None`` if they are not."""
        return Prepared(Path(self.staged), self.tree, LinkMethod(self.method)) if self.staged else None


def deliver(
    session: Session,
    order: Order,
    turn: AbstractContextManager[object],
    tell: Callable[[bytes | None], object],
) -> Delivery:
    """The archive of *order* and its tree are in the store; and laid out, if they are what was promised.

    Args:
        turn: Held for as long as computing takes: threads that compute at the same time only take the
            interpreter from each other.
        tell: Told the package.json, if the order says so, as soon as it has come.

    Raises:
        HpmError: It could not be done; nothing but the store was written.
    """
    archive = kept_archive(session, order.name, order.version, order.commit, order.integrity)
    store = session.store
    staging = Staging(session.project.state_folder, order.integrity, order.tree) if order.lays_out else None
    prepared = None
    with ExitStack() as computing:
        if archive is None:
            read = tell if order.tells else None
            asked = order.name, order.version, order.commit
            taken = fetch(session, *asked, computing=computing, turn=turn, read=read, lay_out=staging)
            archive, tree, manifest, prepared = taken.archive, taken.tree, taken.manifest, taken.prepared
        else:
            computing.enter_context(turn)
            tree = store.find_tree_of(order.name, order.commit) or store.unpack(order.name, order.commit)
            from hpmtasks.store.inventory import manifest_of

            manifest = manifest_of(tree)
        known = archive.sha256, archive.size, archive.comment, tree.digest, manifest
        found = Delivery(*known, files=planned_files(tree))
        # To say that it is not what was promised is for who collects it.
        if staging is None or not staging.is_promised(archive.sha256, tree.digest):
            return found
        if prepared is None:
            target = session.project.package_folder(order.name)
            prepared = store.prepare(tree, target, staging=staging.folder)
        return found._replace(staged=str(prepared.path), method=str(prepared.method))
