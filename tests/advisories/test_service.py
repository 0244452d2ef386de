"""The OSV API is asked by commit and by version, page for page, and trusted in what it says only."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hpmtasks.advisories.evaluation import Release
from hpmtasks.advisories.service import Service
from hpmtasks.errors import NetworkFailure
from hpmtasks.model.package import PackageName
from hpmtasks.net.http import open_fetcher
from hpmtasks.semver.version import Version
from tests.support.advisories import advisory
from tests.support.loopback_server import Fault, Reply
from tests.support.osv_server import OsvServer, osv

COMMIT = "c" * 40
RELEASE = Release(PackageName.parse("acme/a"), Version.parse("1.0.0"), COMMIT, "github.com/acme/a")


@pytest.fixture
def server() -> Iterator[OsvServer]:
    """A service on loopback."""
    with osv() as running:
        yield running


def found(server: OsvServer, *releases: Release) -> list[list[str]]:
    """The ids of what the service says of each of *releases*."""
    fetcher = open_fetcher({"HPM_RETRY_DELAYS": ""})
    try:
        answers = Service(fetcher, f"{server.url}/").affecting(releases)
    finally:
        fetcher.close()
    return [[each.id for each in answers[release]] for release in releases]


def test_by_commit_and_by_version(server: OsvServer) -> None:
    """Both answers count, each advisory once; one that was withdrawn does not."""
    server.add(advisory("GHSA-1", "acme/a"), COMMIT)
    server.add(advisory("GHSA-2", "acme/a", withdrawn="2024-01-02T00:00:00Z"), COMMIT)
    server.add(advisory("CVE-3", "acme/a"), COMMIT)
    server.by_version["https://github.com/acme/a.git", "1.0.0"] = ["CVE-3"]
    assert found(server, RELEASE) == [["CVE-3", "GHSA-1"]]
    assert len(server.requests) == 4


def test_every_page(server: OsvServer) -> None:
    """Advisories behind the first page are found, and asked for with the page's token alone."""
    server.page_size = 2
    for index in range(5):
        server.add(advisory(f"HEM-{index}", "acme/a"), COMMIT)
    assert found(server, RELEASE) == [[f"HEM-{index}" for index in range(5)]]
    asked = [json.loads(each.body)["queries"] for each in server.requests if each.method == "POST"]
    assert [len(queries) for queries in asked] == [2, 1, 1]


def test_what_has_no_commit_is_not_asked_about(server: OsvServer) -> None:
    """A folder's package costs no request."""
    own = Release(RELEASE.name, RELEASE.version, None, "")
    assert found(server, own) == [[]]
    assert server.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(400, b'{"code": 3, "message": "Invalid ecosystem."}'),
        Reply(404, b"<html>"),
        Reply(200, b"<html>sign in</html>"),
        Reply(200, b"[]"),
        Reply(200, b'{"results": []}'),
        Reply(503, b""),
    ],
)
def test_strange_answers(server: OsvServer, reply: Reply) -> None:
    """What is no OSV API is a failure of the network, never "nothing is wrong"."""
    assert server.server is not None
    server.server.faults.append(Fault("osv *", None, reply=reply))
    with pytest.raises(NetworkFailure):
        found(server, RELEASE)


def test_advisory_that_cannot_be_read(server: OsvServer) -> None:
    """An id without a record, or with a record that is none, is a failure."""
    server.by_commit[COMMIT] = ["HEM-1"]
    with pytest.raises(NetworkFailure, match="404"):
        found(server, RELEASE)
    server.advisories["HEM-1"] = {"id": 7}
    with pytest.raises(NetworkFailure, match="HEM-1"):
        found(server, RELEASE)
