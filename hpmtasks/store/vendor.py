"""vendor: packages as plain copies in a folder of the user's, laid out as a directory source reads them.

``FOLDER/owner/repo/v1.2.3/...`` for each package, and :data:`INDEX` beside them, which says
what hpm put there. Only what is in the index and still as it was written is ever replaced or
removed; everything else in the folder is somebody's own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import IntegrityMismatch, StorageFailure
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.removal import remove_tree
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.semver.version import Version
from hpmtasks.store.entries import LinkMethod, TreeEntry
from hpmtasks.store.store import Store
from hpmtasks.store.tree import ForeignEntry, digest_folder

INDEX = "hpm-vendor.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Vendored:
    """What was done.

    Attributes:
        written: Packages that are new, or have other contents.
        removed: Packages that are no longer wanted.
        left: Packages that are no longer wanted and were changed by somebody; they are still there.
    """

    written: Sequence[PackageId]
    removed: Sequence[PackageId]
    left: Sequence[PackageId]


def write_vendor(store: Store, folder: Path, trees: Mapping[PackageId, TreeEntry]) -> Vendored:
    """*folder* holds a plain copy of each of *trees*, and of what hpm put there before nothing else.

    What is there already with the right contents is not touched, so that doing it again changes no file.

    Raises:
        IntegrityMismatch: Something else stands in the place of a package; nothing was written.
        StorageFailure: A link leads out of *folder*, or the file system refuses.
    """
    before = _read_index(folder)
    wanted = {package: tree.digest for package, tree in trees.items()}
    writing = [
        package
        for package, digest in wanted.items()
        if _must_write(folder, package, digest, recorded=before.get(package))
    ]
    for package in writing:
        store.lay_out(trees[package], _place(folder, package), how=LinkMethod.COPY)
    # By place: versions that differ in build metadata only are equal, and not the same.
    places = {_place(folder, package) for package in wanted}
    removed, left = [], []
    for package, digest in before.items():
        if _place(folder, package) in places or not os.path.lexists(_place(folder, package)):
            continue
        if _digest(_place(folder, package)) == digest:
            _remove(folder, package)
            removed.append(package)
        else:
            left.append(package)
    _write_index(folder, wanted)
    return Vendored(writing, removed, left)


def _place(folder: Path, package: PackageId) -> Path:
    return folder / package.name.owner / package.name.repo / f"v{package.version}"


def _must_write(folder: Path, package: PackageId, digest: str, *, recorded: str | None) -> bool:
    """Whether the place of *package* has to be written, and may be."""
    place = _place(folder, package)
    for above in (place.parent.parent, place.parent):
        if above.is_symlink():
            raise StorageFailure(f"{above} is a link, and packages are not written through one. Remove it.")
    if not os.path.lexists(place):
        return True
    actual = _digest(place)
    if actual == digest:
        return False
    if actual is None or actual != recorded:
        raise IntegrityMismatch(
            f"{package} in {folder}",
            expected=digest,
            actual=actual or "something that is no package",
            hint=f"What stands in {place} was not put there by hpm, or was changed since."
            " Move it away and run the command again.",
        )
    return True


def _digest(place: Path) -> str | None:
    if place.is_symlink():
        return None
    try:
        return digest_folder(place)
    except (OSError, ForeignEntry):
        return None


def _remove(folder: Path, package: PackageId) -> None:
    place = _place(folder, package)
    with storage_failures("remove", place):
        remove_tree(place)
        with suppress(OSError):
            place.parent.rmdir()
            place.parent.parent.rmdir()


def _read_index(folder: Path) -> dict[PackageId, str]:
    """The tree digest of each package that hpm put there; what cannot be understood is not hpm's."""
    try:
        document = json.loads((folder / INDEX).read_bytes())
        rows = document["packages"] if document["format"] == _FORMAT else []
        return {
            PackageId(PackageName.parse(row["name"]), Version.parse(row["version"])): str(row["tree"])
            for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _write_index(folder: Path, trees: Mapping[PackageId, str]) -> None:
    rows = [
        {"name": str(package.name), "version": str(package.version), "tree": digest}
        for package, digest in sorted(trees.items(), key=lambda item: item[0].name)
    ]
    data = (json.dumps({"format": _FORMAT, "packages": rows}, indent=2) + "\n").encode()
    path = folder / INDEX
    with storage_failures("write", folder):
        folder.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        if path.read_bytes() == data:
            return
    write_atomically(path, data, durable=True)
