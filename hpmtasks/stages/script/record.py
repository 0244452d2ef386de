"""record: how a script ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ScriptRecord:
    """The last of the commands that were run for one script."""

    #: ``prebuild``, ``build`` or ``postbuild``.
    script: str
    #: Its exit code; 128 + n if signal n ended it.
    code: int

    def to_json(self) -> dict[str, Any]:
        """The record as doit keeps it."""
        return asdict(self)
