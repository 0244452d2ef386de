"""certificates: whom this machine trusts, and who vouches for a server."""

from __future__ import annotations

from collections.abc import Mapping

from hpmtasks.net.address import Origin
from hpmtasks.net.proxies import tls_context

_PATIENCE_SECONDS = 5.0


def trusted(environ: Mapping[str, str]) -> str:
    """Where the certificate authorities that are trusted come from, in words.

    Raises:
        InvalidSetting: They cannot be used.
    """
    tls_context(environ)
    named = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environ.get(name)]
    return " and ".join(f"{name} ({environ[name]})" for name in named) or "the system's"


def issuer(origin: Origin, environ: Mapping[str, str]) -> str:
    """Who issued the certificate of *origin*, asked directly; empty if that cannot be told."""
    import socket

    try:
        with (
            socket.create_connection((origin.host, origin.port), _PATIENCE_SECONDS) as connection,
            tls_context(environ).wrap_socket(connection, server_hostname=origin.host) as spoken,
        ):
            certificate = spoken.getpeercert() or {}
    except (OSError, ValueError):
        return ""
    parts = certificate.get("issuer", ())
    fields = {
        str(pair[0]): str(pair[1])
        for part in parts
        if isinstance(part, tuple)
        for pair in part
        if len(pair) == 2
    }
    return fields.get("organizationName") or fields.get("commonName", "")
