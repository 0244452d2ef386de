"""ahead: packages that are known to be needed are begun, by workers or by threads, before a task asks.

What manifest and lock imply is known before the graph is loaded. Nothing but the store and temporary
names are written; what goes wrong is told by the task whose work it is.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack

from hpmtasks.errors import HpmError, InvalidManifest, InvalidPatch
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import ResolvedPackage, from_entry
from hpmtasks.semver.version import Version
from hpmtasks.session.acquire import acquisition, telling
from hpmtasks.session.delivery import Delivery, Order
from hpmtasks.session.executor import GiveBack
from hpmtasks.session.manifests import reading
from hpmtasks.session.session import Session


def begin_what_is_locked(session: Session) -> None:
    """Begin with the locked packages whose folders are not there, if the lock answers package.json.

    The graph comes to ask for the same, and finds it begun.
    """
    options = session.options
    if options.update or options.update_all or options.accept or options.direction != "highest":
        return
    try:
        lockfile = session.documents.lockfile
        if lockfile is None or options.lock_only:
            return
        missing = [
            from_entry(name, entry, entry.commit)
            for name, entry in lockfile.entries.items()
            if entry.commit is not None
            and options.lays_out_as(dev=entry.dev)
            and name not in session.links
            and not os.path.lexists(session.project.package_path(name))
        ]
        if not missing or session.documents.unanswered():
            return
        begin(session, orders(session, missing))
    except HpmError:
        return  # for a task to tell


def foreseen(session: Session, name: PackageName, version: Version, commit: str) -> Order:
    """What is to be done for a package that will probably be chosen.

    It is laid out, too, where nothing is in its place and nothing but what is published can be. If it
    is not chosen, that goes as everything does that has a temporary name.
    """
    options, project = session.options, session.project
    is_sure = options.lays_out_as(dev=True) and options.lays_out_as(dev=False) and name not in session.links
    return Order(
        name,
        version,
        commit,
        tells=True,
        lays_out=is_sure
        and project.mutex.is_held
        and not os.path.lexists(project.package_path(name))
        and _has_no_patches(session)
        and _on_one_disk(session),
    )


def orders(session: Session, packages: Sequence[ResolvedPackage]) -> list[Order]:
    """What is to be done for *packages*, which are not installed.

    They are laid out, too, where this process holds the project's mutex, and where a rename can then
    put them in their place.
    """
    may_lay_out = session.project.mutex.is_held and _on_one_disk(session)
    return [
        Order(
            package.name,
            package.version,
            package.commit,
            package.integrity,
            package.tree,
            may_lay_out and session.lays_out(package) and _is_unpatched(session, package),
        )
        for package in packages
    ]


def begin(session: Session, wanted: Sequence[Order]) -> None:
    """What *wanted* asks for is on its way, and nothing is begun twice."""
    if not wanted:
        return
    workers = session.begin_workers(len(wanted))
    batch = []
    for order in wanted:
        key, work = acquisition(session, order.name, order.version, order.commit, order.integrity)
        if workers is None:
            session.executor.start((key, work))
            continue
        give_back = session.executor.lend(key, work, workers.listen)
        if give_back is None and order.lays_out and not workers.lays_out(order):
            give_back = session.executor.lend(files_key(order), _nothing_prepared, workers.listen)
        if give_back is not None:
            text = reading(session, order.name, order.version, order.commit)
            give_text = session.executor.lend(*text, workers.listen) if order.tells else None
            receiver = _Receiver(session, order, give_back, give_text)
            if not _is_kept(session, order):
                own = (order.name.key, order.commit)
                session.fetched.add(own)  # before the store has it: see Session.fetched
                session.unpacked[own] = None
                receiver.tell(telling(session, order.name, order.version))
            batch.append((order, receiver))
    if workers is not None:
        workers.send(batch)


def files_key(package: Order | ResolvedPackage) -> str:
    """What laying out ahead is collected by, where it is not a part of fetching."""
    return f"files of {package.name.key} {package.commit}"


def _nothing_prepared() -> bool:
    return True  # it is for the task to do


class _Receiver:
    """Tells *session* what a worker says of *order*, and the executor that it was done."""

    def __init__(
        self, session: Session, order: Order, give_back: GiveBack, give_text: GiveBack | None
    ) -> None:
        self._session = session
        self._order = order
        self._give_back = give_back
        self._give_text = give_text
        self._told = ExitStack()

    def tell(self, going_on: AbstractContextManager[object]) -> None:
        """*going_on* is shown until the worker is done."""
        self._told.enter_context(going_on)

    def manifest(self, text: bytes | None) -> None:
        """See :meth:`Receiver.manifest`."""
        give, self._give_text = self._give_text, None
        if give is not None:
            give((text,))

    def delivery(self, came: Delivery | None) -> None:
        """See :meth:`Receiver.delivery`."""
        session = self._session
        self._told.close()
        if came is None:
            is_going_on = session.workers is not None  # else the run is coming to its end
            self._give_back(None, at_once=is_going_on)
            if self._give_text is not None:
                self._give_text(None, at_once=is_going_on)
            return
        own = (self._order.name.key, self._order.commit)
        session.delivered[own] = came
        session.manifests[own] = came.manifest
        session.planned_files[came.tree] = came.files
        self.manifest(came.manifest)
        self._give_back(came.archive_of(session, self._order))


def _is_kept(session: Session, order: Order) -> bool:
    """Whether an earlier run has verified the package, and it is still in the store."""
    recorded = session.state.values_of(f"verify:{order.name}").get("commit") == order.commit
    return recorded and session.store.find_tree_of(order.name, order.commit) is not None


def _is_unpatched(session: Session, package: ResolvedPackage) -> bool:
    try:
        return session.patch_of(package) is None
    except InvalidPatch:
        return False


def _has_no_patches(session: Session) -> bool:
    try:
        return not session.documents.patches
    except InvalidManifest:  # for a task to tell
        return False


def _on_one_disk(session: Session) -> bool:
    """Whether a folder can be renamed from where it is prepared to where it belongs."""
    try:
        staging = os.stat(session.project.state_folder).st_dev
        return not os.path.lexists(session.project.modules) or (
            os.lstat(session.project.modules).st_dev == staging
        )
    except OSError:
        return False
