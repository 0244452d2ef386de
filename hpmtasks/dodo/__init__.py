"""dodo: hpm in a repository's own ``dodo.py``, in two lines.

::

    from hpmtasks.dodo import DOIT_CONFIG, task_hpm

    def task_test():
        return {"actions": ["hemlock test/run.hml"], "task_dep": ["install"]}

A file with a DOIT_CONFIG of its own says ``DOIT_CONFIG = hpm_config(**own)``.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doit.exceptions import InvalidDodoFile
from doit.globals import Globals
from doit.task import Task

from hpmtasks.errors import HpmError, Usage
from hpmtasks.graph import failing_task
from hpmtasks.pipeline import INSTALL, installation, prover, scripts
from hpmtasks.project import STATE_FOLDER, Project
from hpmtasks.project.checker import ContentChecker
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import DoitBackend
from hpmtasks.project.workspace import workspace_root_of
from hpmtasks.scripts.display import Display, Manner as Showing
from hpmtasks.scripts.perform import Manner
from hpmtasks.scripts.run import RunOptions, ScriptRun
from hpmtasks.scripts.tasks import lay, task_names
from hpmtasks.session import Session
from hpmtasks.session.results import results_of


def hpm_config(**own: Any) -> dict[str, Any]:
    """A DOIT_CONFIG that shares its state with ``hpm``, with the repository's *own* settings added.

    Own settings win, except those that the shared state depends on (``backend``,
    ``dep_file``, ``check_file_uptodate``).
    """
    shared = {
        "backend": "hpm",
        "dep_file": f"{STATE_FOLDER}/state.json",
        "check_file_uptodate": ContentChecker,
    }
    # doit's `forget` needs default_tasks to be set (pydoit/doit#478).
    # In a process that doit forks, nobody would see to a script that this one has begun.
    return {"default_tasks": [INSTALL], "par_type": "thread", **own, **shared}


DOIT_CONFIG = hpm_config()


def task_hpm() -> Iterator[Task]:
    """The project in the current folder: its installation, ``install``, and its scripts, ``script:NAME``."""
    dep_manager = Globals.dep_manager
    backend = dep_manager.backend
    if not isinstance(backend, DoitBackend):
        raise InvalidDodoFile(
            "hpm's tasks need hpm's DOIT_CONFIG. In dodo.py, either import it"
            " (from hpmtasks.dodo import DOIT_CONFIG, task_hpm)"
            " or make yours with DOIT_CONFIG = hpm_config(...)."
        )
    if isinstance(dep_manager.checker, ContentChecker):
        dep_manager.checker.use(backend.state.files)
    here = Path.cwd()
    try:
        if root := workspace_root_of(here):
            raise Usage(f"{here} is a member of the workspace in {root}; a dodo.py belongs there.")
        settings = Settings.load(os.environ)
    except HpmError as error:
        yield failing_task(INSTALL, error)
        return
    session = Session(Project(here), settings, backend.state)
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
