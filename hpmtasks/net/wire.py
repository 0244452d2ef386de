"""wire: one request and its answer, and nothing more; what a client library has to do for ``net.http``.

Redirects, retries, limits and credentials are decided above; a wire follows nothing, adds
nothing but what HTTP asks for, decodes nothing, and heeds no environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol

from hpmtasks.dataclass import dataclass
from hpmtasks.net.retry import Patience

#: Connections to all servers together.
MOST_CONNECTIONS = 64


class Trouble(Enum):
    """What can happen to a request on its way."""

    UNREACHABLE = "no connection came about"
    UNTRUSTED = "the certificate is nobody's that we trust"
    SILENT = "nothing came for too long"
    BROKEN_OFF = "the answer ended before its end"
    ADDRESS = "no library can make a request of that"


class WireFailure(Exception):
    """A request had no answer, or not all of one."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer whose body is still to be read.

    Attributes:
        headers: Values by lower-case name.
        chunks: The body as it comes, undecoded; raises :class:`WireFailure` if it does not come.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


class Wire(Protocol):
    """A client library; safe to share between threads."""

    def open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | Iterator[bytes] | None,
        patience: Patience,
    ) -> AbstractContextManager[Opened]:
        """Send a request; inside the context its answer can be read.

        Raises:
            WireFailure: There is no answer.
        """
        ...

    def close(self) -> None:
        """No connection is open."""
        ...
