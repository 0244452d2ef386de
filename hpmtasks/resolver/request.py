"""request: what a project asks of a resolution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.semver.constraint import Constraint

#: Which candidate is tried first: the newest; the oldest; or the oldest of what the project
#: itself requires and the newest of everything else.
Direction: TypeAlias = Literal["highest", "lowest", "lowest-direct"]


@dataclass(frozen=True, slots=True)
class RootRequirement:
    """A requirement of the project itself, and where it is written."""

    requirement: Requirement
    # "dependencies" or "devDependencies".
    section: str = "dependencies"
    file: str = "package.json"

    @property
    def is_dev(self) -> bool:
        """Only the development of the project needs it."""
        return self.section == "devDependencies"

    @property
    def place(self) -> str:
        """Where a user finds the line: ``package.json (devDependencies)``."""
        return f"{self.file} ({self.section})"


@dataclass(frozen=True, slots=True)
class Override:
    """The project's word against a package's: on *target*, *constraint* holds instead of what is asked.

    With *parent*, only what that package asks is replaced; without, what anybody asks, the
    project included.
    """

    target: PackageName
    constraint: Constraint
    parent: PackageName | None = None


class Overrides:
    """All overrides of a project. The more exact one, with a parent, wins."""

    def __init__(self, overrides: Iterable[Override] = ()) -> None:
        self._constraints = {
            (override.parent, override.target): override.constraint for override in overrides
        }

    def apply(self, requirement: Requirement, parent: PackageName | None) -> Requirement:
        """The requirement as it counts when *parent* (``None``: the project) makes it."""
        if not self._constraints:
            return requirement
        constraint = self._constraints.get((parent, requirement.name))
        if constraint is None:
            constraint = self._constraints.get((None, requirement.name))
        return requirement if constraint is None else Requirement(requirement.name, constraint)
