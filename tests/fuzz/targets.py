"""targets: what reads bytes that strangers wrote; each takes any bytes and ends well or by its own error.

What a target raises beyond its own errors, or an invariant that does not hold, is a finding.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from hpmtasks.errors import InvalidLockfile
from hpmtasks.model.json_load import load
from hpmtasks.model.json_scan import MalformedJson
from hpmtasks.model.lock_format import parse_lockfile
from hpmtasks.model.manifest import parse_dependency_manifest
from hpmtasks.model.specifier import parse_specifier
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.sources.pkt_line import NotGit, tags_in
from hpmtasks.store.extract import open_archive
from hpmtasks.store.identify import BEGINNING, identify
from hpmtasks.store.refusal import Refused
from hpmtasks.store.tree import digest_folder, tree_digest


def archive(data: bytes) -> None:
    """An archive: whatever is written is inside the folder, and is what the digest says."""
    with tempfile.TemporaryDirectory(prefix="hpm-fuzz-") as base:
        folder = Path(base, "inside")
        folder.mkdir()
        source = Path(base, "archive")
        source.write_bytes(data)
        try:
            identify(data[:BEGINNING])
            files = open_archive(source, Path(base)).write(folder, durable=False)
        except Refused:
            assert not os.listdir(folder)
        else:
            assert digest_folder(folder) == tree_digest(files)
        assert sorted(os.listdir(base)) == ["archive", "inside"]


def json_document(data: bytes) -> None:
    """A JSON document of a user."""
    with suppress(MalformedJson):
        load(data)


def manifest(data: bytes) -> None:
    """A dependency's package.json."""
    with suppress(ValueError):
        parse_dependency_manifest(data)


def lockfile(data: bytes) -> None:
    """A package-lock.json."""
    with suppress(InvalidLockfile):
        parse_lockfile(data, "package-lock.json")


def tags(data: bytes) -> None:
    """A git server's answer."""
    with suppress(NotGit):
        tags_in(data, "host")


def words(data: bytes) -> None:
    """A constraint, and what stands behind ``hpm install``."""
    text = data.decode("utf-8", "surrogateescape")
    with suppress(ValueError):
        parse_constraint(text)
    with suppress(ValueError):
        parse_specifier(text)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "archive": archive,
    "json": json_document,
    "manifest": manifest,
    "lockfile": lockfile,
    "tags": tags,
    "words": words,
}
