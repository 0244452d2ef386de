"""Writing: old or new, never half."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from hpmtasks.errors import StorageFailure
from hpmtasks.files.atomic import replace_folder, write_all, write_atomically
from hpmtasks.files.removal import remove_tree


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_holds_what_was_written_and_nothing_is_beside_it(tmp_path: Path, durable: bool) -> None:
    """New or there before, the file has the new content, and no temporary name is left."""
    path = tmp_path / "file"
    for data in (b"one", b"", b"three" * 100_000):
        write_atomically(path, data, durable=durable)
        assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_gets_the_mode_and_an_old_one_keeps_its(tmp_path: Path) -> None:
    """A secret stays secret from its first byte, and a mode that a user chose is not undone."""
    path = tmp_path / "secret"
    write_atomically(path, b"1", durable=False, mode=0o600)
    assert mode_of(path) == 0o600
    path.chmod(0o640)
    write_atomically(path, b"2", durable=False, mode=0o644)
    assert mode_of(path) == 0o640


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    """A manifest that is a link to another folder is still one afterwards."""
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "package.json", tmp_path / "package.json"
    real.write_bytes(b"old")
    link.symlink_to("there/package.json")
    write_atomically(link, b"new", durable=True)
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["package.json", "package.json", "there"]


@pytest.mark.parametrize("step", ["write", "fsync", "rename", "fchmod"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_when_a_step_fails_the_old_content_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    """Whatever the disk refuses, the file is as it was, nothing is beside it, and one sentence says so."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(number, "refused")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, refuse)
        with pytest.raises(StorageFailure) as caught:
            write_atomically(path, b"new", durable=True)
    assert str(path) in caught.value.message
    assert ".tmp-" not in caught.value.message
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "clause"),
    [
        (errno.ENOSPC, "the disk is full. Free some space"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EBADMSG, "Bad message"),
    ],
)
def test_a_refusal_is_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, clause: str
) -> None:
    """Each error of a disk has its words; an unknown one has the system's."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(StorageFailure, match=clause):
        write_atomically(tmp_path / "file", b"", durable=False)


def test_a_file_system_that_cannot_sync_folders_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems answer EINVAL; the file is written all the same."""
    sync = os.fsync

    def refuse_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "no")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    write_atomically(tmp_path / "file", b"x", durable=True)
    assert (tmp_path / "file").read_bytes() == b"x"


def test_a_kernel_that_takes_little_at_a_time_gets_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short writes are continued where they ended."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    with (tmp_path / "file").open("wb") as file:
        write_all(file.fileno(), bytes(range(100)))
    assert (tmp_path / "file").read_bytes() == bytes(range(100))


# ---------------------------------------------------------------- folders


def staged_folder(tmp_path: Path) -> Path:
    staged = tmp_path / ".tmp-staged"
    staged.mkdir()
    (staged / "new").write_bytes(b"")
    return staged


@pytest.mark.parametrize("before", ["nothing", "folder", "file", "link to a folder", "dangling link"])
def test_a_folder_takes_the_place_of_whatever_was_there(tmp_path: Path, before: str) -> None:
    """The target is the staged folder; links and files in its place are gone, their targets are not."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"")
    place = tmp_path / "place"
    place.mkdir()
    target = place / "target"
    if before == "folder":
        (target / "deep" / "er").mkdir(parents=True)
        (target / "deep" / "inner-link").symlink_to(outside)
    elif before == "file":
        target.write_bytes(b"")
    elif before == "link to a folder":
        target.symlink_to(outside)
    elif before == "dangling link":
        target.symlink_to(tmp_path / "nowhere")
    replace_folder(staged_folder(tmp_path), target)
    assert not target.is_symlink()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in place.iterdir()] == ["target"]
    assert (outside / "precious").exists()


def test_a_folder_that_cannot_be_replaced_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last rename fails, the old folder is in its place again."""
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").write_bytes(b"")
    staged = staged_folder(tmp_path)
    rename = os.rename

    def refuse(source: Path, destination: Path) -> None:
        if source == staged:
            raise OSError(errno.EIO, "no")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(StorageFailure, match="Cannot replace"):
        replace_folder(staged, target)
    assert [path.name for path in target.iterdir()] == ["old"]


# ---------------------------------------------------------------- removal


def test_a_tree_is_removed_without_its_links_targets(tmp_path: Path) -> None:
    """Files, folders without permissions, links and pipes go; what links point to stays."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"")
    tree = tmp_path / "tree"
    (tree / "locked" / "deep").mkdir(parents=True)
    (tree / "locked" / "deep" / "file").write_bytes(b"")
    (tree / "locked" / "link").symlink_to(outside)
    (tree / "link").symlink_to(outside / "precious")
    os.mkfifo(tree / "pipe")
    (tree / "locked" / "deep").chmod(0o555)
    (tree / "locked").chmod(0o000)
    remove_tree(tree)
    assert not tree.exists()
    assert (outside / "precious").exists()


def test_removing_a_link_or_nothing_is_fine(tmp_path: Path) -> None:
    """A link is removed itself, and what is absent already is no failure."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    remove_tree(tmp_path / "link")
    remove_tree(tmp_path / "nothing")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_tree_of_any_depth_is_removed(tmp_path: Path) -> None:
    """Neither its depth nor paths longer than the system takes keep a tree; no descriptor stays open."""
    open_before = len(os.listdir("/dev/fd"))
    at = os.open(tmp_path, os.O_RDONLY)
    for name in ["tree"] + ["x" * 20] * 1500:
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=below))
        os.close(at)
        at = below
    os.close(at)
    remove_tree(tmp_path / "tree")
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/dev/fd")) == open_before
