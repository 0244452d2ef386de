"""What hpm remembers in .hpm, damaged in every way: it costs looking again, and nothing else."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from tests.support.projects import ProjectFolder

FILES = [".hpm/state.json", ".hpm/resolution.json"]
OTHERS: list[Any] = [None, 0, -1, True, "", "x", "../..", "acme/b", "1.1.0", [], {}]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> ProjectFolder:
    """A project, installed; tests work on copies of it."""
    project = ProjectFolder(tmp_path_factory.mktemp("installed"))
    for name in ("acme/a", "acme/b", "acme/c"):
        for version in ("1.0.0", "1.1.0"):
            needs = {"acme/b": "*"} if name == "acme/a" else None
            project.registry.publish(name, version, needs)
    project.require({"acme/a": "^1.0.0"}, dev={"acme/c": "1.0.0"})
    project.install()
    return project


def copy_of(installed: ProjectFolder) -> ProjectFolder:
    """A copy of the project before the same registry and store."""
    folder = Path(tempfile.mkdtemp(dir=installed.folder))
    environ = {name: installed.environ[name] for name in ("HPM_SOURCES",)}
    copy = ProjectFolder(folder, {**environ, "HPM_CACHE_DIR": str(installed.home / "cache")})
    shutil.rmtree(copy.project)
    shutil.copytree(installed.project, copy.project)
    return copy


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything in a JSON value."""
    if path:
        yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


def altered(document: Any, dice: random.Random) -> Any:
    """*document* with one value of it gone, or another one in its place."""
    *above, last = dice.choice(list(places(document)))
    node = document
    for key in above:
        node = node[key]
    if dice.random() < 0.2:
        del node[last]
    else:
        node[last] = dice.choice(OTHERS)
    return document


@given(name=st.sampled_from(FILES), dice=st.randoms(use_true_random=False), without_modules=st.booleans())
@settings(max_examples=100, deadline=None)
def test_altered_memory_is_no_memory(
    name: str, dice: random.Random, without_modules: bool, installed: ProjectFolder
) -> None:
    """Whatever one value in it is turned into, the installation is right and the lock keeps its bytes."""
    project = copy_of(installed)
    document = json.loads((project.project / name).read_text())
    project.write(name, json.dumps(altered(document, dice)))
    if without_modules:
        project.delete_modules()
    project.install()
    project.check_installed()
    assert project.documents() == installed.documents()
    assert project.install().ran == []


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"9" * 9999]
)
@pytest.mark.parametrize("name", [*FILES, ".hpm/stamp", ".hpm/mutex", ".hpm/package.json"])
def test_garbage_is_no_memory(name: str, content: bytes, installed: ProjectFolder) -> None:
    """Bytes that mean nothing are as good as none, for hpm as its users start it."""
    project = copy_of(installed)
    project.write(name, content)
    project.tasks()
    project.check_installed()
    assert project.documents() == installed.documents()
    assert project.tasks() == []


@pytest.mark.parametrize("name", FILES)
def test_truncated_memory_is_no_memory(name: str, installed: ProjectFolder) -> None:
    """A file that was cut off anywhere is as good as none."""
    data = (installed.project / name).read_bytes()
    for cut in range(0, len(data), max(1, len(data) // 12)):
        project = copy_of(installed)
        project.write(name, data[:cut])
        project.install()
        project.check_installed()
        assert project.documents() == installed.documents()


@pytest.mark.parametrize("name", FILES)
def test_folder_in_place_of_a_file_is_told(name: str, installed: ProjectFolder) -> None:
    """What cannot be written over is a sentence that names the file, and the documents stay."""
    project = copy_of(installed)
    (project.project / name).unlink()
    (project.project / name).mkdir()
    done = project.run("install")
    assert done.code == 4
    assert name in done.err
    assert project.documents() == installed.documents()


def test_stamp_that_cannot_be_written_is_done_without(installed: ProjectFolder) -> None:
    """It only makes the next run faster: that it is missing fails no installation, and leaves no litter."""
    project = copy_of(installed)
    (project.project / ".hpm/stamp").mkdir(parents=True)
    assert project.run("install").code == 0
    assert [path.name for path in (project.project / ".hpm").glob("stamp*")] == ["stamp"]
