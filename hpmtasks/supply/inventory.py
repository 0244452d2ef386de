"""inventory: what a project consists of, as lists of its parts tell it; from the lock and package.json."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidSetting
from hpmtasks.model.lockfile import LockEntry, Lockfile
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.origin import package_url, repository_url
from hpmtasks.model.package import PackageName

_LATEST = 253402300799  # the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Part:
    """One locked package.

    Attributes:
        purl: Its package URL, which is its identity in the list.
        repository: The address of its repository; ``None`` if it has none.
        download: The address of just this version; ``None`` if it has none.
        archive: sha256 in hex of the archive first seen; ``None`` if unknown.
        tree: ``sha256-<hex>`` of its files, as the lock has it; ``None`` if unknown.
        needs: The names of the locked packages that it requires, sorted.
        license: An SPDX expression; ``None`` if it was not looked at, or none is known.
    """

    name: PackageName
    version: str
    purl: str
    commit: str | None
    repository: str | None
    download: str | None
    archive: str | None
    tree: str | None
    dev: bool
    needs: tuple[PackageName, ...]
    license: str | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """A project and its parts.

    Attributes:
        name: Of the project; its folder's name, if package.json has none.
        version: Of the project; ``None`` if it has none.
        needs: The names of the packages that the project, or a member of its workspace, requires, sorted.
        parts: All packages, by name.
        moment: When the list counts as made.
    """

    name: str
    version: str | None
    needs: tuple[PackageName, ...]
    parts: tuple[Part, ...]
    moment: datetime


def take_inventory(
    name: str,
    manifest: Manifest,
    lockfile: Lockfile,
    moment: datetime,
    *,
    licenses: Mapping[PackageName, str | None] | None = None,
    without_dev: bool = False,
) -> Inventory:
    """The parts of the project *name*, as *lockfile* has them.

    Args:
        licenses: What was found out about licenses, by package.
        without_dev: Leave out what nothing but development needs.
    """
    entries = {each: entry for each, entry in lockfile.entries.items() if not (without_dev and entry.dev)}
    wanted = {
        each.name for each in manifest.requirements + (() if without_dev else manifest.dev_requirements)
    }
    # What no other package asks for, the project does: a member of its workspace, or a package.json
    # that is not here.
    wanted |= set(entries) - {other for entry in entries.values() for other in entry.dependencies}
    needs = sorted(each for each in entries if each in wanted)
    parts = tuple(_part(each, entry, entries, licenses or {}) for each, entry in entries.items())
    return Inventory(name, manifest.version, tuple(needs), parts, moment)


def moment_of(environ: Mapping[str, str], *, now: bool) -> datetime:
    """When a list counts as made: now if that is asked for, else SOURCE_DATE_EPOCH, else the start of 1970.

    Raises:
        InvalidSetting: SOURCE_DATE_EPOCH is no number of seconds.
    """
    if now:
        return datetime.now(UTC).replace(microsecond=0)
    text = environ.get("SOURCE_DATE_EPOCH") or "0"
    if not (
        text.isascii() and text.isdecimal() and int(text[:13]) <= _LATEST and len(text) <= len(str(_LATEST))
    ):
        raise InvalidSetting("SOURCE_DATE_EPOCH", [f"{text!r} is not a number of seconds since 1970."])
    return datetime.fromtimestamp(int(text), UTC)


def _part(
    name: PackageName,
    entry: LockEntry,
    entries: Mapping[PackageName, LockEntry],
    licenses: Mapping[PackageName, str | None],
) -> Part:
    is_address = entry.resolved.startswith(("https://", "http://", "ssh://"))
    return Part(
        name=name,
        version=str(entry.version),
        purl=package_url(name, entry),
        commit=None if entry.resolved.startswith("directory:") else entry.commit,
        repository=repository_url(entry),
        download=entry.resolved if is_address else None,
        archive=entry.integrity.removeprefix("sha256-") if entry.integrity else None,
        tree=entry.tree,
        dev=entry.dev,
        needs=tuple(sorted(other for other in entry.dependencies if other in entries)),
        license=licenses.get(name),
    )
