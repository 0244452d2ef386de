"""github_refusals: what it means when GitHub does not do what was asked, and the way out."""

from __future__ import annotations

import json
import time
from math import isfinite

from hpmtasks.errors import HpmError, NetworkFailure, PackageNotFound, RateLimited
from hpmtasks.model.package import PackageName
from hpmtasks.net.address import origin_of
from hpmtasks.net.fetcher import Answer
from hpmtasks.net.retry import stated_wait

# Told with a refusal when GitHub sends them: what the token has, and what would be needed.
_PERMISSION_HEADERS = ("X-GitHub-SSO", "X-Accepted-GitHub-Permissions", "X-OAuth-Scopes")


class Forbidden(NetworkFailure):
    """The server answers, and refuses this, for a reason that is not a rate limit."""

    kind = "forbidden"
    code = "HPM044"


def is_rate_limit(answer: Answer) -> bool:
    """Whether *answer* refuses because of how much was asked; the status alone does not tell.

    docs.github.com, "Rate limits for the REST API": 403 or 429, with nothing remaining, a
    ``retry-after``, or a message that names the secondary limit.
    """
    if answer.status == 429:
        return True
    return answer.status == 403 and (
        answer.header("x-ratelimit-remaining") == "0"
        or bool(answer.header("retry-after"))
        or b"rate limit" in answer.body.lower()
    )


def refusal(answer: Answer, name: PackageName, *, authenticated: bool, commit: str = "") -> HpmError:
    """What to raise for *answer* about *name* (or its *commit*); *authenticated*: a token was sent."""
    place = origin_of(answer.url).place
    if is_rate_limit(answer):
        return _rate_limited(answer, place, authenticated=authenticated)
    if answer.status == 401 and authenticated:
        return Forbidden(
            f"Network error: {place} does not accept the token that was sent (HTTP 401)\n\n"
            "It may have expired or been revoked. Renew it; or, for public packages, do without one: take"
            " GITHUB_TOKEN and GH_TOKEN out of the environment, and github_token out of config.json."
        )
    if answer.status in {401, 404, 410, 451}:
        return PackageNotFound(str(name), place, _absence(answer.status, authenticated, commit))
    told = _message(answer)
    lines = [f"Network error: {place} refuses {name} (HTTP {answer.status}{f': {told}' if told else ''})"]
    if answer.status == 403:
        what = (
            "The token may lack a permission, or single sign-on" if authenticated else "A token may be needed"
        )
        lines += ["", f"{what}. Reading a repository takes the permission contents: read."]
        lines += [
            f"{header}: {answer.header(header)}" for header in _PERMISSION_HEADERS if answer.header(header)
        ]
        return Forbidden("\n".join(lines))
    return NetworkFailure("\n".join(lines))


def _absence(status: int, authenticated: bool, commit: str) -> str:
    if status == 451:
        return "It is not shown for legal reasons."
    if commit:
        return f"Or commit {commit} is no longer in it: deleted, or replaced by a force push."
    if authenticated:
        return "Check the spelling; if it is private, your token may not see it (contents: read)."
    return "Check the spelling; if it is private, set GITHUB_TOKEN to a token that may read it."


def _message(answer: Answer) -> str:
    """GitHub's own words, if it sent any, on one printable line."""
    try:
        told = json.loads(answer.body).get("message", "")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return "".join(character for character in str(told)[:200] if character.isprintable())


# Digits of a moment, in seconds since 1970, that anybody could wait for.
_LONGEST_MOMENT = 15


def _rate_limited(answer: Answer, place: str, *, authenticated: bool) -> RateLimited:
    who = "with your token" if authenticated else "without a token"
    now = time.time()
    if answer.header("x-ratelimit-remaining") == "0":
        limit, used = answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-used")
        bucket = answer.header("x-ratelimit-resource", "core")
        what = f"{used or limit} of {limit} requests of the {bucket!r} limit are used, {who}."
        reset = answer.header("x-ratelimit-reset")
        moment = int(reset) if reset.isdecimal() and len(reset) < _LONGEST_MOMENT else None
    else:
        wait = stated_wait(answer.headers, now)
        moment = None if wait is None or not isfinite(wait) else int(now + wait)
        what = f"{place} asks for fewer requests at a time (a secondary limit), {who}."
    when = (
        f"Requests are possible again at {_utc(moment)}."
        if moment
        else "Wait a few minutes before trying again."
    )
    if authenticated:
        way_out = "All tools that use this account share its limit; wait, or use another account's token."
    else:
        way_out = (
            "With GITHUB_TOKEN set (a token without any permission will do) far more requests are allowed."
        )
    message = (
        f"GitHub API rate limit exceeded\n\n{what}\n{when}\n{way_out}\n"
        "What is in the cache already can be used with --offline."
    )
    return RateLimited(message, reset=moment)


def _utc(moment: int) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))
    except (OverflowError, ValueError, OSError):
        return "an unknown time"
