"""large_graphs: registries of any size, whose solution is known and which show what grows with what."""

from __future__ import annotations

from hpmtasks.model.package import Requirement
from hpmtasks.resolver.request import RootRequirement
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.semver.version import Version
from tests.support.random_graphs import Case, Packages, package


def _requires(number: int, constraint: str) -> Requirement:
    return Requirement(package(number), parse_constraint(constraint))


def tree_with_a_hub(packages: int) -> Case:
    """A tree of *packages*, two below each, all of which require one more, in differing ranges."""
    registry: Packages = {}
    for number in range(packages):
        below = [each for each in (2 * number + 1, 2 * number + 2) if each < packages]
        asked = [_requires(each, "^1.0.0") for each in below] + [_requires(packages, f"^1.{number % 7}.0")]
        registry[package(number)] = {Version(1, 0, 0): asked, Version(1, 1, 0): asked}
    registry[package(packages)] = {Version(1, minor, 0): [] for minor in range(10)}
    return registry, [RootRequirement(_requires(0, "^1.0.0"))]


def chain(packages: int) -> Case:
    """Each of *packages* requires the next, and has one version."""
    registry: Packages = {
        package(number): {
            Version(1, 0, 0): [_requires(number + 1, "^1.0.0")] if number + 1 < packages else []
        }
        for number in range(packages)
    }
    return registry, [RootRequirement(_requires(0, "^1.0.0"))]


def only_the_oldest_version_fits(versions: int, ranges: int) -> Case:
    """A package of so many *versions*; each but the oldest requires one of so many wrong *ranges*."""
    registry: Packages = {
        package(0): {
            Version(1, minor, 0): [_requires(1, f"^2.{minor % ranges}.0" if minor else "^1.0.0")]
            for minor in range(versions)
        },
        package(1): {Version(1, 0, 0): [], Version(2, ranges, 0): []},
    }
    return registry, [RootRequirement(_requires(0, "*")), RootRequirement(_requires(1, "^1.0.0"))]
