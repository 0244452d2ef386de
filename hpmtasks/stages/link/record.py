"""record: what was copied."""

from __future__ import annotations

from typing import Any

from hpmtasks.dataclass import as_dict, dataclass


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A linked folder as it was when it was copied."""

    #: The folder, absolute.
    path: str
    #: The digest of the copied files.
    tree: str

    def to_json(self) -> dict[str, Any]:
        """The record as doit keeps it."""
        return as_dict(self)
