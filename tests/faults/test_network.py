"""F11, F12: servers that answer too little, too much, nonsense, or lead elsewhere; what they never learn."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.errors import NetworkFailure
from hpmtasks.net.http import open_fetcher
from tests.faults.conftest import Survived
from tests.support.command_line import CommandLine, Ran
from tests.support.faults.points import each
from tests.support.github_server import GithubServer
from tests.support.loopback_server import LoopbackServer, Reply, Request

TOKEN = "ghp_" + "canary" * 6
_PAGE = b"<!DOCTYPE html><title>Sign in</title>" + b"x" * 3000
_DIGITS = "9" * 5000

#: Answers that no honest server gives.
REPLIES: dict[str, Reply] = {
    "nothing": Reply(200, b""),
    "login page": Reply(200, _PAGE, {"Content-Type": "text/html"}),
    "login page in gzip": Reply(200, gzip.compress(_PAGE)),
    "garbage in gzip": Reply(200, b"\x1f\x8b" + b"\0garbage" * 100, {"Content-Encoding": "gzip"}),
    "deep JSON": Reply(200, b"[" * 200_000),
    "deep objects": Reply(200, b'{"a":' * 100_000),
    "JSON of huge numbers": Reply(200, f'{{"id": {_DIGITS}}}'.encode()),
    "JSON of a huge exponent": Reply(200, b'{"id": 1e999999}'),
    "JSON of another shape": Reply(200, b'[1, {"name": {}, "commit": []}, null]'),
    "JSON in UTF-16": Reply(200, '[{"name": "v1.0.0"}]'.encode("utf-16")),
    "JSON with half a surrogate": Reply(200, b'[{"name": "\\ud800", "commit": {"sha": "\\ud800"}}]'),
    "tag that leads elsewhere": Reply(200, b'[{"name": "../../v1", "commit": {"sha": "../../x"}}]'),
    "tag that is an option": Reply(200, b'[{"name": "--upload-pack=x", "commit": {"sha": "-x"}}]'),
    "refs that are options": Reply(200, b"0045" + b"-" * 40 + b" refs/tags/--upload-pack=touch\n0000"),
    "lines of git without an end": Reply(200, b"ffff" + b"x" * 70_000),
    "length of git that is none": Reply(200, b"zzzz" * 100),
    "two million bytes of zeros": Reply(200, bytes(2_000_000)),
    "end without a length": Reply(200, b"0", announced=False),
    "not found in a circle": Reply(302, b"", {"Location": "/somewhere"}),
    "redirect to itself": Reply(302, b"", {"Location": "?"}),
    "redirect to a file": Reply(302, b"", {"Location": "file:///etc/passwd"}),
    "redirect to ssh": Reply(302, b"", {"Location": "ssh://-oProxyCommand=x/y"}),
    "redirect to plain http": Reply(302, b"", {"Location": "http://192.0.2.1/"}),
    "redirect to nonsense": Reply(302, b"", {"Location": "http://["}),
    "redirect with a login": Reply(302, b"", {"Location": "http://user:secret@127.0.0.1/"}),
    "redirect with a line end": Reply(302, b"", {"Location": "/a%0d%0aX: y"}),
    "refusal with an endless wait": Reply(429, b"", {"Retry-After": _DIGITS}),
    "refusal until the end of days": Reply(
        403, b"", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": _DIGITS}
    ),
    "refusal with a deep body": Reply(403, b"[" * 60_000),
    "refusal that shows things": Reply(403, b'{"message": "\\u001b[2J\\u202e"}'),
    "not modified": Reply(304, b""),
    "partial": Reply(206, b"x", {"Content-Range": "bytes 0-0/9"}),
    "no content": Reply(204, b""),
    "own trouble": Reply(500, b"x"),
    "a status that nobody has": Reply(799, b"x"),
}
#: Where it is asked for: by git, by the API, as an archive.
PLACES = {"git": "web *upload-pack", "api": "api *", "archive": "codeload *"}


@pytest.fixture
def shell(tmp_path: Path, github_server: GithubServer) -> Iterator[CommandLine]:
    """A project that requires ``acme/a``, with a token."""
    github_server.publish("acme/a", "v1.0.0")
    github_server.make_private("acme/a", TOKEN)
    environ = {**github_server.environment(), "HPM_RETRY_DELAYS": "", "GITHUB_TOKEN": TOKEN}
    with closing(CommandLine(tmp_path / "shell", environ)) as opened:
        opened.require({"acme/a": "*"})
        yield opened


def check_told(shell: CommandLine, ran: Ran) -> None:
    """A refusal in one clear sentence, of a network, a digest or a package; and nothing that is secret."""
    assert "Traceback" not in ran.err
    assert ran.code in {0, 1, 2, 3, 4, 6, 7}, ran
    assert (ran.code == 0) == (shell.project / "package-lock.json").exists()
    assert "\x1b" not in ran.out + ran.err
    assert "\u202e" not in ran.out + ran.err
    assert_secret(shell, ran)


def assert_secret(shell: CommandLine, ran: Ran) -> None:
    """The token is in no output and in no file."""
    assert TOKEN not in ran.out + ran.err
    for path in shell.folder.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", REPLIES)
def test_strange_answer(
    shell: CommandLine, github_server: GithubServer, survived: Survived, kind: str, place: str
) -> None:
    """Told; nothing is laid out of it; with an honest server the same command succeeds."""
    transport = {"HPM_GITHUB_TRANSPORT": "api" if place == "api" else "git"}
    github_server.fail(PLACES[place], REPLIES[kind], times=None)
    ran = shell.run("install", **transport)
    check_told(shell, ran)
    assert ran.code != 0
    assert not list(shell.project.glob("hem_modules/*/*"))
    github_server.heal()
    assert shell.run("install", **transport).code == 0
    assert shell.installed() == {"acme/a": "1.0.0"}
    survived("strange answers")


def test_archive_cut_at_every_byte(
    shell: CommandLine, github_server: GithubServer, survived: Survived
) -> None:
    """However much of an archive arrives, announced or not: none of it is taken for the whole."""
    assert shell.run("install").code == 0
    kept = (shell.home / "cache/v1/archives").rglob("*")
    (archive,) = [path.read_bytes() for path in kept if path.is_file()]

    def answer(request: Request) -> Reply:
        length = int(request.path.rpartition("/")[2])
        return Reply(200, archive[:length], announced=False)

    with LoopbackServer("cut", answer) as server, closing(open_fetcher({"HPM_RETRY_DELAYS": ""})) as fetcher:
        from hpmtasks.errors import HpmError
        from hpmtasks.store.store import Store
        from tests.support.store_worker import COMMIT, NAME, writing

        def attempt(length: int) -> None:
            into = io.BytesIO()
            fetcher.download(f"{server.url}/{length}", into)
            store = Store(shell.folder / "cut" / str(length))
            try:
                store.add_archive(NAME, COMMIT, writing(into.getvalue()))
                store.unpack(NAME, COMMIT)
            except HpmError:
                return
            raise AssertionError("a part was taken for the whole")

        survived("cut downloads", each(range(len(archive)), attempt))


@pytest.mark.parametrize("at", [0, 1, 10, 100])
def test_announced_archive_that_breaks_off(
    shell: CommandLine, github_server: GithubServer, survived: Survived, at: int
) -> None:
    """Fewer bytes than announced are a failed download, and the next run fetches it."""
    github_server.cut(PLACES["archive"], at, times=None)
    ran = shell.run("install", HPM_GITHUB_TRANSPORT="git")
    check_told(shell, ran)
    assert ran.code == 4
    github_server.heal()
    assert shell.run("install").code == 0
    survived("cut downloads")


@pytest.mark.parametrize("header", ["Authorization", "PRIVATE-TOKEN", "X-Api-Key", "Cookie"])
def test_secret_stays_with_its_server(survived: Survived, header: str) -> None:
    """On the way to another port nothing that was meant for the first goes along, whatever it is called."""
    with LoopbackServer("other", lambda request: Reply(200, b"ok")) as other:
        moved = Reply(302, b"", {"Location": f"{other.url}/x"})
        with LoopbackServer("first", lambda request: moved) as first, closing(open_fetcher({})) as fetcher:
            assert fetcher.request("GET", first.url, headers={header: TOKEN}).ok
            (told,) = other.requests
            assert TOKEN not in str(told.headers)
            assert first.requests[0].headers[header.lower()] == TOKEN
    survived("redirects")


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x/", "//[", "http://192.0.2.1/", "data:,x"],
)
def test_redirect_out_of_https_is_refused(survived: Survived, location: str) -> None:
    """Where a redirect leads is judged as any address is."""
    moved = Reply(302, b"", {"Location": location})
    with (
        LoopbackServer("first", lambda request: moved) as first,
        closing(open_fetcher({})) as fetcher,
        pytest.raises(NetworkFailure),
    ):
        fetcher.request("GET", first.url)
    survived("redirects")


@pytest.mark.parametrize(
    "url",
    [
        "--upload-pack=touch {owner}{repo}",
        "-oProxyCommand=x:{owner}/{repo}",
        "ssh://-oProxyCommand=x/{owner}/{repo}",
        "ssh://-x@host/{owner}/{repo}",
        "ext::sh -c x {owner}/{repo}",
        "fd::7/{owner}/{repo}",
        "https://host/{owner}/{repo}\n-x",
        "http://192.0.2.1/{owner}/{repo}",
    ],
)
def test_url_that_is_an_option(shell: CommandLine, survived: Survived, url: str) -> None:
    """An address that git or ssh would take for something else is a wrong setting."""
    import json

    rule = json.dumps([{"match": "*", "type": "git", "url": url}])
    ran = shell.run("install", HPM_SOURCES=rule)
    assert ran.code == 5, ran
    assert_secret(shell, ran)
    survived("hostile addresses")
