"""settings: what the environment and ``~/.hpm/config.json`` say, read once per run.

FORMATS of each name: ``docs/configuration.md``. Precedence is environment, then
the project's package.json, then config.json, then the built-in default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import InvalidSetting
from hpmtasks.project.config import read_config

if TYPE_CHECKING:
    from hpmtasks.project.remote_cache import RemoteCache

#: Every environment variable that hpm reads, with what it means. docs and tests derive from it.
VARIABLES: Mapping[str, str] = {
    "HPM_CACHE_DIR": "where the store lives (default: ~/.hpm/cache)",
    "HPM_HOME": "where config.json and the cache live (default: ~/.hpm)",
    "HPM_GITHUB_SERVER_URL": "base URL of GitHub's web server (default: GITHUB_SERVER_URL, github.com)",
    "HPM_GITHUB_API_URL": "base URL of GitHub's REST API (default: GITHUB_API_URL, then api.github.com)",
    "HPM_GITHUB_TRANSPORT": "how tags are read: auto, git or api (default: auto)",
    "HPM_SOURCES": "a JSON list of sources, asked before all others",
    "HPM_FASTPATH": "whether stamp and plan may answer: on, off, or verify it by the graph (default: on)",
    "HPM_AUDIT_DATABASE": "a folder or zip of advisories that `hpm audit` reads instead of asking a service",
    "HPM_MINIMUM_RELEASE_AGE": "how long versions have to be out before they are chosen (default: 0)",
    "HPM_OSV_URL": "the service that `hpm audit` asks (default: https://api.osv.dev)",
    "HPM_REMOTE_CACHE": "URL of a cache that shares the results of scripts between machines",
    "HPM_REMOTE_CACHE_TOKEN": "token for that cache, or user:password",
    "HPM_REMOTE_WRITE": "whether that cache is given results too: on or off (default: off)",
    "HPM_WORKERS": "how many processes fetch and unpack beside the first (default: 2 where there are cores)",
    "HPM_SPECULATION": "whether default branches are looked at ahead: auto, on or off (default: auto)",
    "HPM_RETRY_DELAYS": "seconds to wait before each retry of a request (default: 1,2,4,8)",
    "HPM_HTTP_CLIENT": "httpx: make every request by httpx; auto: by the compiled client (default: auto)",
    "GITHUB_TOKEN": "token for GitHub",
    "GH_TOKEN": "token for GitHub, if GITHUB_TOKEN is not set",
    "GITHUB_SERVER_URL": "as GitHub Actions sets it",
    "GITHUB_API_URL": "as GitHub Actions sets it",
    "HTTP_PROXY": "proxy for http requests",
    "HTTPS_PROXY": "proxy for https requests",
    "NO_PROXY": "hosts that are reached without a proxy",
    "SSL_CERT_FILE": "the certificate authorities to trust, in one file",
    "SSL_CERT_DIR": "the certificate authorities to trust, in a folder that OpenSSL has hashed",
    "NO_COLOR": "any value: no colour in the output",
    "CLICOLOR_FORCE": "any value but 0: colour in the output, although it is no terminal",
    "TERM": "dumb: a terminal without colours",
    "SOURCE_DATE_EPOCH": "the date in what `hpm sbom` writes, in seconds since 1970",
    "CI": "any value: plain output, no questions",
    "HOME": "the home folder, where ~ is",
    "USERPROFILE": "the home folder, if HOME is not set",
    "USER": "the owner in the name that `hpm init` proposes",
}


_MOST_WORKERS = 16


@dataclass(frozen=True)
class Settings:
    """One run's settings; GitHub's own are read from ``environ`` by ``sources.github``."""

    home: Path
    cache_dir: Path
    #: The token in config.json; one in the environment goes before it.
    github_token: str | None = field(default=None, repr=False)
    #: Raw source rules with where each list stands, in order of precedence, the manifest's excluded.
    environment_sources: Sequence[Any] = ()
    config_sources: Sequence[Any] = ()
    config_path: Path = Path("config.json")
    #: Where advisories are, as config.json says; the environment and package.json go before it.
    audit_database: str | None = None
    #: How long versions have to be out (seconds), as config.json says; others go before it.
    minimum_release_age: int | None = None
    #: Where results of scripts are shared with other machines; ``None``: nowhere.
    remote_cache: RemoteCache | None = None
    #: Processes that fetch and unpack; ``None``: as many as are worth having.
    workers: int | None = None
    #: Whether it is asked ahead what default branches require; ``auto``: where servers are far.
    speculation: Literal["auto", "on", "off"] = "auto"
    #: The environment itself: proxies and certificate authorities are read from it by ``net``.
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """The settings in *environ* and in the config.json that it points at.

        Raises:
            InvalidSetting: A value cannot be used; the sentence names the variable or the field.
        """
        config_path = config_path_of(environ)
        home = config_path.parent
        config = read_config(config_path)
        return cls(
            home=home,
            cache_dir=Path(environ.get("HPM_CACHE_DIR") or home / "cache").absolute(),
            github_token=checked_token(config.get("github_token"), str(config_path)),
            environment_sources=_json_list("HPM_SOURCES", environ.get("HPM_SOURCES")),
            config_sources=_list_of(config.get("sources", []), f"{config_path}: sources"),
            config_path=config_path,
            audit_database=_text_of(config.get("audit_database"), f"{config_path}: audit_database"),
            remote_cache=_remote_cache_of(environ, config, str(config_path)),
            minimum_release_age=_age_of(config.get("minimum_release_age"), str(config_path)),
            workers=_workers_of(environ.get("HPM_WORKERS")),
            speculation=_speculation_of(environ.get("HPM_SPECULATION")),
            environ=environ,
        )


def config_path_of(environ: Mapping[str, str]) -> Path:
    """Where *environ* says that config.json is; it need not exist."""
    user_home = Path(environ.get("HOME") or environ.get("USERPROFILE") or ".").absolute()
    return Path(environ.get("HPM_HOME") or user_home / ".hpm").absolute() / "config.json"


def checked_token(token: object, where: str) -> str | None:
    """*token* if it can be one; ``None`` if there is none.

    Raises:
        InvalidSetting: It holds what no header can carry. The sentence does not show it.
    """
    if token is None or token == "":
        return None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidSetting(where, ["github_token holds characters that no token has."])
    return token


def _remote_cache_of(environ: Mapping[str, str], config: Mapping[str, Any], where: str) -> RemoteCache | None:
    if "HPM_REMOTE_CACHE" not in environ and "remote.cache" not in config:
        return None
    from hpmtasks.project.remote_cache import RemoteCache

    return RemoteCache.read(environ, config, where)


def _json_list(variable: str, text: str | None) -> Sequence[Any]:
    if text is None or not text.strip():
        return ()
    try:
        return _list_of(json.loads(text), variable)
    except (ValueError, RecursionError) as error:
        raise InvalidSetting(variable, [f"It is not valid JSON: {error}."]) from error


def _age_of(value: object, path: str) -> int | None:
    if value is None or value == "":
        return None
    from hpmtasks.model.policy import parse_age

    try:
        return parse_age(value)
    except ValueError as error:
        raise InvalidSetting(path, [f"minimum_release_age cannot be used: {error}."]) from None


def _workers_of(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or int(text) > _MOST_WORKERS:
        raise InvalidSetting(
            "HPM_WORKERS (environment)", [f"{text!r} is not a number from 0 to {_MOST_WORKERS}."]
        )
    return int(text)


def _speculation_of(text: str | None) -> Literal["auto", "on", "off"]:
    if not text or text == "auto":
        return "auto"
    if text in {"on", "off"}:
        return "on" if text == "on" else "off"
    raise InvalidSetting("HPM_SPECULATION (environment)", [f"{text!r} is not one of auto, on, off."])


def _text_of(value: object, where: str) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidSetting(where, ["It must be a text."])
    return value


def _list_of(value: object, where: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise InvalidSetting(where, ["It must be a list of sources, as in docs/configuration.md."])
    return tuple(value)
