"""github: packages from GitHub or a GitHub Enterprise host, by git or by REST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO, Literal, Self, TypeVar, cast, get_args
from urllib.parse import urlsplit

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidSetting, NetworkFailure, PackageNotFound, RateLimited
from hpmtasks.model.package import PackageName
from hpmtasks.net.address import is_loopback, origin_of
from hpmtasks.net.fetcher import Fetcher, Token, not_offline
from hpmtasks.semver.version import Version
from hpmtasks.sources.github_api import AnswerCache, ApiTransport
from hpmtasks.sources.github_git import GitTransport
from hpmtasks.sources.github_refusals import Forbidden
from hpmtasks.sources.github_shortcut import PUBLIC_SERVER
from hpmtasks.sources.pkt_line import NotGit
from hpmtasks.sources.source import TagList

if TYPE_CHECKING:
    from hpmtasks.sources.clone import Remote

Transport = Literal["auto", "git", "api"]
_PUBLIC_FILES = "https://raw.githubusercontent.com"
_PUBLIC_API = "https://api.github.com"
# What makes `auto` change from git to the API. A missing repository or a dead network is no reason.
_CHANGE_REASONS = (Forbidden, RateLimited, NotGit)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class GithubSettings:
    """Which GitHub, how, and as whom.

    Attributes:
        server_url: Where git and the archive links are, without a slash at the end.
        api_url: Where REST is; may have a path (``/api/v3``).
        transport: ``git``, ``api``, or ``auto``: git, and the API where git is refused.
        token: Sent to these two hosts and to no other.
        canonical_url: What the lockfile says, whichever mirror is used.
    """

    server_url: str = PUBLIC_SERVER
    api_url: str = _PUBLIC_API
    transport: Transport = "auto"
    token: Token | None = None
    canonical_url: str = PUBLIC_SERVER

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, configured_token: str | None = None) -> Self:
        """The settings that *environ* names; *configured_token* serves if it has no token.

        Raises:
            InvalidSetting: A URL is neither https nor http to this very machine, or there is
                no such transport.
        """
        server = _base_url("HPM_GITHUB_SERVER_URL", environ)
        api = _base_url("HPM_GITHUB_API_URL", environ)
        if not server:
            # Actions sets these two together, so they are not mixed with the others.
            server = _base_url("GITHUB_SERVER_URL", environ) or PUBLIC_SERVER
            api = api or _base_url("GITHUB_API_URL", environ)
        transport = environ.get("HPM_GITHUB_TRANSPORT") or "auto"
        if transport not in get_args(Transport):
            raise InvalidSetting(
                "HPM_GITHUB_TRANSPORT (environment)", [f"{transport!r} is not one of auto, git, api."]
            )
        secret = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or configured_token or ""
        return cls(server, api or api_of(server), cast("Transport", transport), _token(secret))

    def for_host(self, url: str, *, with_token: bool) -> GithubSettings:
        """The settings for the GitHub Enterprise host at *url*.

        *with_token*: whether who named the host may have the token sent there; the
        token's own host gets it anyway.
        """
        server = url.rstrip("/")
        if server == self.canonical_url:
            return self
        at_home = origin_of(server) == origin_of(self.server_url)
        token = self.token if with_token or at_home else None
        host = urlsplit(server).hostname or ""
        canonical = PUBLIC_SERVER if is_loopback(host) else server
        api = self.api_url if server == self.server_url else api_of(server)
        return GithubSettings(server, api, self.transport, token, canonical)


def api_of(server_url: str) -> str:
    """Where the REST API of a GitHub is: api.github.com, api.TENANT.ghe.com, or HOST/api/v3."""
    host = urlsplit(server_url).hostname or ""
    if server_url == PUBLIC_SERVER:
        return _PUBLIC_API
    return f"https://api.{host}" if host.endswith(".ghe.com") else f"{server_url}/api/v3"


def files_of(server_url: str) -> str:
    """Where a GitHub shows single files of repositories: raw.githubusercontent.com, or HOST/raw."""
    return _PUBLIC_FILES if server_url == PUBLIC_SERVER else f"{server_url}/raw"


class GithubSource:
    """Packages as repositories of one GitHub."""

    kind = "github"
    has_archives = True

    def __init__(
        self,
        settings: GithubSettings,
        fetcher: Fetcher,
        answers: AnswerCache,
        *,
        offline: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings
        self._environ = environ or {}
        self._offline = offline
        self._git = GitTransport(fetcher, settings.server_url, files_of(settings.server_url), settings.token)
        self._api = ApiTransport(fetcher, settings.api_url, settings.token, answers)
        self._git_is_refused = settings.transport == "api"

    def tags(self, name: PackageName) -> TagList:
        """See :meth:`Source.tags`."""
        self._must_be_online(f"the tags of {name}")
        return self._by_either(lambda: self._git.tags(name), lambda: self._api.tags(name))

    def archive(
        self,
        name: PackageName,
        commit: str,
        *,
        version: Version | None,  # noqa: ARG002 - GitHub gives any commit
        into: BinaryIO,
    ) -> None:
        """See :meth:`Source.archive`."""
        self._must_be_online(f"the archive of {name}")
        start = into.tell()

        def by_api() -> None:
            into.seek(start)
            into.truncate()
            self._api.archive(name, commit, into)

        self._by_either(lambda: self._archive_link(name, commit, into, by_api), by_api)

    def glimpse(self, name: PackageName) -> bytes | None:
        """See :meth:`GlimpsedSource.glimpse`. By git only: the API counts its questions."""
        return None if self._offline or self._git_is_refused else self._git.glimpse(name)

    def resolved(
        self,
        name: PackageName,
        tag_name: str,
        commit: str,  # noqa: ARG002 - the link is by tag, as people know it
        version: Version,  # noqa: ARG002
    ) -> str:
        """See :meth:`Source.resolved`."""
        return f"{self._settings.canonical_url}/{name}/archive/refs/tags/{tag_name}.tar.gz"

    def remote(self, name: PackageName) -> Remote:
        """See :meth:`RemoteSource.remote`."""
        from hpmtasks.sources.clone import Remote

        self._must_be_online(f"the history of {name}")
        server, token = self._settings.server_url, self._settings.token
        return Remote(
            f"{server}/{name}.git",
            origin_of(server).place,
            ("https", "http") if is_loopback(urlsplit(server).hostname or "") else ("https",),
            self._environ,
            f"Authorization: {token.for_git().authorization}" if token else "",
        )

    def _archive_link(
        self, name: PackageName, commit: str, into: BinaryIO, by_api: Callable[[], None]
    ) -> None:
        try:
            self._git.archive(name, commit, into)
        except PackageNotFound:
            # A token that archive links do not take, such as that of an app, may be taken by the API.
            if self._settings.transport != "auto" or self._settings.token is None:
                raise
            by_api()

    def _by_either(self, by_git: Callable[[], _T], by_api: Callable[[], _T]) -> _T:
        """The answer by git; in ``auto``, by the API for the rest of the run once git is refused."""
        if self._git_is_refused:
            return by_api()
        try:
            return by_git()
        except _CHANGE_REASONS:
            if self._settings.transport != "auto":
                raise
            self._git_is_refused = True
            return by_api()

    def _must_be_online(self, what: str) -> None:
        if self._offline:
            raise not_offline(origin_of(self._settings.server_url).place, what)


def _base_url(variable: str, environ: Mapping[str, str]) -> str:
    url = environ.get(variable, "").strip().rstrip("/")
    if not url:
        return ""
    return checked_base_url(url, f"{variable} (environment)")


def checked_base_url(url: str, origin: str) -> str:
    """*url* without a slash at the end, fit to have a path put behind it.

    Raises:
        InvalidSetting: It is not, or not safe; *origin* is where it was set.
    """
    try:
        origin_of(url)
    except NetworkFailure:
        usable = False
    else:
        parts = urlsplit(url)
        usable = not parts.query and not parts.fragment
    if not usable:
        raise InvalidSetting(
            origin, [f"{url!r} is not an https URL such as {PUBLIC_SERVER} (http is for this machine only)."]
        )
    return url.rstrip("/")


def _token(secret: str) -> Token | None:
    """The token, if *secret* can be one.

    Raises:
        InvalidSetting: It holds what no header can carry; the secret itself is not shown.
    """
    secret = secret.strip()
    if not secret:
        return None
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise InvalidSetting("GITHUB_TOKEN", ["The token holds a character that no token has."])
    return Token(secret)
