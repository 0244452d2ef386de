"""run_stamp: what a run of scripts leaves for the next one that is asked for the same.

If every task succeeded, and looking once more finds all of them fresh, the next run has nothing to
do but to say so for as long as nothing changes: ``front.runs`` then does, before anything is imported.
Of any other run the tasks that are fresh are told, for the next one to presume.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hpmtasks.commands.colour import painted_name, plain_name
from hpmtasks.commands.companions import Companion
from hpmtasks.commands.run_rehearsal import Rehearsal, last_line
from hpmtasks.commands.running import requires_packages
from hpmtasks.errors import Defect
from hpmtasks.files.sightings import Sightings
from hpmtasks.front import leaving, runs, stamp
from hpmtasks.project import MANIFEST
from hpmtasks.scripts.environment import looks_secret
from hpmtasks.scripts.evidence import Evidence
from hpmtasks.scripts.presumption import Presumption, presume
from hpmtasks.store.results.folder import FolderResults

if TYPE_CHECKING:
    from hpmtasks.commands.command import Context
    from hpmtasks.project.workspace import Workspace
    from hpmtasks.scripts.events import Outcome
    from hpmtasks.scripts.run import ScriptRun
    from hpmtasks.scripts.tasks import TaskId
    from hpmtasks.session import Session

# What is printed goes into the stamp; who prints more is answered by the graph.
_MOST_PRINTED = 1 << 18
# Which of its files each task reads is told up to that many in all; the whole stamp is read each time.
_MOST_USES = 100_000
# Options under which a run says something else, or does it elsewhere, and what they are if nobody asks.
_PLAIN: Mapping[str, object] = {
    "dir": None,
    "json": False,
    "verbose": False,
    "color": "auto",
    "filter": [],
    "changed": None,
    "force": False,
    "env_mode": "strict",
    "dry_run": None,
    "watch": False,
    "profile": None,
    "audit": False,
    "no_install": False,
}


def may_leave_stamp(context: Context) -> bool:
    """Whether the command line is one that a stamp may answer."""
    given = vars(context.arguments)
    is_plain = all(given[name] == value for name, value in _PLAIN.items())
    # On Windows ctime is when a file was made, and nothing tells of a change whose times were set back.
    return is_plain and context.words[:1] in (("run",), ("test",)) and os.name != "nt"


class Stamping(Companion):
    """Gathers what shows that all is fresh, and leaves it as a stamp.

    Args:
        began_ns: Before that nothing of the project was read, in nanoseconds since 1970.
    """

    def __init__(self, context: Context, workspace: Workspace, began_ns: int) -> None:
        self.evidence: Evidence = Evidence(self._presume)
        self._context = context
        self._workspace = workspace
        self._member = workspace.at(context.project.start).path
        self._root = os.fspath(context.project.root)
        self._began_ns = began_ns
        self._run: ScriptRun | None = None
        self._session: Session | None = None
        self._claimed: runs.Said | None = None

    def join(self, run: ScriptRun, session: Session) -> None:
        """See :class:`Companion`."""
        self._run, self._session = run, session
        context = self._context
        self._claimed = runs.claim(self._root, self._member, context.words, context.environ)

    def _presume(self) -> Presumption | None:
        return presume(self._root, self._member, self._context.words, self._context.environ)

    def leave(self, context: Context, outcomes: Mapping[TaskId, Outcome]) -> tuple[Mapping[str, Any], int]:
        """See :class:`Companion`.

        Raises:
            Defect: The stamp said that there was nothing to do, and there was; or it would have said
                something else than the run.
        """
        del context
        assert self._run is not None  # noqa: S101  it was joined
        assert self._session is not None  # noqa: S101  as above
        stale = [str(id_) for id_, each in outcomes.items() if each.kind not in ("fresh", "service")]
        if self._claimed is not None and stale:
            raise Defect(f"The stamp said that all was fresh, and {', '.join(stale)} had to run.")
        if self.evidence.is_usable:
            with suppress(OSError):  # something went away meanwhile, or the disk is full
                self._leave_stamp(self._run, self._session)
        return {}, 0

    def _leave_stamp(self, run: ScriptRun, session: Session) -> None:
        context, environ = self._context, self._context.environ
        requires = requires_packages(context.project, self._workspace)
        if not stamp.is_anchored(environ) or (requires and not runs.is_installed(self._root, environ)):
            return
        variables = _variables(run, environ)
        read = _read_before(context, self._workspace, self._began_ns, requires=requires)
        seen = self.evidence.seen
        if variables is None or not seen.add(read):
            return
        said = self._said(run, session) if self.evidence.is_complete and not session.warnings else None
        if not seen.is_sure:
            return
        plain, painted = said or (None, None)
        if self._claimed not in (None, painted if stamp.is_painted(environ, sys.stderr) else plain):
            raise Defect("The stamp would not have said what a run says in which all is fresh.")
        leaving.write(
            self._root,
            self._member,
            context.words,
            environ,
            variables=variables,
            beginnings=_beginnings(run),
            is_installed=requires,
            plain=plain,
            painted=painted,
            entries=seen.entries,
            passed=seen.passed,
            absent=seen.absent,
            tasks={runs.COMMON: (0.0, (*read.entries, *read.passed, *read.absent)), **_parts(self.evidence)},
        )

    def _said(self, run: ScriptRun, session: Session) -> tuple[runs.Said, runs.Said] | None:
        """What a run prints in which all is fresh, plain and in colours; ``None`` if it cannot be told."""
        rehearsal = Rehearsal(run, FolderResults(session.settings.cache_dir))
        plain, painted = (rehearsal.listen(self._context, paint) for paint in (plain_name, painted_name))
        if not rehearsal.is_all_known() or not self.evidence.seen.add(rehearsal.seen):
            return None
        if not self._context.console.quiet:
            last = (runs.SECONDS, last_line(run))
            plain, painted = [*plain, last], [*painted, last]
        is_short = sum(len(text) for _, text in plain) <= _MOST_PRINTED
        return (plain, painted) if is_short else None


def _read_before(context: Context, workspace: Workspace, began_ns: int, *, requires: bool) -> Sightings:
    """What was read to know the tasks and the packages; sure only if it has not changed since *began_ns*."""
    project = context.project
    seen = Sightings(began_ns)
    seen.look_at_all(os.fspath(above / MANIFEST) for above in project.root.parents)
    seen.look_at_all(os.fspath(project.root / path) for path in workspace.looked_at)
    for member in workspace.everyone():
        seen.look(os.fspath(member.manifest_path))
        seen.met(os.fspath(member.folder), os.lstat(member.folder))
    own = [project.lock_path, project.links_path, context.settings.config_path]
    if requires:
        own += [project.state_path, project.resolution_path]
    seen.look_at_all(map(os.fspath, own))
    return seen


def _parts(evidence: Evidence) -> Mapping[str, tuple[float, tuple[str, ...]]]:
    """What each task is fresh by; of none, where many tasks read the same many files."""
    return evidence.parts if sum(len(paths) for _, paths in evidence.parts.values()) <= _MOST_USES else {}


def _beginnings(run: ScriptRun) -> list[str]:
    """The beginnings of variables that count for some task."""
    names = {name for task in run.tasks.values() for name in task.config.env}
    return sorted(name[:-1] for name in names if name.endswith("*"))


def _variables(run: ScriptRun, environ: Mapping[str, str]) -> dict[str, str | None] | None:
    """The variables that count for some task; ``None`` if one of them looks secret and is set."""
    names = {name for task in run.tasks.values() for name in task.config.env}
    beginnings = tuple(_beginnings(run))
    counting = {name for name in names if not name.endswith("*")}
    counting |= {name for name in environ if name.startswith(beginnings)}
    if any(name in environ and looks_secret(name) for name in counting):
        return None
    return {name: environ.get(name) for name in sorted(counting)}
