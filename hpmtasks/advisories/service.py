"""service: the API of https://osv.dev, or of whoever speaks it: which advisories speak of which releases.

It is asked by commit, and by version of the repository (its ecosystem ``GIT``), both of
which it knows without Hemlock being registered there. The service evaluates by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from hpmtasks.advisories.advisory import LARGEST_ADVISORY, Advisory, advisory_of
from hpmtasks.advisories.evaluation import Release
from hpmtasks.errors import NetworkFailure
from hpmtasks.model.json_text import MalformedJson, load
from hpmtasks.net.address import origin_of
from hpmtasks.net.fetcher import Answer, Fetcher

PUBLIC_URL = "https://api.osv.dev"
#: The most that may be asked at once, says the API's documentation.
MOST_QUERIES = 1000
# Pages of one answer. More would be more advisories on one release than anybody has.
_MOST_PAGES = 50


class Service:
    """An OSV API at *url*, asked by *fetcher*."""

    def __init__(self, fetcher: Fetcher, url: str = PUBLIC_URL) -> None:
        self._fetcher = fetcher
        self._url = url.rstrip("/")
        self._known: dict[str, Advisory] = {}

    def affecting(self, releases: Sequence[Release]) -> Mapping[Release, Sequence[Advisory]]:
        """For each of *releases* the advisories that speak of it and are not withdrawn, by their id.

        Raises:
            NetworkFailure: The service cannot be reached, or does not answer as an OSV API does.
            NotOffline: The network may not be used.
        """
        ids: dict[Release, set[str]] = {release: set() for release in releases}
        asked = [(release, query) for release in releases for query in _queries(release)]
        for _ in range(_MOST_PAGES):
            following = []
            for start in range(0, len(asked), MOST_QUERIES):
                batch = asked[start : start + MOST_QUERIES]
                for (release, query), result in zip(batch, self._batch(batch), strict=True):
                    ids[release] |= _ids(result)
                    token = result.get("next_page_token")
                    if isinstance(token, str) and token:
                        following.append((release, {**query, "page_token": token}))
            asked = following
            if not asked:
                break
        return {
            release: [each for one in sorted(found) if not (each := self._advisory(one)).withdrawn]
            for release, found in ids.items()
        }

    def _batch(self, asked: Sequence[tuple[Release, Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
        content = json.dumps({"queries": [query for _, query in asked]}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        answer = self._fetcher.request(
            "POST",
            f"{self._url}/v1/querybatch",
            headers=headers,
            content=content,
            limit_bytes=LARGEST_ADVISORY,
        )
        results = self._document(answer).get("results")
        if not isinstance(results, list) or len(results) != len(asked):
            raise self._strange("it does not answer each question")
        return [each if isinstance(each, dict) else {} for each in results]

    def _advisory(self, name: str) -> Advisory:
        if name not in self._known:
            url = f"{self._url}/v1/vulns/{quote(name, safe='')}"
            document = self._document(
                self._fetcher.request(
                    "GET", url, headers={"Accept": "application/json"}, limit_bytes=LARGEST_ADVISORY
                )
            )
            try:
                self._known[name] = advisory_of(document)
            except ValueError as error:
                raise self._strange(f"of {name!r} {error}") from None
        return self._known[name]

    def _document(self, answer: Answer) -> Mapping[str, Any]:
        if not answer.ok:
            raise self._strange(f"it answers with HTTP {answer.status}")
        try:
            document = load(answer.body, limit=LARGEST_ADVISORY)
        except MalformedJson as error:
            raise self._strange(f"it sends no JSON: {error}") from None
        if not isinstance(document, dict):
            raise self._strange("it sends something else than an object")
        return document

    def _strange(self, what: str) -> NetworkFailure:
        return NetworkFailure(
            f"Network error: {origin_of(self._url).place} is no OSV API as hpm knows it: {what}.\n\n"
            "HPM_OSV_URL names the service; with --db FOLDER a local database is used instead."
        )


def _queries(release: Release) -> list[dict[str, Any]]:
    queries: list[dict[str, Any]] = []
    if release.commit is not None and release.repository:
        queries.append({"commit": release.commit})
    if release.repository:
        package = {"ecosystem": "GIT", "name": f"https://{release.repository}.git"}
        queries.append({"package": package, "version": str(release.version)})
    return queries


def _ids(result: Mapping[str, Any]) -> set[str]:
    listed = result.get("vulns")
    rows = listed if isinstance(listed, list) else []
    return {row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)}
