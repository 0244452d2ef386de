"""What a task printed, kept and printed again."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from hpmtasks.errors import StorageFailure
from hpmtasks.scripts import log as log_module
from hpmtasks.scripts.events import Stream
from hpmtasks.scripts.log import Log, replay
from hpmtasks.store.results.digest import EMPTY
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.result_store import BlobMissing

Printed = list[tuple[Stream, bytes]]
STREAMS: tuple[Stream, Stream] = ("stdout", "stderr")
PRINTED = st.lists(st.tuples(st.sampled_from(STREAMS), st.binary(max_size=20)), max_size=12)


def joined(printed: Printed) -> Printed:
    """*printed* with neighbours of one stream as one piece, empty ones left out."""
    groups = itertools.groupby((each for each in printed if each[1]), key=lambda each: each[0])
    return [(stream, b"".join(data for _, data in group)) for stream, group in groups]


def of(stream: Stream, printed: Printed) -> bytes:
    """All that came on *stream*."""
    return b"".join(data for name, data in printed if name == stream)


def kept(printed: Printed, folder: Path) -> tuple[ActionResult, FolderResults]:
    """The result of a run that printed *printed*, as it comes back from a store."""
    store = FolderResults(folder / "cache")
    with Log(folder / "spool") as log:
        for stream, data in printed:
            log.write(stream, data)
        result = ActionResult(stdout=log.digest("stdout"), stderr=log.digest("stderr"), order=log.order)
        store.put(log.blobs())
    return ActionResult.decode(result.encode()), store


def told_again(result: ActionResult, store: FolderResults) -> Printed:
    """What a replay of *result* tells."""
    again: Printed = []
    replay(result, store, lambda stream, data: again.append((stream, data)))
    return again


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PRINTED)
def test_a_log_is_told_again_in_its_order(tmp_path: Path, printed: Printed) -> None:
    """What was printed comes again: each byte, on its stream, in its place among the others."""
    assert joined(told_again(*kept(printed, tmp_path))) == joined(printed)


@pytest.mark.parametrize("chunk", [1000, 3_000_000])
def test_a_long_log_grows_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """What does not fit into memory comes again all the same, and no file is left."""
    monkeypatch.setattr(log_module, "MOST_MEMORY", 100_000)
    printed: Printed = [("stdout", bytes([at % 251]) * chunk) for at in range(200_000 // chunk + 1)]
    printed += [("stderr", b"end"), ("stdout", b"after it")]
    result, store = kept(printed, tmp_path)
    assert joined(told_again(result, store)) == joined(printed)
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_short_log_touches_no_disk(tmp_path: Path) -> None:
    """Most tasks print little, and that stays in memory."""
    with Log(tmp_path / "spool") as log:
        log.write("stdout", b"little")
        assert log.blobs() == {log.digest("stdout"): b"little", EMPTY: b""}
    assert not (tmp_path / "spool").exists()


def test_endless_changes_lose_only_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what is remembered of the order, each stream is still whole and in its own order."""
    monkeypatch.setattr(log_module, "MOST_RUNS", 6)
    printed: Printed = [(STREAMS[at % 2], b"%d," % at) for at in range(100)]
    result, store = kept(printed, tmp_path)
    again = told_again(result, store)
    assert len(result.order) == 6
    assert again[:4] == printed[:4]
    for stream in STREAMS:
        assert of(stream, again) == of(stream, printed)


def test_a_log_without_its_blobs_is_not_told_by_halves(tmp_path: Path) -> None:
    """If one stream is gone from the store, nothing of the other is printed."""
    result, store = kept([("stdout", b"out"), ("stderr", b"err")], tmp_path)
    store.layout.blob(result.stderr.hash).unlink()
    again: Printed = []
    with pytest.raises(BlobMissing):
        replay(result, store, lambda stream, data: again.append((stream, data)))
    assert again == []


def test_a_disk_that_refuses_is_a_storage_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spool that cannot be made ends in a sentence, not in a traceback."""
    monkeypatch.setattr(log_module, "MOST_MEMORY", 10)
    (tmp_path / "spool").write_text("in the way")
    with Log(tmp_path / "spool") as log, pytest.raises(StorageFailure, match="spool"):
        log.write("stdout", b"more than ten bytes")
