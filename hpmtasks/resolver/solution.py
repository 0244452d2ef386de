"""solution: the answer: one version for each package that is needed, and what it requires."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import CircularDependency
from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.request import MemberPackage, RootRequirement
from hpmtasks.semver.version import Version


@dataclass(frozen=True, slots=True)
class Resolved:
    """One package of a solution."""

    version: Version
    # As its manifest has them (overrides do not show here), sorted by name.
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Solution(Mapping[PackageName, Resolved]):
    """Package names to what was chosen, sorted by name."""

    packages: Mapping[PackageName, Resolved]
    # What is needed through devDependencies only.
    dev: frozenset[PackageName]

    def __getitem__(self, name: PackageName) -> Resolved:
        return self.packages[name]

    def __iter__(self) -> Iterator[PackageName]:
        return iter(self.packages)

    def __len__(self) -> int:
        return len(self.packages)

    def package_ids(self) -> Iterator[PackageId]:
        """Each package with its version, sorted by name."""
        return (PackageId(name, resolved.version) for name, resolved in self.packages.items())

    def versions(self) -> dict[PackageName, Version]:
        """Package names to versions: what a later resolution may be given as ``locked``."""
        return {name: resolved.version for name, resolved in self.packages.items()}


def make_solution(root: Iterable[RootRequirement], packages: Mapping[PackageName, Resolved]) -> Solution:
    """The solution that consists of *packages*, sorted, with those only needed for development marked."""
    everyday = reach((each.requirement.name for each in root if not each.is_dev), packages)
    in_order = {name: packages[name] for name in sorted(packages)}
    return Solution(in_order, frozenset(name for name in in_order if name not in everyday))


def reach(names: Iterable[PackageName], packages: Mapping[PackageName, Resolved]) -> set[PackageName]:
    """*names*, what they require, what that requires, and so on."""
    found: set[PackageName] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(requirement.name for requirement in packages[name].requirements)
    return found


def find_cycle(solution: Mapping[PackageName, Resolved]) -> list[PackageId] | None:
    """The first circle of requirements, by name; the first package stands again at the end.

    A depth-first walk with its own stack, so that a long chain does not exhaust Python's.
    """
    finished: set[PackageName] = set()
    for start in sorted(solution):
        if start in finished:
            continue
        path: dict[PackageName, Iterator[Requirement]] = {start: iter(solution[start].requirements)}
        while path:
            name, remaining = next(reversed(path.items()))
            requirement = next(remaining, None)
            if requirement is None:
                finished.add(name)
                del path[name]
            elif requirement.name in path:
                names = list(path)
                circle = names[names.index(requirement.name) :]
                return [PackageId(each, solution[each].version) for each in (*circle, requirement.name)]
            elif requirement.name not in finished:
                path[requirement.name] = iter(solution[requirement.name].requirements)
    return None


def without_cycle(
    root: Iterable[RootRequirement],
    packages: Mapping[PackageName, Resolved],
    own: Mapping[PackageName, MemberPackage],
) -> Solution:
    """The solution that consists of *packages*, of which some may be *own* members of the workspace.

    Raises:
        CircularDependency: It has packages that need each other in a circle.
    """
    solution = make_solution(root, packages)
    members = {
        name: Resolved(member.package.version, member.requirements)
        for name, member in own.items()
        if name in packages
    }
    cycle = find_cycle({**solution, **members})
    if cycle is not None:
        raise CircularDependency([str(package) for package in cycle])
    return solution
