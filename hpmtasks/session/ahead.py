"""ahead: what manifest and lock imply is begun before the graph, which says so too, is loaded."""

from __future__ import annotations

import os

from hpmtasks.errors import HpmError
from hpmtasks.session.acquire import acquisition
from hpmtasks.session.session import Session


def begin_what_is_locked(session: Session) -> None:
    """Begin to fetch the locked packages whose folders are not there, if the lock answers package.json.

    Only the store is written. The graph comes to ask for the same, and finds it begun; what goes
    wrong is told by the task whose work it is.
    """
    options = session.options
    if options.update or options.update_all or options.accept or options.direction != "highest":
        return
    try:
        lockfile = session.documents.lockfile
        if lockfile is None or options.lock_only or session.documents.unanswered():
            return
    except HpmError:
        return  # for a task to tell
    for name, entry in lockfile.entries.items():
        if (
            entry.commit is None
            or (options.without_dev and entry.dev)
            or (options.only_dev and not entry.dev)
        ):
            continue
        if name not in session.links and not os.path.lexists(session.project.package_folder(name)):
            session.executor.start(acquisition(session, name, entry.version, entry.commit, entry.integrity))
