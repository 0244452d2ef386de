"""resolution: the answer: one version of every package that is needed, and where it comes from.

A resolution is what ``resolve`` leaves and what everything after it reads; the lockfile
is its written form for people and for the next installation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from hpmtasks.dataclass import as_dict, dataclass
from hpmtasks.model.lock_entry import LockEntry, Lockfile
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.pattern import pattern
from hpmtasks.semver.version import Version

#: The version of the JSON form. Another one means: resolve again.
FORMAT = 1

_TAG_OF_ARCHIVE = pattern(r"/archive/(?:refs/tags/)?([^/?#]+)\.tar\.gz\Z")


@dataclass(frozen=True, slots=True)
class ResolvedPackage:
    """One chosen version.

    Attributes:
        name: The package.
        version: The version, whose text is spelled as in the tag.
        tag: The tag that names the version.
        commit: The commit to fetch.
        source: The kind of source: ``github``, ``git``, ``directory``.
        resolved: The canonical public address.
        integrity: ``sha256-<hex>`` of the archive; ``None`` if not known (yet).
        tree: ``sha256-<hex>`` of what is to be installed; ``None`` if not known (yet).
        repository: The forge's number for the repository; ``None`` if unknown.
        dev: Whether nothing but development needs the package.
        dependencies: (name, constraint) for each of the package's own requirements, as texts, sorted.
    """

    name: PackageName
    version: Version
    tag: str
    commit: str
    source: str
    resolved: str
    integrity: str | None = None
    tree: str | None = None
    repository: int | None = None
    dev: bool = False
    dependencies: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> PackageId:
        """Name and version."""
        return PackageId(self.name, self.version)


@dataclass(frozen=True)
class Resolution:
    """The chosen versions, sorted by name; each name once."""

    packages: tuple[ResolvedPackage, ...] = ()

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.packages, key=lambda package: package.name.key))
        object.__setattr__(self, "packages", ordered)
        if len(self.by_name) != len(ordered):
            raise ValueError("a resolution holds each package once")

    @cached_property
    def by_name(self) -> Mapping[PackageName, ResolvedPackage]:
        """The packages, found by name."""
        return {package.name: package for package in self.packages}

    @cached_property
    def dependents(self) -> Mapping[str, tuple[str, ...]]:
        """By the key of a package: those that require it themselves, in order."""
        found: dict[str, list[str]] = {}
        for package in self.packages:
            for name in dict.fromkeys(other.lower() for other, _ in package.dependencies):
                found.setdefault(name, []).append(str(package.name))
        return {name: tuple(parents) for name, parents in found.items()}

    @cached_property
    def digest(self) -> str:
        """sha256 in hex of the JSON form: equal resolutions, equal digests."""
        import hashlib

        return hashlib.sha256(self.to_json().encode("ascii")).hexdigest()

    def to_json(self) -> str:
        """The resolution as one line of ASCII JSON, canonical, for :meth:`from_json`."""
        return self._json

    @cached_property
    def _json(self) -> str:
        packages = [_to_plain(package) for package in self.packages]
        return json.dumps({"format": FORMAT, "packages": packages}, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The resolution that *text* holds.

        Raises:
            ValueError: *text* was not written by :meth:`to_json` of this format.
        """
        try:
            document = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"not a resolution: {error}") from None
        return cls.from_document(document)

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """The resolution that *document* is, which was made of JSON.

        Raises:
            ValueError: As of :meth:`from_json`.
        """
        try:
            known = document["format"] == FORMAT
            packages = tuple(_from_plain(plain) for plain in document["packages"]) if known else None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a resolution: {error}") from None
        if packages is None:
            raise ValueError(f"a resolution of format {document['format']!r}, not {FORMAT}")
        return cls(packages)


def _to_plain(package: ResolvedPackage) -> dict[str, Any]:
    plain = as_dict(package)
    plain["name"] = str(package.name)
    plain["version"] = str(package.version)
    return plain


def _from_plain(plain: Mapping[str, Any]) -> ResolvedPackage:
    return ResolvedPackage(
        **{
            **plain,
            "name": PackageName.parse(plain["name"]),
            "version": Version.parse(plain["version"]),
            "dependencies": tuple((name, constraint) for name, constraint in plain["dependencies"]),
        }
    )


# ---------------------------------------------------------------- to and from the lockfile


def to_lockfile(
    resolution: Resolution,
    *,
    trees: Mapping[PackageName, str] | None = None,
    integrities: Mapping[PackageName, str] | None = None,
    previous: Lockfile | None = None,
) -> Lockfile:
    """The lockfile that locks *resolution*.

    Args:
        resolution: What was chosen.
        trees: Tree digests found since, for packages whose resolution has none.
        integrities: Archive digests found since, for packages whose resolution has none.
        previous: The lockfile that is replaced; its unknown members are kept.
    """
    names = {str(package.name): package.name for package in resolution.packages}
    entries = {
        package.name: LockEntry(
            version=package.version,
            resolved=package.resolved,
            integrity=package.integrity or (integrities or {}).get(package.name),
            commit=package.commit,
            tree=package.tree or (trees or {}).get(package.name),
            repository=package.repository,
            dev=package.dev,
            dependencies={
                names.get(name) or PackageName.parse(name): text for name, text in package.dependencies
            },
        )
        for package in resolution.packages
    }
    if previous is None:
        return Lockfile(entries)
    return Lockfile(entries, hemlock=previous.hemlock, extras=previous.extras)


def from_lockfile(lockfile: Lockfile) -> Resolution | None:
    """The resolution that *lockfile* remembers; tag and source are read off the address.

    ``None`` if a commit is missing, as in the first hpm's files: the tags have to be asked first.
    """
    packages = []
    for name, entry in lockfile.entries.items():
        if entry.commit is None:
            return None
        packages.append(from_entry(name, entry, entry.commit))
    return Resolution(tuple(packages))


def from_entry(name: PackageName, entry: LockEntry, commit: str) -> ResolvedPackage:
    """The package that *entry* locks; *commit* is the entry's, or stands in where it names none."""
    return ResolvedPackage(
        name=name,
        version=entry.version,
        tag=tag_of(entry),
        commit=commit,
        source=source_of(entry),
        resolved=entry.resolved,
        integrity=entry.integrity,
        tree=entry.tree,
        repository=entry.repository,
        dev=entry.dev,
        dependencies=tuple(sorted((str(other), text) for other, text in entry.dependencies.items())),
    )


def tag_of(entry: LockEntry) -> str:
    """The tag in the address of *entry*, if it names the locked version; else ``v`` and the version."""
    found = _TAG_OF_ARCHIVE.search(entry.resolved)
    version = str(entry.version)
    return found[1] if found and found[1] in {version, f"v{version}"} else f"v{version}"


def source_of(entry: LockEntry) -> str:
    """The kind of source that the address of *entry* belongs to."""
    if entry.resolved.startswith("directory:"):
        return "directory"
    return "git" if entry.commit and entry.resolved.endswith(f"#{entry.commit}") else "github"
