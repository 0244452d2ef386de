"""package: the three things that "package" can mean, each with its own type.

``PackageName`` is ``owner/repo``; ``Requirement`` is a name and a constraint
("acme/json@^1.0.0"); ``PackageId`` is a name and one version ("acme/json@1.2.0").
"""

from __future__ import annotations

import re
from typing import Self

from hpmtasks.dataclass import dataclass, field
from hpmtasks.semver.constraint import Constraint, parse_constraint
from hpmtasks.semver.version import Version

# What GitHub lets a repository be called, less what a path or a command line could
# misread. Checked again wherever a name becomes part of a path.
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*|\.[A-Za-z0-9_-][A-Za-z0-9._-]*")
_LONGEST_PART = 100
_OWN_PART = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
#: Longest ``owner/repo``, as the package specification documents it.
LONGEST_NAME = 214
RESERVED_OWNERS = frozenset({"stdlib", "hpm"})


@dataclass(frozen=True, slots=True, eq=False)
class PackageName:
    """``owner/repo``. Compared and hashed case-folded, because GitHub does so; spelled as given.

    Make one with :meth:`parse`, which validates.
    """

    owner: str
    repo: str
    #: The case-folded form, for ordering and for dictionary keys in files. Kept, because the
    #: solver hashes names far more often than it makes them.
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.owner}/{self.repo}".lower())

    @classmethod
    def parse(cls, text: str) -> Self:
        """The name that *text* spells.

        Raises:
            ValueError: *text* is not ``owner/repo`` in ``[A-Za-z0-9._-]``, or could be
                mistaken for a path (``..``), an option (``-x``) or a temporary file.
        """
        owner, slash, repo = text.partition("/")
        if not slash or "/" in repo:
            raise ValueError(f"{text!r} is not a package name; the form is owner/repo")
        for part in (owner, repo):
            if not _PART.fullmatch(part) or len(part) > _LONGEST_PART or part.lower().startswith(".tmp"):
                raise ValueError(
                    f"{text!r} is not a package name; it holds letters, digits, '.', '_' and '-' only"
                )
        return cls(owner, repo)

    def problem_as_own_name(self) -> str | None:
        """Why a package may not call *itself* so, as a sentence; ``None`` if it may."""
        if len(str(self)) > LONGEST_NAME:
            return f"Package name is longer than {LONGEST_NAME} characters."
        if not _OWN_PART.fullmatch(self.owner) or not _OWN_PART.fullmatch(self.repo):
            return "Package name may only hold lowercase letters, digits and hyphens."
        if self.owner in RESERVED_OWNERS:
            return f"Owner {self.owner!r} is reserved."
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PackageName) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __lt__(self, other: PackageName) -> bool:
        return self.key < other.key

    def __str__(self) -> str:
        return f"{self.owner}/{self.repo}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package name and the constraint that somebody puts on it."""

    name: PackageName
    constraint: Constraint

    @classmethod
    def parse(cls, text: str) -> Self:
        """The requirement that ``owner/repo@constraint`` spells; no ``@`` means any version.

        Raises:
            ValueError: The name or the constraint is not one.
        """
        name, _, constraint = text.partition("@")
        return cls(PackageName.parse(name), parse_constraint(constraint))

    def __str__(self) -> str:
        return f"{self.name}@{self.constraint}"


@dataclass(frozen=True, slots=True)
class PackageId:
    """A package name and one version of it."""

    name: PackageName
    version: Version

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"
