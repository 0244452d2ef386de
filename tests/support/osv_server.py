"""osv_server: a service that speaks the OSV API on loopback, and evaluates plainly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.loopback_server import LoopbackServer, Reply, Request


@dataclass
class OsvServer:
    """What the service knows.

    Attributes:
        advisories: Every record by its id.
        by_commit: The ids of those that speak of a commit.
        by_version: The ids of those that speak of a version of a repository (its URL).
        page_size: How many ids one answer has at most.
    """

    advisories: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    by_commit: dict[str, list[str]] = field(default_factory=dict)
    by_version: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    page_size: int = 100
    url: str = ""
    server: LoopbackServer | None = None

    def add(self, document: Mapping[str, Any], *commits: str) -> None:
        """The record *document* speaks of *commits*."""
        self.advisories[document["id"]] = document
        for commit in commits:
            self.by_commit.setdefault(commit, []).append(document["id"])

    def environment(self) -> dict[str, str]:
        """The variables that make hpm ask this service."""
        return {"HPM_OSV_URL": self.url}

    @property
    def requests(self) -> Sequence[Request]:
        """Every request so far."""
        assert self.server is not None
        return self.server.requests

    def answer(self, request: Request) -> Reply:
        """As the API documents it."""
        if request.method == "POST" and request.path == "/v1/querybatch":
            queries = json.loads(request.body)["queries"]
            return _json({"results": [self._found(query) for query in queries]})
        name = request.path.removeprefix("/v1/vulns/")
        if name in self.advisories:
            return _json(self.advisories[name])
        return _json({"code": 5, "message": "Bug not found."}, 404)

    def _found(self, query: Mapping[str, Any]) -> dict[str, Any]:
        if "commit" in query:
            ids = self.by_commit.get(query["commit"], [])
        else:
            package = query["package"]
            assert package["ecosystem"] == "GIT", "the only one that knows Hemlock's packages"
            ids = self.by_version.get((package["name"], query["version"]), [])
        start = int(query.get("page_token", "0"))
        page = ids[start : start + self.page_size]
        rows = [{"id": each, "modified": "2024-01-01T00:00:00Z"} for each in page]
        found: dict[str, Any] = {"vulns": rows} if rows else {}
        if start + self.page_size < len(ids):
            found["next_page_token"] = str(start + self.page_size)
        return found


def _json(value: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


@contextmanager
def osv() -> Iterator[OsvServer]:
    """A service that knows nothing yet."""
    known = OsvServer()
    with LoopbackServer("osv", known.answer) as server:
        known.url, known.server = server.url, server
        yield known
