"""record: which archive a package's commit came in."""

from __future__ import annotations

from typing import Any

from hpmtasks.dataclass import as_dict, dataclass


@dataclass(frozen=True, slots=True)
class DownloadRecord:
    """An archive in the store."""

    commit: str
    #: sha256 of the archive's bytes, in hex; the store finds it by this.
    archive: str
    #: Bytes.
    size: int

    def to_json(self) -> dict[str, Any]:
        """The record as doit keeps it."""
        return as_dict(self)
