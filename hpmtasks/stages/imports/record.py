"""record: what sources import, and which shims that made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from hpmtasks.dataclass import as_dict, dataclass, field


@dataclass(frozen=True, slots=True)
class ImportsRecord:
    """The sources of one importer as they were read, and what stands beside them.

    Attributes:
        tree: The digest of a package's files; empty for the project's own sources.
        folders: Those of the project that were looked into; none for a package.
        files: Each source: its fingerprint, and the names that it takes by import path. Of a package
            only those that import packages, and without fingerprints.
        targets: The trees of the packages that are imported; empty for one that is not installed.
        foreign: The folders that have a ``hem_modules`` which hpm did not make.
        shims: The files that were made, by path, with their fingerprints.
    """

    tree: str = ""
    folders: tuple[str, ...] = ()
    files: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    foreign: tuple[str, ...] = ()
    shims: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The record as doit keeps it."""
        return as_dict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self | None:
        """The record that :meth:`to_json` wrote; ``None`` for anything else."""
        try:
            return cls(
                values["tree"],
                tuple(values["folders"]),
                {
                    path: (digest, {each: tuple(names) for each, names in taken.items()})
                    for path, (digest, taken) in values["files"].items()
                },
                dict(values["targets"]),
                tuple(values["foreign"]),
                dict(values["shims"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
