"""database: advisories in a folder or a zip file, in the form in which OSV offers its own."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hpmtasks.advisories.advisory import LARGEST_ADVISORY, Advisory, parse_advisory
from hpmtasks.errors import InvalidDatabase

_MEMBER = ".json"
_ARCHIVE = ".zip"


class Database:
    """The advisories below one path: JSON files, one advisory each, in folders or zip files.

    Attributes:
        unreadable: What could not be read of what :meth:`mentioning` looked at, each with the reason.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.unreadable: list[str] = []

    def mentioning(self, names: Iterable[str]) -> Sequence[Advisory]:
        """The advisories that are not withdrawn and name one of *names* (``owner/repo``) somewhere.

        Only those are read closely: a database holds hundreds of thousands. Sorted by their id;
        of several with one id the first that is found counts.

        Raises:
            InvalidDatabase: There is nothing of the kind at the path.
        """
        wanted = _pattern(names)
        found: dict[str, Advisory] = {}
        count = 0
        for where, data in self._members():
            count += 1
            if wanted is None or not wanted.search(data.replace(b"\\/", b"/")):
                continue
            try:
                advisory = parse_advisory(data)
            except ValueError as error:
                self.unreadable.append(f"{where}: {error}")
                continue
            if not advisory.withdrawn:
                found.setdefault(advisory.id, advisory)
        if not count:
            raise InvalidDatabase(str(self._path), ["It holds no advisories: no JSON file, no zip of them."])
        return [found[each] for each in sorted(found)]

    def _members(self) -> Iterator[tuple[str, bytes]]:
        """Every JSON file, with where it is; in the order of their names."""
        if self._path.is_file():
            yield from self._of_file(self._path)
        elif self._path.is_dir():
            for folder, folders, files in os.walk(self._path):
                folders.sort()
                for name in sorted(files):
                    yield from self._of_file(Path(folder, name))
        else:
            raise InvalidDatabase(str(self._path), ["There is no such file or folder."])

    def _of_file(self, path: Path) -> Iterator[tuple[str, bytes]]:
        suffix = path.suffix.lower()
        try:
            if suffix == _MEMBER:
                yield str(path), path.read_bytes()
            elif suffix == _ARCHIVE:
                yield from _of_zip(path)
        except OSError as error:
            raise InvalidDatabase(str(self._path), [f"{path} cannot be read: {error.strerror}."]) from None


def _of_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.lower().endswith(_MEMBER):
                    with archive.open(name) as member:
                        yield f"{path}!{name}", member.read(LARGEST_ADVISORY + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise InvalidDatabase(str(path), [f"The zip file is damaged: {error}."]) from None


def _pattern(names: Iterable[str]) -> re.Pattern[bytes] | None:
    listed = [re.escape(name.encode()) for name in sorted(names)]
    return re.compile(b"|".join(listed), re.IGNORECASE) if listed else None
