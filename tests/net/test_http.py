"""The real fetcher against a real server that misbehaves."""

from __future__ import annotations

import io
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.errors import InvalidSetting, NetworkFailure, NotOffline
from hpmtasks.net.address import origin_of
from hpmtasks.net.certificates import issuer, trusted
from hpmtasks.net.fetcher import OfflineFetcher, Token
from hpmtasks.net.http import HttpFetcher, open_fetcher
from hpmtasks.net.retry import Clock, Patience, RetryBudget
from tests.support.loopback_server import Fault, LoopbackServer, Reply, Request
from tests.support.pages import ROOT

CANARY = "ghp_canary0123456789"
TOKEN = Token(CANARY)


class Pauses:
    """A clock whose sleeps take no time and are written down."""

    def __init__(self) -> None:
        self.moment = 1_700_000_000.0
        self.slept: list[float] = []

    def clock(self) -> Clock:
        return Clock(now=self.read, monotonic=self.read, sleep=self.sleep)

    def read(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds


def hello(request: Request) -> Reply:
    """The body tells the path."""
    return Reply(200, f"hello {request.path}".encode())


@pytest.fixture
def servers() -> Iterator[Callable[..., LoopbackServer]]:
    """Starts servers that end with the test."""
    with ExitStack() as running:

        def start(answer: Callable[[Request], Reply] = hello) -> LoopbackServer:
            return running.enter_context(LoopbackServer("web", answer))

        yield start


@pytest.fixture
def pauses() -> Pauses:
    """The time of the test."""
    return Pauses()


@pytest.fixture(params=["auto", "httpx"])
def client(request: pytest.FixtureRequest) -> str:
    """Each client library: whatever holds of one holds of the other."""
    if request.param == "auto":
        pytest.importorskip("pyreqwest", reason="there is no compiled client for this platform")
    return str(request.param)


@pytest.fixture
def fetcher(pauses: Pauses, client: str) -> Iterator[HttpFetcher]:
    """A fetcher with the usual delays, which take no time."""
    made = HttpFetcher({}, budget=RetryBudget(clock=pauses.clock()), clock=pauses.clock(), client=client)
    yield made
    made.close()


def test_body_arrives(servers: Callable[..., LoopbackServer], fetcher: HttpFetcher) -> None:
    """Status, headers in any spelling, and body come back, and the request was counted."""
    server = servers()
    answer = fetcher.request("GET", f"{server.url}/x")
    assert (answer.status, answer.body, answer.header("CONTENT-LENGTH")) == (200, b"hello /x", "8")
    assert fetcher.requests["127.0.0.1"] == 1
    assert server.requests[0].headers["user-agent"].startswith("hpm/")


def test_download_starts_where_the_file_stands(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher
) -> None:
    """What is before the position stays, also when the first attempt was cut."""
    server = servers()
    server.faults.append(Fault("*", cut_at=3))
    into = io.BytesIO(b"before")
    into.seek(6)
    fetcher.download(f"{server.url}/x", into)
    assert into.getvalue() == b"beforehello /x"


def test_refused_download_leaves_the_file_alone(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher
) -> None:
    """The body of a 404 is in the answer, not in the file."""
    server = servers(lambda _: Reply(404, b"no such thing"))
    into = io.BytesIO()
    answer = fetcher.download(server.url, into)
    assert (answer.status, answer.body, into.getvalue()) == (404, b"no such thing", b"")


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_passing_trouble_is_retried(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher, pauses: Pauses, status: int
) -> None:
    """After two failures of the server the third answer counts, with growing pauses before it."""
    server = servers()
    server.faults.append(Fault("*", times=2, reply=Reply(status)))
    assert fetcher.request("GET", server.url).ok
    assert len(pauses.slept) == 2
    assert 1 <= pauses.slept[0] <= 1.25
    assert 2 <= pauses.slept[1] <= 2.5


@pytest.mark.parametrize("fault", [{"reset": True}, {"cut_at": 2}, {"cut_at": 0}])
def test_broken_connections_are_retried(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher, fault: dict[str, Any]
) -> None:
    """A reset and a body that ends early are tried again, and nothing of the first try remains."""
    server = servers()
    server.faults.append(Fault("*", **fault))
    assert fetcher.request("GET", f"{server.url}/x").body == b"hello /x"


def test_short_body_is_never_taken_for_the_whole(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher
) -> None:
    """A server that always cuts ends in a failure after five attempts."""
    server = servers()
    server.faults.append(Fault("*", times=None, cut_at=2))
    with pytest.raises(NetworkFailure, match="broke off"):
        fetcher.download(f"{server.url}/x", io.BytesIO())
    assert len(server.requests) == 5


def test_lasting_trouble_names_host_and_status(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher
) -> None:
    """Five attempts, then one sentence with what the server said."""
    server = servers(lambda _: Reply(502))
    with pytest.raises(NetworkFailure, match=r"127\.0\.0\.1:\d+ .*HTTP 502"):
        fetcher.request("GET", server.url)
    assert len(server.requests) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_refusals_are_answers(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher, status: int
) -> None:
    """They are not repeated: the second time would be no different."""
    server = servers(lambda _: Reply(status, b"why"))
    answer = fetcher.request("GET", server.url)
    assert (answer.status, answer.body, len(server.requests)) == (status, b"why", 1)


def test_stated_pause_is_kept(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher, pauses: Pauses
) -> None:
    """Retry-After counts, also on a 403, when it is longer than the own delay."""
    server = servers()
    server.faults.append(Fault("*", reply=Reply(403, headers={"Retry-After": "17"})))
    assert fetcher.request("GET", server.url).ok
    assert pauses.slept == [17.0]


def test_long_stated_pause_is_not_waited_for(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher, pauses: Pauses
) -> None:
    """Beyond a minute the refusal is the answer, at once and after one request."""
    server = servers(lambda _: Reply(429, headers={"Retry-After": "61"}))
    assert fetcher.request("GET", server.url).status == 429
    assert (pauses.slept, len(server.requests)) == ([], 1)


def test_dead_network_is_believed_after_the_first(fetcher: HttpFetcher, pauses: Pauses) -> None:
    """A hundred requests to a closed port sleep as long as one, and tell what to do."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        for _ in range(100):
            with pytest.raises(NetworkFailure, match=r"could not connect to 127\.0\.0\.1") as failure:
                fetcher.request("GET", url)
    assert "Please check your internet connection and try again." in str(failure.value)
    assert "--offline" in str(failure.value)
    assert len(pauses.slept) == 4
    assert fetcher.requests["127.0.0.1"] == 5


def test_failing_server_is_asked_once_each_after_the_first(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher
) -> None:
    """With nothing succeeding, later requests get one attempt; the budget belongs to the run."""
    server = servers(lambda _: Reply(500))
    for _ in range(10):
        with pytest.raises(NetworkFailure):
            fetcher.request("GET", server.url)
    assert len(server.requests) == 5 + 9


def test_redirects_are_followed_and_credentials_stay(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher
) -> None:
    """Within one origin the token goes along; to another port only Accept of the caller's headers does."""
    far = servers()
    near = servers(
        lambda request: {
            "/1": Reply(302, headers={"Location": "/2"}),
            "/2": Reply(302, headers={"Location": f"{far.url}/3"}),
        }[request.path]
    )
    headers = {"Accept": "text/x", "Private-Token": CANARY}
    answer = fetcher.request("GET", f"{near.url}/1", headers=headers, token=TOKEN)
    assert answer.url == f"{far.url}/3"
    assert [request.token for request in near.requests] == [f"Bearer {CANARY}"] * 2
    assert far.requests[0].headers["accept"] == "text/x"
    assert CANARY not in str(far.requests[0])


def test_token_does_not_come_back_after_a_detour(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher
) -> None:
    """A redirect to another host and back again has lost the token for good."""
    near = servers()
    far = servers(lambda _: Reply(302, headers={"Location": f"{near.url}/home"}))
    near.faults.append(Fault("*/out", reply=Reply(302, headers={"Location": f"{far.url}/"})))
    fetcher.request("GET", f"{near.url}/out", token=TOKEN)
    assert [bool(request.token) for request in near.requests] == [True, False]


def test_post_stays_post_when_moved(servers: Callable[..., LoopbackServer], fetcher: HttpFetcher) -> None:
    """A renamed repository is asked the same question; only 303 turns it into a GET."""
    server = servers()
    server.faults += [
        Fault("*/old", reply=Reply(301, headers={"Location": "/new"})),
        Fault("*/see", reply=Reply(303, headers={"Location": "/other"})),
    ]
    fetcher.request("POST", f"{server.url}/old", content=b"question")
    fetcher.request("POST", f"{server.url}/see", content=b"question")
    asked = [(request.method, request.path, request.body) for request in server.requests]
    assert asked == [
        ("POST", "/old", b"question"),
        ("POST", "/new", b"question"),
        ("POST", "/see", b"question"),
        ("GET", "/other", b""),
    ]


def test_upload_is_sent_whole_from_where_the_file_stands(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher
) -> None:
    """A PUT carries its length and its token, and a repeated one carries all the bytes again."""
    server = servers()
    server.faults.append(Fault("*", reply=Reply(503)))
    content = bytes(range(256)) * 10_000
    source = io.BytesIO(b"before" + content + b"behind")
    source.seek(6)
    assert fetcher.upload(f"{server.url}/x", source, len(content), token=Token.parse("me:secret")).ok
    assert [(request.method, request.body) for request in server.requests] == [("PUT", content)] * 2
    assert server.requests[1].headers["content-length"] == str(len(content))
    assert server.requests[1].token == "Basic bWU6c2VjcmV0"


def test_upload_does_not_go_where_it_is_sent_on(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher
) -> None:
    """A redirect is the answer to an upload: another server is given nothing."""
    other = servers()
    server = servers(lambda _: Reply(307, headers={"Location": f"{other.url}/y"}))
    assert fetcher.upload(f"{server.url}/x", io.BytesIO(b"x"), 1).status == 307
    assert fetcher.request("PUT", f"{server.url}/x", content=b"x").status == 307
    assert other.requests == []


FIRST_IN_A_THREAD = """
import threading
from hpmtasks.net.http import HttpFetcher
from tests.support.loopback_server import LoopbackServer, Reply

with LoopbackServer("web", lambda request: Reply(200, b"x" * 5000)) as server:
    fetcher = HttpFetcher({})

    def ask():
        assert fetcher.request("GET", server.url).ok

    for _ in range(100):
        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        ask()
        for thread in threads:
            thread.join()
    fetcher.close()
"""


def test_threads_may_come_and_go() -> None:
    """The thread of the first request may end before others ask: the process goes on."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(3):
        ran = subprocess.run([sys.executable, "-c", FIRST_IN_A_THREAD], env=environ, check=False)
        assert ran.returncode == 0


@pytest.mark.parametrize(
    ("environ", "is_loaded"),
    [
        ({}, True),
        ({"HPM_HTTP_CLIENT": "httpx"}, False),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, False),
        ({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "*"}, True),
        ({"SSL_CERT_FILE": "/certificates.pem"}, False),
    ],
    ids=["nothing special", "the other client", "a proxy", "a proxy for others", "own certificates"],
)
def test_the_client_that_is_loaded_ahead_is_the_one_that_is_used(
    environ: dict[str, str], is_loaded: bool
) -> None:
    """The compiled client is loaded before a fork if requests to that address are made with it."""
    pytest.importorskip("pyreqwest", reason="there is no compiled client for this platform")
    program = (
        "import sys; from hpmtasks.net.http import load_client\n"
        f"load_client({environ!r}, 'https://github.com'); sys.exit('pyreqwest' in sys.modules)"
    )
    whole = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", program], env=whole, check=False)
    assert ran.returncode == is_loaded


def test_patience_has_an_end(servers: Callable[..., LoopbackServer], pauses: Pauses, client: str) -> None:
    """A server that accepts and says nothing is given up after the pause that it is allowed."""
    server = servers()
    server.faults.append(Fault("*", until=threading.Event()))
    budget = RetryBudget((), clock=pauses.clock())
    hasty = HttpFetcher({}, budget=budget, patience=Patience(pause=0.05), client=client)
    with pytest.raises(NetworkFailure, match="stopped answering"):
        hasty.request("GET", server.url)
    hasty.close()


def test_redirect_circles_end(servers: Callable[..., LoopbackServer], fetcher: HttpFetcher) -> None:
    """After five redirects hpm gives up, and does not retry."""
    server = servers(lambda _: Reply(302, headers={"Location": "/again"}))
    with pytest.raises(NetworkFailure, match="redirects in circles"):
        fetcher.request("GET", server.url)
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://127.0.0.1/", "http://example.com/", "gopher://x/", "http://a:b@127.0.0.1/"],
)
def test_redirects_out_of_http_are_refused(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher, location: str
) -> None:
    """No other scheme, no plain http beyond this machine, no login in the address."""
    server = servers(lambda _: Reply(302, headers={"Location": location}))
    with pytest.raises(NetworkFailure):
        fetcher.request("GET", server.url, token=TOKEN)
    assert len(server.requests) == 1


@pytest.mark.parametrize("announced", [True, False])
def test_endless_bodies_end(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher, announced: bool
) -> None:
    """More than the limit is refused, whether or not it was announced, and not tried again."""
    server = servers(lambda _: Reply(200, b"x" * 1000, announced=announced))
    with pytest.raises(NetworkFailure, match="more than 999 bytes"):
        fetcher.request("GET", server.url, limit_bytes=999)
    assert fetcher.request("GET", server.url, limit_bytes=1000).ok
    assert len(server.requests) == 2


def test_slow_body_ends_at_the_deadline(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher, pauses: Pauses
) -> None:
    """A body that takes longer than the whole request may is given up."""

    def answer(_: Request) -> Reply:
        pauses.moment += 121
        return Reply(200, b"late")

    with pytest.raises(NetworkFailure, match="too slowly"):
        fetcher.request("GET", servers(answer).url)


def test_compression_is_not_asked_for(servers: Callable[..., LoopbackServer], fetcher: HttpFetcher) -> None:
    """What arrives is what was sent, byte for byte: no bomb unfolds unseen."""
    server = servers(lambda _: Reply(200, b"\x1f\x8bnot really", {"Content-Encoding": "gzip"}))
    assert fetcher.request("GET", server.url).body == b"\x1f\x8bnot really"
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_cookies_are_not_kept(servers: Callable[..., LoopbackServer], fetcher: HttpFetcher) -> None:
    """One request never tells a server about another."""
    server = servers(lambda _: Reply(200, headers={"Set-Cookie": "id=1"}))
    fetcher.request("GET", server.url)
    fetcher.request("GET", server.url)
    assert "cookie" not in server.requests[1].headers


def test_proxy_of_the_environment_is_used(servers: Callable[..., LoopbackServer]) -> None:
    """The proxy gets the whole address, and NO_PROXY goes past it."""
    proxy, target = servers(lambda _: Reply(200, b"by proxy")), servers()
    through = HttpFetcher({"HTTP_PROXY": proxy.url})
    past = HttpFetcher({"HTTP_PROXY": proxy.url, "NO_PROXY": "127.0.0.0/8"})
    assert through.request("GET", f"{target.url}/x").body == b"by proxy"
    assert proxy.requests[0].target == f"{target.url}/x"
    assert past.request("GET", f"{target.url}/x").body == b"hello /x"
    through.close()
    past.close()


def test_environment_of_the_process_does_not_count(
    servers: Callable[..., LoopbackServer], fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the environment that was given is looked at."""
    server = servers()
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetcher.request("GET", server.url).ok


def test_many_threads_share_one_fetcher(servers: Callable[..., LoopbackServer], fetcher: HttpFetcher) -> None:
    """Each of sixteen threads gets its own answers."""
    server = servers()
    wrong: list[str] = []

    def work(number: int) -> None:
        for step in range(5):
            path = f"/{number}/{step}"
            if fetcher.request("GET", server.url + path).body != f"hello {path}".encode():
                wrong.append(path)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (wrong, fetcher.requests["127.0.0.1"]) == ([], 80)


def test_closing_ends_the_waiting(servers: Callable[..., LoopbackServer]) -> None:
    """A request that waits for its retry gives up when the fetcher is closed, without waiting it out."""
    server = servers(lambda _: Reply(500))
    fetcher = HttpFetcher({}, budget=RetryBudget((60.0,)))
    failures: list[str] = []

    def ask() -> None:
        try:
            fetcher.request("GET", server.url)
        except NetworkFailure as failure:
            failures.append(str(failure))

    asking = threading.Thread(target=ask)
    asking.start()
    while not server.requests:
        threading.Event().wait(0.001)
    fetcher.close()
    asking.join(10)
    assert len(failures) == 1
    assert "stopped" in failures[0]


def test_trace_tells_requests_without_secrets(servers: Callable[..., LoopbackServer]) -> None:
    """One line a request, neither token nor query in it."""
    lines: list[str] = []
    fetcher = HttpFetcher({}, trace=lines.append)
    server = servers()
    fetcher.request("GET", f"{server.url}/x?token={CANARY}", token=TOKEN)
    fetcher.close()
    assert lines == [f"GET {server.url}/x 200"]


def test_token_is_never_printed() -> None:
    """Neither repr, str nor formatting gives it away."""
    assert CANARY not in f"{TOKEN} {TOKEN!r} {[TOKEN]} {TOKEN.for_git()!r}"


def test_offline_fetcher_refuses_with_the_way_out() -> None:
    """Both verbs raise, and the message says what would help."""
    fetcher = OfflineFetcher()
    with pytest.raises(NotOffline, match=r"(?s)github\.com.*without --offline"):
        fetcher.request("GET", "https://github.com/x")
    with pytest.raises(NotOffline):
        fetcher.download("https://github.com/x", io.BytesIO())


def test_fetcher_is_made_as_the_environment_wants(servers: Callable[..., LoopbackServer]) -> None:
    """HPM_RETRY_DELAYS decides how often is retried, and --offline whether anything is asked."""
    server = servers(lambda _: Reply(500))
    fetcher = open_fetcher({"HPM_RETRY_DELAYS": "0,0"})
    with pytest.raises(NetworkFailure):
        fetcher.request("GET", server.url)
    fetcher.close()
    assert len(server.requests) == 3
    assert isinstance(open_fetcher({}, offline=True), OfflineFetcher)
    with pytest.raises(InvalidSetting):
        open_fetcher({"HPM_RETRY_DELAYS": "never"})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    files = [str(folder / "key.pem"), str(folder / "cert.pem")]
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=hpm -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text("".join(Path(file).read_text() for file in files))
    return both


@pytest.fixture
def secure_server(certificate: Path) -> Iterator[LoopbackServer]:
    """A server that speaks https with the certificate of our own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with LoopbackServer("web", hello, tls=context) as server:
        yield server


def test_own_certificate_authority_is_trusted(secure_server: LoopbackServer, certificate: Path) -> None:
    """SSL_CERT_FILE is what a company with its own authority sets."""
    fetcher = HttpFetcher({"SSL_CERT_FILE": str(certificate)})
    assert fetcher.request("GET", f"{secure_server.url}/x").body == b"hello /x"
    fetcher.close()


def test_unknown_certificate_is_refused_at_once(secure_server: LoopbackServer, pauses: Pauses) -> None:
    """No retry makes it better; the message names the variable that would."""
    fetcher = HttpFetcher({}, clock=pauses.clock())
    with pytest.raises(NetworkFailure, match=r"(?s)is not trusted.*SSL_CERT_FILE"):
        fetcher.request("GET", secure_server.url, token=TOKEN)
    fetcher.close()
    assert (secure_server.requests, pauses.slept) == ([], [])


def test_https_never_continues_as_http(
    secure_server: LoopbackServer, certificate: Path, servers: Callable[..., LoopbackServer]
) -> None:
    """Not even on this very machine."""
    plain = servers()
    secure_server.faults.append(Fault("*", reply=Reply(302, headers={"Location": plain.url})))
    fetcher = HttpFetcher({"SSL_CERT_FILE": str(certificate)})
    with pytest.raises(NetworkFailure, match="redirects to plain http"):
        fetcher.request("GET", secure_server.url)
    fetcher.close()
    assert plain.requests == []


def test_dead_proxy_is_pointed_at(pauses: Pauses) -> None:
    """Who cannot connect because of the proxy learns that there is one; its password is not shown."""
    proxy = "http://user:canary@127.0.0.1:1"
    fetcher = HttpFetcher({"HTTPS_PROXY": proxy}, clock=pauses.clock())
    with pytest.raises(NetworkFailure, match=r"(?s)could not connect to github\.com.*HTTPS_PROXY") as failure:
        fetcher.request("GET", "https://github.com/")
    fetcher.close()
    assert "canary" not in str(failure.value)


def test_issuer_of_a_certificate_is_told(secure_server: LoopbackServer, certificate: Path) -> None:
    """Who vouches for a trusted server; nothing of one that is not trusted, or is not there."""
    trusting = {"SSL_CERT_FILE": str(certificate)}
    assert trusted(trusting) == f"SSL_CERT_FILE ({certificate})"
    assert trusted({}) == "the system's"
    assert issuer(origin_of(secure_server.url), trusting) == "hpm"
    assert issuer(origin_of(secure_server.url), {}) == ""
    assert issuer(origin_of("https://127.0.0.1:9"), trusting) == ""
