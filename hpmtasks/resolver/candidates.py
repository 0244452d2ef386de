"""candidates: which versions exist, in the order in which they are tried; asks the catalogue, once each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.catalogue import Catalogue, ForesightedCatalogue, Unavailable
from hpmtasks.resolver.request import Direction, MemberPackage
from hpmtasks.resolver.stock import Stock
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet


class Candidates:
    """What has been learned from the catalogue so far, and the preferences of this resolution.

    A locked version exists because the lock says so: while it is possible, the catalogue
    is not asked which others there are. See "Locked versions" in docs/resolution.md. Of a
    member of the workspace everything is known, and the catalogue is never asked.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        locked: Mapping[PackageName, Version],
        direction: Direction,
        direct: Collection[PackageName],
        members: Mapping[PackageName, MemberPackage],
    ) -> None:
        self._catalogue = catalogue
        self.locked = locked
        self.direction = direction
        self.direct = direct
        self.members = members
        self._stocks: dict[PackageName, Stock] = {
            name: Stock((member.package.version,)) for name, member in members.items()
        }
        self._requirements: dict[PackageId, tuple[Requirement, ...]] = {
            member.package: () for member in members.values()
        }
        self._refusals: dict[PackageName | PackageId, Unavailable] = {}
        self._announced: set[PackageName | PackageId] = set()

    def locked_in(self, name: PackageName, versions: VersionSet) -> Version | None:
        """The locked version, if there is one and it is in *versions*."""
        version = self.locked.get(name)
        return version if version is not None and versions.allows(version) else None

    def announce(self, names: Iterable[PackageName]) -> None:
        """Let the catalogue fetch side by side what :meth:`existing` is about to ask one by one."""
        unknown = [name for name in names if name not in self._stocks and name not in self._announced]
        if unknown:
            self._announced.update(unknown)
            self._catalogue.prefetch(unknown)

    def expect(self, packages: Iterable[PackageId]) -> None:
        """Let the catalogue fetch side by side what :meth:`requirements` will ask, most probably."""
        if isinstance(self._catalogue, ForesightedCatalogue):
            unknown = [
                each for each in packages if each not in self._requirements and each not in self._announced
            ]
            if unknown:
                self._announced.update(unknown)
                self._catalogue.expect(unknown)

    def existing(self, name: PackageName) -> tuple[Version, ...]:
        """Every version there is, ascending, the locked one included.

        Raises:
            Unavailable: The catalogue does not have the package.
        """
        return self._stock_of(name).versions

    def _stock_of(self, name: PackageName) -> Stock:
        stock = self._stocks.get(name)
        if stock is None:
            # Versions that differ in build metadata only are equal; the last by its text stands for all.
            found = {version: version for version in sorted(self._ask_versions(name), key=str)}
            if name in self.locked:
                found[self.locked[name]] = self.locked[name]
            stock = self._stocks[name] = Stock(found.values())
        return stock

    def unlocked(self, name: PackageName) -> VersionSet:
        """Every version but the locked one."""
        everything = VersionSet.full()
        return everything - VersionSet.exactly(self.locked[name]) if name in self.locked else everything

    def extent(self, package: PackageId) -> VersionSet:
        """The version of *package*, and no other that exists.

        Where the others are known, the gaps on both sides of it are included, so that what is
        true of neighbours joins to one stretch without holes. See "Extents" in docs/resolution.md.
        """
        stock = self._stocks.get(package.name)
        if stock is None:
            return VersionSet.exactly(package.version)
        existing, place = stock.versions, stock.place_of(package.version)
        return VersionSet.interval(
            existing[place - 1] if place else None,
            existing[place + 1] if place + 1 < len(existing) else None,
            include_lower=False,
        )

    def known(self, name: PackageName) -> tuple[Version, ...]:
        """What :meth:`existing` has answered; nothing if it was never asked, or refused."""
        stock = self._stocks.get(name)
        return stock.versions if stock else ()

    def listed(self, name: PackageName) -> tuple[Version, ...] | None:
        """All versions there are; ``None`` if the catalogue was never asked, so that there may be others."""
        if name in self._refusals:
            return (self.locked[name],) if name in self.locked else ()
        stock = self._stocks.get(name)
        return stock.versions if stock else None

    def requirements_known(self) -> list[PackageId]:
        """Every candidate about which the catalogue has been asked, whatever it answered; sorted."""
        refused = [key for key in self._refusals if isinstance(key, PackageId)]
        return sorted([*self._requirements, *refused], key=lambda each: (each.name.key, each.version))

    def refusal(self, subject: PackageName | PackageId) -> Unavailable | None:
        """Why the catalogue does not offer *subject*, if it was asked and refused."""
        return self._refusals.get(subject)

    def names_known(self) -> list[PackageName]:
        """Every package whose versions are known; sorted."""
        return sorted(self._stocks)

    def is_known(self, package: PackageId) -> bool:
        """The catalogue was asked about this candidate."""
        return package in self._requirements or package in self._refusals

    def possible(self, name: PackageName, versions: VersionSet) -> tuple[int, Version] | None:
        """How many of *versions* exist, and which of them is tried first; ``None`` if none does.

        Only the locked one counts, where that is among them: a search that has to leave it
        finds the others after the lock was ruled out.

        Raises:
            Unavailable: The catalogue does not have the package.
        """
        locked = self.locked_in(name, versions)
        if locked is not None:
            return 1, locked
        found = self._stock_of(name).within(versions)
        if found is None:
            return None
        many, lowest, highest = found
        is_upwards = self.direction == "lowest" or (self.direction == "lowest-direct" and name in self.direct)
        return many, lowest if is_upwards else highest

    def requirements(self, package: PackageId) -> tuple[Requirement, ...]:
        """What *package* requires, sorted by name. Asked of the catalogue the first time only.

        Raises:
            Unavailable: This version cannot be used.
        """
        requirements = self._requirements.get(package)
        if requirements is None:
            asked = self._ask_requirements(package)
            requirements = tuple(sorted(asked, key=lambda each: (each.name.key, str(each.constraint))))
            self._requirements[package] = requirements
        return requirements

    def _ask_versions(self, name: PackageName) -> Sequence[Version]:
        if name in self._refusals:
            raise self._refusals[name]
        try:
            return self._catalogue.versions(name)
        except Unavailable as refusal:
            self._refusals[name] = refusal
            raise

    def _ask_requirements(self, package: PackageId) -> Sequence[Requirement]:
        if package in self._refusals:
            raise self._refusals[package]
        try:
            return self._catalogue.requirements(package)
        except Unavailable as refusal:
            self._refusals[package] = refusal
            raise
