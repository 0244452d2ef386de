"""directory: packages from folders on this machine, ``PATH/owner/repo/1.2.3``, for air gaps and try-outs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import IntegrityMismatch, PackageNotFound, StorageFailure
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version, parse_tag
from hpmtasks.sources.source import TagList, tag_list

# Never part of a package: what git, hpm and an installation leave beside its files.
_LEFT_OUT = frozenset({".git", ".hpm", "hem_modules"})
_FILE, _RUNNABLE, _LINK = "100644", "100755", "120000"


@dataclass(frozen=True, slots=True)
class _Member:
    """A file or link in a package: its path below the version's folder, git's mode for it, its bytes.

    The content of a link is where it points.
    """

    path: str
    mode: str
    content: bytes


class DirectorySource:
    """Packages as folders, each version a folder named like its tag.

    A digest of the folder stands for the commit, so that changed content is another
    commit. Links are never followed. Works without a network.
    """

    kind = "directory"
    has_archives = False

    def __init__(self, template: str) -> None:
        """A source below the absolute path *template*.

        ``{owner}`` and ``{repo}`` in it stand for the parts of the name; without them
        ``owner/repo`` is put behind it.
        """
        self._template = template if "{repo}" in template else f"{template.rstrip('/')}/{{owner}}/{{repo}}"

    def tags(self, name: PackageName) -> TagList:
        """See :meth:`Source.tags`."""
        return tag_list((folder.name, _commit(_members(folder))) for folder in self._versions(name))

    def names(self) -> Iterator[PackageName]:
        """See :meth:`ListingSource.names`; none where the template does not end in ``/owner/repo``."""
        root, slash, rest = self._template.partition("/{owner}/{repo}")
        if not slash or rest:
            return
        for owner in _folders(Path(root)):
            for repo in _folders(owner):
                with suppress(ValueError):
                    yield PackageName.parse(f"{owner.name}/{repo.name}")

    def archive(self, name: PackageName, commit: str, *, version: Version | None, into: BinaryIO) -> None:
        """See :meth:`Source.archive`.

        Raises:
            IntegrityMismatch: The folder of *version* holds something else by now.
        """
        actual = ""
        for folder in self._versions(name):
            of_folder = parse_tag(folder.name)
            if version is not None and str(of_folder) != str(version):
                continue
            members = _members(folder)
            actual = _commit(members)
            if actual == commit:
                _write_tar(members, f"{name.repo}-{of_folder}", into)
                return
        if version is None or not actual:
            raise PackageNotFound(str(name), self._template, f"No folder there holds {version or commit}.")
        raise IntegrityMismatch(
            f"{name}@{version}",
            expected=commit,
            actual=actual,
            hint=f"Its folder was changed. To take it as it is now: hpm update {name}",
        )

    def resolved(
        self,
        name: PackageName,
        tag_name: str,  # noqa: ARG002 - how the folder spells it is nobody's business
        commit: str,  # noqa: ARG002 - stands beside it in the lockfile
        version: Version,
    ) -> str:
        """See :meth:`Source.resolved`."""
        return f"directory:{name}@{version}"

    def _versions(self, name: PackageName) -> list[Path]:
        """The folders of *name* that are named like tags."""
        package = Path(self._template.replace("{owner}", name.owner).replace("{repo}", name.repo))
        try:
            with os.scandir(package) as children:
                return sorted(
                    package / child.name
                    for child in children
                    if parse_tag(child.name) and child.is_dir(follow_symlinks=False)
                )
        except (FileNotFoundError, NotADirectoryError):
            raise PackageNotFound(str(name), self._template) from None
        except OSError as problem:
            raise _unreadable(problem) from None


def _members(folder: Path) -> list[_Member]:
    """What the package in *folder* consists of, sorted by path as bytes."""
    try:
        return sorted(_walk(os.fspath(folder)), key=lambda member: os.fsencode(member.path))
    except OSError as problem:
        raise _unreadable(problem) from None


def _walk(folder: str) -> Iterator[_Member]:
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(f"{folder}/{prefix}") as children:
            for child in children:
                path = f"{prefix}{child.name}"
                if child.is_symlink():
                    yield _Member(path, _LINK, os.fsencode(Path(child.path).readlink()))
                elif child.is_file(follow_symlinks=False):
                    runnable = child.stat(follow_symlinks=False).st_mode & 0o111
                    yield _Member(path, _RUNNABLE if runnable else _FILE, Path(child.path).read_bytes())
                elif child.is_dir(follow_symlinks=False) and child.name not in _LEFT_OUT:
                    pending.append(f"{path}/")


def _commit(members: list[_Member]) -> str:
    """Forty hex digits that change whenever a mode, a path or a content does."""
    digest = hashlib.sha256()
    for member in members:
        content = hashlib.sha256(member.content).hexdigest()
        digest.update(f"{member.mode} ".encode() + os.fsencode(member.path) + f"\0{content}\n".encode())
    return digest.hexdigest()[:40]


def _write_tar(members: list[_Member], top: str, into: BinaryIO) -> None:
    """*into* holds *members* below *top*: the same bytes for the same members, whoever writes it and when."""
    import tarfile
    from io import BytesIO

    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            header = tarfile.TarInfo(f"{top}/{member.path}")
            header.mode = int(member.mode[-3:], 8) or 0o777
            if member.mode == _LINK:
                header.type, header.linkname = tarfile.SYMTYPE, os.fsdecode(member.content)
                tar.addfile(header)
            else:
                header.size = len(member.content)
                tar.addfile(header, BytesIO(member.content))


def _unreadable(problem: OSError) -> StorageFailure:
    return StorageFailure(f"{problem.filename} cannot be read: {problem.strerror}")


def _folders(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
