"""http: results on a server that speaks Bazel's HTTP cache: GET and PUT of ``/ac/HASH`` and ``/cas/HASH``.

Any web server with PUT is one, and so are bazel-remote and others. Nothing that it says about a blob is
believed: each is hashed. What it says about a result has to be believed; see ``docs/remote-cache.md``.

Source of the protocol: https://bazel.build/remote/caching#http-caching
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from hpmtasks.errors import HpmError, InvalidSetting, NetworkFailure
from hpmtasks.net.address import origin_of
from hpmtasks.net.fetcher import Answer, Fetcher, Token
from hpmtasks.store.results.digest import EMPTY, Digest
from hpmtasks.store.results.entry import seal, unseal
from hpmtasks.store.results.parallel import for_each
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.result_store import BlobMissing, ContentChanged, Source, Untrue, Unusable
from hpmtasks.store.results.wire import MOST_BYTES, Malformed

_CHUNK = 1 << 20
_NOT_THERE = frozenset({404, 410})
_REFUSED = frozenset({401, 403})


class HttpResults:
    """The results below one URL. Making one opens nothing.

    Args:
        url: Without a slash at its end.
        fetcher: The way there; it belongs to the store from now on.
        token: For this server alone.

    Attributes:
        place: The host as a user knows it.
    """

    def __init__(self, url: str, fetcher: Fetcher, token: Token | None = None) -> None:
        self.place = origin_of(url).place
        self._url = url
        self._fetcher = fetcher
        self._token = token

    def get_result(self, action: Digest) -> ActionResult | None:
        """See :meth:`ResultStore.get_result`."""
        url = f"{self._url}/ac/{action.hash}"
        answer = self._asked(
            lambda: self._fetcher.request("GET", url, token=self._token, limit_bytes=MOST_BYTES)
        )
        if answer is None:
            return None
        try:
            result = unseal(action, answer.body)
        except Malformed as problem:
            raise Untrue(f"the result of the action {action.hash} is none: {problem}") from None
        return None if result.exit_code else result

    def put_result(self, action: Digest, result: ActionResult) -> None:
        """See :meth:`ResultStore.put_result`."""
        data = seal(action, result)
        self._upload(f"ac/{action.hash}", BytesIO(data), len(data))

    def missing(self, digests: Iterable[Digest]) -> set[Digest]:
        """See :meth:`ResultStore.missing`; one request for each."""
        absent: set[Digest] = set()

        def ask(digest: Digest) -> None:
            url = f"{self._url}/cas/{digest.hash}"
            answer = self._asked(lambda: self._fetcher.request("HEAD", url, token=self._token))
            if answer is None or answer.header("content-length", str(digest.size)) != str(digest.size):
                absent.add(digest)

        for_each(set(digests) - {EMPTY}, ask)
        return absent

    def put(self, blobs: Mapping[Digest, Source]) -> None:
        """See :meth:`ResultStore.put`."""
        for_each(blobs.items(), lambda blob: self._put(*blob))

    def get(self, digest: Digest) -> bytes:
        """See :meth:`ResultStore.get`."""
        memory = BytesIO()
        self.get_into(digest, memory)
        return memory.getvalue()

    def get_into(self, digest: Digest, file: BinaryIO) -> None:
        """See :meth:`ResultStore.get_into`."""
        if digest == EMPTY:
            return
        start = file.tell()
        try:
            self._download(digest, file, start)
        except BaseException:
            file.seek(start)
            file.truncate()
            raise

    def close(self) -> None:
        """No connection is open."""
        self._fetcher.close()

    # ------------------------------------------------------------ inside

    def _download(self, digest: Digest, file: BinaryIO, start: int) -> None:
        url = f"{self._url}/cas/{digest.hash}"
        answer = self._asked(
            lambda: self._fetcher.download(url, file, token=self._token, limit_bytes=digest.size)
        )
        if answer is None:
            raise BlobMissing(digest)
        if _digest_of(file, start) != digest:
            raise Untrue(f"the blob {digest.hash} is something else")

    def _put(self, digest: Digest, source: Source) -> None:
        if digest == EMPTY:
            return
        try:
            file: BinaryIO = BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        except OSError:
            raise ContentChanged(_path(source)) from None
        with file:
            # Hashed before: what was sent cannot be taken back.
            if _digest_of(file, 0) != digest:
                raise ContentChanged(_path(source))
            file.seek(0)
            self._upload(f"cas/{digest.hash}", file, digest.size)

    def _upload(self, name: str, file: BinaryIO, size: int) -> None:
        url = f"{self._url}/{name}"
        self._asked(lambda: self._fetcher.upload(url, file, size, token=self._token), is_writing=True)

    def _asked(self, ask: Callable[[], Answer], *, is_writing: bool = False) -> Answer | None:
        """The answer; ``None`` if the server has not what was asked for.

        Raises:
            Unusable: There is none, or it is no use to ask further.
        """
        try:
            answer = ask()
        except (NetworkFailure, InvalidSetting) as failure:  # a proxy, too, may be set to nonsense
            raise Unusable(_reason(failure)) from None
        if answer.ok:
            return answer
        if answer.status in _NOT_THERE and not is_writing:
            return None
        if answer.status in _REFUSED:
            whose = "the token that it was given" if self._token else "requests without a token"
            raise Unusable(f"{self.place} refuses {whose} (HTTP {answer.status})")
        raise Unusable(f"{self.place} answers with HTTP {answer.status}")


def _digest_of(file: BinaryIO, start: int) -> Digest:
    """Of what *file* holds from *start* on."""
    file.seek(start)
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return Digest(digest.hexdigest(), size)


def _path(source: Source) -> Path | None:
    return source if isinstance(source, Path) else None


def _reason(failure: HpmError) -> str:
    """What happened, as a clause."""
    return failure.message.partition("\n")[0].removeprefix("Network error: ").rstrip(".")
