from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from hpmtasks.model.lock_format import parse_lockfile, render
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import (
    Resolution,
    ResolvedPackage,
    from_lockfile,
    source_of,
    tag_of,
    to_lockfile,
)
from hpmtasks.semver.version import Version

GOLDENS = Path(__file__).parent / "goldens"

ALPHA = ResolvedPackage(
    name=PackageName("acme", "alpha"),
    version=Version.parse("1.0.0+build"),
    tag="v1.0.0+build",
    commit="a" * 40,
    source="github",
    resolved="https://github.com/acme/alpha/archive/refs/tags/v1.0.0+build.tar.gz",
    repository=7,
    dependencies=(("Acme/beta", "^1.0.0"),),
)
BETA = replace(ALPHA, name=PackageName("Acme", "beta"), dependencies=(), dev=True)


def test_packages_are_sorted_and_found_by_name() -> None:
    """The order in which they were chosen leaves no trace."""
    resolution = Resolution((BETA, ALPHA))
    assert resolution == Resolution((ALPHA, BETA))
    assert resolution.digest == Resolution((ALPHA, BETA)).digest
    assert resolution.by_name[PackageName("ACME", "Beta")] is BETA
    assert str(ALPHA.id) == "acme/alpha@1.0.0+build"


def test_each_package_is_there_once() -> None:
    """Two versions of one name are not an answer, whatever their capitals."""
    with pytest.raises(ValueError, match="once"):
        Resolution((ALPHA, replace(BETA, name=PackageName("ACME", "ALPHA"))))


@given(
    st.builds(
        replace,
        st.just(ALPHA),
        commit=st.sampled_from(["b" * 40, "c" * 64]),
        tree=st.none() | st.just("sha256-" + "0" * 64),
        integrity=st.none() | st.just("sha256-" + "1" * 64),
        repository=st.none() | st.integers(1),
        dev=st.booleans(),
        dependencies=st.lists(st.tuples(st.just("a/b"), st.text()), max_size=2).map(tuple),
    )
)
def test_a_resolution_survives_its_json(package: ResolvedPackage) -> None:
    """Every field comes back, and the digest with it; another package has another digest."""
    resolution = Resolution((package, BETA))
    back = Resolution.from_json(resolution.to_json())
    assert back == resolution
    assert back.to_json() == resolution.to_json()
    assert back.digest == resolution.digest
    assert (Resolution((replace(package, dev=not package.dev), BETA)).digest) != resolution.digest


def test_build_metadata_counts_in_the_digest() -> None:
    """Versions that SemVer calls equal are different resolutions."""
    other = replace(ALPHA, version=Version.parse("1.0.0+other"))
    assert Resolution((other,)).digest != Resolution((ALPHA,)).digest


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "null", '{"format": 1}', '{"format": 1, "packages": [{}]}', "[" * 100_000),
        Resolution((ALPHA,)).to_json().replace('"format":1', '"format":2'),
        Resolution((ALPHA,)).to_json().replace("acme/alpha", "../alpha"),
        Resolution((ALPHA,)).to_json().replace('"commit"', '"comet"'),
        Resolution((ALPHA,)).to_json()[:-3],
    ],
)
def test_what_is_no_resolution_is_refused(text: str) -> None:
    """A damaged or foreign record is a ValueError and nothing else."""
    with pytest.raises(ValueError, match="a resolution"):
        Resolution.from_json(text)


def test_what_was_found_since_completes_the_lockfile() -> None:
    """Digests that the resolution has win over those that were found."""
    trees = dict.fromkeys((ALPHA.name, BETA.name), "sha256-" + "2" * 64)
    resolution = Resolution((ALPHA, replace(BETA, tree="sha256-" + "3" * 64)))
    lockfile = to_lockfile(resolution, trees=trees, integrities={ALPHA.name: "sha256-" + "4" * 64})
    assert lockfile.entries[ALPHA.name].tree == "sha256-" + "2" * 64
    assert lockfile.entries[ALPHA.name].integrity == "sha256-" + "4" * 64
    assert lockfile.entries[BETA.name].tree == "sha256-" + "3" * 64
    assert lockfile.entries[BETA.name].integrity is None
    assert lockfile.entries[BETA.name].dev
    assert lockfile.entries[ALPHA.name].dependencies == {BETA.name: "^1.0.0"}


def test_a_lockfile_and_its_resolution_are_the_same_answer() -> None:
    """Ours comes back byte for byte, unknown members included; tag and source are read off the address."""
    data = (GOLDENS / "ours.json").read_bytes()
    lockfile = parse_lockfile(data, "package-lock.json")
    resolution = from_lockfile(lockfile)
    assert resolution is not None
    assert {package.name.repo: (package.source, package.tag) for package in resolution.packages} == {
        "alpha": ("github", "v2.0.0"),
        "beta": ("git", "v1.4.0"),
        "test-unit": ("directory", "v0.1.0"),
    }
    assert render(to_lockfile(resolution, previous=lockfile)) == data
    assert "note" not in json.loads(render(to_lockfile(resolution)))


def test_the_first_hpms_lockfile_is_no_resolution() -> None:
    """Its commits are not known; both of its forms of an address give the tag to ask for."""
    lockfile = parse_lockfile((GOLDENS / "first-hpm.json").read_bytes(), "package-lock.json")
    assert from_lockfile(lockfile) is None
    entries = lockfile.entries.values()
    assert [tag_of(entry) for entry in entries] == ["v2.0.0", "v1.4.0", "v1.0.0-rc.1+build.5", "v0.2.1"]
    assert {source_of(entry) for entry in entries} == {"github"}


@pytest.mark.parametrize(
    ("address", "tag"),
    [
        ("https://github.com/a/b/archive/refs/tags/1.0.0.tar.gz", "1.0.0"),
        ("https://github.com/a/b/archive/refs/tags/v9.9.9.tar.gz", "v1.0.0"),
        ("https://example.org/", "v1.0.0"),
    ],
)
def test_a_tag_that_names_another_version_is_not_believed(address: str, tag: str) -> None:
    """The version decides; an address can only tell whether the tag has its v."""
    document = {"dependencies": {"a/b": {"version": "1.0.0", "resolved": address}}}
    lockfile = parse_lockfile(json.dumps(document).encode(), "package-lock.json")
    assert [tag_of(entry) for entry in lockfile.entries.values()] == [tag]
