"""proxies: which proxy and which certificates the environment asks for."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hpmtasks.errors import InvalidSetting
from hpmtasks.net.address import Origin

if TYPE_CHECKING:
    import ssl


def proxy_for(origin: Origin, environ: Mapping[str, str]) -> str | None:
    """The proxy URL for requests to *origin*; ``None``: connect directly.

    Like curl: ``https_proxy`` for https, ``http_proxy`` for http, lower case first, none for
    what ``no_proxy`` names. Like npm: ``http_proxy`` serves https too if that has none of its own.

    Raises:
        InvalidSetting: The proxy is not an ``http://`` or ``https://`` URL.
    """
    names = ("https_proxy", "http_proxy") if origin.scheme == "https" else ("http_proxy",)
    for variable in names:
        name, proxy = _variable(variable, environ)
        if proxy:
            return None if _is_exempt(origin, _variable("no_proxy", environ)[1]) else _checked(proxy, name)
    return None


def _variable(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    for spelling in (name, name.upper()):
        if value := environ.get(spelling, "").strip():
            return spelling, value
    return name, ""


def _checked(proxy: str, variable: str) -> str:
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidSetting(
            f"{variable} (environment)", ["The proxy must be a URL such as http://proxy.example:3128."]
        )
    return url


def _is_exempt(origin: Origin, no_proxy: str) -> bool:
    return any(_names(entry, origin) for entry in no_proxy.replace(",", " ").split())


def _names(entry: str, origin: Origin) -> bool:
    """Whether one entry of ``no_proxy`` (a host, a domain, an address, a network, ``*``) covers *origin*."""
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(origin.host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    host, colon, port = entry.rpartition(":")
    if colon and port.isdecimal():
        if int(port) != origin.port:
            return False
        entry = host
    domain = entry.strip("[]").removeprefix("*").removeprefix(".").lower()
    return bool(domain) and (origin.host == domain or origin.host.endswith(f".{domain}"))


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """What is trusted: ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` if set, else the system's, else certifi's.

    A folder of certificates is preferred over one big file: OpenSSL then reads only
    the one it needs, which saves some 20 ms of a run.

    Raises:
        InvalidSetting: A named file or folder cannot be used.
    """
    import ssl
    from pathlib import Path

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file, folder = environ.get("SSL_CERT_FILE") or None, environ.get("SSL_CERT_DIR") or None
    if file or folder:
        _load(context, file, folder)
        return context
    system = ssl.get_default_verify_paths()
    if system.capath and any(Path(system.capath).glob("*.0")):
        context.load_verify_locations(capath=system.capath)
    elif system.cafile:
        context.load_verify_locations(cafile=system.cafile)
    else:
        import certifi

        context.load_verify_locations(cafile=certifi.where())
    return context


def _load(context: ssl.SSLContext, file: str | None, folder: str | None) -> None:
    from pathlib import Path

    if folder and not Path(folder).is_dir():
        raise InvalidSetting("SSL_CERT_DIR (environment)", [f"{folder} is not a folder."])
    try:
        context.load_verify_locations(cafile=file, capath=folder)
    except OSError as problem:  # ssl.SSLError is one
        reason = problem.strerror or "no certificate in it"
        raise InvalidSetting(
            "SSL_CERT_FILE (environment)", [f"{file} cannot be used as certificates: {reason}."]
        ) from None
