"""linking: packages laid out by links from the store, each file compared with what the store recorded of it.

A package is a tuple: its name, the digest of its tree, the folders in it, each after the one that it is in,
of each file the path, size, mtime, inode and :func:`mode_of`, and of each shim in it path and content.
Imports are those of ``stamp``.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Files = Sequence[tuple[Any, ...]]
    Package = tuple[str, str, Sequence[str], Files, Sequence[tuple[str, bytes]]]

# Below that many files a second process costs more than it brings.
_FILES_FOR_TWO = 300
# Of a mode; the stat module is not built in.
_TYPE_AND_EXECUTABLE = 0o170100
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


class Unusable(Exception):
    """The plan does not fit what is there; the graph knows what to do."""


def mode_of(*, executable: bool) -> int:
    """What of the mode of a file of the store counts, in the form of a package's rows."""
    return 0o100100 if executable else 0o100000


def lay_out(packages: Sequence[Package], trees: str, target: str) -> None:
    """The folders of *packages*, out of *trees*, are in *target*; by two processes if that pays.

    Raises:
        Unusable: A file is not as the store recorded it, or a process failed. *target* may hold a part.
        OSError: The file system refuses. As above.
    """
    for owner in sorted({name.partition("/")[0] for name, *_ in packages}):
        os.mkdir(f"{target}/{owner}")
    total = sum(len(files) for _, _, _, files, _ in packages)
    if total < _FILES_FOR_TWO or (os.cpu_count() or 1) < 2 or sys.platform == "darwin":
        _link_all(packages, trees, target)
        return
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _link_all(packages[1::2], trees, target)
            code = 0
        finally:
            os._exit(code)
    try:
        _link_all(packages[::2], trees, target)
    except BaseException:
        import signal

        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        raise Unusable


def _link_all(packages: Sequence[Package], trees: str, target: str) -> None:
    # Names are looked up from folders that are open: a long path costs as much as the call.
    from_folder, to_folder = os.open(trees, _FOLDER), os.open(target, _FOLDER)
    try:
        for package in packages:
            _link(package, from_folder, to_folder)
    finally:
        os.close(from_folder)
        os.close(to_folder)


def _link(package: Package, trees: int, target: int) -> None:
    """One package: its folders made, its files linked, each of them as the store recorded it."""
    name, tree, folders, files, shims = package
    at = f"{tree[:2]}/{tree}"
    stat, link = os.stat, os.link
    os.mkdir(name, dir_fd=target)
    source, folder = os.open(f"{at}/files", _FOLDER, dir_fd=trees), os.open(name, _FOLDER, dir_fd=target)
    try:
        for each in folders:
            os.mkdir(each, dir_fd=folder)
        for path, size, mtime_ns, inode, mode in files:
            found = stat(path, dir_fd=source, follow_symlinks=False)
            if (
                found.st_size != size
                or found.st_mtime_ns != mtime_ns
                or found.st_ino != inode
                or found.st_mode & _TYPE_AND_EXECUTABLE != mode
            ):
                raise Unusable
            link(path, path, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)
        for path, content in shims:
            write_new(path, content, folder)
    finally:
        os.close(source)
        os.close(folder)
    os.utime(at, dir_fd=trees)  # when it was last needed


def write_new(path: str, content: bytes, folder: int | None = None) -> None:
    """At *path*, from the open *folder* on, where nothing was, is a file with *content*.

    Raises:
        OSError: Something is there, or the file system refuses.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def remove(folder: str) -> None:
    """*folder* and everything in it is gone, as far as the file system lets it go; it may be a file, too."""
    _attempt(os.unlink, folder)
    for path, folders, files in os.walk(folder, topdown=False):
        for each in files:
            _attempt(os.unlink, f"{path}/{each}")
        for each in folders:
            _attempt(os.unlink if os.path.islink(f"{path}/{each}") else os.rmdir, f"{path}/{each}")
    _attempt(os.rmdir, folder)


def _attempt(do: Callable[[str], None], path: str) -> None:
    try:  # noqa: SIM105  contextlib is not built in
        do(path)
    except OSError:
        pass
