"""members: the root and the members of a workspace, as values; ``workspace`` reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import NotInProject, Usage
from hpmtasks.model.manifest import NO_VERSION, Manifest, get_all_dependencies
from hpmtasks.model.package import PackageName
from hpmtasks.project import MANIFEST
from hpmtasks.semver.version import Version


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
        from difflib import get_close_matches

        known = {str(each).lower(): str(each) for each in self.everyone() if each.name}
        by_repo = {name.partition("/")[2]: name for name in known}
        found = [*get_close_matches(text.lower(), known), *get_close_matches(text.lower(), by_repo)]
        near = list(dict.fromkeys(known[by_repo.get(each, each)] for each in found))
        listed = ", ".join(known.values()) or "none"
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Its members are {listed}."
        return NotInProject(
            f"{text} is not a member of this workspace.\n\n{hint}", packages=[text], near=near
        )
