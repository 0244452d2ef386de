"""dodo: hpm in a repository's own ``dodo.py``, in two lines.

::

    from hpmtasks.dodo import DOIT_CONFIG, task_hpm

    def task_test():
        return {"actions": ["hemlock test/run.hml"], "task_dep": ["install"]}

A file with a DOIT_CONFIG of its own says ``DOIT_CONFIG = hpm_config(**own)``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doit.exceptions import InvalidDodoFile
from doit.globals import Globals
from doit.task import Task

from hpmtasks.dodo.standing import INSTALL, standing
from hpmtasks.front import stamp
from hpmtasks.project import STATE_FOLDER
from hpmtasks.project.checker import ContentChecker
from hpmtasks.project.state import DoitBackend

# The command lines of doit that have it do nothing but install, so that the stamp may answer.
_INSTALL_ALONE = ([INSTALL], ["run", INSTALL])


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
    if sys.argv[1:] in _INSTALL_ALONE and stamp.proves(str(here), os.environ):
        tasks = standing(here, backend)
        if tasks is not None:
            yield from tasks
            return
    from hpmtasks.dodo.whole import whole

    yield from whole(here, backend.state, dep_manager)
