"""result_stores: stores of results as runs make them, over temporary folders and loopback servers."""

from __future__ import annotations

from pathlib import Path

from hpmtasks.net.fetcher import Token
from hpmtasks.net.http import HttpFetcher
from hpmtasks.net.retry import Patience, RetryBudget
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.http import HttpResults
from hpmtasks.store.results.layered import LayeredResults
from hpmtasks.store.results.remote import Remote
from hpmtasks.store.results.result import ActionResult, OutputFile

HELLO = b"hello\n"
ACTION = Digest.of(b"an action")
#: What a run left whose blobs are ``HELLO`` alone.
RESULT = ActionResult((OutputFile("dist/a", Digest.of(HELLO), executable=True),), stdout=Digest.of(HELLO))
#: A server that says nothing for so many seconds is given up.
HASTY = Patience(connect=2.0, pause=0.3, answer=5.0, transfer=5.0)


def http_results(url: str, token: str = "") -> HttpResults:
    """The results on the server at *url*, asked as runs ask."""
    fetcher = HttpFetcher({}, budget=RetryBudget((0.0,)), patience=HASTY)
    return HttpResults(url, fetcher, Token.parse(token) if token else None)


def layered_results(
    cache: Path, url: str, warnings: list[str], *, write: bool = False, token: str = ""
) -> LayeredResults:
    """The results in the folder *cache*, in front of those on the server at *url*."""
    local = FolderResults(cache)
    store = http_results(url, token)
    remote = Remote(store, store.place, local, warnings.append)
    return LayeredResults(local, remote, remote_write=write, warn=warnings.append)
