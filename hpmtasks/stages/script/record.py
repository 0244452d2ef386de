"""record: what the graph keeps of a script: nothing.

A script runs while nobody holds the project's mutex, so it must not touch the state that doit
keeps; its record is a file of its own, ``hpmtasks.scripts.record``. What doit asks for is only said.
"""

from __future__ import annotations

from typing import Any

from hpmtasks.dataclass import dataclass
from hpmtasks.scripts.events import Kind, Outcome


@dataclass(frozen=True, slots=True)
class ScriptRecord:
    """How a script ended, for who asks the graph."""

    kind: Kind
    code: int

    @classmethod
    def of(cls, outcome: Outcome) -> ScriptRecord:
        """The record of *outcome*."""
        return cls(outcome.kind, outcome.code)

    def to_json(self) -> dict[str, Any]:
        """As doit hands it to tasks that ask for it; it is not kept."""
        return {"outcome": self.kind, "code": self.code}
