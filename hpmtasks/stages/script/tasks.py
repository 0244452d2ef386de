"""tasks: ``script:<name>``, for a repository's own dodo.py and for ``doit`` on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from doit.action import BaseAction
from doit.exceptions import TaskFailed
from doit.task import Task

from hpmtasks.errors import HpmError
from hpmtasks.graph import group
from hpmtasks.session import Session
from hpmtasks.stages.script.action import Step, run_script, steps_of

GROUP = "script"


class ScriptAction(BaseAction):  # type: ignore[misc]  # doit carries no types
    """A script as a doit action. No mutex is held: the script may call hpm itself."""

    def __init__(self, session: Session, script: str) -> None:
        self.session = session
        self.script = script
        self.task: Task | None = None
        self.out: str | None = None
        self.err: str | None = None
        self.result: None = None
        self.values: dict[str, Any] = {}

    def execute(self, out: object = None, err: object = None) -> TaskFailed | None:
        """Run it; an exit code other than 0 is a failure."""
        del out, err  # the script has the real ones
        session = self.session
        try:
            manifest = session.documents.manifest
            record = run_script(
                steps_of(manifest.scripts, self.script),
                session.project,
                manifest,
                session.settings.environ,
                announce=_announce,
            )
        except HpmError as error:
            return TaskFailed(str(error))
        self.values = record.to_json()
        return TaskFailed(f"script {record.script} ended with {record.code}") if record.code else None

    def __str__(self) -> str:
        return f"script {self.script} of package.json"


def _announce(step: Step) -> None:
    print(f"> {step.line}", file=sys.stderr)


def tasks(session: Session) -> Iterator[Task]:
    """``script:<name>`` for every script of package.json, each after the installation.

    A name that doit cannot take (it reads ``=`` as the end of a name) has no task; a
    package.json that cannot be used has none either, and ``resolve`` says why.
    """
    try:
        names = [name for name in session.documents.manifest.scripts if "=" not in name]
    except HpmError:
        return
    for name in names:
        yield Task(
            f"{GROUP}:{name}",
            [ScriptAction(session, name)],
            doc=f"run the script {name} of package.json",
            task_dep=["lock"],
            uptodate=[False],
            io={"capture": False},
            verbosity=2,
            subtask_of=GROUP,
        )
    if names:
        yield group(GROUP, [f"{GROUP}:{name}" for name in names], "run every script of package.json")
