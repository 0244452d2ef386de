"""record: what an archive was found to hold."""

from __future__ import annotations

from typing import Any

from hpmtasks.dataclass import as_dict, dataclass


@dataclass(frozen=True, slots=True)
class VerifyRecord:
    """The contents of one commit, measured."""

    commit: str
    #: ``sha256-<hex>`` over the package's files, as FORMATS defines it.
    tree: str
    #: ``sha256-<hex>`` of the archive; ``None`` where the source has no archives of its own.
    integrity: str | None

    def to_json(self) -> dict[str, Any]:
        """The record as doit keeps it."""
        return as_dict(self)
