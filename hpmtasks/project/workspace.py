"""workspace: the packages that are developed in one project: the root, and the members it names.

A root whose package.json has ``workspaces`` is installed together with its members: one
lock, one ``hem_modules``, one state, all of them at the root. A project without is a
workspace of its root alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.errors import InvalidManifest
from hpmtasks.model.json_load import load
from hpmtasks.model.json_scan import MalformedJson
from hpmtasks.model.manifest import NO_VERSION, Manifest, parse_manifest, read_manifest
from hpmtasks.model.manifest_issues import issues_of_identity
from hpmtasks.model.package import PackageName
from hpmtasks.project import MANIFEST, Project
from hpmtasks.project.members import Member, Workspace

if TYPE_CHECKING:
    from hpmtasks.project.member_globs import MemberGlob

__all__ = ["Member", "Workspace", "read_workspace", "workspace_root_of"]

# What of a member's package.json means nothing: it counts for the whole workspace or for nobody.
_OF_THE_ROOT = ("overrides", "hpm.sources", "hpm.patches")
# A folder that holds nothing but these is what another branch left behind.
_LEFT_BEHIND = frozenset({"hem_modules", "node_modules"})


# ---------------------------------------------------------------- finding the root


def workspace_root_of(folder: Path) -> Path | None:
    """The folder of the workspace that *folder*, which has a package.json, is a member of.

    ``None`` if it is a member of none. Only the package.json files above are read; one that cannot be
    is no reason to doubt that *folder* is a project of its own.
    """
    for above in folder.parents:
        patterns = _patterns_in(above / MANIFEST)
        if not patterns:
            continue
        from hpmtasks.project.member_globs import MemberGlob, includes

        try:
            globs = [MemberGlob.parse(pattern) for pattern in patterns]
        except ValueError:
            continue
        if includes(globs, folder.relative_to(above).as_posix()):
            return above
    return None


def _patterns_in(path: Path) -> tuple[str, ...]:
    try:
        data = path.read_bytes()
        document = load(data) if b'"workspaces"' in data else None
    except (OSError, MalformedJson):
        return ()
    patterns = document.get("workspaces") if isinstance(document, dict) else None
    return tuple(each for each in patterns if isinstance(each, str)) if isinstance(patterns, list) else ()


# ---------------------------------------------------------------- reading all of it


def read_workspace(
    project: Project, *, root: Manifest | None = None, texts: Mapping[str, str] | None = None
) -> Workspace:
    """The workspace whose root is that of *project*.

    Args:
        project: Where.
        root: The root's package.json, if it is read already.
        texts: By path of a member, what its package.json is taken to be instead of the file.

    Raises:
        InvalidManifest: The root or a member cannot be used, or two have one name; sentences say why.
    """
    if root is None:
        root = read_manifest(project.manifest_path, strict_own=False)
    own = Member(root.name, "", project.root, root)
    if not root.workspaces:
        return Workspace(own)
    globs = _globs(project, root.workspaces)
    paths, looked_at = _found(project, globs)
    members = tuple(_read_member(project, path, (texts or {}).get(path)) for path in paths)
    _require_own_names(project, (own, *members))
    warnings = [
        f'package.json: workspaces: "{glob.text}" fits no member.'
        for glob in globs
        if not glob.is_exclusion and not any(glob.fits(path) for path in paths)
    ]
    return Workspace(own, members, (*warnings, *_unheeded(members)), tuple(looked_at))


def _globs(project: Project, patterns: tuple[str, ...]) -> list[MemberGlob]:
    from hpmtasks.project.member_globs import MemberGlob

    issues, globs = [], []
    for pattern in patterns:
        try:
            globs.append(MemberGlob.parse(pattern))
        except ValueError as error:
            issues.append(f'workspaces: "{pattern}" {error}; a member is a folder below this one.')
    if issues:
        raise InvalidManifest(str(project.manifest_path), issues)
    return globs


def _found(project: Project, globs: list[MemberGlob]) -> tuple[list[str], list[str]]:
    """The folders of the members, and all paths on which it depends that there are no others."""
    from hpmtasks.project.member_globs import find_folders

    issues: list[str] = []
    members: list[str] = []
    looked_at: list[str] = []
    try:
        found = find_folders(globs, str(project.root))
        looked_at += found.looked_at
        for path, glob in found.folders.items():
            folder = project.root / path
            looked_at.append(f"{path}/{MANIFEST}")
            if (folder / MANIFEST).is_file():
                members.append(path)
            else:
                looked_at.append(path)
            if not glob.is_deep or (folder / MANIFEST).is_file():
                issues += _issues_of_folder(path, folder)
    except OSError as error:
        issues.append(f"workspaces: {error.filename} cannot be read: {error.strerror}.")
    if issues:
        raise InvalidManifest(str(project.manifest_path), issues)
    return members, looked_at


def _issues_of_folder(path: str, folder: Path) -> list[str]:
    """Why the folder *path* cannot be a member; one that another branch left behind is none."""
    if folder.is_symlink():
        return [f"workspaces: {path} is a link; a member is a folder of the workspace itself."]
    if (folder / MANIFEST).is_file() or not _is_lived_in(folder):
        return []
    return [f'workspaces: {path} has no package.json; add one, or leave it out with "!{path}".']


def _is_lived_in(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(not each.name.startswith(".") and each.name not in _LEFT_BEHIND for each in entries)


def _read_member(project: Project, path: str, text: str | None) -> Member:
    folder = project.root / path
    file = folder / MANIFEST
    manifest = (
        read_manifest(file, strict_own=False)
        if text is None
        else parse_manifest(text.encode(), str(file), strict_own=False)
    )
    issues = issues_of_identity({**manifest.document, "version": manifest.version or NO_VERSION})
    if manifest.workspaces:
        issues.append("workspaces: a member of a workspace cannot have members itself.")
    if issues:
        raise InvalidManifest(str(file), issues)
    return Member(manifest.name, path, folder, manifest)


def _require_own_names(project: Project, everyone: tuple[Member, ...]) -> None:
    seen: dict[PackageName, Member] = {}
    issues = []
    for member in everyone:
        name = member.package
        if name is None:
            continue
        first = seen.setdefault(name, member)
        if first is not member:
            issues.append(f"workspaces: {first.shown_manifest} and {member.shown_manifest} are both {name}.")
    if issues:
        raise InvalidManifest(str(project.manifest_path), issues)


def _unheeded(members: tuple[Member, ...]) -> list[str]:
    """A sentence for each field of a member that counts only in the root."""
    told = []
    for member in members:
        for field in _OF_THE_ROOT:
            value: object = member.manifest.document
            for key in field.split("."):
                value = value.get(key) if isinstance(value, dict) else None
            if value:
                told.append(f"{member.shown_manifest}: {field} counts only in the root's package.json.")
    return told
