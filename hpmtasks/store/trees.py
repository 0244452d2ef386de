"""trees: the unpacked files of packages in the store, looked at when they are found."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.errors import StorageFailure
from hpmtasks.files.boot import boot
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.removal import remove_tree
from hpmtasks.store.entries import TreeEntry, TreeFile
from hpmtasks.store.index import begin_tree_index, read_tree_index, write_tree_index
from hpmtasks.store.layout import Layout, growing_tree, is_tree_digest, tree_files, tree_index
from hpmtasks.store.materialize import Damage, check_content, is_as_recorded, open_tree
from hpmtasks.store.staging import move, new_name, within
from hpmtasks.store.tree import tree_digest

if TYPE_CHECKING:
    from hpmtasks.store.at_once import AtOnce
    from hpmtasks.store.extract import Archive

_LOST_THE_RACE = frozenset({errno.ENOTEMPTY, errno.EEXIST})


def find(layout: Layout, digest: str) -> TreeEntry | None:
    """The tree *digest*, each of its files as it was recorded.

    A file whose stat differs from the record is read; so are all, once, after the machine has
    started anew. Where the content is right the record is renewed. Where it is not, the tree is
    removed and the answer is ``None``.

    Raises:
        StorageFailure: It cannot be looked at.
    """
    if not is_tree_digest(digest):
        return None
    folder = layout.tree(digest)
    recorded = read_tree_index(tree_index(folder), digest)
    if recorded is None:
        if os.path.lexists(folder):
            try_to_discard(layout, digest)
        return None
    files, written_in = recorded
    try:
        with storage_failures("read", folder):
            checked = _checked(tree_files(folder), files, trust_times=written_in == boot())
    except Damage:
        try_to_discard(layout, digest)
        return None
    if checked != files or written_in != boot():
        with suppress(StorageFailure):  # a store that may only be read has been checked all the same
            write_tree_index(layout, tree_index(folder), checked)
    return TreeEntry(digest, checked, tree_files(folder))


def recorded(layout: Layout, digest: str) -> TreeEntry | None:
    """The tree *digest* by its record of this boot; unlike :func:`find`, no file is looked at."""
    folder = layout.tree(digest)
    found = read_tree_index(tree_index(folder), digest)
    if found is None or not boot() or found[1] != boot():
        return None
    return TreeEntry(digest, found[0], tree_files(folder))


def add(layout: Layout, archive: Archive, at_once: AtOnce) -> TreeEntry:
    """The package in *archive* is a tree of the store.

    Args:
        at_once: Lays the files out before anybody can find them; but not if an equal tree was there
            already, whose files they are not.

    Raises:
        Refused: It cannot be unpacked; nothing is added.
        OSError: The file system refuses.
    """
    staged = new_name(layout)
    inside, index = growing_tree(staged)
    try:
        within(layout.temporary, lambda: os.mkdir(staged))
        os.mkdir(inside)
        files = archive.write(inside, durable=not boot())
        begin_tree_index(index, files)
        digest = tree_digest(files)
        at_once.lay_out(inside, files, digest)
        folder = layout.tree(digest)
        existing = _move(layout, staged, folder, digest)
        if existing is None:
            return TreeEntry(digest, files, tree_files(folder))
        at_once.drop()
        return existing
    except BaseException:
        with suppress(StorageFailure):
            remove_tree(Path(staged))
        raise


def discard(layout: Layout, digest: str) -> None:
    """The store has no tree *digest*. It is moved away first, so that nobody finds a part of it.

    Raises:
        StorageFailure: The file system refuses.
    """
    folder, aside = layout.tree(digest), Path(new_name(layout))
    with storage_failures("remove", folder):
        try:
            within(layout.temporary, lambda: os.rename(folder, aside))
        except FileNotFoundError:
            return
    remove_tree(aside)


def try_to_discard(layout: Layout, digest: str) -> None:
    """The damaged tree *digest* is gone, unless the store may only be read."""
    with suppress(StorageFailure):
        discard(layout, digest)


def _move(layout: Layout, staged: str, folder: Path, digest: str) -> TreeEntry | None:
    """The finished folder *staged* is at *folder*; or an equal one was there already, which is returned."""
    try:
        move(staged, folder)
    except OSError as error:
        if error.errno not in _LOST_THE_RACE:
            raise
        existing = find(layout, digest)  # removes it if it is damaged
        if existing is not None:
            remove_tree(Path(staged))
            return existing
        move(staged, folder)
    return None


def _checked(folder: Path, files: tuple[TreeFile, ...], *, trust_times: bool) -> tuple[TreeFile, ...]:
    """*files* with the times and inodes that they have now, their contents known to be right.

    Raises:
        Damage: One is not.
    """
    source = open_tree(folder, files)
    try:
        return tuple(
            file
            if trust_times and is_as_recorded(file.path, file, source)
            else check_content(f"{folder}/{file.path}", file)
            for file in files
        )
    finally:
        os.close(source)
