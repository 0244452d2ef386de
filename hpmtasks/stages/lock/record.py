"""record: what was written."""

from __future__ import annotations

from typing import Any

from hpmtasks.dataclass import as_dict, dataclass


@dataclass(frozen=True, slots=True)
class LockRecord:
    """The lock as it stands now; the lock file itself is the record that counts."""

    #: How many packages it names.
    packages: int
    #: Whether its bytes were changed.
    written: bool

    def to_json(self) -> dict[str, Any]:
        """The record as doit keeps it."""
        return as_dict(self)
