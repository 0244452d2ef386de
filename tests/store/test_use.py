"""What is in the store is checked when it is used: cheaply, by the stat that was recorded of each file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.files.removal import remove_tree
from hpmtasks.store import materialize as laying_out
from hpmtasks.store.entries import DamagedEntry, TreeEntry
from hpmtasks.store.store import Store
from hpmtasks.store.tree import sha256_of
from tests.support.archives import pack_gzip
from tests.support.command_line import REPOSITORY
from tests.support.projects import ProjectFolder
from tests.support.store_worker import COMMIT, NAME, writing

CONTENT = b"export let one = 1;\n"
OTHER = b"export let one = 2;\n"
ARCHIVE = pack_gzip({"package.json": b"{}", "src/index.hml": CONTENT}, comment=COMMIT)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def tree(store: Store) -> TreeEntry:
    store.add_archive(NAME, COMMIT, writing(ARCHIVE))
    return store.unpack(NAME, COMMIT)


def replaced(path: Path, content: bytes) -> None:
    """Another file stands at *path*, with the size, time and mode of the one that did."""
    before = path.stat()
    path.unlink()
    path.write_bytes(content)
    path.chmod(before.st_mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_file_that_was_replaced_is_noticed(store: Store, tree: TreeEntry) -> None:
    """Equal size, time and mode do not hide another file: its inode is another one."""
    (store.layout.cache / "keeps-the-inode-from-being-given-again").hardlink_to(tree.path / "src/index.hml")
    replaced(tree.path / "src/index.hml", OTHER)
    assert store.find_tree(tree.digest) is None
    assert (store.unpack(NAME, COMMIT).path / "src/index.hml").read_bytes() == CONTENT


def test_a_file_that_is_replaced_after_the_look_is_noticed(
    store: Store, tree: TreeEntry, tmp_path: Path
) -> None:
    """What is laid out is looked at once more, at the moment when it is."""
    (store.layout.cache / "keeps-the-inode-from-being-given-again").hardlink_to(tree.path / "src/index.hml")
    replaced(tree.path / "src/index.hml", OTHER)
    with pytest.raises(DamagedEntry):
        store.lay_out(tree, tmp_path / "project" / "acme" / "lib")
    assert not (tmp_path / "project" / "acme" / "lib").exists()


def test_a_store_that_was_copied_is_read_once(
    store: Store, tree: TreeEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy with all times, as a CI cache is restored, has other inodes: read once, then trusted."""
    shutil.copytree(store.layout.cache, tmp_path / "copy", symlinks=True)
    copy = Store(tmp_path / "copy")
    read: list[str] = []

    def counted(path: str) -> str:
        read.append(path)
        return sha256_of(path)

    monkeypatch.setattr(laying_out, "sha256_of", counted)
    first = copy.find_tree(tree.digest)
    assert first is not None
    assert len(read) == len(first.files)
    assert copy.find_tree(tree.digest) == first
    assert len(read) == len(first.files)


# ---------------------------------------------------------------- through a whole hpm


@pytest.fixture
def projects(tmp_path: Path) -> Iterator[tuple[ProjectFolder, ProjectFolder]]:
    """Two projects that share one store and one registry; both require ``acme/a``."""
    shared = {"HPM_CACHE_DIR": str(tmp_path / "cache")}
    with (
        closing(ProjectFolder(tmp_path / "one", shared)) as one,
        closing(ProjectFolder(tmp_path / "two", {**shared, "HPM_SOURCES": one.registry.rule()})) as two,
    ):
        one.registry.publish("acme/a", "1.0.0")
        for project in (one, two):
            project.require({"acme/a": "^1.0.0"})
        yield one, two


def test_an_edit_in_one_project_does_not_reach_another(
    projects: tuple[ProjectFolder, ProjectFolder],
) -> None:
    """A build that writes into a file which it shares with the store is noticed, and the store is healed."""
    one, two = projects
    one.tasks()
    victim = one.module("acme/a") / "src/index.hml"
    victim.chmod(0o644)
    victim.write_text(victim.read_text().replace("1", "7"))
    two.tasks()
    two.check_installed()
    assert "7" not in (two.module("acme/a") / "src/index.hml").read_text()
    assert one.run("check", "--content").code == 9
    assert one.run("check", "--content", "--fix").code == 0
    one.check_installed()
    assert one.run("cache", "verify").code == 0


def test_two_versions_of_hpm_share_a_cache_in_peace(
    projects: tuple[ProjectFolder, ProjectFolder], tmp_path: Path
) -> None:
    """An hpm with another store layout lives beside this one: neither reads, counts or cleans the other's."""
    this, other = projects
    shutil.copytree(REPOSITORY / "hpmtasks", tmp_path / "other-hpm" / "hpmtasks")
    for module in ("store/layout.py", "front/plan_file.py"):
        file = tmp_path / "other-hpm" / "hpmtasks" / module
        text = file.read_text()
        file.write_text(text.replace(' = "v1"', ' = "v2"'))
        assert file.read_text() != text
    cache = tmp_path / "cache"
    path = str(tmp_path / "other-hpm")

    assert this.process("install").code == 0
    mine = snapshot(cache / "v1")
    (cache / "v2" / "acme").mkdir(parents=True)
    (cache / "v2" / "acme" / "1.0.0.tar.gz").write_bytes(b"what another layout keeps as it pleases")
    assert other.process("install", PYTHONPATH=path).code == 0
    other.check_installed()
    theirs = snapshot(cache / "v2")
    assert theirs
    assert snapshot(cache / "v1") == mine

    assert this.process("cache", "prune", "--size", "0").code == 0
    assert this.process("cache", "clean").code == 0
    assert snapshot(cache / "v2") == theirs
    assert other.process("cache", "verify", PYTHONPATH=path).code == 0

    this.delete_modules()
    assert this.process("install").code == 0
    mine = snapshot(cache / "v1")
    assert other.process("cache", "clean", PYTHONPATH=path).code == 0
    assert snapshot(cache / "v1") == mine
    this.delete_modules()
    assert this.process("install", "--offline").code == 0
    this.check_installed()


def snapshot(folder: Path) -> dict[str, bytes]:
    """The files in *folder*; what is in use by nobody stays, so an empty mutex does not count."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "mutex"
    }


# ---------------------------------------------------------------- folders without an end


def test_a_package_that_somebody_made_endlessly_deep_is_put_right(
    projects: tuple[ProjectFolder, ProjectFolder],
) -> None:
    """A thousand folders in each other, in hem_modules and in the cache, are no defect for any command."""
    one, _ = projects
    one.tasks()
    in_cache = Path(one.environ["HPM_CACHE_DIR"]) / "v1" / "deep"
    for folder in (one.module("acme/a"), in_cache):
        bury(folder, 1100)
    try:
        assert one.run("check", "--content").code == 9
        assert one.run("cache", "size").code == 0
        assert one.run("check", "--content", "--fix").code == 0
        one.check_installed()
        assert one.run("cache", "clean").code == 0
        assert not in_cache.exists()
    finally:  # pytest itself could not remove them
        remove_tree(one.module("acme/a"))
        remove_tree(in_cache)


def bury(folder: Path, depth: int) -> None:
    """*depth* folders in each other stand in *folder*, and a file in the last one."""
    folder.mkdir(exist_ok=True)
    at = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("x", dir_fd=at)
        below = os.open("x", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=at))
    os.close(at)
