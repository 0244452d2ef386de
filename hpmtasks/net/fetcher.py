"""fetcher: what the rest of hpm may ask of the network, and the one that refuses everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import NotOffline

#: The most that is read into memory for one answer: refs of a very large repository, a page of tags.
LARGEST_ANSWER = 32 * 1024 * 1024
#: The most that is taken from the wire for one archive.
LARGEST_DOWNLOAD = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Token:
    """A secret for one server. Shown as ``***`` wherever it is printed.

    Attributes:
        secret: The secret itself; only ``authorization`` reads it.
        scheme: ``Bearer`` as REST endpoints want it, or ``Basic`` as git over HTTP does.
        user: Who has the secret, where the scheme is ``Basic``; for git any name will do.
    """

    secret: str = field(repr=False)
    scheme: str = "Bearer"
    user: str = "x-access-token"

    @classmethod
    def parse(cls, text: str) -> Token:
        """The token that *text* is: ``user:password``, or a secret of its own."""
        user, colon, password = text.partition(":")
        return cls(password, "Basic", user) if colon else cls(text)

    def for_git(self) -> Token:
        """The same secret in the form that git servers take."""
        return Token(self.secret, "Basic")

    @property
    def authorization(self) -> str:
        """The value of the ``Authorization`` header."""
        if self.scheme == "Basic":
            from base64 import b64encode

            return "Basic " + b64encode(f"{self.user}:{self.secret}".encode()).decode("ascii")
        return f"{self.scheme} {self.secret}"

    def __repr__(self) -> str:
        return "Token(***)"

    def __str__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, after redirects and retries.

    Attributes:
        status: The HTTP status; never a followed redirect, never 5xx (those are raised).
        headers: Header values by lower-case name.
        body: The whole body; empty after :meth:`Fetcher.download` of a 2xx.
        url: Where the answer came from in the end.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def header(self, name: str, default: str = "") -> str:
        """The value of header *name*, in any spelling; *default* if it was not sent."""
        return self.headers.get(name.lower(), default)

    @property
    def ok(self) -> bool:
        """Whether the server did what was asked."""
        return 200 <= self.status < 300


class Fetcher(Protocol):
    """Connections to servers, shared by all threads of one run.

    Attributes:
        requests: How many requests went out, by host; retries and redirects count.
    """

    requests: Counter[str]

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
        """The answer to one request, its body in memory. Any status below 500 is an answer.

        Args:
            retries: Whether it is made again where that may help. If not, it counts for nothing in what
                the run knows of the server.

        Raises:
            NetworkFailure: No usable answer after the retries that are left.
            NotOffline: The network may not be used.
        """
        ...

    def download(
        self,
        url: str,
        into: BinaryIO,
        *,
        headers: Mapping[str, str] | None = None,
        token: Token | None = None,
        limit_bytes: int = LARGEST_DOWNLOAD,
    ) -> Answer:
        """The answer to a GET; the body of a 2xx is in *into* (seekable), from where it stood.

        Another status leaves *into* as it was and has its body in the answer.

        Raises:
            NetworkFailure: No complete body after the retries that are left.
            NotOffline: The network may not be used.
        """
        ...

    def upload(self, url: str, source: BinaryIO, size: int, *, token: Token | None = None) -> Answer:
        """The answer to a PUT of the *size* bytes that *source* (seekable) has from where it stands.

        No redirect is followed: what is given to one server is not given to another.

        Raises:
            NetworkFailure: No usable answer after the retries that are left.
            NotOffline: The network may not be used.
        """
        ...

    def close(self) -> None:
        """No connection is open, and requests that wait for a retry have given up."""
        ...


class OfflineFetcher:
    """A fetcher that refuses everything, for ``--offline``."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()

    def request(
        self,
        method: str,  # noqa: ARG002 - the protocol's signature
        url: str,
        *,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
        content: bytes | None = None,  # noqa: ARG002
        token: Token | None = None,  # noqa: ARG002
        limit_bytes: int = LARGEST_ANSWER,  # noqa: ARG002
        retries: bool = True,  # noqa: ARG002
    ) -> Answer:
        """Never an answer."""
        raise not_offline(urlsplit(url).hostname or url)

    def download(
        self,
        url: str,
        into: BinaryIO,  # noqa: ARG002 - the protocol's signature
        *,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
        token: Token | None = None,  # noqa: ARG002
        limit_bytes: int = LARGEST_DOWNLOAD,  # noqa: ARG002
    ) -> Answer:
        """Never an answer."""
        raise not_offline(urlsplit(url).hostname or url)

    def upload(
        self,
        url: str,
        source: BinaryIO,  # noqa: ARG002 - the protocol's signature
        size: int,  # noqa: ARG002
        *,
        token: Token | None = None,  # noqa: ARG002
    ) -> Answer:
        """Never an answer."""
        raise not_offline(urlsplit(url).hostname or url)

    def close(self) -> None:
        """Nothing to close."""


def not_offline(host: str, what: str = "") -> NotOffline:
    """The refusal under ``--offline``, with the way out. *what* is what was wanted, if more than the host."""
    wanted = f"{what} from {host}" if what else f"an answer from {host}"
    return NotOffline(
        f"This needs {wanted}, and --offline forbids the network.\n\n"
        "Run the command once without --offline; what it fetches stays in the cache."
    )
