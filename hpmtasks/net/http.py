"""http: the fetcher that goes out; redirects, retries, limits and credentials are decided here."""

from __future__ import annotations

import importlib
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from queue import SimpleQueue
from typing import BinaryIO

from hpmtasks import __version__
from hpmtasks.dataclass import dataclass, replace
from hpmtasks.errors import NetworkFailure
from hpmtasks.hearing import first_of
from hpmtasks.net.address import Origin, origin_of, redirected, without_secrets
from hpmtasks.net.fetcher import LARGEST_ANSWER, LARGEST_DOWNLOAD, Answer, Fetcher, OfflineFetcher, Token
from hpmtasks.net.proxies import proxy_for, tls_context
from hpmtasks.net.retry import (
    DELAYS,
    LONGEST_WAIT,
    Clock,
    Patience,
    RetryBudget,
    parse_delays,
    stated_wait,
)
from hpmtasks.net.wire import Opened, Trouble, Wire, WireFailure

USER_AGENT = f"hpm/{__version__}"
MOST_REDIRECTS = 5
# What is read of a refusal: its message is in the first few bytes.
_LARGEST_REFUSAL = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 1 << 20


def open_fetcher(
    environ: Mapping[str, str], *, offline: bool = False, trace: Callable[[str], None] | None = None
) -> Fetcher:
    """The fetcher of one run, as *environ* wants it; with *offline*, one that refuses everything.

    Raises:
        InvalidSetting: ``HPM_RETRY_DELAYS`` makes no sense.
    """
    if offline:
        return OfflineFetcher()
    delays = environ.get("HPM_RETRY_DELAYS")
    budget = RetryBudget(DELAYS if delays is None else parse_delays(delays))
    return HttpFetcher(environ, budget=budget, trace=trace)


class _Broken(Exception):
    """One attempt failed in a way that another may not."""

    def __init__(self, message: str, place: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.unreachable = unreachable


@dataclass(frozen=True, slots=True)
class _Call:
    """One request as the caller wants it, before any redirect."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | _Upload | None
    token: Token | None
    limit_bytes: int
    deadline: float
    retries: bool = True


@dataclass(frozen=True, slots=True)
class _Upload:
    """The *size* bytes of *source* from *start* on; each attempt reads them anew."""

    source: BinaryIO
    start: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        self.source.seek(self.start)
        left = self.size
        while left and (chunk := self.source.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk


class HttpFetcher:
    """A fetcher with up to 64 connections, safe to share between threads.

    A client library is imported by the first request: the compiled one, or httpx where there is
    a proxy, where certificates are named, and where nothing else is installed. What libraries do
    of themselves about environment and redirects is off: that is this module's own business.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        budget: RetryBudget | None = None,
        patience: Patience | None = None,
        clock: Clock | None = None,
        trace: Callable[[str], None] | None = None,
        client: str | None = None,
    ) -> None:
        """A fetcher that has opened nothing yet.

        Args:
            environ: Where proxies and certificates are named.
            budget: The retries of the run; its own if not given.
            patience: How long servers may take.
            clock: Time.
            trace: Told one line for each request; never a secret.
            client: ``httpx``: use no other library; by default what ``HPM_HTTP_CLIENT`` says.
        """
        self.requests: Counter[str] = Counter()
        self._environ = environ
        self._clock = clock or Clock()
        self._budget = budget or RetryBudget(clock=self._clock)
        self._patience = patience or Patience()
        self._trace = trace
        self._closed = threading.Event()
        self._sleep = self._clock.sleep or self._closed.wait
        self._guard = threading.Lock()
        self._client = client or environ.get("HPM_HTTP_CLIENT") or "auto"
        self._wires: dict[tuple[bool, str | None], Wire] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        token: Token | None = None,
        limit_bytes: int = LARGEST_ANSWER,
        retries: bool = True,
    ) -> Answer:
        """See :meth:`Fetcher.request`."""
        deadline = self._clock.monotonic() + self._patience.answer
        body = BytesIO()
        call = _Call(method, url, headers or {}, content, token, limit_bytes, deadline, retries)
        answer = self._answer(call, body)
        return answer if answer.body else Answer(answer.status, answer.headers, body.getvalue(), answer.url)

    def download(
        self,
        url: str,
        into: BinaryIO,
        *,
        headers: Mapping[str, str] | None = None,
        token: Token | None = None,
        limit_bytes: int = LARGEST_DOWNLOAD,
    ) -> Answer:
        """See :meth:`Fetcher.download`."""
        deadline = self._clock.monotonic() + self._patience.transfer
        return self._answer(_Call("GET", url, headers or {}, None, token, limit_bytes, deadline), into)

    def upload(self, url: str, source: BinaryIO, size: int, *, token: Token | None = None) -> Answer:
        """See :meth:`Fetcher.upload`."""
        deadline = self._clock.monotonic() + self._patience.transfer
        content = _Upload(source, source.tell(), size)
        headers = {"Content-Length": str(size)}
        return self._answer(_Call("PUT", url, headers, content, token, LARGEST_ANSWER, deadline), BytesIO())

    def close(self) -> None:
        """No connection is open, and requests that wait for a retry have given up."""
        self._closed.set()
        with self._guard:
            wires = list(self._wires.values())
            self._wires.clear()
        for wire in wires:
            wire.close()

    # ------------------------------------------------------------ retries

    def _answer(self, call: _Call, into: BinaryIO) -> Answer:
        if threading.current_thread() is not threading.main_thread():
            return self._attempts(call, into)
        # A signal is heard by the main thread, and not while that is inside of the compiled client.
        ended: SimpleQueue[Answer | BaseException] = SimpleQueue()

        def attempt() -> None:
            try:
                ended.put(self._attempts(call, into))
            except BaseException as error:  # noqa: BLE001  handed on to who waits
                ended.put(error)

        threading.Thread(target=attempt, name="hpm-request", daemon=True).start()
        outcome = first_of(ended)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _attempts(self, call: _Call, into: BinaryIO) -> Answer:
        if not call.retries:
            return self._only_attempt(call, into)
        before = self._budget.answered()
        start = into.tell()
        retries = 0
        while True:
            into.seek(start)
            into.truncate()
            try:
                answer = self._follow(call, into)
            except _Broken as broken:
                delay = self._budget.delay(broken.place, retries)
                if delay is None or self._is_late(call, delay):
                    self._budget.gave_up(broken.place, before, unreachable=broken.unreachable)
                    raise NetworkFailure(broken.message) from None
            else:
                delay = self._pause(answer, retries)
                if delay is None or self._is_late(call, delay):
                    return self._settled(answer, before)
            retries += 1
            self._sleep(delay)
            if self._closed.is_set():
                raise NetworkFailure("Network error: stopped before the answer was there.")

    def _only_attempt(self, call: _Call, into: BinaryIO) -> Answer:
        try:
            answer = self._follow(call, into)
        except _Broken as broken:
            raise NetworkFailure(broken.message) from None
        if answer.status >= 500:
            raise _unwell(answer)
        return answer

    def _is_late(self, call: _Call, delay: float) -> bool:
        return self._clock.monotonic() + delay > call.deadline

    def _pause(self, answer: Answer, retries: int) -> float | None:
        """Seconds after which the answer may be a better one; ``None``: take it as it is."""
        if answer.status < 500 and answer.status not in {403, 429}:
            return None
        stated = stated_wait(answer.headers, self._clock.now())
        # A 403 that names no time is a matter of permission; no time heals that.
        if (stated is None and answer.status == 403) or (stated or 0) > LONGEST_WAIT:
            return None
        delay = self._budget.delay(origin_of(answer.url).place, retries)
        return delay if delay is None or stated is None else max(stated, delay)

    def _settled(self, answer: Answer, before: Mapping[str, int]) -> Answer:
        if answer.status < 500:
            return answer
        self._budget.gave_up(origin_of(answer.url).place, before, unreachable=False)
        raise _unwell(answer)

    # ------------------------------------------------------------ one attempt

    def _follow(self, call: _Call, into: BinaryIO) -> Answer:
        """The answer to *call* after at most five redirects. A credential never leaves its origin."""
        home = origin_of(call.url)
        hop = call
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._exchange(hop, into)
            location = answer.header("location")
            # What is given to one server is not given to another that it names.
            if answer.status not in _REDIRECTS or not location or hop.method == "PUT":
                return answer
            hop = replace(hop, url=redirected(hop.url, location))
            if answer.status == 303:
                hop = replace(hop, method="GET", content=None)
            # Any other request that was moved stays what it was: all of them only read.
            if origin_of(hop.url) != home:
                accept = {"Accept": hop.headers["Accept"]} if "Accept" in hop.headers else {}
                hop = replace(hop, headers=accept, token=None)
        raise NetworkFailure(
            f"Network error: {home.place} redirects in circles (more than {MOST_REDIRECTS} times), given up."
        )

    def _exchange(self, hop: _Call, into: BinaryIO) -> Answer:
        """One request and its answer; 5xx and redirects are answers here."""
        origin = origin_of(hop.url)
        if self._budget.is_resting(origin.place):
            raise NetworkFailure(_could_not_connect(origin.place))
        with self._guard:
            self.requests[origin.host] += 1
        proxy = proxy_for(origin, self._environ)
        content = hop.content.chunks() if isinstance(hop.content, _Upload) else hop.content
        try:
            wire = self._wire(origin, proxy)
            with wire.open(hop.method, hop.url, _headers(hop), content, self._patience) as opened:
                answer = self._read(opened, hop, into)
        except WireFailure as failure:
            raise _told(failure.trouble, hop, by_proxy=proxy is not None) from None
        if answer.status < 500:
            self._budget.succeeded(origin.place)
        if self._trace:
            self._trace(f"{hop.method} {without_secrets(hop.url)} {answer.status}")
        return answer

    def _read(self, opened: Opened, hop: _Call, into: BinaryIO) -> Answer:
        place = origin_of(hop.url).place
        if not 200 <= opened.status < 300:
            refusal = b"".join(_first(opened.chunks, _LARGEST_REFUSAL))
            return Answer(opened.status, opened.headers, refusal, hop.url)
        received = 0
        for chunk in opened.chunks:
            received += len(chunk)
            if received > hop.limit_bytes:
                raise NetworkFailure(
                    f"Network error: {place} sends more than {hop.limit_bytes} bytes, given up."
                )
            if self._clock.monotonic() > hop.deadline:
                raise NetworkFailure(
                    f"Network error: {place} sends too slowly, given up.\n\n"
                    "Please check your internet connection and try again."
                )
            into.write(chunk)
        return Answer(opened.status, opened.headers, b"", hop.url)

    def _wire(self, origin: Origin, proxy: str | None) -> Wire:
        """The wire to *origin*: the compiled client, unless something is asked for that httpx does better."""
        secure = origin.scheme == "https" or (proxy or "").startswith("https:")
        with self._guard:
            wire = self._wires.get((secure, proxy))
            if wire is None:
                wire = self._fast_wire(secure=secure, proxy=proxy) or self._any_wire(secure, proxy)
                self._wires[secure, proxy] = wire
        return wire

    def _fast_wire(self, *, secure: bool, proxy: str | None) -> Wire | None:
        if not _is_frequent(self._environ, self._client, secure=secure, proxy=proxy):
            return None
        _load_for_good()
        try:
            from hpmtasks.net.by_reqwest import ReqwestWire
        except ImportError:
            return None  # not every platform has it
        return ReqwestWire(self._patience, secure=secure)

    def _any_wire(self, secure: bool, proxy: str | None) -> Wire:
        import ssl

        from hpmtasks.net.by_httpx import HttpxWire

        # Without https nothing is verified; a context that trusts nobody costs nothing.
        context = tls_context(self._environ) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return HttpxWire(context, proxy)


def load_client(environ: Mapping[str, str], url: str) -> None:
    """What requests to *url* are made with is loaded, for a process that is about to fork.

    By its main thread: see :func:`_load_for_good`.

    Raises:
        NetworkFailure, InvalidSetting: No request could be made.
    """
    origin = origin_of(url)
    client, proxy = environ.get("HPM_HTTP_CLIENT"), proxy_for(origin, environ)
    if _is_frequent(environ, client, secure=origin.scheme == "https", proxy=proxy):
        with suppress(ImportError):
            importlib.import_module("hpmtasks.net.by_reqwest")


def _is_frequent(environ: Mapping[str, str], client: str | None, *, secure: bool, proxy: str | None) -> bool:
    """Whether nothing is asked for that httpx does better than the compiled client."""
    own_certificates = environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR")
    return client != "httpx" and proxy is None and not (secure and own_certificates)


def _load_for_good() -> None:
    """The compiled client, if there is one, was imported by a thread that lasts as long as the process.

    Once the thread that imported pyreqwest 0.15 has ended, requests of other threads end the process.
    """
    if threading.current_thread() is threading.main_thread() or "pyreqwest" in sys.modules:
        return
    is_done = threading.Event()

    def load() -> None:
        with suppress(ImportError):
            importlib.import_module("hpmtasks.net.by_reqwest")
        is_done.set()
        threading.Event().wait()

    threading.Thread(target=load, name="hpm-net", daemon=True).start()
    is_done.wait()


def _headers(hop: _Call) -> dict[str, str]:
    headers = {"Accept": "*/*", **hop.headers, "User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if hop.token is not None:
        headers["Authorization"] = hop.token.authorization
    return headers


def _first(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """*chunks* until they are *limit* bytes."""
    for chunk in chunks:
        yield chunk[:limit]
        limit -= len(chunk)
        if limit <= 0:
            return


def _unwell(answer: Answer) -> NetworkFailure:
    place = origin_of(answer.url).place
    return NetworkFailure(
        f"Network error: {place} has a problem of its own (HTTP {answer.status})\n\nPlease try later."
    )


def _could_not_connect(place: str) -> str:
    return (
        f"Network error: could not connect to {place}\n\n"
        "Please check your internet connection and try again.\n"
        "If everything was fetched before, --offline needs no network."
    )


def _told(trouble: Trouble, hop: _Call, *, by_proxy: bool) -> _Broken | NetworkFailure:
    """What to raise for *trouble*: whether it may pass, and what a user would say has happened."""
    place = origin_of(hop.url).place
    if trouble is Trouble.ADDRESS:
        return NetworkFailure(f"Network error: {without_secrets(hop.url)} is not a usable address.")
    if trouble is Trouble.UNTRUSTED:
        return NetworkFailure(
            f"Network error: the certificate of {place} is not trusted\n\n"
            "If your network has a certificate authority of its own, name its file in SSL_CERT_FILE."
        )
    if trouble is Trouble.UNREACHABLE:
        message = _could_not_connect(place)
        if by_proxy:
            message += (
                "\nThe way leads through a proxy: please check HTTPS_PROXY, HTTP_PROXY and NO_PROXY too."
            )
        return _Broken(message, place, unreachable=True)
    happened = "stopped answering" if trouble is Trouble.SILENT else "broke off its answer"
    return _Broken(
        f"Network error: {place} {happened}\n\nPlease check your internet connection and try again.", place
    )
