"""remote_cache: where results of scripts are shared with other machines, as the user says.

The environment says it, or config.json; never a project. Whoever may write to the cache decides what
scripts leave on the machines that read it, and a project may be a stranger's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import InvalidSetting, NetworkFailure

_ON = frozenset({"on", "true", "yes", "1"})
_OFF = frozenset({"off", "false", "no", "0", ""})


@dataclass(frozen=True, slots=True)
class RemoteCache:
    """A server that speaks Bazel's HTTP cache.

    Attributes:
        url: Without a slash at its end.
        write: Whether it is given results, too.
        token: For it alone: ``user:password``, or a bearer's token; ``None`` if it needs none.
    """

    url: str
    write: bool = False
    token: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str], config: Mapping[str, Any], where: str) -> RemoteCache | None:
        """The cache that *environ* names, or else *config*, which stands in the file *where*.

        Each setting of *environ* goes before the same one of *config*; but a token of *config* is only for
        the server that *config* names.

        Raises:
            InvalidSetting: A value cannot be used; the sentence names the variable or the field.
        """
        own = checked_url(config.get("remote.cache"), f"{where}: remote.cache")
        named = checked_url(environ.get("HPM_REMOTE_CACHE"), "HPM_REMOTE_CACHE (environment)")
        url = named or own
        if url is None:
            return None
        write = environ.get("HPM_REMOTE_WRITE")
        token = checked_secret(environ.get("HPM_REMOTE_CACHE_TOKEN"), "HPM_REMOTE_CACHE_TOKEN (environment)")
        if token is None and (own is None or urlsplit(own).netloc == urlsplit(url).netloc):
            token = checked_secret(config.get("remote.token"), f"{where}: remote.token")
        return cls(
            url,
            checked_switch(config.get("remote.write", False), f"{where}: remote.write")
            if write is None
            else checked_switch(write, "HPM_REMOTE_WRITE (environment)"),
            token,
        )


def checked_url(value: object, where: str) -> str | None:
    """*value* as the URL of a cache, without a slash at its end; ``None`` if nothing is set.

    Raises:
        InvalidSetting: It is none that hpm may use.
    """
    from hpmtasks.net.address import origin_of

    if value is None or value == "":
        return None
    text = value.strip().rstrip("/") if isinstance(value, str) else ""
    try:
        origin_of(text)
        is_plain = not urlsplit(text).query and not urlsplit(text).fragment
    except NetworkFailure:
        is_plain = False
    if not is_plain:
        sentence = (
            "A remote cache is a URL such as https://cache.example/hpm, without a login in it"
            " (http only on this very machine)."
        )
        raise InvalidSetting(where, [sentence])
    return text


def checked_switch(value: object, where: str) -> bool:
    """*value* as yes or no.

    Raises:
        InvalidSetting: It is neither.
    """
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else None
    if text in _ON:
        return True
    if text in _OFF:
        return False
    raise InvalidSetting(where, ["It must be on or off."])


def checked_secret(value: object, where: str) -> str | None:
    """*value* as a token or login; ``None`` if nothing is set.

    Raises:
        InvalidSetting: It holds what no header can carry. The sentence does not show it.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.isprintable() or (":" not in value and not _is_token(value)):
        raise InvalidSetting(where, ["It holds characters that no token has."])
    return value


def _is_token(text: str) -> bool:
    return text.isascii() and " " not in text
