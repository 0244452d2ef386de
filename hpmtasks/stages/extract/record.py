"""record: what was laid out."""

from __future__ import annotations

from typing import Any

from hpmtasks.dataclass import as_dict, dataclass


@dataclass(frozen=True, slots=True)
class ExtractRecord:
    """A package folder as it was left. Its mtime and inode stand in the state's ``packages``."""

    commit: str
    #: The digest of what stands there.
    tree: str
    #: ``hard link``, ``reflink`` or ``copy``; ``patch``; ``found`` if the right contents stood there already.
    method: str
    #: The digest of what was published, which differs from *tree* if a patch was applied.
    base: str
    #: The fingerprint of that patch; empty if there is none.
    patch: str

    def to_json(self) -> dict[str, Any]:
        """The record as doit keeps it."""
        return as_dict(self)
