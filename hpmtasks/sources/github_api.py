"""github_api: GitHub's REST endpoints: repository, tags, manifest, archive."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from typing import Any, BinaryIO
from urllib.parse import quote

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import NetworkFailure
from hpmtasks.model.package import PackageName
from hpmtasks.net.address import origin_of
from hpmtasks.net.fetcher import Answer, Fetcher, Token
from hpmtasks.pattern import pattern
from hpmtasks.sources.github_refusals import refusal
from hpmtasks.sources.source import TagList, tag_list

# GitHub promises this version of its API until March 2028 at least.
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_RAW = {**_HEADERS, "Accept": "application/vnd.github.raw+json"}
_NEXT = pattern(r'<([^<>]*)>\s*;[^,<]*\brel="?next"?')
_COMMIT = pattern(r"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?")
# A hundred thousand tags; more is an endless list.
_MOST_PAGES = 1000
_MOST_REPOSITORIES = 1 << 63


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer that GitHub may confirm with 304 instead of sending it again.

    Attributes:
        etag: What it is confirmed by.
        link: Its ``Link`` header, where the next page is.
        body: What it said.
    """

    etag: str
    link: str
    body: bytes


#: Answers by URL. With a token, a confirmed answer does not count against the rate limit.
AnswerCache = MutableMapping[str, CachedAnswer]


class ApiTransport:
    """A GitHub, asked by its REST API."""

    def __init__(self, fetcher: Fetcher, api_url: str, token: Token | None, answers: AnswerCache) -> None:
        self._fetcher = fetcher
        self._api = api_url
        self._token = token
        self._answers = answers

    def tags(self, name: PackageName) -> TagList:
        """See :meth:`Source.tags`; the repository's number is always known.

        Raises:
            Forbidden: Refused, and not for a rate limit.
        """
        return tag_list(self._refs(name), self.repository_id(name))

    def repository_id(self, name: PackageName) -> int:
        """GitHub's number for the repository of *name*, which renaming does not change.

        Raises:
            PackageNotFound: There is no such repository, or it is not shown.
            NetworkFailure, RateLimited, NotOffline: As :meth:`Source.tags`.
        """
        about = self._json(self._get(self._repository(name), name))
        number = about.get("id") if isinstance(about, dict) else None
        if type(number) is not int or not 0 < number < _MOST_REPOSITORIES:
            raise self._nonsense()
        return number

    def manifest(self, name: PackageName, commit: str) -> bytes | None:
        """``package.json`` as it is at *commit*; ``None`` if it has none.

        Raises:
            PackageNotFound, NetworkFailure, RateLimited, NotOffline: As :meth:`Source.tags`.
        """
        url = f"{self._repository(name)}/contents/package.json?ref={quote(commit, safe='')}"
        answer = self._fetcher.request("GET", url, headers=_RAW, token=self._token)
        if answer.status == 404:
            return None
        if not answer.ok:
            raise self._refusal(answer, name)
        return answer.body

    def archive(self, name: PackageName, commit: str, into: BinaryIO) -> None:
        """See :meth:`Source.archive`.

        Raises:
            Forbidden: Refused, and not for a rate limit.
        """
        url = f"{self._repository(name)}/tarball/{quote(commit, safe='')}"
        answer = self._fetcher.download(url, into, headers=_HEADERS, token=self._token)
        if not answer.ok:
            raise self._refusal(answer, name, commit)

    def _refs(self, name: PackageName) -> Iterator[tuple[str, str]]:
        """Every tag and its commit, page after page, as the answers link them."""
        home = origin_of(self._api)
        url = f"{self._repository(name)}/tags?per_page=100"
        seen: set[str] = set()
        while url:
            if url in seen or len(seen) >= _MOST_PAGES or origin_of(url) != home:
                raise self._nonsense()
            seen.add(url)
            answer = self._get(url, name, empty_is_ok=True)
            if answer.status == 409:  # the repository is empty
                return
            page = self._json(answer)
            if not isinstance(page, list):
                raise self._nonsense()
            yield from map(self._ref, page)
            following = _NEXT.search(answer.header("link"))
            url = following[1] if following else ""

    def _ref(self, entry: Any) -> tuple[str, str]:
        try:
            name, commit = entry["name"], entry["commit"]["sha"]
        except (TypeError, KeyError):
            raise self._nonsense() from None
        if not isinstance(name, str) or not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise self._nonsense()
        return name, commit

    def _get(self, url: str, name: PackageName, *, empty_is_ok: bool = False) -> Answer:
        """The answer to a GET, confirmed from the cache where possible."""
        cached = self._answers.get(url)
        headers = {**_HEADERS, "If-None-Match": cached.etag} if cached else _HEADERS
        answer = self._fetcher.request("GET", url, headers=headers, token=self._token)
        if answer.status == 304 and cached:
            return Answer(200, {"link": cached.link}, cached.body, url)
        if answer.status == 409 and empty_is_ok:
            return answer
        if not answer.ok:
            raise self._refusal(answer, name)
        if etag := answer.header("etag"):
            self._answers[url] = CachedAnswer(etag, answer.header("link"), answer.body)
        return answer

    def _json(self, answer: Answer) -> Any:
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise self._nonsense() from None

    def _repository(self, name: PackageName) -> str:
        return f"{self._api}/repos/{quote(name.owner, safe='')}/{quote(name.repo, safe='')}"

    def _refusal(self, answer: Answer, name: PackageName, commit: str = "") -> Exception:
        return refusal(answer, name, authenticated=self._token is not None, commit=commit)

    def _nonsense(self) -> NetworkFailure:
        place = origin_of(self._api).place
        return NetworkFailure(
            f"Network error: {place} does not answer as GitHub's API does\n\n"
            "Please check HPM_GITHUB_API_URL, or whether a proxy or a login page answers instead."
        )
