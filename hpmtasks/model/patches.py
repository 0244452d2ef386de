"""patches: ``hpm.patches`` of package.json: which patch belongs to which version of a package."""

from __future__ import annotations

from hpmtasks.errors import InvalidManifest
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.semver.version import Version

#: Where new patches are put, in the project's root.
FOLDER = "patches"


def patches_of(manifest: Manifest, path: str) -> dict[PackageId, str]:
    """The path of the patch, relative to the project's root, for each version of a package that has one.

    Args:
        path: The manifest's name in messages.

    Raises:
        InvalidManifest: The form is not ``{"owner/repo@1.2.3": "patches/name.patch"}``.
    """
    written = manifest.policy.get("patches") or {}
    if not isinstance(written, dict):
        raise InvalidManifest(path, ['hpm.patches: an object is expected: {"owner/repo@1.2.3": "PATH"}.'])
    found = {}
    for key, value in written.items():
        if not isinstance(value, str) or _leaves(value):
            raise InvalidManifest(
                path, [f"hpm.patches: {key}: the path of a file in the project is expected."]
            )
        found[_package(key, path)] = value
    return found


def name_of_patch(package: PackageId) -> str:
    """The path of a new patch for *package*: ``patches/owner+repo@1.2.3.patch``."""
    return f"{FOLDER}/{package.name.owner}+{package.name.repo}@{package.version}.patch"


def _package(key: str, path: str) -> PackageId:
    name, _, version = key.partition("@")
    try:
        return PackageId(PackageName.parse(name), Version.parse(version))
    except ValueError as error:
        form = "the form is owner/repo@1.2.3, with the version that is patched"
        raise InvalidManifest(path, [f"hpm.patches: {key!r} names no version; {form} ({error})."]) from error


def _leaves(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return not path or "\0" in path or path.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]
