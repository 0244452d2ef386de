"""What callers of ``solve`` rely on beyond the answer itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from hpmtasks.errors import NetworkFailure, NoSuchVersion, PackageNotFound, RequirementsConflict
from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.catalogue import Unavailable
from hpmtasks.resolver.request import RootRequirement
from hpmtasks.resolver.solution import Resolved, find_cycle
from hpmtasks.resolver.solve import solve
from hpmtasks.resolver.suggest import MOST_QUESTIONS
from hpmtasks.semver.version import Version
from tests.support.registry import Registry
from tests.support.scenario import read_scenario

CONFLICT = """
packages
  acme/a 1.0.0 1.1.0: acme/c ^1.0.0
  acme/a 2.0.0: acme/c ^2.0.0
  acme/c 1.0.0 2.0.0

dependencies
  acme/a ^1.0.0
  acme/c ^2.0.0
"""


def require(text: str) -> RootRequirement:
    return RootRequirement(Requirement.parse(text))


class Unreachable(Registry):
    """A registry whose network fails for some packages and candidates."""

    def __init__(self, registry: Registry, broken: Iterable[str]) -> None:
        super().__init__(registry.packages)
        self._broken = frozenset(broken)

    def versions(self, name: PackageName) -> Sequence[Version]:
        if str(name) in self._broken:
            raise NetworkFailure("the network is down")
        return super().versions(name)

    def requirements(self, package: PackageId) -> Sequence[Requirement]:
        if str(package) in self._broken:
            raise NetworkFailure("the network is down")
        return super().requirements(package)


def registry_of(text: str) -> tuple[list[RootRequirement], Registry]:
    scenario = read_scenario(text)
    return scenario.root, Registry(scenario.packages)


@pytest.mark.parametrize("broken", ["acme/c", "acme/a@1.1.0"])
def test_network_failure_reaches_the_caller_as_it_is(broken: str) -> None:
    """A failure of the catalogue is no reason to pass a candidate over."""
    root, registry = registry_of(CONFLICT)
    with pytest.raises(NetworkFailure, match="the network is down"):
        solve(root, Unreachable(registry, [broken]))


def test_network_failure_while_looking_for_a_suggestion_does_not_hide_the_conflict() -> None:
    """acme/a 2.0.0 is only read in order to suggest it; that this fails costs the suggestion alone."""
    root, registry = registry_of(CONFLICT)
    with pytest.raises(RequirementsConflict) as failure:
        solve(root, Unreachable(registry, ["acme/a@2.0.0"]))
    assert not any("acme/a in package.json" in each for each in failure.value.suggestions)
    assert any("acme/c in package.json" in each for each in failure.value.suggestions)


def test_conflict_carries_its_story_as_data() -> None:
    """What the message tells is there in pieces, for machines."""
    root, registry = registry_of(CONFLICT)
    with pytest.raises(RequirementsConflict) as failure:
        solve(root, registry)
    assert failure.value.packages == ("acme/a", "acme/c")
    assert failure.value.story == (
        "package.json (dependencies) requires acme/c@^2.0.0 (>=2.0.0 <3.0.0)",
        "acme/a 1.0.0 and 1.1.0 require acme/c@^1.0.0 (>=1.0.0 <2.0.0)",
        "and package.json (dependencies) requires acme/a@^1.0.0",
    )
    assert all(step in str(failure.value) for step in failure.value.story)
    assert all(suggestion in str(failure.value) for suggestion in failure.value.suggestions)


def test_missing_version_names_every_version_as_data() -> None:
    """The message may shorten, the data do not."""
    root, registry = registry_of("packages\n  acme/a 1.{0..30}.0\n\ndependencies\n  acme/a ^2.0.0\n")
    with pytest.raises(NoSuchVersion) as failure:
        solve(root, registry)
    assert failure.value.available == tuple(f"1.{minor}.0" for minor in range(31))
    assert (failure.value.name, failure.value.constraint) == ("acme/a", "^2.0.0")


def test_missing_package_names_where_it_was_looked_for() -> None:
    """The origin comes from the catalogue: the resolver does not know of hosts."""
    with pytest.raises(PackageNotFound) as failure:
        solve([require("acme/gone@*")], Registry({}))
    assert (failure.value.name, failure.value.origin) == ("acme/gone", "github.com")


def test_requirement_of_a_workspace_is_named_with_its_file() -> None:
    """A user finds the line although there are several manifests."""
    requirement = Requirement.parse("acme/gone@*")
    member = RootRequirement(requirement, "devDependencies", "packages/web/package.json")
    with pytest.raises(
        PackageNotFound, match=r"packages/web/package\.json \(devDependencies\) requires acme/gone"
    ):
        solve([member], Registry({}))


def test_versions_of_siblings_are_announced_before_the_first_is_asked() -> None:
    """A catalogue can fetch them side by side."""
    root, registry = registry_of(
        "packages\n  acme/a 1.0.0: acme/c *, acme/d *\n  acme/b 1.0.0\n  acme/c 1.0.0\n  acme/d 1.0.0\n\n"
        "dependencies\n  acme/a *\n  acme/b *\n"
    )
    solve(root, registry)
    assert [[str(name) for name in names] for names in registry.prefetched] == [
        ["acme/a", "acme/b"],
        ["acme/c", "acme/d"],
    ]


def test_probable_candidates_are_announced_once() -> None:
    """The hint about manifests names the preferred candidate of each package that is needed."""
    root, registry = registry_of(CONFLICT.replace("acme/c ^2.0.0\n", "acme/c ^1.0.0\n"))
    solve(root, registry)
    assert [str(package) for package in registry.expected] == ["acme/a@1.1.0", "acme/c@1.0.0"]


class Plain:
    """A catalogue with nothing but what the protocol demands."""

    def versions(self, name: PackageName) -> Sequence[Version]:
        del name
        return [Version.parse("1.0.0")]

    def requirements(self, package: PackageId) -> Sequence[Requirement]:
        del package
        return []

    def prefetch(self, names: Iterable[PackageName]) -> None:
        """Nothing."""


def test_catalogue_need_not_take_hints() -> None:
    """The hint about candidates is for catalogues that have the method."""
    assert [str(each) for each in solve([require("acme/a@*")], Plain()).package_ids()] == ["acme/a@1.0.0"]


def test_looking_for_suggestions_is_bounded() -> None:
    """A hint may not cost an endless number of downloads, whatever a relaxed line would bring in."""
    root, registry = registry_of(
        "packages\n  acme/a 1.0.0: acme/c ^1.0.0\n  acme/a 2.0.0: acme/p0 *\n"
        "  acme/p{0..99} 1.0.0: acme/p{n+1} *\n  acme/p100 1.0.0\n  acme/c 1.0.0 2.0.0\n\n"
        "dependencies\n  acme/a ^1.0.0\n  acme/c ^2.0.0\n"
    )
    with pytest.raises(RequirementsConflict):
        solve(root, registry)
    asked = len(registry.asked_versions) + len(registry.asked_requirements)
    assert asked <= len("acva") + MOST_QUESTIONS


def test_package_that_may_not_be_used_is_told_with_its_reason() -> None:
    """A refusal other than "does not exist" is no PackageNotFound."""

    class Forbidding(Plain):
        def versions(self, name: PackageName) -> Sequence[Version]:
            del name
            raise Unavailable("is not allowed by the policy of this project")

    with pytest.raises(RequirementsConflict, match="acme/a is not allowed by the policy of this project"):
        solve([require("acme/a@*")], Forbidding())


def test_cycle_search_survives_a_long_chain() -> None:
    """Five thousand packages in a row do not exhaust the stack, and the circle at their end is found."""
    names = [PackageName("acme", f"p{number}") for number in range(5000)]
    packages = {
        name: Resolved(Version(1, 0, 0), (Requirement.parse(f"{following}@*"),))
        for name, following in zip(names, [*names[1:], names[-2]], strict=True)
    }
    cycle = find_cycle(packages)
    assert cycle is not None
    assert {str(package) for package in cycle} == {"acme/p4998@1.0.0", "acme/p4999@1.0.0"}
