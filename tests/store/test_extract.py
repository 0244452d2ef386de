"""Unpacking: honest archives exactly, hostile ones not at all, and never anything outside."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from hpmtasks.errors import UnsafeArchive
from hpmtasks.store import inflate as inflating, refusal
from hpmtasks.store.extract import open_archive, refusals
from hpmtasks.store.refusal import Refused
from hpmtasks.store.tar import Member, list_members
from hpmtasks.store.tree import digest_folder, tree_digest
from tests.support.archives import (
    END,
    TOP,
    File,
    Link,
    header,
    member,
    pack,
    pack_gzip,
    pax,
)


def unpack(data: bytes, folder: Path) -> dict[str, bytes]:
    """What is written for the archive *data*, path by path; the folder is new each time."""
    folder.mkdir()
    source = folder / "archive"
    source.write_bytes(data)
    inside = folder / "inside"
    inside.mkdir()
    files = open_archive(source, folder).write(inside, durable=False)
    found = {file.path: (inside / file.path).read_bytes() for file in files}
    assert digest_folder(inside) == tree_digest(files)
    return found


HONEST = pack(
    {
        "package.json": b'{"name": "acme/lib"}',
        "src/index.hml": b"x" * 1500,
        "src/" + "long/" * 30 + "name.hml": b"y",
        "bin/run": File(b"#!/bin/sh\n", executable=True),
    },
    comment="c" * 40,
)


@pytest.mark.parametrize("length", range(0, len(HONEST), 512))
def test_an_archive_cut_at_any_block_is_refused_or_whole(length: int, tmp_path: Path) -> None:
    """Cut before its end it is refused; cut in the padding after its end it gives everything."""
    whole = unpack(HONEST, tmp_path / "whole")
    end = HONEST.rstrip(b"\0")
    is_whole = length >= -(-len(end) // 512) * 512 + 1024
    if is_whole:
        assert unpack(HONEST[:length], tmp_path / "cut") == whole
    else:
        with pytest.raises(Refused):
            unpack(HONEST[:length], tmp_path / "cut")


def test_a_compressed_archive_cut_anywhere_is_refused(tmp_path: Path) -> None:
    """No proper beginning of a gzip file is taken for the whole."""
    data = gzip.compress(HONEST, mtime=0)
    source = tmp_path / "archive"
    for length in range(len(data)):
        source.write_bytes(data[:length])
        with pytest.raises(Refused):
            open_archive(source, tmp_path)


@given(position=st.integers(0, len(HONEST) - 1), value=st.integers(1, 255))
@settings(max_examples=150)
def test_a_changed_byte_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int
) -> None:
    """Whatever one changed byte does, the outcome is a refusal or files, all inside the folder."""
    data = bytearray(HONEST)
    data[position] ^= value
    try:
        found = unpack(bytes(data), tmp_path_factory.mktemp("flip") / "run")
    except Refused:
        return
    assert all(not path.startswith("/") and ".." not in path.split("/") for path in found)


def test_modes_are_read_only_and_keep_the_executable_bit_alone(tmp_path: Path) -> None:
    """Setuid and write permission go; the owner's executable bit stays, for everyone."""
    data = member(f"{TOP}/plain", b"", mode=b"0006666\0") + member(f"{TOP}/run", b"", mode=b"0004711\0") + END
    unpack(data, tmp_path / "run")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "run" / "inside").iterdir()}
    umask = os.umask(0)
    os.umask(umask)
    assert modes == {"plain": 0o444 & ~umask, "run": 0o555 & ~umask}


def test_the_comment_of_a_git_archive_is_known(tmp_path: Path) -> None:
    """The commit that a forge writes into the global header can be asked for."""
    source = tmp_path / "archive"
    source.write_bytes(pack({"a": b""}, comment="c" * 40))
    assert open_archive(source, tmp_path).comment == "c" * 40


def test_only_what_the_manifest_names_is_written(tmp_path: Path) -> None:
    """`files` decides before anything is written; the manifest, the licence and main come along."""
    data = pack_gzip(
        {
            "package.json": b'{"files": ["src/", "!src/tests"], "main": "main"}',
            "LICENSE": b"MIT",
            "main.hml": b"1",
            "src/a.hml": b"2",
            "src/tests/a.hml": b"3",
            "other": b"4",
        }
    )
    assert sorted(unpack(data, tmp_path / "run")) == ["LICENSE", "main.hml", "package.json", "src/a.hml"]


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"{",
        b"[]",
        b'{"files": 1}',
        b'{"files": {"a": 1}}',
        b"\xff",
        b"[" * 5000,
        b'{"main": 3, "files": null}',
    ],
)
def test_a_bad_manifest_selects_everything(manifest: bytes, tmp_path: Path) -> None:
    """An unusable package.json is somebody else's complaint: the files are there all the same."""
    found = unpack(pack({"package.json": manifest, "a": b"1"}), tmp_path / "run")
    assert found == {"package.json": manifest, "a": b"1"}


def test_too_many_patterns_are_refused(tmp_path: Path) -> None:
    """A manifest cannot make the selection expensive."""
    manifest = b'{"files": [' + b",".join(b'"*%d*"' % number for number in range(300)) + b"]}"
    with pytest.raises(Refused, match="patterns"):
        unpack(pack({"package.json": manifest}), tmp_path / "run")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigabyte of zeros in a megabyte is refused when it has swollen beyond the bound, not at its end."""
    taken: list[int] = []
    add = inflating._Spool.add

    def counted(self: inflating._Spool, data: bytes, *, consumed: int) -> None:
        taken.append(len(data))
        add(self, data, consumed=consumed)

    monkeypatch.setattr(inflating._Spool, "add", counted)
    monkeypatch.setattr(refusal, "FREE_BYTES", 1 << 20)
    monkeypatch.setattr(inflating, "FREE_BYTES", 1 << 20)
    source = tmp_path / "archive"
    source.write_bytes(gzip.compress(header(f"{TOP}/a", size=64 << 20) + bytes(64 << 20) + END))
    with pytest.raises(Refused, match="swells"):
        open_archive(source, tmp_path)
    assert sum(taken) < 16 << 20


def test_a_large_archive_is_spooled_and_unpacked_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound on memory the content goes through a file without a name; nothing else differs."""
    entries = {"package.json": b"{}", **{f"src/{number}": os.urandom(3000) for number in range(50)}}
    data = gzip.compress(pack(entries), 1)
    in_memory = unpack(data, tmp_path / "memory")
    monkeypatch.setattr(inflating, "_MOST_IN_MEMORY", 10_000)
    assert unpack(data, tmp_path / "spooled") == in_memory == entries
    assert sorted(path.name for path in (tmp_path / "spooled").iterdir()) == ["archive", "inside"]


def test_an_archive_with_too_many_entries_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are counted, those that only describe others too."""
    monkeypatch.setattr("hpmtasks.store.tar.MOST_ENTRIES", 5)
    source = tmp_path / "archive"
    source.write_bytes(pack({str(number): b"" for number in range(6)}))
    with pytest.raises(Refused, match="more than 5 entries"):
        open_archive(source, tmp_path)


# ---------------------------------------------------------------- properties

_NAMES = st.text(alphabet="abcde-.é", min_size=1, max_size=60).filter(lambda name: name.strip(".") != "")
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_FILES = st.builds(File, st.binary(max_size=1500), st.booleans())


def _is_a_tree(files: dict[str, File]) -> bool:
    folders = {path.rsplit("/", depth)[0] for path in files for depth in range(1, path.count("/") + 1)}
    return folders.isdisjoint(files)


_TREES = st.dictionaries(_PATHS, _FILES, min_size=1, max_size=8).filter(_is_a_tree)


@given(tree=_TREES, tar_format=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]))
@settings(max_examples=60)
def test_any_tree_comes_out_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, File], tar_format: int
) -> None:
    """Paths, contents and executable bits survive, and the digest is the one computed by hand."""
    folder = tmp_path_factory.mktemp("tree")
    source = folder / "archive"
    source.write_bytes(pack(tree, tar_format=tar_format))
    files = open_archive(source, folder).write(folder, durable=False)
    by_hand = hashlib.sha256()
    for path in sorted(tree, key=str.encode):
        mode = b"100755" if tree[path].executable else b"100644"
        content = hashlib.sha256(tree[path].content).hexdigest().encode()
        by_hand.update(mode + b" " + path.encode() + b"\0" + content + b"\n")
    assert tree_digest(files) == f"sha256-{by_hand.hexdigest()}"


@given(
    links=st.dictionaries(
        st.sampled_from(["a", "b", "d/e", "d/f", "g/h"]),
        st.lists(
            st.sampled_from(["..", ".", "a", "b", "d", "e", "f", "g", "h", "x", ""]), min_size=1, max_size=5
        ),
        min_size=1,
    )
)
@settings(max_examples=200)
def test_links_mean_what_the_system_says_they_mean(
    tmp_path_factory: pytest.TempPathFactory, links: dict[str, list[str]]
) -> None:
    """Each path that is unpacked reads the same through real links, and what real links reach is unpacked."""
    base = tmp_path_factory.mktemp("links")
    real = base / "away" / "real"
    entries: dict[str, bytes | File | Link] = {"d/x": b"1", "x": b"2", "g/x": b"3"}
    entries |= {path: Link("/".join(parts) or ".") for path, parts in links.items()}
    for path, entry in entries.items():
        (real / path).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(entry, Link):
            (real / path).symlink_to(entry.target)
        elif isinstance(entry, bytes):
            (real / path).write_bytes(entry)
    source = base / "archive"
    source.write_bytes(pack(entries))
    archive = open_archive(source, base)
    for path, found in archive._view.items():
        if isinstance(found, Member):
            assert (real / path).read_bytes() == archive._data[found.start : found.start + found.size]
    for path in links:
        target = Path(os.path.realpath(real / path))
        if path not in archive._view and target.is_relative_to(real):
            assert not (real / path).is_file()


def test_an_endless_name_is_told_in_part() -> None:
    """A name is a stranger's and may be a mebibyte long: what is told of it can be read."""
    with pytest.raises(UnsafeArchive) as caught, refusals("acme/lib@1.0.0"):
        list_members(pax({"path": f"{TOP}/{'a/' * 5000}b"}) + member("c") + END)
    assert len(str(caught.value)) < 400
    assert "deeper than 40 folders" in str(caught.value)
