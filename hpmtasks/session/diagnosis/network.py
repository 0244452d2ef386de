"""network: whether the places that packages come from can be reached, and as whom."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from hpmtasks.dataclass import dataclass
from hpmtasks.net.address import Origin, origin_of, without_secrets
from hpmtasks.net.certificates import issuer, trusted
from hpmtasks.net.fetcher import Answer, Fetcher, Token
from hpmtasks.net.http import open_fetcher
from hpmtasks.net.proxies import proxy_for
from hpmtasks.project.settings import Settings
from hpmtasks.session.diagnosis.finding import Finding, found_by, warning
from hpmtasks.sources.git_url import GitUrl
from hpmtasks.sources.github import GithubSettings
from hpmtasks.sources.github_refusals import Forbidden
from hpmtasks.sources.routing import BUILT_IN, SourceRule, github_settings

_WIDTH = 8
# Certificates and signed links are judged by the clock.
_MOST_SKEW_SECONDS = 300
_RENEW = "Renew it; for public packages none is needed (unset it, or 'hpm config unset github_token')."


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one place.

    Attributes:
        date: What its clock showed, and ours then; ``None`` if it did not say.
    """

    findings: list[Finding]
    date: tuple[float, float] | None = None


def look(settings: Settings, rules: Sequence[SourceRule], *, offline: bool) -> Iterator[Finding]:
    """Proxy and certificates; each place of *rules*; the token; the clock.

    Raises:
        InvalidSetting: The environment asks for something that cannot be done.
    """
    environ = settings.environ
    yield Finding("certificates", f"trusted are {trusted(environ)}")
    wanted = rules if any(rule.match == "*" for rule in rules) else (*rules, BUILT_IN)
    github = GithubSettings.from_environment(environ, configured_token=settings.github_token)
    hosts = list(dict.fromkeys(github_settings(rule, github) for rule in wanted if rule.type == "github"))
    folders = list(dict.fromkeys(rule.location for rule in wanted if rule.type == "directory"))
    servers = list(
        dict.fromkeys(GitUrl.parse(rule.location, rule.origin) for rule in wanted if rule.type == "git")
    )
    for folder in folders:
        yield _folder(folder)
    if offline:
        yield Finding("network", "not asked, because of --offline")
        return
    # Whoever is down is not asked a second time: this is to be quick.
    fetcher = open_fetcher({**environ, "HPM_RETRY_DELAYS": ""})
    try:
        with ThreadPoolExecutor(_WIDTH) as pool:
            by_host = pool.map(lambda host: _github(fetcher, host, environ), hosts)
            by_server = pool.map(lambda url: _git_server(fetcher, url, environ), servers)
            asked = [*by_host, *by_server]
    finally:
        fetcher.close()
    for each in asked:
        yield from each.findings
    yield from _clock([each.date for each in asked if each.date])


def _folder(template: str) -> Finding:
    folder = Path(os.path.normpath(template.partition("{")[0]))
    if folder.is_dir():
        return Finding("source", f"the folder {folder} is there")
    return warning("source", f"the folder {folder} is not there", "Make it, or change the source.")


def _github(fetcher: Fetcher, host: GithubSettings, environ: Mapping[str, str]) -> Asked:
    """The server by its shortest page, the API by what it says of the limit, which costs nothing."""
    findings: list[Finding] = []
    dates: list[tuple[float, float]] = []
    place = origin_of(host.server_url).place

    def server() -> Iterator[Finding]:
        answer, told = _reached(fetcher, f"{host.server_url}/robots.txt", environ)
        dates.extend(_date(answer))
        yield Finding("source", told)

    def api() -> Iterator[Finding]:
        answer, told = _reached(fetcher, f"{host.api_url}/rate_limit", environ, host.token)
        dates.extend(_date(answer))
        yield Finding("source", told)
        yield _token(answer, host, place)

    findings += found_by(f"source {place}", server)
    if host.transport != "git":
        findings += found_by(f"source {origin_of(host.api_url).place}", api)
    return Asked(findings, dates[0] if dates else None)


def _git_server(fetcher: Fetcher, url: GitUrl, environ: Mapping[str, str]) -> Asked:
    if url.kind == "file":
        return Asked([_folder(urlsplit(url.template).path if "://" in url.template else url.template)])
    if url.kind == "ssh":
        return Asked([Finding("source", f"{url.host} is reached by git and ssh, which were not tried")])
    parts = urlsplit(url.template.replace("{", "").replace("}", ""))
    dates: list[tuple[float, float]] = []

    def server() -> Iterator[Finding]:
        answer, told = _reached(fetcher, f"{parts.scheme}://{parts.netloc}/", environ)
        dates.extend(_date(answer))
        yield Finding("source", told)

    return Asked(found_by(f"source {url.host}", server), dates[0] if dates else None)


def _reached(
    fetcher: Fetcher, url: str, environ: Mapping[str, str], token: Token | None = None
) -> tuple[Answer, str]:
    """The answer of *url*, any will do, and how it was reached in words."""
    origin = origin_of(url)
    began = time.monotonic()
    answer = fetcher.request("GET", url, token=token)
    took = time.monotonic() - began
    return answer, f"{origin.place} answers in {took * 1000:.0f} ms, {_way(origin, environ)}"


def _way(origin: Origin, environ: Mapping[str, str]) -> str:
    proxy = proxy_for(origin, environ)
    if proxy:
        return f"by the proxy {without_secrets(proxy)}"
    told = issuer(origin, environ) if origin.scheme == "https" else ""
    return f"directly, certified by {told}" if told else "directly"


def _token(answer: Answer, host: GithubSettings, place: str) -> Finding:
    if answer.status == 401:
        return Finding("token", f"{place} does not accept it", "broken", _RENEW, Forbidden.exit_code)
    whose = "valid" if host.token else "none"
    limits = _limits(answer)
    if limits is None:
        return Finding("token", f"{whose}; {place} tells no limit of requests")
    remaining, limit, reset = limits
    told = f"{whose}; {remaining} of {limit} requests to the REST API are left in this hour"
    if remaining > 0:
        return Finding("token", told)
    when = time.strftime("%H:%M UTC", time.gmtime(reset)) if 0 < reset < 2**40 else "some time"
    way_out = "" if host.token else ", or set GITHUB_TOKEN"
    return warning("token", told, f"Wait until {when}{way_out}; tags are read by git, which has no limit.")


def _limits(answer: Answer) -> tuple[int, int, int] | None:
    """Remaining, limit and reset by the headers, else by the body; ``None`` if neither tells."""
    told = [answer.header(f"x-ratelimit-{name}") for name in ("remaining", "limit", "reset")]
    if not all(text.isascii() and text.isdigit() for text in told):
        try:
            rate = json.loads(answer.body)["rate"]
            told = [str(int(rate[name])) for name in ("remaining", "limit", "reset")]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None
    remaining, limit, reset = (int(text[:15]) for text in told)
    return remaining, limit, reset


def _date(answer: Answer) -> list[tuple[float, float]]:
    try:
        return [(parsedate_to_datetime(answer.header("date")).timestamp(), time.time())]
    except (ValueError, TypeError, OverflowError):
        return []


def _clock(dates: Sequence[tuple[float, float]]) -> Iterator[Finding]:
    if not dates:
        return
    skew = min((ours - theirs for theirs, ours in dates), key=abs)
    if abs(skew) <= _MOST_SKEW_SECONDS:
        yield Finding("clock", f"within {max(abs(skew), 1):.0f} s of the servers'")
        return
    direction = "ahead of" if skew > 0 else "behind"
    yield warning(
        "clock",
        f"{abs(skew) / 60:.0f} minutes {direction} the servers'",
        "Set it; certificates are judged by it.",
    )
