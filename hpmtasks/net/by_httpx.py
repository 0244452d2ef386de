"""by_httpx: the wire for everything rare: proxies, certificates of one's own; and where nothing faster is."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from hpmtasks.net.retry import Patience
from hpmtasks.net.wire import MOST_CONNECTIONS, Opened, Trouble, WireFailure


class HttpxWire:
    """Requests by httpx over HTTP/1.1, one thread each."""

    def __init__(self, context: ssl.SSLContext, proxy: str | None) -> None:
        limits = httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS)
        self._transport = httpx.HTTPTransport(
            verify=context, trust_env=False, limits=limits, proxy=_proxy(proxy, context)
        )

    @contextmanager
    def open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | Iterator[bytes] | None,
        patience: Patience,
    ) -> Iterator[Opened]:
        """See :meth:`Wire.open`."""
        timeout = {
            "connect": patience.connect,
            "read": patience.pause,
            "write": patience.pause,
            "pool": patience.answer,
        }
        try:
            request = httpx.Request(
                method, url, headers=dict(headers), content=content, extensions={"timeout": timeout}
            )
            response = self._transport.handle_request(request)
            try:
                yield Opened(
                    response.status_code,
                    {name.lower(): value for name, value in response.headers.items()},
                    response.iter_raw(),
                )
            finally:
                response.close()
        except httpx.TransportError as problem:
            raise WireFailure(_trouble(problem)) from None
        except httpx.InvalidURL:
            raise WireFailure(Trouble.ADDRESS) from None

    def close(self) -> None:
        """See :meth:`Wire.close`."""
        self._transport.close()


def _proxy(url: str | None, context: ssl.SSLContext) -> httpx.Proxy | None:
    if url is None:
        return None
    return httpx.Proxy(url, ssl_context=context if url.startswith("https:") else None)


def _trouble(problem: httpx.TransportError) -> Trouble:
    if "CERTIFICATE_VERIFY_FAILED" in str(problem):
        return Trouble.UNTRUSTED
    if isinstance(problem, httpx.ProxyError | httpx.ConnectError | httpx.ConnectTimeout):
        return Trouble.UNREACHABLE
    return Trouble.SILENT if isinstance(problem, httpx.TimeoutException) else Trouble.BROKEN_OFF
