"""Results in the cache folder: damage, collection, and who else is there."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hpmtasks.errors import StorageFailure
from hpmtasks.store.layout import Layout
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.folder import USE_GRAIN, FolderResults
from hpmtasks.store.results.result_store import BlobMissing, ContentChanged
from tests.support.pages import ROOT
from tests.support.result_stores import ACTION, HELLO, RESULT

BLOB = Digest.of(HELLO)


@pytest.fixture
def store(tmp_path: Path) -> FolderResults:
    """A store with one result."""
    made = FolderResults(tmp_path / "cache")
    made.put({BLOB: HELLO})
    made.put_result(ACTION, RESULT)
    return made


def files(store: FolderResults) -> list[str]:
    """Every file of the store, relative."""
    root = store.layout.root
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_files_are_where_the_layout_says(store: FolderResults) -> None:
    """A blob that nobody may write, a result, the mutex, and nothing that was temporary."""
    blob, result = f"results/cas/{BLOB.hash[:2]}/{BLOB.hash}", f"results/ac/{ACTION.hash[:2]}/{ACTION.hash}"
    assert files(store) == sorted(["mutex", blob, result])
    assert (store.layout.root / blob).stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"jello\n"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(HELLO + b"!"),
        lambda path: path.symlink_to(__file__),
        lambda path: None,
    ],
    ids=["flipped", "empty", "longer", "link", "gone"],
)
def test_a_damaged_blob_is_absent(store: FolderResults, damage: object) -> None:
    """A blob that is not what it was is not given out, is gone afterwards, and can be put again."""
    path = store.layout.blob(BLOB.hash)
    path.unlink()
    damage(path)  # type: ignore[operator]
    into = io.BytesIO()
    with pytest.raises(BlobMissing):
        store.get_into(BLOB, into)
    assert into.getvalue() == b""
    store.put({BLOB: HELLO})
    assert store.get(BLOB) == HELLO


def test_a_result_without_one_of_its_blobs_is_absent(store: FolderResults) -> None:
    """A result is worth nothing without its blobs, and is again when they are back."""
    os.unlink(store.layout.blob(BLOB.hash))
    assert store.get_result(ACTION) is None
    store.put({BLOB: HELLO})
    assert store.get_result(ACTION) == RESULT


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b"\0" * len(path.read_bytes())),
        lambda path: path.write_bytes(path.read_bytes().replace(b"dist/a", b"dist/b")),
        lambda path: path.write_bytes(b"<html>"),
    ],
    ids=["empty", "cut", "zeros", "edited", "html"],
)
def test_a_damaged_result_is_absent(store: FolderResults, damage: object) -> None:
    """A result with anything changed in it is not given out, and is gone afterwards."""
    path = store.layout.result(ACTION.hash)
    damage(path)  # type: ignore[operator]
    assert store.get_result(ACTION) is None
    assert not path.exists()


def test_use_shows_in_the_time_of_the_result(store: FolderResults) -> None:
    """A result that was not used for long is younger after its use; one just used is not written to."""
    path = store.layout.result(ACTION.hash)
    os.utime(path, (1, 1))
    assert store.get_result(ACTION) == RESULT
    used = path.stat().st_mtime
    assert used > USE_GRAIN
    os.utime(path, (used - 5, used - 5))
    store.get_result(ACTION)
    assert path.stat().st_mtime == used - 5


def test_nothing_remains_of_what_could_not_be_put(store: FolderResults, tmp_path: Path) -> None:
    """A source that is not what it should be, or cannot be read, leaves no file behind."""
    before = files(store)
    (tmp_path / "link").symlink_to(tmp_path / "cache" / "v1" / "mutex")
    for source, failure in ((b"x", ContentChanged), (tmp_path / "absent", StorageFailure)):
        with pytest.raises(failure):
            store.put({Digest.of(b"other"): source})
    with pytest.raises(StorageFailure):
        store.put({Digest.of(b""): b"", Digest.of(b"other"): tmp_path / "link"})
    with pytest.raises(ContentChanged):
        store.receive(Digest.of(b"other"), lambda file: [file.write(b"x")].clear())
    assert files(store) == before


def test_a_store_without_write_permission_still_gives(store: FolderResults) -> None:
    """What is there can be had from a store that may only be read; putting says what is the matter."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    for folder in (store.layout.temporary, store.layout.result(ACTION.hash).parent):
        folder.chmod(0o555)
    try:
        assert store.get_result(ACTION) == RESULT
        with pytest.raises(StorageFailure, match="permission denied"):
            store.put_result(ACTION, RESULT)
    finally:
        for folder in (store.layout.temporary, store.layout.result(ACTION.hash).parent):
            folder.chmod(0o755)


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    """A cache folder that is a file is a StorageFailure, not a traceback."""
    (tmp_path / "cache").write_text("")
    store = FolderResults(tmp_path / "cache")
    assert store.get_result(ACTION) is None
    with pytest.raises(StorageFailure, match="a part of that path is a file"):
        store.put({BLOB: HELLO})


WRITER = """
import sys
from pathlib import Path
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.folder import FolderResults
from tests.support.result_stores import ACTION, HELLO, RESULT

store = FolderResults(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(50):
    content = b"%d" % number * 1000
    store.put({Digest.of(content): content, Digest.of(HELLO): HELLO})
    store.put_result(ACTION, RESULT)
    assert store.get(Digest.of(content)) == content
    assert store.get_result(ACTION) == RESULT
"""


def test_processes_may_write_the_same_things_at_once(tmp_path: Path) -> None:
    """Three processes that put the same results at the same time all succeed, and everything is whole."""
    command = [sys.executable, "-c", WRITER, str(tmp_path / "cache")]
    writers = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    store = FolderResults(tmp_path / "cache")
    for number in range(50):
        content = b"%d" % number * 1000
        assert store.get(Digest.of(content)) == content
    assert list(Layout(tmp_path / "cache").temporary.iterdir()) == []
