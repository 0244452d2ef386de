"""What every store of results does: a folder, a server, and a folder in front of a server."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from hpmtasks.store.results.digest import EMPTY, Digest
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.result import EMPTY_TREE, ActionResult, OutputFile, OutputLink
from hpmtasks.store.results.result_store import BlobMissing, ContentChanged, ResultStore
from tests.support.http_cache import HttpCache
from tests.support.result_stores import ACTION, HELLO, RESULT, http_results, layered_results

OpenStore = Callable[[], ResultStore]
KINDS = ("folder", "http", "layered")
LARGE = bytes(range(256)) * 20_000


@pytest.fixture(params=KINDS)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the same store again and again, as runs do that follow each other."""
    with ExitStack() as opened:
        server = opened.enter_context(HttpCache())

        def open_it() -> ResultStore:
            store: ResultStore
            match request.param:
                case "folder":
                    store = FolderResults(tmp_path / "cache")
                case "http":
                    store = http_results(server.url)
                case _:
                    store = layered_results(tmp_path / "cache", server.url, [], write=True)
            opened.callback(store.close)
            return store

        yield open_it


@pytest.fixture
def store(open_store: OpenStore) -> ResultStore:
    """One store, empty."""
    return open_store()


def test_a_result_comes_back_as_it_was_put(store: ResultStore, open_store: OpenStore) -> None:
    """What is put under an action is what a later run gets for it, in every part."""
    result = ActionResult(
        (OutputFile("bin/tool", Digest.of(HELLO), executable=True), OutputFile("empty", EMPTY)),
        (OutputLink("bin/alias", "tool"),),
        ("dist/nothing",),
        stdout=Digest.of(HELLO),
        stderr=Digest.of(LARGE),
        order=(2, 5_120_000, 4),
        seconds=12.345,
    )
    store.put({Digest.of(content): content for content in (HELLO, LARGE, EMPTY_TREE)})
    store.put_result(ACTION, result)
    assert open_store().get_result(ACTION) == result


def test_what_was_never_put_is_not_there(store: ResultStore) -> None:
    """An unknown action has no result, an unknown digest no blob."""
    assert store.get_result(ACTION) is None
    with pytest.raises(BlobMissing):
        store.get(Digest.of(HELLO))


@pytest.mark.parametrize("content", [HELLO, b"\0", LARGE], ids=["short", "nul", "large"])
def test_a_blob_comes_back_as_it_was_put(store: ResultStore, tmp_path: Path, content: bytes) -> None:
    """Bytes and files come back byte for byte, into memory and into a file behind what it holds."""
    digest = Digest.of(content)
    (tmp_path / "source").write_bytes(content)
    store.put({digest: tmp_path / "source"})
    assert store.get(digest) == content
    into = io.BytesIO(b"before")
    into.seek(6)
    store.get_into(digest, into)
    assert into.getvalue() == b"before" + content


def test_nothing_is_there_without_being_put(store: ResultStore) -> None:
    """The empty blob is in every store."""
    assert store.missing([EMPTY]) == set()
    assert store.get(EMPTY) == b""


def test_missing_names_what_was_not_put(store: ResultStore) -> None:
    """Of many digests, each once or twice, exactly those are missing that were not put."""
    there, absent = Digest.of(HELLO), Digest.of(b"absent")
    store.put({there: HELLO})
    assert store.missing([there, absent, absent, EMPTY]) == {absent}


def test_the_result_of_a_failure_is_none(store: ResultStore) -> None:
    """A result with another exit code than 0 is never given out, whoever put it there."""
    store.put({Digest.of(HELLO): HELLO})
    store.put_result(ACTION, replace(RESULT, exit_code=1))
    assert store.get_result(ACTION) is None


def test_a_later_result_counts(store: ResultStore, open_store: OpenStore) -> None:
    """Of two results of one action the one that was put last is there."""
    store.put({Digest.of(HELLO): HELLO})
    store.put_result(ACTION, RESULT)
    store.put_result(ACTION, replace(RESULT, seconds=2.0))
    assert open_store().get_result(ACTION) == replace(RESULT, seconds=2.0)


def test_a_source_that_changed_becomes_no_blob(store: ResultStore, tmp_path: Path) -> None:
    """A file, or bytes, that are not what their digest says are refused, and nothing is there then."""
    (tmp_path / "source").write_bytes(b"edited")
    digest = Digest.of(HELLO)
    for source in (tmp_path / "source", b"edited", b""):
        with pytest.raises(ContentChanged):
            store.put({digest: source})
        assert store.missing([digest]) == {digest}


def test_many_threads_may_use_one_store(store: ResultStore) -> None:
    """Sixteen threads that put and get the same and different things all get what they put."""
    wrong: list[int] = []

    def work(number: int) -> None:
        own = b"%d" % (number % 4) * 5000
        action = Digest.of(b"action %d" % (number % 4))
        result = replace(RESULT, stdout=Digest.of(own))
        for _ in range(3):
            store.put({Digest.of(own): own, Digest.of(HELLO): HELLO})
            store.put_result(action, result)
            if store.get(Digest.of(own)) != own or store.get_result(action) != result:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
