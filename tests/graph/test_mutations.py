"""Whatever happens to a project between two installations, the second makes it right, and is the last."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from tests.support.projects import DirectoryRegistry, ProjectFolder

NAMES = ["acme/a", "acme/b", "acme/c", "other/d"]
#: Each allows 1.0.0, so that every choice of requirements has a solution.
CONSTRAINTS = ["*", "1.0.0", "^1.0.0", ">=1.0.0"]
DERIVED = [".hpm", ".hpm/state.json", ".hpm/resolution.json", ".hpm/stamp", ".hpm/mutex", "hem_modules"]
DOCUMENTS = ["package.json", "package-lock.json"]

Mutation = Callable[[ProjectFolder, random.Random], None]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a registry: ``a`` needs ``b``, newer ``b`` need ``c``, the newest ``d`` needs ``a``."""
    folder = tmp_path_factory.mktemp("world")
    registry = DirectoryRegistry(folder / "registry")
    needs = {("acme/b", "1.1.0"): "acme/c", ("acme/b", "2.0.0"): "acme/c", ("other/d", "2.0.0"): "acme/a"}
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        for name in NAMES:
            needed = needs.get((name, version), "acme/b" if name == "acme/a" else "")
            registry.publish(name, version, {needed: ">=1.0.0"} if needed else None)
    return folder


def some(project: ProjectFolder, dice: random.Random, *names: str) -> Path:
    """One of *names*, or a package folder, or something at the top of one; it may be absent."""
    package = f"hem_modules/{dice.choice(NAMES)}"
    return project.project / dice.choice([*names, package, f"{package}/package.json", f"{package}/src"])


def change_requirements(project: ProjectFolder, dice: random.Random) -> None:
    chosen = [{name: dice.choice(CONSTRAINTS) for name in NAMES if dice.random() < 0.5} for _ in range(2)]
    project.require(chosen[0], dev={name: text for name, text in chosen[1].items() if name not in chosen[0]})


def touch(project: ProjectFolder, dice: random.Random) -> None:
    path = some(project, dice, *DOCUMENTS, *DERIVED)
    if path.exists():
        at_ns = dice.choice([1, time.time_ns()])
        os.utime(path, ns=(at_ns, at_ns))


def reformat(project: ProjectFolder, dice: random.Random) -> None:
    path = project.project / dice.choice(DOCUMENTS)
    if path.exists():
        path.write_text(json.dumps(json.loads(path.read_text()), indent=dice.randrange(9)))


def delete(project: ProjectFolder, dice: random.Random) -> None:
    path = some(project, dice, "package-lock.json", "hem_modules/acme", *DERIVED)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def delete_store(project: ProjectFolder, dice: random.Random) -> None:
    del dice
    shutil.rmtree(project.home / "cache", ignore_errors=True)


def spoil_derived(project: ProjectFolder, dice: random.Random) -> None:
    path = project.project / dice.choice([name for name in DERIVED if "." in name[1:]])
    if path.is_file():
        data = path.read_bytes()
        cut = data[: dice.randrange(len(data) + 1)]
        path.write_bytes(dice.choice([b"", b"[]", b"{}", b"\xff\x00", cut, cut + b"}", data + b" x", data]))


def put_something_else(project: ProjectFolder, dice: random.Random) -> None:
    folder = project.module(dice.choice(NAMES))
    elsewhere = project.folder / "elsewhere"
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists() and dice.random() < 0.5 and not elsewhere.exists():
        folder.rename(elsewhere)
    elif folder.exists():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    what = dice.randrange(4)
    if what == 0:
        folder.write_text("a file")
    elif what == 1:
        folder.symlink_to(elsewhere)
    elif what == 2 and elsewhere.exists():
        shutil.copytree(elsewhere, folder)
    else:
        (folder / "src").mkdir(parents=True)


def put_something_in(project: ProjectFolder, dice: random.Random) -> None:
    folder = project.module(dice.choice(NAMES))
    if folder.is_dir() and not folder.is_symlink():
        stray = folder / dice.choice(["stray", "README.md"])
        stray.unlink(missing_ok=True)
        if dice.random() < 0.5:
            stray.write_text("not of the package")
        else:
            stray.symlink_to("/")


def link_owner(project: ProjectFolder, dice: random.Random) -> None:
    owner = project.project / "hem_modules" / dice.choice(["acme", "other"])
    moved = project.folder / f"moved-{owner.name}"
    if owner.is_dir() and not owner.is_symlink() and not moved.exists():
        owner.rename(moved)
        owner.symlink_to(moved)


def age_lock(project: ProjectFolder, dice: random.Random) -> None:
    """As the first hpm, or another version of this one, would have written it."""
    if not (project.project / "package-lock.json").exists():
        return
    document = project.lock()
    for entry in document["dependencies"].values():
        for field in dice.sample(["commit", "tree", "integrity", "dev"], dice.randrange(4)):
            entry.pop(field, None)
    if document["dependencies"] and dice.random() < 0.3:
        del document["dependencies"][dice.choice(sorted(document["dependencies"]))]
    project.write("package-lock.json", json.dumps(document))


MUTATIONS: list[Mutation] = [
    change_requirements,
    touch,
    reformat,
    delete,
    delete_store,
    spoil_derived,
    put_something_else,
    put_something_in,
    link_owner,
    age_lock,
]


@given(
    rounds=st.lists(st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=3), max_size=4),
    dice=st.randoms(use_true_random=False),
)
@settings(max_examples=int(os.environ.get("HPM_TEST_MUTATIONS", "300")) // 5, deadline=None)
def test_installation_makes_it_right_and_is_the_last(
    rounds: list[list[Mutation]], dice: random.Random, world: Path
) -> None:
    """Afterwards lock, manifest and folders agree, nothing is left to do, nothing behind links changed."""
    environ = {"HPM_SOURCES": DirectoryRegistry(world / "registry").rule()}
    project = ProjectFolder(Path(tempfile.mkdtemp(dir=world)), environ)
    change_requirements(project, dice)
    project.install()
    for mutations in rounds:
        for mutate in mutations:
            mutate(project, dice)
        outside = behind_links(project)
        project.install()
        project.check_installed()
        assert project.install().ran == []
        assert behind_links(project) == outside


def behind_links(project: ProjectFolder) -> dict[Path, bytes]:
    """What stands where links of the project lead."""
    folders = [path for path in project.folder.iterdir() if path.name.startswith(("elsewhere", "moved"))]
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}
