"""What a resolution costs grows as what it is about does: steps are counted, never seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from hpmtasks.model.package import PackageName
from hpmtasks.resolver.solution import Solution
from hpmtasks.resolver.solve import solve
from hpmtasks.semver.version import Version
from tests.support.large_graphs import chain, only_the_oldest_version_fits, tree_with_a_hub
from tests.support.random_graphs import Case, package
from tests.support.registry import Registry

SMALL, LARGE = 100, 400
#: As many times as many steps are allowed for four times as much: in proportion, and a logarithm.
MOST = 4.8


def counted(case: Case, locked: dict[PackageName, Version] | None = None) -> tuple[Solution, int]:
    """The solution of *case*, and how many calls it took; each look-up of a name is one."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    registry = Registry(case[0])
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        solution = solve(case[1], registry, locked=locked)
    finally:
        sys.setprofile(before)
    return solution, calls


@pytest.mark.parametrize(
    "make",
    [
        tree_with_a_hub,
        chain,
        partial(only_the_oldest_version_fits, ranges=1),
        partial(only_the_oldest_version_fits, ranges=2),
        partial(only_the_oldest_version_fits, ranges=1000),
    ],
    ids=["tree", "chain", "versions-alike", "versions-alternate", "versions-differ"],
)
def test_steps_grow_in_proportion(make: Callable[[int], Case]) -> None:
    """Four times as many packages, or versions of one package, take four times as many steps."""
    small, large = counted(make(SMALL))[1], counted(make(LARGE))[1]
    assert large / small < MOST


def test_steps_from_a_lock_grow_in_proportion() -> None:
    """A lock of four times as many packages is confirmed in four times as many steps."""
    steps = []
    for size in (SMALL, LARGE):
        case = tree_with_a_hub(size)
        solution, _ = counted(case)
        again, calls = counted(case, solution.versions())
        assert again == solution
        steps.append(calls)
    assert steps[1] / steps[0] < MOST


def test_five_thousand_packages_are_resolved_with_one_question_each() -> None:
    """No candidate of a large tree is looked at twice, and none that is not chosen."""
    packages, root = tree_with_a_hub(5000)
    registry = Registry(packages)
    solution = solve(root, registry)
    assert len(solution) == len(registry.asked_requirements) == len(registry.asked_versions) == 5001


@pytest.mark.slow
def test_ten_thousand_versions_are_tried_once_each() -> None:
    """Where only the oldest of many versions fits, each newer one is read once, and the oldest is found."""
    packages, root = only_the_oldest_version_fits(10_000, ranges=2)
    registry = Registry(packages)
    assert solve(root, registry)[package(0)].version == Version(1, 0, 0)
    assert len(registry.asked_requirements) == 10_001
