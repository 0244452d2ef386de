"""session: the object that holds a run together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import HpmError, OutOfDate, PackageNotFound
from hpmtasks.files.leftovers import sweep
from hpmtasks.front import stamp
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import Resolution, ResolvedPackage
from hpmtasks.project import Project
from hpmtasks.project.links import links_of, write_links
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.project.workspace import Workspace
from hpmtasks.session.documents import Documents
from hpmtasks.session.executor import Executor
from hpmtasks.session.modules import Modules
from hpmtasks.session.occupant import Patch, find_patch
from hpmtasks.session.once import once
from hpmtasks.session.options import Options
from hpmtasks.store.entries import TreeEntry
from hpmtasks.store.store import Store

if TYPE_CHECKING:
    from hpmtasks.front.linking import Files
    from hpmtasks.net.fetcher import Fetcher
    from hpmtasks.project.known import Ledger
    from hpmtasks.session.ages import Ages
    from hpmtasks.session.delivery import Delivery
    from hpmtasks.session.speculation import Speculation
    from hpmtasks.session.workers import Workers
    from hpmtasks.sources.routing import Routes
    from hpmtasks.sources.source import Source, TagList


class Progress(Protocol):
    """Whoever shows what is being waited for."""

    def __call__(
        self, text: str, tally: Callable[[], tuple[int, int]] | None = None
    ) -> AbstractContextManager[object]:
        """*text* began; *tally* says how many of its kind are done, and how many are known of."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """What a run did to one package. ``before`` or ``after`` is ``None`` when it came or went.

    ``member`` is the folder of the member of the workspace that it is, from the root.
    """

    name: PackageName
    before: str | None
    after: str | None
    member: str | None = None


class Session:
    """One run over one project.

    Args:
        project: Where.
        settings: The environment and config.json, read.
        state: What earlier runs found out.
        options: What the user asked for.
        progress: Told one short line whenever something begins that may take time; from any thread.
            The result is a context, for as long as it lasts.

    Attributes:
        documents: package.json and package-lock.json.
        links: The folders that stand in for packages, by name.
        modules: What stands in ``hem_modules``.
        store: What all projects share.
        executor: Works ahead of the tasks.
        workers: Processes that fetch, unpack and lay out beside it, once they have begun to.
        resolution: The answer, once there is one; the resolve stage sets it.
        changes: What was done to packages.
        warnings: What the user should know although all went well.
        failures: What failed, in graph order; the first one decides the exit code.
        defect: A bug of hpm that a task ran into.
        fetched, unpacked: What this run put into the store, by package key and commit. A task
            whose work was done ahead of it in this very run is not fresh: it still has to
            collect and record. With the latter, its tree, if this process has unpacked it.
        computing: Held by whoever unpacks what has come, for one at a time is fastest.
        verified: Trees that this run has found to be the promised ones, by the same.
        delivered: What workers have done for packages, by the same.
        planned_files: The files of trees that workers made or found, by digest, as a plan has them.
        manifests: The package.json in archives that came in this run, by the same; ``None`` if there
            is none. What is not here is read from the store.
        copying: Held while members are copied again beside running scripts.
    """

    def __init__(
        self,
        project: Project,
        settings: Settings,
        state: State,
        options: Options | None = None,
        *,
        progress: Progress | None = None,
    ) -> None:
        self.project = project
        self.settings = settings
        self.state = state
        self.options = options or Options()
        self.progress: Progress = progress or (lambda text, tally=None: nullcontext())
        self.documents = Documents(project, self.options, self.is_in_folder)
        self.links = links_of(project)
        self.modules = Modules(project, state, self.patch_of)
        self.store = Store(settings.cache_dir)
        self.executor = Executor(before_threads=self.begin_workers)
        self.workers: Workers | None = None
        self._has_begun_workers = False
        self.resolution: Resolution | None = None
        self.changes: list[Change] = []
        self.warnings: list[str] = []
        self.failures: list[HpmError] = []
        self.defect: Exception | None = None
        self.fetched: set[tuple[str, str]] = set()
        self.unpacked: dict[tuple[str, str], TreeEntry | None] = {}
        self.computing = threading.Lock()
        self.verified: dict[tuple[str, str], TreeEntry] = {}
        self.delivered: dict[tuple[str, str], Delivery] = {}
        self.planned_files: dict[str, Files] = {}
        self.manifests: dict[tuple[str, str], bytes | None] = {}
        self._listed: dict[str, TagList] = {}
        self.copying = threading.Lock()
        self._entered = False

    @property
    def workspace(self) -> Workspace:
        """The project and its members.

        Raises:
            InvalidManifest: A package.json cannot be used.
        """
        return self.documents.workspace

    def known_names(self) -> list[PackageName]:
        """The packages that are known to be needed before anything is asked, sorted.

        Empty if a document cannot be used: the task that reads it says why.
        """
        if self.resolution is not None:
            return [package.name for package in self.resolution.packages]
        try:
            return self.documents.names()
        except HpmError:
            return []

    def lays_out(self, package: ResolvedPackage) -> bool:
        """Whether the files of *package*, as locked or patched, are to stand in ``hem_modules``."""
        return package.name not in self.links and self.options.lays_out(package)

    def is_needed(self, package: ResolvedPackage) -> bool:
        """Whether the files of *package* are: to lay them out, or to lock what they are."""
        return self.lays_out(package) or package.tree is None

    def stand_ins(self, resolution: Resolution) -> dict[PackageName, Path]:
        """The folders whose files are to stand in hem_modules, by package name: members and linked folders.

        Of members those that somebody requires, while *resolution* is installed.
        """
        from hpmtasks.session.stand_ins import members_needed

        members = {
            name: self.workspace.by_name[name].folder
            for name, dev in members_needed(self.workspace, resolution).items()
            if self.options.lays_out_as(dev=dev)
        }
        links = {} if self.options.lock_only else self.links
        return dict(sorted({**members, **links}.items()))

    def relink(self, links: Mapping[PackageName, Path]) -> None:
        """From now on, and for later runs, the folders *links* stand in for packages."""
        write_links(self.project, links)
        self.links = dict(links)

    def patch_of(self, package: ResolvedPackage) -> Patch | None:
        """The patch that package.json names for *package*; ``None`` if it names none."""
        return find_patch(package.id, self.documents.patches, self.project.root, self.state.files)

    @once
    def ledger(self) -> Ledger:
        """What versions were when this machine took them."""
        from hpmtasks.project.known import NAME, Ledger

        return Ledger(self.settings.home / NAME)

    @once
    def ages(self) -> Ages:
        """How long versions have been out, and how long they have to be."""
        from hpmtasks.session.ages import Ages

        return Ages(self)

    @once
    def speculation(self) -> Speculation:
        """What is asked of default branches in this run."""
        from hpmtasks.session.speculation import Speculation

        return Speculation(self)

    # ---- the places packages come from

    @once
    def fetcher(self) -> Fetcher:
        """The one way to the network of this run."""
        from hpmtasks.net.http import open_fetcher

        return open_fetcher(self.settings.environ, offline=self.options.offline)

    @once
    def routes(self) -> Routes:
        """Which source a package name belongs to: environment, package.json, config.json, GitHub."""
        from hpmtasks.session.places import make_routes

        own = self.documents.manifest.sources
        return make_routes(self.settings, own, self.project.root, self.fetcher, offline=self.options.offline)

    def source_of(self, name: PackageName) -> Source:
        """The source of *name*: the first rule that matches."""
        return self.routes.route(name)

    def is_in_folder(self, name: PackageName) -> bool:
        """Whether *name* comes from a folder. Without rules nothing does, and no source is made to say so."""
        settings = self.settings
        rules = settings.environment_sources or self.documents.manifest.sources or settings.config_sources
        return bool(rules) and self.source_of(name).kind == "directory"

    def tags(self, name: PackageName) -> TagList:
        """The versions of *name*; read once in a run, perhaps already by a thread that ran ahead."""
        if name.key not in self._listed:
            self._listed[name.key] = self.executor.collect(*self.reading_tags(name))
        return self._listed[name.key]

    def expect_tags(self, name: PackageName) -> None:
        """Begin reading the tags of *name*."""
        self.executor.start(self.reading_tags(name))

    def has_read_tags(self, name: PackageName) -> bool:
        """Whether this run has asked for the tags of *name*, and has them; what only ran ahead has not."""
        return name.key in self._listed

    def reading_tags(self, name: PackageName) -> tuple[str, Callable[[], TagList]]:
        """The key and the work that read the tags of *name*, for the executor."""

        def read() -> TagList:
            try:
                with self.progress(
                    f"reading the versions of {name}", lambda: self.executor.tally("tags of ")
                ):
                    return self.source_of(name).tags(name)
            except PackageNotFound as error:
                raise self._with_near_names(error, name) from error

        return f"tags of {name.key}", read

    def _with_near_names(self, error: PackageNotFound, name: PackageName) -> PackageNotFound:
        from hpmtasks.session.near import near_names

        near = near_names(name, self.documents, self.store, self.source_of(name))
        return error.with_hint(f"Did you mean {' or '.join(near)}?") if near else error

    # ---- between processes

    def enter(self) -> None:
        """This process alone changes the project, until :meth:`leave`.

        Raises:
            OutOfDate: Another process changed the project since this run began to look at it.
        """
        if self._entered:
            return
        self.project.mutex.acquire(self._tell_waiting)
        self._entered = True
        if self.state.changed_by_another:
            raise OutOfDate(
                "Another hpm process changed this project while this one waited for it. Run it again."
            )
        stamp.sweep(str(self.project.root))
        for folder in (self.project.root, self.project.state_folder):
            sweep(folder)
        self.modules.sweep()
        self.store.sweep()

    def leave(self) -> None:
        """Others may change the project. The state is written first."""
        if self._entered:
            self._entered = False
            self._end_workers()
            try:
                self.state.save()
            finally:
                self.project.mutex.release()

    def begin_workers(self, packages: int | None = None) -> Workers | None:
        """The workers of this run; none if it is to have none. Whether it is, is decided once.

        Args:
            packages: How many there is something to do for, if that is known.
        """
        if not self._has_begun_workers:
            from hpmtasks.session.workers import Workers

            self._has_begun_workers = True
            self.workers = Workers.begin(self, packages)
        return self.workers

    def _end_workers(self) -> None:
        workers, self.workers = self.workers, None
        if workers is not None:
            is_half_done = workers.are_busy or any(each.staged for each in self.delivered.values())
            workers.close(wait=is_half_done)
            if is_half_done:
                for folder in (self.store.layout.temporary, self.project.state_folder):
                    sweep(folder)

    def _tell_waiting(self, holder: str | None) -> None:
        who = f"process {holder}" if holder else "another process"
        self.progress(f"waiting for {who}, which is installing in this project")

    def close(self) -> None:
        """Let others in, abandon what still runs ahead, close the connections."""
        try:
            self.leave()
        finally:
            self.executor.close()
            self._end_workers()
            if "fetcher" in self.__dict__:
                self.fetcher.close()
