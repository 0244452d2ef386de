"""What holds of every registry: the answer is right, complete, stable, and independent of order."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from hpmtasks.dataclass import replace
from hpmtasks.errors import CircularDependency, HpmError
from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.request import Direction, MemberPackage, Override, RootRequirement
from hpmtasks.resolver.solution import Resolved, Solution, find_cycle, reach
from hpmtasks.resolver.solve import solve
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.semver.version import Version
from tests.support.random_graphs import Case, Packages, graph_with_hidden_solution, package
from tests.support.registry import Registry

VERSIONS = [Version.parse(text) for text in ("1.0.0", "1.1.0", "2.0.0-rc.1", "2.0.0", "3.0.0")]
CONSTRAINTS = [
    "*",
    "^1.0.0",
    "~1.0",
    "^2.0.0",
    ">=1.1.0",
    "<2.0.0",
    "1.0.0 || 3.0.0",
    ">=2.0.0-rc.0",
    "2.0.0-rc.1",
]
EASY_CONSTRAINTS = ["*", ">=1.0.0", ">=1.1.0", "<3.0.0", "^1.0.0", ">=2.0.0-rc.0"]


@st.composite
def easy_cases(draw: st.DrawFn) -> Case:
    """A small registry and a project that mostly has a solution."""
    names = [package(number) for number in range(4)]
    constraint = st.sampled_from(EASY_CONSTRAINTS).map(parse_constraint)
    # Only those that come later are required, for circles are refused.
    registry: Packages = {
        name: draw(
            st.dictionaries(
                st.sampled_from(VERSIONS),
                st.lists(
                    st.builds(Requirement, st.sampled_from(names[place + 1 :] or [name]), constraint),
                    max_size=2 if names[place + 1 :] else 0,
                    unique_by=lambda each: each.name,
                ),
                min_size=2,
            )
        )
        for place, name in enumerate(names)
    }
    requirement = st.builds(Requirement, st.sampled_from(names), constraint)
    section = st.sampled_from(["dependencies", "devDependencies"])
    return registry, draw(st.lists(st.builds(RootRequirement, requirement, section), min_size=1, max_size=3))


@st.composite
def cases(draw: st.DrawFn, packages: int = 4, versions: int = 3) -> Case:
    """A small registry, with packages that do not exist and manifests that cannot be read, and a project."""
    count = draw(st.integers(1, packages))
    names = [package(number) for number in range(count + 1)]  # the last is required, but does not exist
    requirement = st.builds(
        Requirement, st.sampled_from(names), st.sampled_from(CONSTRAINTS).map(parse_constraint)
    )
    manifest = st.lists(requirement, max_size=3) | st.just("has an unreadable package.json")
    registry: Packages = {
        name: draw(st.dictionaries(st.sampled_from(VERSIONS), manifest, min_size=1, max_size=versions))
        for name in names[:-1]
    }
    section = st.sampled_from(["dependencies", "devDependencies"])
    root = st.lists(st.builds(RootRequirement, requirement, section), min_size=1, max_size=3)
    return registry, draw(root)


def attempt(case: Case, locked: Mapping[PackageName, Version] | None = None) -> Solution | type[HpmError]:
    """The solution, or the kind of failure."""
    try:
        return solve(case[1], Registry(case[0]), locked=locked)
    except HpmError as error:
        return type(error)


def is_valid(choice: Mapping[PackageName, Version], case: Case) -> bool:
    """Every requirement of the project and of each chosen package is met by *choice*."""
    requirements = [root.requirement for root in case[1]]
    for name, version in choice.items():
        answer = case[0][name].get(version, "")
        if isinstance(answer, str):
            return False
        requirements += answer
    return all(
        each.name in choice and each.constraint.versions.allows(choice[each.name]) for each in requirements
    )


def exists_by_exhaustion(case: Case) -> bool:
    """Some choice of a version, or none, for each package is valid."""
    options = [[None, *versions] for versions in case[0].values()]
    return any(
        is_valid({name: version for name, version in zip(case[0], choice, strict=True) if version}, case)
        for choice in product(*options)
    )


@settings(max_examples=300)
@given(cases())
def test_solution_exists_exactly_when_exhaustion_finds_one(case: Case) -> None:
    """The solver is complete, and right when it gives up (a circle is a solution, refused afterwards)."""
    outcome = attempt(case)
    assert (isinstance(outcome, Solution) or outcome is CircularDependency) == exists_by_exhaustion(case)


@settings(max_examples=200)
@given(cases())
def test_solution_is_valid_and_minimal(case: Case) -> None:
    """Every requirement is met, and nothing is there that nobody requires."""
    outcome = attempt(case)
    if isinstance(outcome, Solution):
        assert is_valid(outcome.versions(), case)
        assert set(outcome) == reach((root.requirement.name for root in case[1]), outcome)


@settings(max_examples=150)
@given(cases())
def test_solution_fed_back_as_lock_is_kept_without_asking_for_versions(case: Case) -> None:
    """A lock that satisfies everything costs no question about versions."""
    outcome = attempt(case)
    if isinstance(outcome, Solution):
        registry = Registry(case[0])
        assert solve(case[1], registry, locked=outcome.versions()) == outcome
        assert registry.asked_versions == []
        assert registry.prefetched == []


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[Override], list[MemberPackage]]:
    """Overrides, and a member of the workspace, for packages of :func:`cases`."""
    names = st.sampled_from([package(number) for number in range(4)])
    constraints = st.sampled_from(CONSTRAINTS).map(parse_constraint)
    override = st.builds(Override, names, constraints, st.none() | names)
    member = st.builds(MemberPackage, st.builds(PackageId, names, st.sampled_from(VERSIONS)))
    return draw(st.lists(override, max_size=2)), draw(st.lists(member, max_size=1))


@settings(max_examples=400)
@given(
    easy_cases() | cases(),
    st.dictionaries(st.integers(0, 3).map(package), st.sampled_from(VERSIONS)),
    changes(),
    st.sampled_from(["highest", "lowest", "lowest-direct"]),
    st.sampled_from(["now", "before", "somehow"]),
)
def test_what_the_lock_alone_answers_is_what_a_search_would_find(
    case: Case,
    lock: dict[PackageName, Version],
    changed: tuple[list[Override], list[MemberPackage]],
    direction: Direction,
    made: str,
) -> None:
    """Whatever the lock promises, the outcome, its spelling and its words are those of the solver.

    The lock is that of the same project, or of the project before it got overrides and members, or any.
    """
    registry, root = case
    root = [*root[:1], *(replace(line, requirement=_shouted(line.requirement)) for line in root[1:])]
    arguments: dict[str, Any] = {"overrides": changed[0], "direction": direction, "members": changed[1]}
    with suppress(HpmError):
        if made != "somehow":
            lock = solve(root, Registry(registry), **arguments if made == "now" else {}).versions()
    promised = {
        name: answer
        for name, version in lock.items()
        if not isinstance(answer := registry.get(name, {}).get(version, ""), str)
    }
    seen: list[tuple[object, ...]] = []
    for promise in (promised, None):
        try:
            solution = solve(root, Registry(registry), locked=lock, promised=promise, **arguments)
            seen.append((str(list(map(str, solution.package_ids()))), solution, sorted(solution.dev)))
        except HpmError as error:
            seen.append((str(error), type(error)))
    assert seen[0] == seen[1]


@settings(max_examples=100)
@given(easy_cases())
def test_lock_that_answers_alone_costs_no_question(case: Case) -> None:
    """Where the lock promises what its versions require, and they fit, nobody is asked for anything."""
    outcome = attempt(case)
    if isinstance(outcome, Solution):
        asked = Registry(case[0])
        promised = {name: resolved.requirements for name, resolved in outcome.items()}
        assert solve(case[1], asked, locked=outcome.versions(), promised=promised) == outcome
        assert not asked.asked_requirements
        assert not asked.expected


def _shouted(requirement: Requirement) -> Requirement:
    """The same package, in other letters."""
    return Requirement(PackageName.parse(str(requirement.name).upper()), requirement.constraint)


@settings(max_examples=150)
@given(cases(), st.randoms(use_true_random=False))
def test_order_changes_nothing(case: Case, order: random.Random) -> None:
    """Shuffling the project's lines, the registry and every manifest leaves the outcome, and its words."""

    def shuffled(answer: Sequence[Requirement] | str) -> Sequence[Requirement] | str:
        return answer if isinstance(answer, str) else order.sample(answer, len(answer))

    names = order.sample(list(case[0]), len(case[0]))
    registry: Packages = {
        name: {
            version: shuffled(case[0][name][version])
            for version in order.sample(list(case[0][name]), len(case[0][name]))
        }
        for name in names
    }
    assert outcome_text((registry, order.sample(case[1], len(case[1])))) == outcome_text(case)


@settings(max_examples=100)
@given(cases())
def test_package_that_nobody_requires_changes_nothing(case: Case) -> None:
    """A registry may grow without effect on those who do not use what is new."""
    stranger = PackageName.parse("other/stranger")
    wants = [Requirement(name, parse_constraint("1.0.0")) for name in case[0]]
    grown: Packages = {**case[0], stranger: {VERSIONS[0]: wants}}
    assert outcome_text((grown, case[1])) == outcome_text(case)


@settings(max_examples=150)
@given(cases(), st.dictionaries(st.integers(0, 3).map(package), st.sampled_from(VERSIONS), max_size=3))
def test_any_lock_leaves_completeness(case: Case, locked: dict[PackageName, Version]) -> None:
    """Preferring locked versions that the registry has never hides a solution, nor invents one."""
    real = {name: version for name, version in locked.items() if version in case[0].get(name, {})}
    outcome = attempt(case, real)
    assert (isinstance(outcome, Solution) or outcome is CircularDependency) == exists_by_exhaustion(case)


_CHANGE = re.compile(
    r"Change (\S+) in package\.json \((\w+)\) from (.+) to (\S+): then (.+) (?:is|are) installed\."
)


@settings(max_examples=300)
@given(cases())
def test_suggestion_does_what_it_says(case: Case) -> None:
    """Whoever edits package.json as told gets a solution with the versions that were named."""
    try:
        solve(case[1], Registry(case[0]))
    except HpmError as error:
        for name, section, was, will, outcome in _CHANGE.findall(str(error)):
            line = RootRequirement(Requirement.parse(f"{name}@{was}"), section)
            edited = list(case[1])
            edited[edited.index(line)] = RootRequirement(Requirement.parse(f"{name}@{will}"), section)
            solution = solve(edited, Registry(case[0]))
            named = re.findall(r"(\S+/\S+) ([^\s,]+)", outcome)
            assert named
            assert all(str(solution[PackageName.parse(each)].version) == version for each, version in named)


def outcome_text(case: Case) -> str:
    """The outcome with every word of its message."""
    try:
        solution = solve(case[1], Registry(case[0]))
    except HpmError as error:
        return f"{type(error).__name__}: {error}"
    return f"{list(solution.package_ids())} {sorted(solution.dev)}"


@given(st.dictionaries(st.integers(0, 5), st.lists(st.integers(0, 5), max_size=3), max_size=6))
def test_cycle_is_found_exactly_when_there_is_one(graph: dict[int, list[int]]) -> None:
    """What is found is a circle; and where nothing is found, packages can be put in order."""
    everything = parse_constraint("*")
    packages = {
        package(number): Resolved(
            VERSIONS[0], tuple(Requirement(package(other), everything) for other in others if other in graph)
        )
        for number, others in graph.items()
    }
    cycle = find_cycle(packages)
    if cycle is None:
        remaining = dict(packages)
        while remaining:
            ready = [
                name
                for name, resolved in remaining.items()
                if all(each.name not in remaining for each in resolved.requirements)
            ]
            assert ready
            for name in ready:
                del remaining[name]
    else:
        assert cycle[0] == cycle[-1]
        for one, other in pairwise(cycle):
            assert other.name in {each.name for each in packages[one.name].requirements}


@pytest.mark.parametrize("seed", range(12))
def test_large_random_graph_with_a_hidden_solution_is_solved(seed: int) -> None:
    """80 packages of 8 versions, where most choices lead into a conflict: the solver digs its way out."""
    case = graph_with_hidden_solution(seed, packages=80, versions=8)
    solution = solve(case[1], Registry(case[0]))
    assert is_valid(solution.versions(), case)
    assert len(solution) > 20
