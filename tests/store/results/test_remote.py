"""A server of results that fails in every way: what is had is right, and the rest costs one warning."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from hpmtasks.net.http import HttpFetcher
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.entry import seal
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.http import HttpResults
from hpmtasks.store.results.layered import LayeredResults
from hpmtasks.store.results.remote import Remote
from hpmtasks.store.results.result import ActionResult, OutputFile
from hpmtasks.store.results.result_store import Unusable
from tests.support.http_cache import HttpCache
from tests.support.loopback_server import Fault, LoopbackServer, Reply
from tests.support.result_stores import ACTION, HELLO, RESULT, http_results, layered_results

BLOB = Digest.of(HELLO)
OTHER_ACTION = Digest.of(b"another action")
AC, CAS = f"/ac/{ACTION.hash}", f"/cas/{BLOB.hash}"
HTML = b"<html>please log in</html>"

OpenStore = Callable[..., LayeredResults]


@pytest.fixture
def server() -> Iterator[HttpCache]:
    """A server that has one result with its blob."""
    with HttpCache() as made:
        made.stored[AC] = seal(ACTION, RESULT)
        made.stored[CAS] = HELLO
        yield made


@pytest.fixture
def warnings() -> list[str]:
    """What users would have been told."""
    return []


@pytest.fixture
def open_store(server: HttpCache, warnings: list[str], tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the results of a machine, by its name, in front of the server."""
    with ExitStack() as opened:

        def open_it(machine: str = "here", *, write: bool = False, token: str = "") -> LayeredResults:
            store = layered_results(tmp_path / machine, server.url, warnings, write=write, token=token)
            opened.callback(store.close)
            return store

        yield open_it


def test_what_another_machine_sent_is_had_here(server: HttpCache, open_store: OpenStore) -> None:
    """A result that one machine keeps is brought to another, once, and is there without the server then."""
    server.stored.clear()
    there = open_store("there", write=True)
    there.put({BLOB: HELLO})
    there.put_result(ACTION, RESULT)
    there.close()
    assert sorted(server.stored) == sorted([AC, CAS])
    assert open_store().get_result(ACTION) == RESULT
    server.requests.clear()
    here = open_store()
    assert here.get_result(ACTION) == RESULT
    assert here.get(BLOB) == HELLO
    assert server.requests == []


def test_the_result_is_sent_after_its_blobs(server: HttpCache, open_store: OpenStore) -> None:
    """Whoever finds a result on the server finds its blobs; what the server has is not sent again."""
    del server.stored[AC], server.stored[CAS]
    store = open_store(write=True)
    store.put({BLOB: HELLO})
    store.put_result(ACTION, RESULT)
    store.put_result(OTHER_ACTION, RESULT)
    store.close()
    assert server.asked("PUT") == [CAS, AC, f"/ac/{OTHER_ACTION.hash}"]


def test_nothing_is_sent_without_being_asked_for(server: HttpCache, open_store: OpenStore) -> None:
    """By default a server is only read."""
    store = open_store()
    store.put({BLOB: HELLO})
    store.put_result(OTHER_ACTION, RESULT)
    store.close()
    assert server.requests == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"pattern": "*", "reset": True}, "broke off"),
        ({"pattern": "*", "reply": Reply(500)}, "HTTP 500"),
        ({"pattern": "*", "reply": Reply(401, HTML)}, "refuses requests without a token (HTTP 401)"),
        ({"pattern": "*", "reply": Reply(403)}, "HTTP 403"),
        ({"pattern": "*", "reply": Reply(200, HTML)}, "is none"),
        ({"pattern": "*", "reply": Reply(200, b"")}, "is none"),
        ({"pattern": "* /cas/*", "reply": Reply(404)}, f"the blob {BLOB} is not there"),
        ({"pattern": "* /cas/*", "reply": Reply(200, b"jello\n")}, "something else"),
        ({"pattern": "* /cas/*", "reply": Reply(200, b"hel")}, "something else"),
        ({"pattern": "* /cas/*", "reply": Reply(200, b"")}, "something else"),
        ({"pattern": "* /cas/*", "reply": Reply(200, HELLO * 1_000_000)}, "sends more than 6 bytes"),
        ({"pattern": "* /cas/*", "reply": Reply(200, HELLO * 1_000_000, announced=False)}, "more than 6"),
        ({"pattern": "* /cas/*", "cut_at": 3}, "broke off"),
        ({"pattern": "* /ac/*", "cut_at": 30}, "broke off"),
        ({"pattern": "* /cas/*", "reply": Reply(500)}, "HTTP 500"),
        ({"pattern": "*", "until": threading.Event()}, "stopped answering"),
        ({"pattern": "* /cas/*", "until": threading.Event()}, "stopped answering"),
        ({"pattern": "*", "reply": Reply(418)}, "HTTP 418"),
        ({"pattern": "*", "reply": Reply(302, headers={"Location": "http://192.0.2.1/"})}, "refused to use"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value.replace(" ", "-")[:20],
)
def test_a_fault_costs_a_result_and_one_warning(
    server: HttpCache, open_store: OpenStore, warnings: list[str], fault: dict[str, object], told: str
) -> None:
    """Whatever goes wrong, there is no result, nothing of it is left here, and one sentence says why."""
    server.faults.append(Fault(times=None, **fault))  # type: ignore[arg-type]
    store = open_store()
    assert store.get_result(ACTION) is None
    assert store.get_result(OTHER_ACTION) is None
    assert store.missing([BLOB]) == {BLOB}
    (warning,) = warnings
    assert warning.startswith(f"Remote cache {server.url.removeprefix('http://')}: ")
    assert told in warning


def test_a_server_that_is_gone_is_asked_once(
    server: HttpCache, open_store: OpenStore, warnings: list[str]
) -> None:
    """After a failure that will last nothing more is asked, and results are still kept here."""
    server.faults.append(Fault("*", times=None, reply=Reply(503)))
    store = open_store(write=True)
    for number in range(50):
        assert store.get_result(Digest.of(b"%d" % number)) is None
    asked = len(server.requests)
    store.put({BLOB: HELLO})
    store.put_result(ACTION, RESULT)
    store.close()
    assert asked == len(server.requests) == 2  # the one retry
    assert open_store().get_result(ACTION) == RESULT
    assert len(warnings) == 1


def test_a_server_that_nobody_listens_on_is_told(tmp_path: Path, warnings: list[str]) -> None:
    """A cache that is down is one warning that names it."""
    with HttpCache() as gone:
        url = gone.url
    store = layered_results(tmp_path / "cache", url, warnings, write=True)
    for _ in range(3):
        assert store.get_result(ACTION) is None
    store.close()
    place = url.removeprefix("http://")
    assert warnings == [f"Remote cache {place}: could not connect to {place}. Scripts run without it."]


def test_a_proxy_that_is_none_is_told(tmp_path: Path, warnings: list[str]) -> None:
    """A setting that makes every request impossible costs the cache, and not the run."""
    local = FolderResults(tmp_path / "cache")
    fetcher = HttpFetcher({"HTTPS_PROXY": "ftp://proxy"}, client="httpx")
    store = LayeredResults(
        local,
        Remote(HttpResults("https://cache.example", fetcher), "cache.example", local, warnings.append),
        warn=warnings.append,
    )
    assert store.get_result(ACTION) is None
    store.close()
    assert len(warnings) == 1
    assert "HTTPS_PROXY" in warnings[0]


def test_a_server_killed_in_the_middle_loses_nothing(
    server: HttpCache, open_store: OpenStore, warnings: list[str]
) -> None:
    """When the server dies between two blobs, the result does not count, and does when it is back."""
    more = [b"%d" % number for number in range(20)]
    result = ActionResult(
        tuple(OutputFile(f"{at:02}", Digest.of(content)) for at, content in enumerate(more))
    )
    server.stored[AC] = seal(ACTION, result)
    server.stored.update({server.blob(content): content for content in more})
    server.faults.append(Fault(f"* {server.blob(more[10])}", times=None, reset=True))
    assert open_store().get_result(ACTION) is None
    assert len(warnings) == 1
    server.faults.clear()
    assert open_store().get_result(ACTION) == result


def test_one_wrong_blob_does_not_cost_the_others(
    server: HttpCache, open_store: OpenStore, warnings: list[str]
) -> None:
    """A result that is damaged on the server is left aside, and another is still had."""
    server.stored[f"/ac/{OTHER_ACTION.hash}"] = seal(OTHER_ACTION, RESULT)
    server.stored[AC] = b"damaged"
    store = open_store()
    assert store.get_result(ACTION) is None
    assert store.get_result(OTHER_ACTION) == RESULT
    assert len(warnings) == 1


def test_something_else_in_the_place_of_the_server_is_not_asked_for_ever(
    server: HttpCache, open_store: OpenStore, warnings: list[str]
) -> None:
    """A portal that answers everything with a page is given up after three of them."""
    server.faults.append(Fault("*", times=None, reply=Reply(200, HTML)))
    store = open_store()
    for number in range(50):
        assert store.get_result(Digest.of(b"%d" % number)) is None
    assert len(server.requests) == 3
    assert len(warnings) == 1


@pytest.mark.parametrize(
    "path",
    ["../../x", "/etc/x", "hem_modules/acme/greet/index.hml", ".hpm/state.json", ".git/hooks/x", "a\0b"],
)
def test_a_hostile_result_is_none(
    server: HttpCache, open_store: OpenStore, warnings: list[str], path: str
) -> None:
    """A result with a path that is not the script's is left aside before any blob is asked for."""
    server.stored[AC] = seal(ACTION, ActionResult((OutputFile(path, BLOB),)))
    assert open_store().get_result(ACTION) is None
    assert server.asked() == [AC]
    assert "the path" in warnings[0]


def test_the_result_of_a_failure_is_left_aside(
    server: HttpCache, open_store: OpenStore, warnings: list[str]
) -> None:
    """A server that keeps failures does not make a script fail here."""
    server.stored[AC] = seal(ACTION, replace(RESULT, exit_code=1))
    assert open_store().get_result(ACTION) is None
    assert (server.asked(), warnings) == ([AC], [])


def test_credentials_reach_the_server_and_nobody_else(
    server: HttpCache, open_store: OpenStore, warnings: list[str]
) -> None:
    """A token goes with every request, not to where a redirect leads, and stands in no warning."""
    server.token = "Bearer canary"
    with LoopbackServer("other", lambda _: Reply(200, HELLO)) as other:
        server.faults.append(
            Fault("* /cas/*", reply=Reply(307, headers={"Location": f"{other.url}/elsewhere"}))
        )
        assert open_store(token="canary").get_result(ACTION) == RESULT
        assert [request.token for request in other.requests] == [""]
    assert {request.token for request in server.requests} == {"Bearer canary"}
    assert open_store("there", token="canary2").get_result(ACTION) is None
    assert "refuses the token that it was given (HTTP 401)" in warnings[0]
    assert "canary2" not in warnings[0]


def test_a_login_is_sent_as_one(server: HttpCache, open_store: OpenStore) -> None:
    """``user:password`` becomes basic authentication, as nginx asks for."""
    server.token = "Basic dXNlcjpwYTpzcw=="
    assert open_store(token="user:pa:ss").get_result(ACTION) == RESULT


def test_what_may_not_be_written_is_one_warning(
    server: HttpCache, open_store: OpenStore, warnings: list[str]
) -> None:
    """A server that refuses to be written to costs one warning, and the result is kept here."""
    server.faults.append(Fault("*", times=None, reply=Reply(405)))
    store = open_store(write=True)
    store.put({BLOB: HELLO})
    store.put_result(ACTION, RESULT)
    store.close()
    assert len(warnings) == 1
    assert "HTTP 405" in warnings[0]
    server.faults.clear()
    server.stored.clear()
    assert open_store().get_result(ACTION) == RESULT


def test_uploads_do_not_go_where_the_server_sends_them(server: HttpCache) -> None:
    """A redirect of an upload is a refusal: another host is given nothing."""
    with LoopbackServer("other", lambda _: Reply(201)) as other:
        server.faults.append(Fault("*", times=None, reply=Reply(307, headers={"Location": other.url})))
        store = http_results(server.url)
        with pytest.raises(Unusable, match="HTTP 307"):
            store.put({BLOB: HELLO})
        store.close()
        assert other.requests == []


def test_a_blob_that_is_damaged_here_is_not_sent(
    server: HttpCache, open_store: OpenStore, warnings: list[str], tmp_path: Path
) -> None:
    """What the disk has torn never reaches the server, nor does a result without its blobs."""
    server.stored.clear()
    FolderResults(tmp_path / "here").put({BLOB: HELLO})
    path = FolderResults(tmp_path / "here").layout.blob(BLOB.hash)
    path.unlink()
    path.write_bytes(b"jello\n")
    store = open_store(write=True)
    store.put_result(ACTION, RESULT)
    store.close()
    assert (server.stored, warnings) == ({}, [])


def test_a_disk_that_refuses_is_told_and_costs_nothing_else(
    server: HttpCache, warnings: list[str], tmp_path: Path
) -> None:
    """Where results cannot be kept, scripts run as if there were none; that is told once."""
    (tmp_path / "cache").write_text("in the way")
    store = layered_results(tmp_path / "cache", server.url, warnings, write=True)
    assert store.get_result(ACTION) is None
    store.put({BLOB: HELLO})
    store.put_result(ACTION, RESULT)
    store.close()
    (warning,) = warnings
    assert warning.startswith("Results of scripts cannot be kept. Cannot write ")
    assert server.asked("PUT") == []
