"""known: what versions of packages were when this machine first met them, in all its projects.

The file ``known`` in hpm's home is a ledger: a line is added and never changed. Each line is
a sealed JSON object; one that was torn by a crash or edited counts as absent, and spoils no
other. Deleting lines, or the file, forgets what they say, and does no other harm.

A line that says what was taken into a project::

    {"fingerprint": …, "time": 1700000000, "origin": "github.com/acme/a",
     "taken": {"1.0.0": {"commit": …, "tree": …}}}

A line that says which versions were listed, those that no line before it has::

    {"fingerprint": …, "time": 1700000000, "origin": "github.com/acme/a", "seen": {"1.0.0": <commit>, …}}

An origin is where a package comes from (:func:`hpmtasks.model.origin.repository_key`), because
the same name means other commits elsewhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import HpmError
from hpmtasks.files.atomic import write_all, write_atomically
from hpmtasks.files.mutex import Mutex
from hpmtasks.files.sealed import check_seal, seal
from hpmtasks.pattern import pattern

#: The file's name in hpm's home.
NAME = "known"
#: Each time that it has grown by so many bytes, the ledger is rewritten without what is of no use any more.
LARGEST = 4 * 1024 * 1024
_ORIGIN = pattern(rb'"origin":"([^"\\]+)"')


@dataclass(frozen=True, slots=True)
class Taken:
    """A version as it was taken: ``time`` in Unix seconds."""

    commit: str
    tree: str | None
    time: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A version as it was first listed.

    Attributes:
        time: Unix seconds.
        is_new: It was not there when the package's versions were listed for the first time, so
            it was not published before the listing that came before.
    """

    commit: str
    time: int
    is_new: bool


class Ledger:
    """The ledger at *path*; it is read when it is first asked, and once.

    Where it cannot be written, nothing is remembered, and nobody is stopped by that.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[str, list[bytes]] | None = None

    def taken(self, origin: str) -> dict[str, Taken]:
        """What the versions of *origin* were when they were last taken, by their text."""
        found = {}
        for line in self._of(origin):
            for version, fields in _mapping(line.get("taken")).items():
                with suppress(KeyError, TypeError):
                    found[version] = Taken(str(fields["commit"]), fields.get("tree"), int(line["time"]))
        return found

    def seen(self, origin: str) -> dict[str, Sighting]:
        """When each version of *origin* was first listed with the commit that it has now."""
        found: dict[str, Sighting] = {}
        is_first = True
        for line in self._of(origin):
            listed = _mapping(line.get("seen"))
            for version, commit in listed.items():
                if version not in found or found[version].commit != commit:
                    found[version] = Sighting(str(commit), int(line["time"]), is_new=not is_first)
            is_first = is_first and not listed
        return found

    def record_taken(self, taken: Mapping[str, Mapping[str, Taken]]) -> None:
        """The ledger says of each origin in *taken* what its versions were."""
        self._append(
            {
                "time": max(each.time for each in versions.values()),
                "origin": origin,
                "taken": {
                    version: {"commit": each.commit, "tree": each.tree} for version, each in versions.items()
                },
            }
            for origin, versions in taken.items()
            if versions
        )

    def record_seen(self, origin: str, commits: Mapping[str, str], now: int) -> None:
        """The ledger says since when the versions in *commits* are there; those it knows stay as they are."""
        known = self.seen(origin)
        news = {
            version: commit
            for version, commit in commits.items()
            if version not in known or known[version].commit != commit
        }
        if news:
            self._append([{"time": now, "origin": origin, "seen": news}])

    def _of(self, origin: str) -> list[Mapping[str, Any]]:
        """The lines on *origin* that are whole, oldest first."""
        return [line for line in map(_parsed, self._loaded().get(origin, ())) if line is not None]

    def _loaded(self) -> dict[str, list[bytes]]:
        if self._lines is None:
            self._lines = _read(self._path)
        return self._lines

    def _append(self, documents: Iterable[Mapping[str, Any]]) -> None:
        lines = [_sealed(document) for document in documents]
        if not lines:
            return
        for line in lines:
            self._remember(line)
        with suppress(OSError, HpmError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with Mutex(self._path.with_name(f"{NAME}.mutex")):
                self._write(lines)

    def _write(self, lines: Sequence[bytes]) -> None:
        # A line break before each as well: what a crash tore off spoils itself alone.
        data = b"".join(b"\n%b\n" % line for line in lines)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            write_all(descriptor, data)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if size // LARGEST > (size - len(data)) // LARGEST:
            write_atomically(self._path, _compacted(_read(self._path)), durable=False, mode=0o600)

    def _remember(self, line: bytes) -> None:
        if found := _ORIGIN.search(line):
            self._loaded().setdefault(found[1].decode("utf-8", "replace"), []).append(line)


def _read(path: Path) -> dict[str, list[bytes]]:
    """The lines of the ledger at *path*, by the origin that they name; none of them is judged yet."""
    found: dict[str, list[bytes]] = {}
    try:
        data = path.read_bytes()
    except OSError:
        return found
    for line in data.split(b"\n"):
        if origin := _ORIGIN.search(line):
            found.setdefault(origin[1].decode("utf-8", "replace"), []).append(line)
    return found


def _sealed(document: Mapping[str, Any]) -> bytes:
    return seal(json.dumps(document, separators=(",", ":")))


def _parsed(line: bytes) -> Mapping[str, Any] | None:
    """What *line* says; ``None`` if it is not as it was written."""
    try:
        document = json.loads(check_seal(line))
        return document if isinstance(document, dict) and isinstance(document.get("time"), int) else None
    except (ValueError, RecursionError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _compacted(lines: Mapping[str, list[bytes]]) -> bytes:
    """The same ledger without what says nothing any more: torn lines, and what was taken again later."""
    kept: list[bytes] = []
    for of_origin in lines.values():
        seen: set[str] = set()
        useful = []
        for line in reversed(of_origin):
            document = _parsed(line)
            if document is None:
                continue
            versions = _mapping(document.get("taken")).keys()
            if "taken" not in document or versions - seen:
                useful.append(line)
            seen |= versions
        kept += reversed(useful)
    return b"".join(b"%b\n" % line for line in kept)
