"""survey: what an installation would do, and why, found out without doing any of it.

The graph is laid as for an installation and doit is asked of each task whether it is up to date.
Nothing is written, locked or fetched. The reasons are those that the stages go by: what they
recorded, and what is there now.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from hpmtasks.dataclass import dataclass
from hpmtasks.doit_core import Dependency, Task
from hpmtasks.errors import HpmError
from hpmtasks.model.graph import find_why
from hpmtasks.model.lockfile import Lockfile
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import Resolution, ResolvedPackage
from hpmtasks.pipeline import AFTER_RESOLVE, INSTALL, installation, prover
from hpmtasks.project.checker import ContentChecker
from hpmtasks.project.state import DoitBackend
from hpmtasks.scripts.graph_view import Group, Node, State
from hpmtasks.session import Session
from hpmtasks.session.inputs import ABSENT, inputs_of
from hpmtasks.session.occupant import Occupant
from hpmtasks.stages.extract.action import extraneous
from hpmtasks.stages.fetch.action import needs_tags
from hpmtasks.stages.resolve.record import ResolveRecord

_INPUTS = {
    "package.json": "what package.json requires",
    "package-lock.json": "package-lock.json",
    "sources": "the sources in the environment or config.json",
    "direction": "--resolution",
}
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Stage:
    """A task of the installation as it stands.

    Attributes:
        name: ``resolve``, ``extract:acme/x``.
        doc: What it is for.
        needs: The tasks before it.
        state: ``fresh``, ``stale``, or ``unknown``: it is known once ``resolve`` has run.
        reasons: Why, a clause each.
        package: The package that it is about.
        version: The version that is chosen of it.
        chosen: Why just that package and version: the shortest chain of requirements.
    """

    name: str
    doc: str
    needs: tuple[str, ...]
    state: State
    reasons: tuple[str, ...] = ()
    package: PackageName | None = None
    version: str = ""
    chosen: str = ""


def survey(session: Session) -> list[Stage]:
    """Every task of an installation, each after what it needs; ``install`` is the last.

    None in a project that requires nothing and has no lock: its scripts run without an installation.
    """
    documents = session.documents
    if documents.lockfile is None and not documents.names() and not session.stand_ins(Resolution()):
        return []
    backend = DoitBackend.over(session.state)
    dep_manager = Dependency(
        lambda name, codec, module_name: backend, str(session.project.state_path), checker_cls=ContentChecker
    )
    dep_manager.checker.use(session.state.files)
    proves_fresh = prover(dep_manager)
    tasks = list(installation(session, proves_fresh))
    judge = _Judge(session)
    stages = []
    for task in tasks:
        if task.loader is not None:
            reasons = ("known once resolve has run",)
            stages.append(Stage(task.name, task.doc or "", ("resolve",), "unknown", reasons))
        elif task.actions:
            stages.append(judge.stage(task, is_fresh=proves_fresh(task)))
    return [*stages, _install(stages)]


def _install(stages: Sequence[Stage]) -> Stage:
    """What stands for all of them."""
    stale, unknown = (sum(stage.state == state for stage in stages) for state in ("stale", "unknown"))
    told = []
    if stale:
        told.append(f"{stale} of its tasks {'has' if stale == 1 else 'have'} work to do")
    if unknown:
        told.append("what comes after them is not known yet")
    state: State = "stale" if told else "fresh"
    reasons = told or ["all of its tasks are fresh"]
    return Stage(INSTALL, "hem_modules and package-lock.json are as asked", ("lock",), state, tuple(reasons))


class _Judge:
    """Says of each task why it is as it is."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._resolution = session.resolution or Resolution()
        self._packages = {package.name: package for package in self._resolution.packages}

    def stage(self, task: Task, *, is_fresh: bool) -> Stage:
        """*task*, with reasons."""
        kind, _, name = task.name.partition(":")
        package = _name(name)
        resolved = self._packages.get(package) if package else None
        reasons = tuple(self._reasons(kind, package, resolved, is_fresh=is_fresh))
        return Stage(
            task.name,
            task.doc or "",
            tuple(task.task_dep),
            "fresh" if is_fresh else "stale",
            reasons,
            package,
            str(resolved.version) if resolved else "",
            why_chosen(self._session, package) if package else "",
        )

    def _reasons(
        self, kind: str, name: PackageName | None, package: ResolvedPackage | None, *, is_fresh: bool
    ) -> Iterator[str]:
        if kind == "resolve":
            yield from self._of_resolve(is_fresh=is_fresh)
        elif kind == "tags" and name is not None:
            yield self._of_tags(name, is_fresh=is_fresh)
        elif kind in {"download", "verify"} and package is not None:
            yield self._of_store(package, is_fresh=is_fresh)
        elif kind == "extract" and package is not None:
            yield from self._of_folder(package, is_fresh=is_fresh)
        elif kind == "link" and name is not None:
            yield from self._of_link(name, is_fresh=is_fresh)
        elif kind == "prune":
            names = [str(each) for each in extraneous(self._session)]
            yield f"nothing requires {', '.join(names)} any more" if names else "everything there is required"
        elif kind == "lock":
            yield self._of_lock(is_fresh=is_fresh)
        else:
            yield "what it looks at is as it was recorded" if is_fresh else "what it looks at has changed"

    def _of_resolve(self, *, is_fresh: bool) -> Iterator[str]:
        session = self._session
        if is_fresh:
            count = len(self._packages)
            yield f"requirements, lock and sources are as they were when {count} packages were chosen"
            return
        try:
            record = ResolveRecord.from_json(session.project.resolution_path.read_bytes())
        except FileNotFoundError:
            yield "there is no answer yet in .hpm/resolution.json"
            return
        except (OSError, ValueError):
            yield ".hpm/resolution.json cannot be used"
            return
        now = inputs_of(session)
        for key, before in record.inputs.items():
            if now.get(key) != before:
                yield f"{_INPUTS.get(key, key)} {_how(before, now.get(key))}"
        yield from session.documents.unanswered()
        if not session.state.values_of("resolve"):
            yield "it was forgotten, or .hpm/state.json was"

    def _of_tags(self, name: PackageName, *, is_fresh: bool) -> str:
        if is_fresh:
            needed = needs_tags(self._session, name)
            return "nothing has to be chosen" if needed else "the lock answers every requirement on it"
        entry = self._session.documents.locked.get(name)
        if entry is None:
            return f"no version of {name} is locked"
        if entry.commit is None:
            return f"the lock names no commit of {name}"
        texts = [each.text for each in self._session.documents.constraints_on(name)]
        return f"{entry.version} is locked, and {' and '.join(texts)} is required"

    def _of_store(self, package: ResolvedPackage, *, is_fresh: bool) -> str:
        if not is_fresh:
            return f"neither hem_modules nor the store has {package.id}, commit {_cut(package.commit)}"
        if self._session.modules.hold(package):
            return f"hem_modules has {package.id} already"
        return f"the store has {package.id}, commit {_cut(package.commit)}"

    def _of_folder(self, package: ResolvedPackage, *, is_fresh: bool) -> Iterator[str]:
        session = self._session
        try:
            occupant = session.modules.occupant_of(package)
        except HpmError as error:
            yield " ".join(str(error).split())
            return
        yield from self._of_occupant(occupant, is_fresh=is_fresh)

    def _of_occupant(self, occupant: Occupant, *, is_fresh: bool) -> Iterator[str]:
        project, state = self._session.project, self._session.state
        folder = project.package_folder(occupant.name)
        shown = project.relative(folder)
        patched = f", with {occupant.patch.shown}" if occupant.patch else ""
        if is_fresh:
            yield f"{shown} holds the files of {occupant.version}{patched}: tree {_cut(occupant.tree)}"
            return
        known = state.packages.get(occupant.name.key)
        if not os.path.isdir(folder):
            yield f"{shown} is not there"
        elif known is not None and known.version != occupant.version:
            yield f"{shown} holds {known.version}, and {occupant.version} is wanted"
        elif occupant.patch is not None and occupant.tree is None:
            yield f"{occupant.patch.shown} is new, or has changed"
        elif self._session.modules.holds(occupant):
            yield f"{shown} is right, and that is not recorded yet"
        else:
            yield f"{shown} holds other files than {occupant.version}{patched}: tree {_cut(occupant.tree)}"

    def _of_link(self, name: PackageName, *, is_fresh: bool) -> Iterator[str]:
        folder = self._session.stand_ins(self._resolution).get(name)
        shown = self._session.project.relative(folder) if folder else "the folder"
        yield f"the copies are those of {shown}" if is_fresh else f"{shown} has changed since it was copied"

    def _of_lock(self, *, is_fresh: bool) -> str:
        if is_fresh:
            return "package-lock.json is what the resolution would write"
        if not self._session.project.lock_path.exists():
            return "there is no package-lock.json"
        return "package-lock.json is not what the resolution would write"


def why_chosen(session: Session, name: PackageName) -> str:
    """Why *name* is installed in its version: the shortest chain of requirements; empty if there is none.

    The resolver takes the version that is locked as long as everyone allows it, and so each link of
    the chain is a requirement that it had to answer.
    """
    lockfile = session.documents.lockfile or Lockfile()
    chains = []
    for member in session.workspace.everyone():
        found = find_why(name, lockfile, member.manifest, most=1)
        if found:
            chains.append((len(found[0]), member.path, member, found[0]))
    if not chains:
        return ""
    *_, member, chain = min(chains, key=lambda each: each[:2])
    links = [f"{link.name}@{link.version} ({link.constraint or '*'})" for link in chain]
    return " → ".join([str(member), *links])


def _how(before: str, now: str | None) -> str:
    if before == ABSENT:
        return "is there now"
    return "is gone" if now == ABSENT else "changed"


def _cut(text: str | None) -> str:
    """The beginning of a digest, as much as tells it from others."""
    return "unknown" if text is None else text.removeprefix("sha256-")[:_SHORT]


def _name(text: str) -> PackageName | None:
    try:
        return PackageName.parse(text)
    except ValueError:
        return None


# ---------------------------------------------------------------- as nodes of a graph


def nodes(stages: Sequence[Stage], *, full: bool) -> list[Node]:
    """*stages* as they are drawn: ``tags`` of packages are a part of ``resolve``, unless *full*.

    What is known only once ``resolve`` has run is one node ``packages``, unless *full*.
    """
    drawn: dict[str, Node] = {}
    for stage in stages:
        name = stage.name if full else _drawn_as(stage)
        if name in drawn and name != stage.name:
            continue
        needs = stage.needs if full else tuple(need for need in stage.needs if not need.startswith("tags:"))
        if stage.state == "unknown" and stage.name == AFTER_RESOLVE[-1] and not full:
            needs = ("packages",)
        details = {
            "for": stage.doc,
            "version": stage.version,
            "because": "; ".join(stage.reasons),
            "required by": stage.chosen,
        }
        group: Group = "package" if stage.package is not None else "installation"
        told = {key: value for key, value in details.items() if value}
        drawn[name] = Node(name, group, stage.state, needs, None, told)
    return list(drawn.values())


def _drawn_as(stage: Stage) -> str:
    if stage.name.startswith("tags:"):
        return "resolve"
    return "packages" if stage.state == "unknown" and stage.name != AFTER_RESOLVE[-1] else stage.name
