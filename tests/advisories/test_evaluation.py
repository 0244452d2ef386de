"""Whether an advisory speaks of a release: hpm's answer and the plain one are the same."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Sequence

import pytest
from hypothesis import given, settings, strategies as st

from hpmtasks.advisories.advisory import advisory_of, parse_advisory
from hpmtasks.advisories.evaluation import Release, judge
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version
from tests.support.advisories import Graph, advisory, is_vulnerable, random_database

NAMES = ("acme/a", "Acme/B", "acme/c")


class DrawnHistory:
    """Commits whose parents are written down."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def ancestors(self, commit: str) -> Collection[str]:
        """*commit* and what it is built upon."""
        if commit not in self._graph:
            return ()
        return {commit, *(each for parent in self._graph[commit] for each in self.ancestors(parent))}


def random_graph(dice: random.Random, size: int) -> dict[str, Sequence[str]]:
    """Commits of 40 digits, each built on up to two earlier ones."""
    commits = [f"{dice.getrandbits(160):040x}" for _ in range(size)]
    return {
        commit: sorted({dice.choice(commits[:index]) for _ in range(dice.randint(1, 2))} if index else ())
        for index, commit in enumerate(commits)
    }


def release(name: str, version: str, commit: str | None) -> Release:
    """A version of a package on github.com."""
    return Release(PackageName.parse(name), Version.parse(version), commit, f"github.com/{name.lower()}")


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_agrees_with_the_schema_on_random_databases(seed: int) -> None:
    """Of sixty advisories of every form, each is judged as the schema's own algorithm does."""
    dice = random.Random(seed)  # noqa: S311  # dice, not secrets
    graph = random_graph(dice, 9)
    commits = [*graph, "f" * 40]
    database = random_database(dice, NAMES, commits, 60)
    history = DrawnHistory(graph)
    for _ in range(4):
        name, commit = dice.choice(NAMES), dice.choice(list(graph))
        version = f"{dice.randint(0, 2)}.{dice.randint(0, 3)}.{dice.randint(0, 2)}"
        for document in database:
            expected = is_vulnerable(document, name, version, commit, graph)
            found = judge(advisory_of(document), release(name, version, commit), history)
            assert found == ("affected" if expected else "unaffected"), json.dumps(document)


@settings(max_examples=150, deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_without_history_nothing_is_claimed_that_history_denies(seed: int) -> None:
    """Without commits the answer is the same or "undecided"."""
    dice = random.Random(seed)  # noqa: S311  # dice, not secrets
    graph = random_graph(dice, 6)
    for document in random_database(dice, NAMES, list(graph), 20):
        parsed = advisory_of(document)
        of = release(dice.choice(NAMES), "1.0.0", dice.choice(list(graph)))
        without, having = judge(parsed, of), judge(parsed, of, DrawnHistory(graph))
        assert without in (having, "undecided"), json.dumps(document)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.0.1-rc.1", "affected"),
        ("1.0.0", "affected"),
        ("1.2.0-beta", "affected"),
        ("1.2.0", "unaffected"),
        ("1.9.9", "unaffected"),
        ("2.0.0", "affected"),
        ("2.1.0", "affected"),
        ("2.1.1", "unaffected"),
    ],
)
def test_events_switch_in_order(version: str, expected: str) -> None:
    """Introduced, fixed, introduced again, last affected: whatever their order in the file."""
    events = [{"last_affected": "2.1.0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0"}, {"introduced": "0"}]
    document = advisory("HEM-1", "acme/a")
    document["affected"][0]["ranges"][0]["events"] = events
    assert judge(advisory_of(document), release("acme/a", version, None)) == expected


@pytest.mark.parametrize("purl", ["pkg:github/acme/a", "pkg:github/Acme/A@v1.0.0"])
def test_purl_names_a_package(purl: str) -> None:
    """A purl of GitHub is enough, with the ecosystem of somebody else."""
    document = advisory("HEM-1", "acme/a", fixed="2.0.0")
    document["affected"][0]["package"] = {"ecosystem": "Other", "name": "x", "purl": purl}
    assert judge(advisory_of(document), release("acme/a", "1.0.0", None)) == "affected"
    assert judge(advisory_of(document), release("acme/ab", "1.0.0", None)) == "unaffected"


def test_version_that_is_none_is_on_the_safe_side() -> None:
    """A bound that cannot be compared mends nothing, and may have introduced anything."""
    document = advisory("HEM-1", "acme/a", introduced="long ago", fixed="some day")
    assert judge(advisory_of(document), release("acme/a", "1.0.0", None)) == "affected"


def test_versions_of_another_ecosystem_are_not_tags() -> None:
    """A record on PyPI counts by its commits alone."""
    commit = "a" * 40
    document = advisory("PYSEC-1", "acme/a", versions=["1.0.0"])
    document["affected"][0]["package"] = {"ecosystem": "PyPI", "name": "acme"}
    ranges = [{"type": "GIT", "repo": "git@github.com:Acme/A.git", "events": [{"introduced": commit}]}]
    document["affected"][0]["ranges"] = ranges
    assert judge(advisory_of(document), release("acme/a", "1.0.0", commit)) == "affected"
    assert judge(advisory_of(document), release("acme/a", "1.0.0", "b" * 40)) == "undecided"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id": 1}',
        b'{"id": "X", "affected": {}}',
        b'{"id": "X", "affected": [{"ranges": [{"type": "NOISE", "events": [{"introduced": "0"}]}]}]}',
        b'{"id": "X", "affected": [{"ranges": [{"type": "SEMVER", "events": []}]}]}',
        b'{"id": "X", "affected": [{"versions": [1]}]}',
        b'{"id": "X", "id": "Y"}',
        b'{"id": "X", "affected": [{"ranges": ' + b"[" * 5000 + b"]" * 5000 + b"}]}",
    ],
)
def test_record_that_is_none(text: bytes) -> None:
    """A clause says why; nothing is guessed."""
    with pytest.raises(ValueError, match=r"\w"):
        parse_advisory(text)
