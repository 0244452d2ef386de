"""workspace: the packages that are developed in one project: the root, and the members it names.

A root whose package.json has ``workspaces`` is installed together with its members: one
lock, one ``hem_modules``, one state, all of them at the root. A project without is a
workspace of its root alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from hpmtasks.errors import InvalidManifest, NotInProject, Usage
from hpmtasks.model.json_text import MalformedJson, load
from hpmtasks.model.manifest import NO_VERSION, Manifest, get_all_dependencies, parse_manifest, read_manifest
from hpmtasks.model.manifest_issues import issues_of_identity
from hpmtasks.model.package import PackageName
from hpmtasks.project import MANIFEST, Project
from hpmtasks.project.member_globs import MemberGlob, find_folders, includes
from hpmtasks.semver.version import Version

# What of a member's package.json means nothing: it counts for the whole workspace or for nobody.
_OF_THE_ROOT = ("overrides", "hpm.sources", "hpm.patches")
# A folder that holds nothing but these is what another branch left behind.
_LEFT_BEHIND = frozenset({"hem_modules", "node_modules"})


@dataclass(frozen=True, slots=True)
class Member:
    """A package of a workspace; the root is one too.

    Attributes:
        name: ``owner/repo``; only a root may have none.
        path: From the root, with ``/``: ``packages/app``; of the root, empty.
        folder: The same, absolute.
        manifest: Its package.json.
    """

    name: str | None
    path: str
    folder: Path
    manifest: Manifest

    @property
    def is_root(self) -> bool:
        """Whether it is the root."""
        return not self.path

    @property
    def package(self) -> PackageName | None:
        """The name, to be compared; ``None`` if it has none, or one that no package may have."""
        try:
            return PackageName.parse(self.name or "")
        except ValueError:
            return None

    @property
    def version(self) -> Version:
        """The one version that there is of it: that of its package.json."""
        return Version.parse(self.manifest.version or NO_VERSION)

    @property
    def manifest_path(self) -> Path:
        """Its package.json."""
        return self.folder / MANIFEST

    @property
    def shown_manifest(self) -> str:
        """Its package.json as people at the root write it: ``packages/app/package.json``."""
        return f"{self.path}/{MANIFEST}" if self.path else MANIFEST

    @property
    def label(self) -> str:
        """``acme/app@1.0.0``, for a list; of a root without a name, that it is the root."""
        return f"{self.name}@{self.manifest.version or NO_VERSION}" if self.name else "(workspace root)"

    def __str__(self) -> str:
        return self.name or self.path or "the root"


@dataclass(frozen=True)
class Workspace:
    """The root, the members without it, sorted by path, and what is to be told of them."""

    root: Member
    members: tuple[Member, ...] = ()
    warnings: tuple[str, ...] = ()
    #: Paths from the root: while nothing of them changes, no member comes or goes.
    looked_at: tuple[str, ...] = ()

    def everyone(self) -> tuple[Member, ...]:
        """The root and all members."""
        return (self.root, *self.members)

    @cached_property
    def by_name(self) -> Mapping[PackageName, Member]:
        """The members, the root not among them, found by name."""
        return {member.package: member for member in self.members if member.package is not None}

    @cached_property
    def _by_folder(self) -> Mapping[Path, Member]:
        return {member.folder: member for member in self.members}

    def named(self, text: str) -> Member:
        """The member that *text* means: its name, its folder, or its name without owner.

        Raises:
            NotInProject: There is none; similar names are told.
            Usage: There are several.
        """
        path = os.path.normpath(text).replace(os.sep, "/")
        wanted = text.lower()
        for each in self.everyone():
            if (each.name or "").lower() == wanted or (each.path or ".") == path:
                return each
        alike = [each for each in self.everyone() if (each.name or "").lower().endswith(f"/{wanted}")]
        if len(alike) == 1:
            return alike[0]
        if alike:
            raise Usage(f"{text} may be {' or '.join(str(each) for each in alike)}; write the whole name.")
        raise self._unknown(text)

    def at(self, folder: Path) -> Member:
        """The member that *folder* belongs to: the innermost that it is in, else the root."""
        for above in (folder, *folder.parents):
            if above in self._by_folder:
                return self._by_folder[above]
        return self.root

    def needs(self, member: Member) -> tuple[Member, ...]:
        """The other members that *member* requires itself, for development too, by path."""
        required = {requirement.name for requirement in get_all_dependencies(member.manifest)}
        found = [self.by_name[name] for name in required if name in self.by_name]
        return tuple(sorted((each for each in found if each is not member), key=lambda each: each.path))

    def _unknown(self, text: str) -> NotInProject:
        known = {str(each).lower(): str(each) for each in self.everyone() if each.name}
        by_repo = {name.partition("/")[2]: name for name in known}
        found = [*get_close_matches(text.lower(), known), *get_close_matches(text.lower(), by_repo)]
        near = list(dict.fromkeys(known[by_repo.get(each, each)] for each in found))
        listed = ", ".join(known.values()) or "none"
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Its members are {listed}."
        return NotInProject(
            f"{text} is not a member of this workspace.\n\n{hint}", packages=[text], near=near
        )


# ---------------------------------------------------------------- finding the root


def workspace_root_of(folder: Path) -> Path | None:
    """The folder of the workspace that *folder*, which has a package.json, is a member of.

    ``None`` if it is a member of none. Only the package.json files above are read; one that cannot be
    is no reason to doubt that *folder* is a project of its own.
    """
    for above in folder.parents:
        patterns = _patterns_in(above / MANIFEST)
        try:
            globs = [MemberGlob.parse(pattern) for pattern in patterns]
        except ValueError:
            continue
        if globs and includes(globs, folder.relative_to(above).as_posix()):
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
