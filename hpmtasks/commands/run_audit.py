"""run_audit: ``hpm run --audit``: what scripts read and write without declaring it, with the lines to add."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpmtasks.commands.companions import Companion
from hpmtasks.commands.pack import FINDINGS
from hpmtasks.scripts.audit import (
    Audit,
    Declared,
    as_data,
    compare,
    footprint_of,
    require_strace,
    told,
    traced,
)

if TYPE_CHECKING:
    from hpmtasks.commands.command import Context
    from hpmtasks.scripts.events import Outcome
    from hpmtasks.scripts.key import Keys
    from hpmtasks.scripts.process import Launch
    from hpmtasks.scripts.run import ScriptRun
    from hpmtasks.scripts.tasks import ScriptTask, TaskId
    from hpmtasks.session import Session


class Auditing(Companion):
    """Follows every script with strace, and tells at the end what each did and does not declare.

    Raises:
        Usage: There is no strace, or it may not follow programs.
    """

    needs_all = True

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._strace = require_strace(environ)
        self._folder = tempfile.TemporaryDirectory(prefix="hpm-audit-")
        self._numbers = itertools.count()
        self._traces: dict[TaskId, list[Path]] = {}
        self._run: ScriptRun | None = None
        self._session: Session | None = None

    def join(self, run: ScriptRun, session: Session) -> None:
        """See :class:`Companion`."""
        self._run, self._session = run, session

    def launch(self, task: ScriptTask, launch: Launch) -> Launch:
        """See :class:`Companion`; services, which end when they are told to, are not followed."""
        if task.config.persistent:
            return launch
        trace = Path(self._folder.name, str(next(self._numbers)))
        self._traces.setdefault(task.id, []).append(trace)
        return traced(launch, self._strace, trace)

    def leave(self, context: Context, outcomes: Mapping[TaskId, Outcome]) -> tuple[Mapping[str, Any], int]:
        """See :class:`Companion`."""
        with self._folder:
            audits = [self._audit(task) for task in outcomes if task in self._traces]
        for audit, manifest in audits:
            for line in told(audit, manifest):
                context.console.line(line)
        found = any(not audit.is_clean for audit, _ in audits)
        return {"audit": [as_data(audit) for audit, _ in audits]}, FINDINGS if found else 0

    def _audit(self, id_: TaskId) -> tuple[Audit, str]:
        from hpmtasks.scripts.tasks import lay, task_names

        assert self._run is not None  # noqa: S101  it was joined
        assert self._session is not None  # noqa: S101  as above
        task, root = self._run.tasks[id_], self._session.project.root
        key = self._keys().of(task)
        workspace = self._session.workspace
        others = list(lay(workspace, task_names(workspace)).values())
        declared = Declared(task, key.files.keys(), key.packages.keys(), others)
        footprint = footprint_of([trace for trace in self._traces[id_] if trace.exists()], task.member.folder)
        return compare(footprint, root, declared), task.member.shown_manifest

    def _keys(self) -> Keys:
        from hpmtasks.scripts.digests import FileDigests
        from hpmtasks.scripts.key import Keys

        assert self._run is not None  # noqa: S101  it was joined
        assert self._session is not None  # noqa: S101  as above
        session = self._session
        return Keys(session, self._run.tasks, FileDigests.of(session.project), session.settings.environ)
