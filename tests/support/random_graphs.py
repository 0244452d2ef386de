"""random_graphs: registries made by chance, with a solution hidden in them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.resolver.request import RootRequirement
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.semver.version import Version

Packages = dict[PackageName, dict[Version, Sequence[Requirement] | str]]
Case = tuple[Packages, list[RootRequirement]]


def package(number: int) -> PackageName:
    """The name of the package of that number."""
    return PackageName.parse(f"acme/p{number}")


def graph_with_hidden_solution(seed: int, *, packages: int, versions: int) -> Case:
    """A registry in which one version of each package is sure to fit together, and others only by luck."""
    dice = random.Random(seed)  # noqa: S311 (chance, not secrets)
    existing = [Version(major, minor, 0) for major in (1, 2) for minor in range(versions // 2)]
    hidden = [dice.choice(existing) for _ in range(packages)]

    def require(other: int, *, fitting: bool) -> Requirement:
        around = hidden[other] if fitting else dice.choice(existing)
        return Requirement(
            package(other), parse_constraint(dice.choice(["^{}", "~{}", ">={}", "<={}"]).format(around))
        )

    registry: Packages = {}
    for number in range(packages):
        later = range(number + 1, min(number + 12, packages))
        registry[package(number)] = {
            version: [
                require(other, fitting=version == hidden[number] or dice.random() < 0.5)
                for other in dice.sample(later, min(3, len(later)))
            ]
            for version in existing
        }
    return registry, [RootRequirement(require(number, fitting=True)) for number in range(5)]
