"""lock_entry: what package-lock.json says about one package, and the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpmtasks.dataclass import dataclass, field
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version

#: The version of the format that is written, and the highest that is read.
LOCK_VERSION = 1
#: What the first hpm writes for ``hemlock``, and so do we; nothing reads it.
HEMLOCK = "1.0.0"


@dataclass(frozen=True, slots=True)
class LockEntry:
    """One locked package.

    Attributes:
        version: The version that is to be installed.
        resolved: The canonical public address; for people, nothing is fetched by it.
        integrity: ``sha256-<hex>`` of the archive first seen; ``None`` if unknown.
        commit: The commit, as 40 or 64 hexadecimal digits; ``None`` if unknown.
        tree: ``sha256-<hex>`` of what is installed; ``None`` if unknown.
        repository: The forge's number for the repository; ``None`` if unknown.
        dev: Whether nothing but development needs the package.
        dependencies: The package's own requirements, as constraint texts.
    """

    version: Version
    resolved: str
    integrity: str | None = None
    commit: str | None = None
    tree: str | None = None
    repository: int | None = None
    dev: bool = False
    dependencies: Mapping[PackageName, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lockfile:
    """The locked packages, sorted by name.

    Attributes:
        entries: What is locked.
        lock_version: The version of the format.
        hemlock: The constant of that name.
        extras: Unknown members of the document, in their order; written back as they are.
        unusable: Entries of the file that are no use and count as not locked, each with the
            reason: the first hpm took tags like ``v2`` for versions.
    """

    entries: Mapping[PackageName, LockEntry] = field(default_factory=dict)
    lock_version: int = LOCK_VERSION
    hemlock: str = HEMLOCK
    extras: Mapping[str, Any] = field(default_factory=dict)
    unusable: Mapping[PackageName, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ordered = dict(sorted(self.entries.items(), key=lambda item: item[0].key))
        object.__setattr__(self, "entries", ordered)
