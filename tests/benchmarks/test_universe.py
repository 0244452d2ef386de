"""The packages that benchmarks make up are the same every time, and can be installed."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from hpmtasks.semver.constraint import satisfies
from hpmtasks.store.entries import TreeFile
from hpmtasks.store.tree import tree_digest
from tests.benchmarks.universe import EXTRAS, TINY, Shape, Universe
from tests.benchmarks.universe_server import best, many


def universe() -> Universe:
    """Forty packages."""
    return Universe(Shape(40, *TINY), "test")


def digest(made: Universe, name: str) -> str:
    """What a package is, in one word."""
    files = made.files(name, "1.2.1").items()
    return tree_digest(
        TreeFile(path, False, len(data), hashlib.sha256(data).hexdigest()) for path, data in files
    )


def test_everything_is_the_same_in_whichever_order_it_is_asked_for() -> None:
    """Two universes of one seed have the same packages, whatever was asked of them before."""
    one, other = universe(), universe()
    names = list(one.packages)
    assert one.packages == other.packages
    assert one.manifest() == other.manifest()
    assert [digest(one, name) for name in names] == [digest(other, name) for name in reversed(names)][::-1]
    assert one.archive(names[0], "1.2.1") == other.archive(names[0], "1.2.1")


def test_it_is_the_same_in_every_python() -> None:
    """One package has the contents that it had when this was written."""
    made = universe()
    then = "sha256-2e7670ccbf35063f71b89901d1c030687e73cb2f0fbfe4587aafced426af04aa"
    assert digest(made, made.installed()[0]) == then


def test_another_seed_is_another_universe() -> None:
    """The seed decides."""
    assert Universe(Shape(40, *TINY), "other").manifest() != universe().manifest()


def test_the_project_comes_to_need_every_package_but_the_extras() -> None:
    """Following the requirements from the project reaches each package, and no extra."""
    made = universe()
    required = made.manifest()["dependencies"]
    assert isinstance(required, dict)
    waiting, reached = list(required), set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += made.packages[name].requires
    assert reached == set(made.installed())
    assert len(reached) == 40
    assert len(made.packages) == 40 + 2 * EXTRAS


def test_requirements_take_the_best_and_the_one_before() -> None:
    """Every constraint takes 1.2.1, and 1.2.0, at which a package is held back."""
    made = universe()
    texts = {text for package in made.packages.values() for text in package.requires.values()}
    assert texts
    assert all(satisfies(version, text) for text in texts for version in ("1.2.1", "1.2.0"))


def test_releases_of_a_package_differ() -> None:
    """Another version is another tree and another commit."""
    made = universe()
    name = made.installed()[0]
    assert made.files(name, "1.2.0") != made.files(name, "1.2.1")
    assert made.packages[name].commit("1.2.0") != made.packages[name].commit("1.2.1")


def test_archive_has_the_files_in_one_folder() -> None:
    """An archive is what a forge sends."""
    made = universe()
    name = made.installed()[0]
    with tarfile.open(fileobj=io.BytesIO(made.archive(name, "1.2.1"))) as archive:
        found = {member.name: archive.extractfile(member) for member in archive}
    top = f"{name.partition('/')[2]}-{made.packages[name].commit('1.2.1')}"
    assert set(found) == {f"{top}/{path}" for path in made.files(name, "1.2.1")}


def test_sizes_are_within_their_bounds() -> None:
    """No package has more files or fewer than its shape allows, and about as many bytes."""
    made = Universe(Shape(20, (5, 40), (50_000, 300_000)), "test")
    for name in made.installed():
        files = made.files(name, "1.2.1")
        assert 5 <= len(files) <= 40
        assert 45_000 <= sum(map(len, files.values())) <= 310_000


@pytest.mark.parametrize(("count", "last"), [(1, "1.0.0"), (250, "1.2.49"), (10_000, "1.99.99")])
def test_many_versions(count: int, last: str) -> None:
    """There are as many versions as are asked for, each once, and the best is the last."""
    versions = many(count)
    assert len(set(versions)) == count
    assert best(versions) == last


def test_best_is_no_prerelease() -> None:
    """A prerelease is not installed, although it is higher."""
    assert best(universe().versions) == "1.2.1"
