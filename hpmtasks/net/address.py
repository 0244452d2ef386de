"""address: which URLs hpm talks to, and when two of them are the same server."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import SplitResult, urljoin, urlsplit

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import NetworkFailure

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what a credential is bound to."""

    scheme: str
    host: str
    port: int

    @property
    def place(self) -> str:
        """The host as a user knows it, with the port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether *host* is this very machine: ``localhost``, 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=256)  # it is asked several times for each request
def origin_of(url: str) -> Origin:
    """The server that *url* belongs to.

    Raises:
        NetworkFailure: hpm does not talk to it: neither https, nor http to this very
            machine; or it carries a user name, or makes no sense.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise NetworkFailure(f"Network error: {without_secrets(url)!r} is not a usable address.") from None
    if not host or parts.username is not None or parts.password is not None or not _is_plain(url):
        raise NetworkFailure(f"Network error: {without_secrets(url)!r} is not a usable address.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise NetworkFailure(
            f"Network error: refused to use {without_secrets(url)}\n\n"
            "hpm speaks https only; plain http is for this very machine (127.0.0.1, localhost)."
        )
    return Origin(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme])


def redirected(url: str, location: str) -> str:
    """The address that *location*, sent as an answer to *url*, leads to.

    Raises:
        NetworkFailure: It leads out of https, or to something that hpm does not speak.
    """
    before = origin_of(url)
    try:
        target = urljoin(url, location)
    except ValueError:
        raise NetworkFailure(
            f"Network error: {before.place} redirects to what is not a usable address."
        ) from None
    after = origin_of(target)
    if before.scheme == "https" and after.scheme != "https":
        raise NetworkFailure(
            f"Network error: {before.place} redirects to plain http at {after.place}, which is refused."
        )
    return target


def without_secrets(url: str) -> str:
    """*url* as it may be shown: no user, password, query or fragment, where tokens travel."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "the given address"
    return SplitResult(parts.scheme, host, parts.path, "", "").geturl()


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url and "\\" not in url
