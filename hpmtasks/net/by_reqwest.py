"""by_reqwest: the wire for what is frequent: a compiled client, HTTP/2 where the server has it.

It trusts what the system trusts. A request costs a tenth of what it costs by httpx, and so
does the import (``docs/architecture.md``, "The network").
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from hpmtasks.net.retry import Patience
from hpmtasks.net.wire import MOST_CONNECTIONS, Opened, Trouble, WireFailure


@contextmanager
def _with_variable(name: str, value: str) -> Iterator[None]:
    """Inside, the environment has the variable *name*: *value*, if nobody has set another."""
    is_ours = name not in os.environ
    if is_ours:
        os.environ[name] = value
    try:
        yield
    finally:
        if is_ours:
            del os.environ[name]


# Its allocator would else keep some MiB in real memory for each thread that ever used it.
with _with_variable("MIMALLOC_ARENA_EAGER_COMMIT", "0"):
    from pyreqwest import exceptions
    from pyreqwest.client import SyncClient, SyncClientBuilder
    from pyreqwest.response import SyncResponse

# Read before anybody asks for it; each connection has room for that.
_READ_AHEAD_BYTES = 1 << 16
# Most archives are less, and then come in one piece.
_PIECE_BYTES = 1 << 18


class ReqwestWire:
    """Requests by pyreqwest, from any thread of the process that made it."""

    def __init__(self, patience: Patience, *, secure: bool) -> None:
        """A wire that has opened nothing yet; for https if *secure*, else for http."""
        self._secure = secure
        self._client = _client(patience, secure=secure)

    @contextmanager
    def open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | Iterator[bytes] | None,
        patience: Patience,  # noqa: ARG002  the client has it
    ) -> Iterator[Opened]:
        """See :meth:`Wire.open`."""
        if not self._secure and url[:6].lower() == "https:":  # it would trust anybody
            raise WireFailure(Trouble.ADDRESS)
        try:
            request = self._client.request(method, url)
            for name, value in headers.items():
                request = request.header(name, value, is_sensitive=name == "Authorization")
            if isinstance(content, bytes):
                request = request.body_bytes(content)
            elif content is not None:
                request = request.body_stream(content)
            with request.streamed_read_buffer_limit(_READ_AHEAD_BYTES).build_streamed() as response:
                fields = {name.lower(): value for name, value in response.headers.items()}
                yield Opened(response.status, fields, _chunks(response))
        except exceptions.BuilderError:
            raise WireFailure(Trouble.ADDRESS) from None
        except exceptions.RequestError as problem:
            raise WireFailure(_trouble(problem)) from None

    def close(self) -> None:
        """See :meth:`Wire.close`."""
        self._client.close()


def _client(patience: Patience, *, secure: bool) -> SyncClient:
    as_sent = SyncClientBuilder().gzip(enable=False).brotli(enable=False).zstd(enable=False)
    if not secure:  # to read whom the system trusts takes 6 ms, and here nobody shows a certificate
        as_sent = as_sent.danger_accept_invalid_certs(enable=True)
    return (
        as_sent.deflate(enable=False)
        .follow_redirects(enable=False)
        .referer(enable=False)
        .no_proxy()
        .http2(enable=True)
        .connect_timeout(timedelta(seconds=patience.connect))
        .read_timeout(timedelta(seconds=patience.pause))
        .max_connections(MOST_CONNECTIONS)
        .pool_max_idle_per_host(MOST_CONNECTIONS)
        .build()
    )


def _chunks(response: SyncResponse) -> Iterator[bytes]:
    reader = response.body_reader
    while chunk := reader.read(_PIECE_BYTES):
        yield memoryview(chunk)  # type: ignore[misc]  # whoever takes bytes takes it


def _trouble(problem: exceptions.RequestError) -> Trouble:
    told = " ".join(cause["message"] for cause in problem.details["causes"] or ())
    # Its own class for a silent server is that of a connection that took too long.
    if "(Connect)" in told:
        return Trouble.UNTRUSTED if "certificate" in told else Trouble.UNREACHABLE
    return Trouble.SILENT if isinstance(problem, exceptions.RequestTimeoutError) else Trouble.BROKEN_OFF
