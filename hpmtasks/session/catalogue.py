"""catalogue: the resolver's two questions, answered from the lock, the sources and the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from hpmtasks.errors import NotOffline, PackageNotFound, UnsafeArchive
from hpmtasks.model.lock_entry import LockEntry
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.catalogue import Unavailable
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet
from hpmtasks.session.interpreter import hemlock_version
from hpmtasks.session.known import as_known
from hpmtasks.session.manifests import published_manifest
from hpmtasks.session.once import once
from hpmtasks.session.session import Session
from hpmtasks.sources.source import Tag

if TYPE_CHECKING:
    from hpmtasks.session.trust import Trust


def promised(entry: LockEntry) -> list[Requirement]:
    """What the version that *entry* locks requires, as the lock says."""
    return [Requirement(name, parse_constraint(text)) for name, text in entry.dependencies.items()]


class SourceCatalogue:
    """What exists, as far as this run may ask.

    What the lock says of the version it locks is believed without asking anybody:
    a lock that satisfies everything costs no request. See
    :class:`hpmtasks.resolver.catalogue.Catalogue` for the contract, and "What it costs
    to ask" in ``docs/resolution.md`` for the number of requests.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._retracted: dict[PackageName, VersionSet] = {}
        self._tags: dict[PackageId, Tag] = {}

    @once
    def _trust(self) -> Trust:
        from hpmtasks.session.trust import Trust

        return Trust(self._session)

    def versions(self, name: PackageName) -> Sequence[Version]:
        """Every tagged version of *name*."""
        try:
            return [tag.version for tag in self._session.tags(name).tags]
        except PackageNotFound as error:
            raise Unavailable("does not exist", missing_package=True, origin=error.origin) from error

    def requirements(self, package: PackageId) -> Sequence[Requirement]:
        """The dependencies of one version: from the lock, else from the package.json in its archive."""
        entry = self._session.documents.locked.get(package.name)
        is_accepted = package.name in self._session.options.accept
        if entry is not None and entry.version == package.version and not is_accepted:
            return promised(entry)
        tag = self.tag(package)
        for refusal in (self._session.ages.refusal(package, tag), self._trust.refusal(package, tag)):
            if refusal is not None:
                self._session.warnings.append(f"{package} {refusal}; it is passed over.")
                raise Unavailable(refusal)
        manifest = self._manifest(package.name, tag)
        self._require_interpreter(manifest)
        if self._retracted_versions(package.name).allows(package.version):
            self._session.warnings.append(f"{package} was retracted by its authors; it is passed over.")
            raise Unavailable("was retracted by its authors")
        return manifest.requirements

    def prefetch(self, names: Iterable[PackageName]) -> None:
        """Read the tags of *names* ahead."""
        for name in names:
            self._session.expect_tags(name)

    def expect(self, packages: Iterable[PackageId]) -> None:
        """Fetch ahead what will probably be chosen, and what that leads to."""
        from hpmtasks.session.foresight import foresee

        for package in packages:
            entry = self._session.documents.locked.get(package.name)
            if entry is None or entry.version != package.version:
                with suppress(Unavailable):  # it will be told when it is asked for
                    foresee(self._session, package.name, self.tag(package))

    def tag(self, package: PackageId) -> Tag:
        """The tag that made *package* a version; as it was locked, or known here, if it was moved since.

        Raises:
            Unavailable: The source lists no such tag (any more), or is another repository by now.
        """
        if package not in self._tags:
            from hpmtasks.session.moved import as_locked

            for tag in self._session.tags(package.name).tags:
                if tag.version == package.version:
                    self._tags[package] = as_known(
                        self._session, package, as_locked(self._session, package, tag)
                    )
                    break
            else:
                raise Unavailable(f"has no tag for {package.version}")
        return self._tags[package]

    def _manifest(self, name: PackageName, tag: Tag) -> Manifest:
        """The package.json of one version, out of its archive, which is needed anyway if it is chosen."""
        try:
            manifest = published_manifest(self._session, name, tag.version, tag.commit)
        except UnsafeArchive as error:
            raise Unavailable(f"has an archive that cannot be used ({error.message})") from error
        except PackageNotFound as error:
            raise Unavailable("can no longer be downloaded") from error
        except ValueError as error:
            raise Unavailable(f"has an unusable package.json ({error})") from error
        if manifest is None:
            raise Unavailable("has no package.json")
        return manifest

    def _require_interpreter(self, manifest: Manifest) -> None:
        """A version that needs another Hemlock than the one on the PATH is no candidate."""
        engines = manifest.document.get("engines")
        wanted = engines.get("hemlock") if isinstance(engines, dict) else None
        if not isinstance(wanted, str):
            return
        try:
            constraint = parse_constraint(wanted)
        except ValueError:
            return  # nothing that we understand is asked for
        here = hemlock_version(self._session.settings.environ, self._session.state)
        if here is not None and not constraint.allows(here):
            raise Unavailable(f"needs Hemlock {wanted}, and {here} is installed")

    def _retracted_versions(self, name: PackageName) -> VersionSet:
        """What the newest version's package.json takes back: its ``retracted``, a list of constraints.

        One more archive at most for a package whose newest version is not chosen.
        """
        if name not in self._retracted:
            self._retracted[name] = self._read_retractions(name)
        return self._retracted[name]

    def _read_retractions(self, name: PackageName) -> VersionSet:
        tags = self._session.tags(name).tags
        newest = max(tags, key=lambda tag: (not tag.version.is_prerelease, tag.version))
        try:
            listed = self._manifest(name, newest).document.get("retracted")
        except (Unavailable, NotOffline):
            return VersionSet.empty()  # nobody takes anything back
        retracted = VersionSet.empty()
        for text in listed if isinstance(listed, list) else ():
            try:
                retracted |= parse_constraint(text).versions
            except (ValueError, TypeError, AttributeError):
                continue
        return retracted
