"""shim_files: shims on the disk: made, found again, and removed with the folders that held nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set as AbstractSet
from contextlib import suppress
from pathlib import Path

from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.failures import storage_failures
from hpmtasks.hemlock.shims import MARK, MODULES, is_shim_folder

_HEAD_BYTES = 200


def put(folder: Path, files: Mapping[str, str]) -> None:
    """Below *folder* stand *files*, contents by path; those that stand there already are not touched.

    A link in the place of a folder is removed, never followed.

    Raises:
        StorageFailure: The file system refuses.
    """
    # What marks a folder as hpm's comes first: a crash leaves nothing that nobody owns.
    for path in sorted(files, key=lambda path: (not path.endswith("/.gitignore"), path)):
        data = files[path].encode("utf-8", "surrogateescape")
        final = folder / path
        if _content(final) == data:
            continue
        with storage_failures("write", final):
            _make_folders(folder, path)
            if final.is_symlink():
                final.unlink()
        write_atomically(final, data, durable=False)


def remove(folder: Path, paths: AbstractSet[str]) -> None:
    """Below *folder* none of *paths* is left, nor a folder that is empty without them.

    Raises:
        StorageFailure: The file system refuses.
    """
    for path in sorted(paths, key=lambda path: (path.endswith("/.gitignore"), path)):
        with storage_failures("remove", folder / path), suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(folder / path)
        above = path
        while MODULES in above.split("/")[:-1]:
            above = above.rpartition("/")[0]
            try:
                with suppress(FileNotFoundError):  # somebody removed it, and left those above
                    os.rmdir(folder / above)
            except OSError:
                break


def found_in(folder: Path, below: Iterable[str], *, apart_from_itself: bool) -> set[str]:
    """The shims that stand in those folders *below* the given one, relative to it.

    Args:
        apart_from_itself: The folder's own ``hem_modules`` is where the packages are.
    """
    found: set[str] = set()
    for each in below:
        beside = f"{each}/{MODULES}" if each else MODULES
        if (each or not apart_from_itself) and is_shim_folder(str(folder / beside)):
            found |= {path for path in _files(folder, beside) if _is_made_here(folder / path)}
    return found


def _files(folder: Path, below: str) -> Iterable[str]:
    for where, _, names in os.walk(folder / below):
        prefix = os.path.relpath(where, folder).replace(os.sep, "/")
        yield from (f"{prefix}/{name}" for name in names)


def _is_made_here(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return MARK.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False


def _make_folders(folder: Path, path: str) -> None:
    for parent in list(reversed((Path(path)).parents))[1:]:
        place = folder / parent
        if place.is_symlink():
            place.unlink()
        place.mkdir(exist_ok=True)


def _content(path: Path) -> bytes | None:
    if path.is_symlink():
        return None
    try:
        return path.read_bytes()
    except OSError:
        return None
