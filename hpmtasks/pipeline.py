"""pipeline: the whole graph of an installation, on one page.

::

    tags:<name> ─► resolve ─► download:<name> ─► verify:<name> ─► extract:<name> ─► prune
                      │                                                                │
                      │             script:NAME ◄─ install ◄─ lock ◄─ imports:<name> ◄─┘
                      └─ reads the tags of what it discovers itself: one honest loop

doit wants to know a graph before it runs it, and installing discovers its graph by
running. So there are two ways to lay it, with one function:

* the resolution on disk is *proven current*: every task is known, the graph is static,
  and ``doit list``, ``info``, ``forget`` and ``clean`` see all of it;
* it is not: ``tags`` and ``resolve`` are laid, and the rest stands as placeholders that
  doit replaces, by calling the same function, once ``resolve`` has run.

Tasks are named after packages, never versions; the version lives in the records that
freshness compares. doit runs them one after another, while the session's executor
downloads and verifies ahead of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from hpmtasks.doit_core import Task
from hpmtasks.graph import group, placeholders
from hpmtasks.model.resolution import Resolution
from hpmtasks.project import LOCKFILE, MODULES
from hpmtasks.session import Session
from hpmtasks.stages.download import tasks as download
from hpmtasks.stages.extract import tasks as extract
from hpmtasks.stages.fetch import tasks as fetch
from hpmtasks.stages.imports import tasks as imports
from hpmtasks.stages.imports.action import importers
from hpmtasks.stages.lock import tasks as lock
from hpmtasks.stages.resolve import tasks as resolve
from hpmtasks.stages.verify import tasks as verify
from hpmtasks.stages.verify.action import begin_verifying

if TYPE_CHECKING:
    from hpmtasks.scripts.run import ScriptRun

#: The name that users run: ``doit install``.
INSTALL = "install"
#: What depends on the resolution, in order; each is also the name of a group of tasks.
AFTER_RESOLVE = ("download", "verify", "extract", "link", "prune", "imports", "lock")
# What may be asked for by its path before it is known to be made. Only one placeholder answers for
# paths: doit notes in a loader, which placeholders may share, whom it asks for which path.
_PATHS_AFTER_RESOLVE = rf"{MODULES}/[^/]+/[^/]+/?$|{LOCKFILE}$"

Prove = Callable[[Task], bool]


def installation(session: Session, proves_fresh: Prove) -> Iterator[Task]:
    """Every task of an installation.

    Args:
        session: The run.
        proves_fresh: doit's own verdict on a task, with the state as it is before the run.
    """
    resolve.load_current(session)
    names = session.known_names()

    def run_ahead(resolution: Resolution) -> None:
        _start_what_is_missing(session, resolution)

    yield from fetch.tasks(session, names)
    resolving = resolve.task(session, names, run_ahead)
    yield resolving
    if session.resolution is not None and proves_fresh(resolving):
        yield from packages(session)
    else:
        session.resolution = None
        for later, paths in ((AFTER_RESOLVE[:-1], None), (AFTER_RESOLVE[-1:], _PATHS_AFTER_RESOLVE)):
            yield from placeholders(
                session, lambda: packages(session), after=resolve.NAME, names=later, paths=paths
            )
    yield group(INSTALL, ["lock"], "hem_modules and package-lock.json are what package.json asks for")


def packages(session: Session) -> Iterator[Task]:
    """The tasks that depend on the resolution: four for each package, and the two that end it.

    A linked package has ``link`` in the place of ``extract``; download and verify only while the
    lock does not know its contents. A member of the workspace that somebody requires has only ``link``.

    Yields nothing but empty groups if ``resolve`` failed; doit then says so itself.
    """
    resolution = session.resolution or Resolution()

    @cache  # the first of them starts all
    def run_ahead() -> None:
        _start_what_is_missing(session, resolution)

    stages: dict[str, list[str]] = {"download": [], "verify": [], "extract": [], "link": []}
    in_order = []
    for package in resolution.packages:
        laid = []
        if session.is_needed(package):
            laid.append(("download", download.task(session, package, run_ahead)))
            laid.append(("verify", verify.task(session, package)))
        if session.lays_out(package):
            laid.append(("extract", extract.task(session, package)))
        for stage, task in laid:
            stages[stage].append(task.name)
            in_order.append(task.name)
            yield task
    for name, folder in session.stand_ins(resolution).items():
        from hpmtasks.stages.link import tasks as link

        linking = link.task(session, name, folder)
        stages["link"].append(linking.name)
        in_order.append(linking.name)
        yield linking
    for stage, members in stages.items():
        yield group(stage, members, f"{stage} every package")
    yield extract.prune_task(session, in_order)
    finding = [imports.task(session, importer) for importer in importers(session)]
    yield from finding
    importing = [task.name for task in finding]
    yield group("imports", importing, "let the interpreter find what is imported")
    yield lock.task(session, ["prune", *importing])


def scripts(run: ScriptRun) -> Iterator[Task]:
    """``script:<name>`` for each task of *run*, behind the installation."""
    from hpmtasks.stages.script import tasks as script

    yield from script.tasks(run, INSTALL)


def _start_what_is_missing(session: Session, resolution: Resolution) -> None:
    """Download and verify, ahead of the tasks, whatever is not installed; workers lay it out, too.

    Nothing but the store and temporary names are written.
    """
    missing = [
        package
        for package in resolution.packages
        if session.is_needed(package) and not session.modules.hold(package)
    ]
    begin_verifying(session, missing)


def prover(dep_manager: Any) -> Prove:
    """doit's verdict, asked of its own dependency manager."""

    def proves_fresh(task: Task) -> bool:
        status: str = dep_manager.get_status(task, {}).status
        return status == "up-to-date"

    return proves_fresh
