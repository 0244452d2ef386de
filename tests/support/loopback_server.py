"""loopback_server: a real HTTP server on 127.0.0.1 that keeps a log and fails when told to."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived.

    Attributes:
        place: Which of several servers it reached.
        target: What stood in the request line, query and all.
        path: The path in it, percent-decoded.
        headers: By lower-case name.
    """

    place: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def token(self) -> str:
        """The ``Authorization`` header, empty if none came."""
        return self.headers.get("authorization", "")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. *announced*: False leaves ``Content-Length`` out and ends by closing."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: bool = True


@dataclass(slots=True)
class Fault:
    """What goes wrong with requests whose ``place path`` matches *pattern*, the next *times* times.

    The first that applies is done: wait for *until*, then *reset* the connection, or send
    *reply*, or send only *cut_at* bytes of the true answer's body although all were announced.
    """

    pattern: str
    times: int | None = 1
    reply: Reply | None = None
    cut_at: int | None = None
    reset: bool = False
    until: threading.Event | None = None

    def takes(self, request: Request) -> bool:
        """Whether the fault applies to *request*; it is then used up by one."""
        subject = f"{request.place} {request.path}"
        if self.times == 0 or not fnmatchcase(subject, self.pattern):
            return False
        if self.times is not None:
            self.times -= 1
        return True


class LoopbackServer:
    """A server that answers with *answer*; running while it is entered as a context."""

    def __init__(
        self, place: str, answer: Callable[[Request], Reply], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.place = place
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self._answer = answer
        self._tls = tls
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._port = self._listener.getsockname()[1]
        self._handler = _handler_for(self)
        self._is_ending = False
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fault in self.faults:
            if fault.until:
                fault.until.set()
        self._is_ending = True
        socket.create_connection(("127.0.0.1", self._port)).close()  # wakes the waiting accept
        self._thread.join()
        self._listener.close()
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            connection, peer = self._listener.accept()
            if self._is_ending:
                connection.close()
                return
            threading.Thread(target=self._serve, args=(connection, peer), daemon=True).start()

    def _serve(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        # A client that goes away in the middle is what some tests are about.
        with connection, suppress(OSError):
            spoken = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with spoken:
                self._handler(spoken, peer, cast("Any", None))

    def opened(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.discard(connection)

    def respond(self, request: Request) -> tuple[Reply, Fault | None]:
        """The answer to *request*, which is now in the log, and what is to go wrong with it."""
        with self._guard:
            self.requests.append(request)
            fault = next((fault for fault in self.faults if fault.takes(request)), None)
        if fault and fault.until:
            fault.until.wait(30)
        if fault and (fault.reset or fault.reply):
            return fault.reply or Reply(), fault
        return self._answer(request), fault


def _handler_for(owner: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            owner.opened(self.connection)

        def finish(self) -> None:
            owner.closed(self.connection)
            super().finish()

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply, fault = owner.respond(Request(owner.place, self.command, self.path, headers, body))
            if fault and fault.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                owner.closed(self.connection)
                self.connection.close()
                return
            cut = fault.cut_at if fault else None
            self.wfile.write(self.head(reply) + (b"" if self.command == "HEAD" else reply.body[:cut]))
            if cut is not None or not reply.announced:
                self.close_connection = True

        do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815

        def head(self, reply: Reply) -> bytes:
            lines = [f"HTTP/1.1 {reply.status} Answer"]
            lines += [f"{name}: {value}" for name, value in reply.headers.items()]
            has_length = reply.status not in {204, 304}
            if reply.announced and has_length:
                lines.append(f"Content-Length: {len(reply.body)}")
            return "\r\n".join([*lines, "", ""]).encode("latin-1")

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Silence: the log is ``requests``."""

    return Handler
