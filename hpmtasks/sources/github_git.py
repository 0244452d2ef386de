"""github_git: tags by git's own protocol and archives by their link, which cost no API request."""

from __future__ import annotations

from typing import BinaryIO
from urllib.parse import quote

from hpmtasks.model.package import PackageName
from hpmtasks.net.address import origin_of
from hpmtasks.net.fetcher import Answer, Fetcher, Token
from hpmtasks.sources.github_refusals import is_rate_limit, refusal
from hpmtasks.sources.github_shortcut import Shortcut
from hpmtasks.sources.pkt_line import NotGit, ls_refs_request, tags_in
from hpmtasks.sources.source import TagList, tag_list

_REQUEST = "application/x-git-upload-pack-request"
_RESULT = "application/x-git-upload-pack-result"
_LARGEST_GLIMPSE = 1024 * 1024


class GitTransport:
    """A GitHub, asked as git asks it: one POST for all tags of a repository."""

    def __init__(self, fetcher: Fetcher, server_url: str, files_url: str, token: Token | None) -> None:
        self._fetcher = fetcher
        self._server = server_url
        self._files = files_url
        self._token = token.for_git() if token else None
        self._shortcut = Shortcut.known(server_url)
        # Whose packages are not where the shortcut leads: private ones.
        self._owners_without: set[str] = set()

    def tags(self, name: PackageName) -> TagList:
        """See :meth:`Source.tags`.

        Raises:
            NotGit: The answer is not git's.
            Forbidden: Refused, and not for a rate limit.
        """
        answer = self._fetcher.request(
            "POST",
            f"{self._repository(name)}.git/git-upload-pack",
            headers={"Accept": _RESULT, "Content-Type": _REQUEST, "Git-Protocol": "version=2"},
            content=ls_refs_request("hpm"),
            token=self._token,
        )
        if not answer.ok:
            raise refusal(answer, name, authenticated=self._token is not None)
        place = origin_of(answer.url).place
        content_type = answer.header("content-type").partition(";")[0].strip()
        if content_type != _RESULT:
            raise NotGit(place, f"it sent {content_type or 'something untyped'}")
        return tag_list(tags_in(answer.body, place))

    def archive(self, name: PackageName, commit: str, into: BinaryIO) -> None:
        """See :meth:`Source.archive`.

        Raises:
            NotGit: A page came instead of an archive.
            Forbidden: Refused, and not for a rate limit.
        """
        if self._by_shortcut(name, commit, into):
            return
        url = f"{self._repository(name)}/archive/{quote(commit, safe='')}.tar.gz"
        answer = self._fetcher.download(url, into, token=self._token)
        if not answer.ok:
            raise refusal(answer, name, authenticated=self._token is not None, commit=commit)
        if _is_page(answer):
            raise NotGit(origin_of(answer.url).place, "it sent a web page instead of an archive")
        if answer.url != url:
            self._shortcut = self._shortcut or Shortcut.of(answer.url, name, commit)

    def glimpse(self, name: PackageName) -> bytes | None:
        """See :meth:`GlimpsedSource.glimpse`. The token is not sent: what only it shows is not shown."""
        url = f"{self._files}/{_path(name)}/HEAD/package.json"
        answer = self._fetcher.request("GET", url, limit_bytes=_LARGEST_GLIMPSE, retries=False)
        if is_rate_limit(answer):
            raise refusal(answer, name, authenticated=False)
        return answer.body if answer.ok and not _is_page(answer) else None

    def _by_shortcut(self, name: PackageName, commit: str, into: BinaryIO) -> bool:
        """Whether *into* holds the archive, from where an earlier link has led; without the token."""
        owner = name.owner.lower()
        if self._shortcut is None or owner in self._owners_without:
            return False
        start = into.tell()
        answer = self._fetcher.download(self._shortcut.to(name, commit), into)
        if answer.ok and not _is_page(answer):
            return True
        self._owners_without.add(owner)
        into.seek(start)
        into.truncate()
        return False

    def _repository(self, name: PackageName) -> str:
        return f"{self._server}/{_path(name)}"


def _path(name: PackageName) -> str:
    return f"{quote(name.owner, safe='')}/{quote(name.repo, safe='')}"


def _is_page(answer: Answer) -> bool:
    return answer.header("content-type").startswith("text/html")
