"""occupant: what should stand in a package's folder.

There are three answers: the files that are locked, those files with a patch applied, or
the files of a folder that is linked in the package's place. Whoever asks whether a folder
is right asks for its occupant, and compares digests.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidPatch
from hpmtasks.files.fingerprint import StatTable
from hpmtasks.model.package import PackageId, PackageName


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch that package.json names for one version of a package.

    Attributes:
        path: The file.
        shown: Its path as package.json has it.
        fingerprint: Of its content.
    """

    path: Path
    shown: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Occupant:
    """The files that should stand in one package's folder.

    Attributes:
        name: The package.
        version: The version that they are, or claim to be.
        tree: Their digest; ``None`` while nobody has made them and so nobody knows it.
        patch: The patch that is applied to the locked files; ``None`` if there is none.
    """

    name: PackageName
    version: str
    tree: str | None
    patch: Patch | None = None


def find_patch(
    package: PackageId, patches: Mapping[PackageId, str], root: Path, files: StatTable
) -> Patch | None:
    """The patch that package.json names for *package*; ``None`` if it names none.

    Args:
        patches: The paths that it names, relative to the project's folder *root*.
        files: Fingerprints of files, remembered.

    Raises:
        InvalidPatch: There is no such file.
    """
    shown = patches.get(package) if patches else None  # asked for each package, again and again
    if shown is None:
        return None
    path = root / shown
    try:
        return Patch(path, shown, files.fingerprint_of(path))
    except OSError as error:
        raise InvalidPatch(
            shown,
            [
                f"package.json (hpm.patches) names it for {package}; it cannot be read: {error.strerror}.",
                "Bring the file back, or remove that line.",
            ],
        ) from error
