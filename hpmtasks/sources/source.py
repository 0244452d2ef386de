"""source: where packages come from, as three questions that every place answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, Protocol, runtime_checkable

from hpmtasks.dataclass import dataclass
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version, parse_tag


@dataclass(frozen=True, slots=True)
class Tag:
    """A version, and the commit that its tag points at.

    Attributes:
        version: What the tag's name says.
        name: The tag as it is spelled there, ``v1.2.3`` or ``1.2.3``.
        commit: Lower-case hex of the commit (peeled, never of an annotated tag object).
    """

    version: Version
    name: str
    commit: str


@dataclass(frozen=True, slots=True)
class TagList:
    """The versions of one package at one time.

    Attributes:
        tags: Ascending by version, one for each version text.
        repository: The forge's numeric id of the repository, when it told.
    """

    tags: tuple[Tag, ...]
    repository: int | None = None


class Source(Protocol):
    """A place that packages come from."""

    #: The name of its type in ``sources`` settings.
    kind: str
    #: Whether the bytes of its archives are worth recording as ``integrity``.
    has_archives: bool

    def tags(self, name: PackageName) -> TagList:
        """The versions that *name* has.

        Raises:
            PackageNotFound: The place has no such repository, or does not show it.
            NetworkFailure: The place could not be asked.
            RateLimited: The place refuses more questions for now.
            NotOffline: The network is needed and may not be used.
        """
        ...

    def archive(self, name: PackageName, commit: str, *, version: Version | None, into: BinaryIO) -> None:
        """*into* (seekable) holds a tar, gzip'd or not, of exactly *commit*; all is below one top folder.

        *version* is the one that the commit was found by; places that give nothing for
        a bare commit are asked for its tag.

        Raises:
            PackageNotFound: The place has no such repository or commit.
            NetworkFailure: The place could not be asked, or sent less than it announced.
            RateLimited: The place refuses more questions for now.
            NotOffline: The network is needed and may not be used.
        """
        ...

    def resolved(self, name: PackageName, tag_name: str, commit: str, version: Version) -> str:
        """The canonical public URL for the lockfile: never a mirror, a loopback address or a local path."""
        ...


@runtime_checkable
class ListingSource(Source, Protocol):
    """A place that can say which packages it has, at no cost."""

    def names(self) -> Iterable[PackageName]:
        """The packages there, in any order."""
        ...


@runtime_checkable
class GlimpsedSource(Source, Protocol):
    """A place that shows what is newest in a repository to everybody, at the cost of one small request."""

    def glimpse(self, name: PackageName) -> bytes | None:
        """The package.json of the default branch; ``None`` if it is not shown. It is asked for once.

        Raises:
            HpmError: The place could not be asked, or refuses more questions for now.
        """
        ...


def tag_list(refs: Iterable[tuple[str, str]], repository: int | None = None) -> TagList:
    """The versions among *refs*, pairs of tag name and commit. ``v1.2.3`` wins over ``1.2.3``."""
    # By text, not by precedence: 1.0.0+a and 1.0.0+b are equal in order, and still two releases.
    found: dict[str, Tag] = {}
    for name, commit in refs:
        version = parse_tag(name)
        if version is None:
            continue
        present = found.get(str(version))
        if present is None or _rank(name) < _rank(present.name):
            found[str(version)] = Tag(version, name, commit.lower())
    return TagList(tuple(sorted(found.values(), key=lambda tag: (tag.version, str(tag.version)))), repository)


def _rank(tag_name: str) -> tuple[bool, str]:
    return (not tag_name.startswith("v"), tag_name)
