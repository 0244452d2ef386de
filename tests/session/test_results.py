"""The store of results that a run uses, as its settings want it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.session.options import Options
from hpmtasks.session.results import results_of
from hpmtasks.session.session import Session
from hpmtasks.store.results.digest import Digest
from tests.support.http_cache import HttpCache
from tests.support.result_stores import ACTION, HELLO, RESULT


@pytest.fixture
def server() -> Iterator[HttpCache]:
    """A remote cache without anything."""
    with HttpCache() as made:
        yield made


def session_in(folder: Path, options: Options | None = None, **environ: str) -> Session:
    """A run in a new project of a new machine."""
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "acme/app", "version": "1.0.0"}')
    project = Project(folder)
    settings = Settings.load({"HPM_HOME": str(folder / "home"), **environ})
    return Session(project, settings, State(project.state_path), options)


def keep(session: Session) -> None:
    """A run keeps a result."""
    results = results_of(session)
    results.put({Digest.of(HELLO): HELLO})
    results.put_result(ACTION, RESULT)
    results.close()


def test_results_of_this_machine_need_no_server(tmp_path: Path) -> None:
    """By default results are in the cache folder, and nothing else is asked."""
    session = session_in(tmp_path / "one")
    keep(session)
    assert results_of(session).get_result(ACTION) == RESULT
    assert session.warnings == []


def test_a_remote_cache_is_read_and_written_as_it_is_set(tmp_path: Path, server: HttpCache) -> None:
    """With HPM_REMOTE_WRITE results go there with the token; another machine has them without."""
    server.token = "Bearer canary"
    there = session_in(
        tmp_path / "there",
        HPM_REMOTE_CACHE=server.url,
        HPM_REMOTE_WRITE="on",
        HPM_REMOTE_CACHE_TOKEN="canary",
    )
    keep(there)
    assert len(server.stored) == 2
    server.token = ""
    here = session_in(tmp_path / "here", HPM_REMOTE_CACHE=server.url)
    results = results_of(here)
    assert results.get_result(ACTION) == RESULT
    results.close()
    assert (there.warnings, here.warnings) == ([], [])


def test_offline_asks_nobody(tmp_path: Path, server: HttpCache) -> None:
    """With --offline the remote cache is neither read nor written, and that is no warning."""
    session = session_in(
        tmp_path / "one", Options(offline=True), HPM_REMOTE_CACHE=server.url, HPM_REMOTE_WRITE="on"
    )
    assert results_of(session).get_result(ACTION) is None
    keep(session)
    assert (server.requests, session.warnings) == ([], [])


def test_what_goes_wrong_is_a_warning_of_the_run(tmp_path: Path, server: HttpCache) -> None:
    """A server that refuses is one warning, and the run goes on."""
    server.token = "Bearer canary"
    session = session_in(tmp_path / "one", HPM_REMOTE_CACHE=server.url)
    results = results_of(session)
    assert [results.get_result(Digest.of(b"%d" % number)) for number in range(3)] == [None] * 3
    results.close()
    (warning,) = session.warnings
    assert "refuses requests without a token (HTTP 401)" in warning
