"""folder: the files of a package in a folder where somebody works on it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from hpmtasks.model.manifest import Manifest, parse_dependency_manifest
from hpmtasks.store.entries import TreeFile
from hpmtasks.store.tree import sha256_of, tree_digest

MANIFEST = "package.json"
# Never part of a package, and perhaps large: not even looked into.
_SKIPPED = frozenset({".git", ".hpm", "hem_modules", "node_modules"})
_EXECUTABLE = 0o100


class UnusableFolder(ValueError):
    """A folder cannot stand in for a package; the sentence says why."""


def read_folder_manifest(folder: Path) -> Manifest:
    """The package.json in *folder*, as that of a dependency.

    Raises:
        UnusableFolder: There is none, or it cannot be used.
    """
    try:
        return parse_dependency_manifest((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise UnusableFolder(f"{folder} has no package.json") from None
    except OSError as error:
        raise UnusableFolder(f"{folder / MANIFEST} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UnusableFolder(f"{folder / MANIFEST}: {error}") from None


def package_files(folder: Path, *, apart_from: Path | None = None) -> dict[str, Path]:
    """The files of the package in *folder*, chosen as for an archive: path in the package to file.

    A link to a file inside *folder* counts as that file.

    Args:
        apart_from: A folder that is left out, such as a project that lives inside the package.

    Raises:
        UnusableFolder: package.json cannot be used, or a chosen path is a link that leads elsewhere.
    """
    manifest = read_folder_manifest(folder)
    from hpmtasks.model.contents import select

    root = os.path.realpath(folder)
    try:
        paths = dict(_walk(root, os.path.realpath(apart_from) if apart_from else ""))
        chosen = select(paths, manifest.files, manifest.main)
    except OSError as error:
        raise UnusableFolder(f"{folder} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UnusableFolder(f"{folder / MANIFEST}: {error}") from None
    return {path: _followed(folder, root, path, paths[path]) for path in sorted(chosen, key=os.fsencode)}


def looked_at(folder: Path) -> Iterator[Path]:
    """The paths on which :func:`package_files` of *folder* and its digest depend: files, folders, links."""
    for above, names, files in os.walk(folder):
        names[:] = [name for name in names if name.lower() not in _SKIPPED]
        yield Path(above)
        for name in (*names, *files):
            path = Path(above, name)
            if path.is_symlink():
                yield path.resolve()
            yield path


def digest_files(files: Mapping[str, Path]) -> str:
    """The tree digest of *files*, as an installation of exactly them would have it.

    Raises:
        UnusableFolder: One cannot be read (any more).
    """
    found = []
    for path, file in files.items():
        try:
            status = file.stat()
            executable = bool(status.st_mode & _EXECUTABLE)
            found.append(TreeFile(path, executable, status.st_size, sha256_of(file)))
        except OSError as error:
            raise UnusableFolder(f"{file} cannot be read: {error.strerror}") from None
    return tree_digest(found)


def copy_files(files: Mapping[str, Path], target: Path) -> None:
    """*target*, which is new, holds copies of *files*, executable where they are.

    Raises:
        OSError: The file system refuses.
    """
    import shutil

    for path, file in files.items():
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        copy.chmod(0o755 if file.stat().st_mode & _EXECUTABLE else 0o644)
    target.mkdir(parents=True, exist_ok=True)


def _walk(root: str, apart_from: str) -> Iterator[tuple[str, Path]]:
    """Everything below *root* that is no folder: its path there, and where it is."""
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(f"{root}/{prefix}") as entries:
            for entry in entries:
                path = f"{root}/{prefix}{entry.name}"
                if entry.name.lower() in _SKIPPED or path == apart_from:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{prefix}{entry.name}/")
                else:
                    yield prefix + entry.name, Path(path)


def _followed(folder: Path, root: str, path: str, file: Path) -> Path:
    real = Path(os.path.realpath(file))
    if not real.is_file() or not real.is_relative_to(root):
        raise UnusableFolder(f"{folder / path} is neither a file nor a link to one inside the folder")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise UnusableFolder(f"{folder} holds a file whose name is not UTF-8: {path!r}") from None
    return real
