"""whole: every task of a project, each of which finds out by itself whether there is something to do."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hpmtasks.doit_core import Task
from hpmtasks.errors import HpmError, Usage
from hpmtasks.graph import failing_task
from hpmtasks.pipeline import INSTALL, installation, prover, scripts
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.project.workspace import workspace_root_of
from hpmtasks.scripts.display import Display, Manner as Showing
from hpmtasks.scripts.perform import Manner
from hpmtasks.scripts.run import RunOptions, ScriptRun
from hpmtasks.scripts.tasks import lay, task_names
from hpmtasks.session import Session
from hpmtasks.session.results import results_of


def whole(root: Path, state: State, dep_manager: Any) -> Iterator[Task]:
    """The installation of the project in *root*, and its scripts.

    Args:
        dep_manager: doit's, over *state*.
    """
    try:
        if above := workspace_root_of(root):
            raise Usage(f"{root} is a member of the workspace in {above}; a dodo.py belongs there.")
        settings = Settings.load(os.environ)
    except HpmError as error:
        yield failing_task(INSTALL, error)
        return
    session = Session(Project(root), settings, state)
    yield from installation(session, prover(dep_manager))
    try:
        run = _scripts_of(session)
    except HpmError:
        return  # the installation reads the same files, and says what is wrong
    yield from scripts(run)


def _scripts_of(session: Session) -> ScriptRun:
    """Every script of the workspace, to be settled as doit comes to it, and shown as it prints."""
    tasks = lay(session.workspace, task_names(session.workspace))
    options = RunOptions(pools=session.workspace.root.manifest.pools, manner=Manner(has_terminal=None))
    run = ScriptRun(session, tasks, (), options, results_of(session))
    run.events.subscribe(Display(sys.stdout.buffer, sys.stderr.buffer, Showing()))
    atexit.register(run.close)
    return run
