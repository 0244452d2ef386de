"""checker: how doit tells whether a file changed: by content, remembered with its stat.

doit's own checker trusts an equal mtime and hashes a touched file again in every
later run. This one keeps size, mtime, inode and a content fingerprint for each
file in the project's state, once for all tasks that depend on it, and records the
fingerprint that was taken *before* the task ran: a file edited meanwhile is
changed next time.
"""

from __future__ import annotations

import os
from pathlib import Path

from hpmtasks.files.fingerprint import StatTable


class ContentChecker:
    """A doit ``check_file_uptodate``. The state of a dependency is its xxh3_128 in hex.

    doit makes it without arguments, before any project is known; until :meth:`use`
    gives it a project's table it remembers only within the run.
    """

    CheckerError = OSError

    def __init__(self) -> None:
        self._table = StatTable()
        self._seen: dict[str, str] = {}

    def use(self, table: StatTable) -> None:
        """Keep fingerprints in *table* from now on."""
        self._table = table

    def exists(self, file_path: str) -> bool:
        """Whether a target is there."""
        return os.path.lexists(file_path)

    def info(self, file_path: str) -> str:
        """The fingerprint of the file as it is now, memorised for :meth:`get_state`."""
        if Path(file_path).is_dir():
            raise IsADirectoryError(file_path)
        fingerprint = self._table.fingerprint_of(Path(file_path))
        self._seen[file_path] = fingerprint
        return fingerprint

    def check_modified(self, file_path: str, file_stat: str, state: str) -> bool:
        """Whether the fingerprint *file_stat* differs from the recorded *state*."""
        del file_path
        return file_stat != state

    def get_state(self, dep: str, current_state: str | None) -> str | None:
        """What to record for *dep*: the fingerprint it had when its freshness was judged."""
        fingerprint = self._seen.get(dep) or self._table.fingerprint_of(Path(dep))
        return None if fingerprint == current_state else fingerprint
