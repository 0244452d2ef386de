"""registry: a catalogue in memory, which counts what it is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.catalogue import Unavailable
from hpmtasks.semver.version import Version


class Registry:
    """Packages, their versions, and for each what it requires or why it cannot be used."""

    def __init__(
        self,
        packages: Mapping[PackageName, Mapping[Version, Sequence[Requirement] | str]],
        unlisted: Collection[PackageId] = (),
    ) -> None:
        """Offer *packages*; the candidates in *unlisted* can still be read, but are not listed any more."""
        self.packages = packages
        self.unlisted = unlisted
        self.asked_versions: list[PackageName] = []
        self.asked_requirements: list[PackageId] = []
        self.prefetched: list[list[PackageName]] = []
        self.expected: list[PackageId] = []

    def versions(self, name: PackageName) -> Sequence[Version]:
        self.asked_versions.append(name)
        versions = self.packages.get(name)
        listed = [each for each in versions or () if PackageId(name, each) not in self.unlisted]
        if versions is None or (versions and not listed):
            raise Unavailable("does not exist", missing_package=True, origin="github.com")
        return listed

    def requirements(self, package: PackageId) -> Sequence[Requirement]:
        self.asked_requirements.append(package)
        answer = self.packages.get(package.name, {}).get(package.version, "is not there any more")
        if isinstance(answer, str):
            raise Unavailable(answer)
        return answer

    def prefetch(self, names: Iterable[PackageName]) -> None:
        self.prefetched.append(list(names))

    def expect(self, packages: Iterable[PackageId]) -> None:
        self.expected.extend(packages)
