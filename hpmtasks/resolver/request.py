"""request: what a project asks of a resolution."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from hpmtasks.dataclass import dataclass
from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.semver.constraint import Constraint

#: Which candidate is tried first: the newest; the oldest; or the oldest of what the project
#: itself requires and the newest of everything else.
Direction: TypeAlias = Literal["highest", "lowest", "lowest-direct"]

#: The ``file`` of what the user asks for just now, and that stands in no file yet.
REQUEST = "your request"


@dataclass(frozen=True, slots=True)
class RootRequirement:
    """A requirement of the project itself, or of a member of its workspace, and where it is written."""

    requirement: Requirement
    # "dependencies" or "devDependencies".
    section: str = "dependencies"
    file: str = "package.json"
    # The member that requires; None: the root.
    member: PackageName | None = None

    @property
    def is_dev(self) -> bool:
        """Only the development of the project needs it."""
        return self.section == "devDependencies"

    @property
    def place(self) -> str:
        """Where a user finds the line: ``package.json (devDependencies)``."""
        return f"{self.file} ({self.section})"

    @property
    def requirer(self) -> str:
        """Who requires, as the subject of a sentence: the place, or the member, which people know better."""
        if self.member is None or self.file == REQUEST:
            return self.place
        return f"{self.member} (workspace member{', devDependencies' if self.is_dev else ''})"


@dataclass(frozen=True, slots=True)
class MemberPackage:
    """A member of the workspace, as others may require it: there is this version and no other.

    What it requires is required by the project anyhow, so the solver need not hear it again;
    ``requirements`` (its ``dependencies``) tell whether there is a circle.
    """

    package: PackageId
    requirements: tuple[Requirement, ...] = ()


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
