"""http_cache: a server of results on loopback that speaks Bazel's HTTP cache, and fails when told to."""

from __future__ import annotations

import hashlib

from tests.support.loopback_server import LoopbackServer, Reply, Request


class HttpCache(LoopbackServer):
    """Keeps what it is given in memory; running while it is entered as a context.

    Attributes:
        stored: By path, such as ``/cas/<sha256>``.
        token: What the ``Authorization`` header has to be, if anything.
    """

    def __init__(self) -> None:
        super().__init__("cache", self._reply)
        self.stored: dict[str, bytes] = {}
        self.token = ""

    def blob(self, content: bytes) -> str:
        """The path that the blob *content* has."""
        return f"/cas/{hashlib.sha256(content).hexdigest()}"

    def asked(self, method: str = "GET") -> list[str]:
        """The paths that were asked for, in their order."""
        return [request.path for request in self.requests if request.method == method]

    def _reply(self, request: Request) -> Reply:
        if self.token and request.token != self.token:
            return Reply(401, b"<html>who are you?</html>")
        if request.method == "PUT":
            self.stored[request.path] = request.body
            return Reply(201)
        found = self.stored.get(request.path)
        return Reply(404, b"<html>no such thing</html>") if found is None else Reply(200, found)
