"""routing: which source a package belongs to: the first rule that matches its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import InvalidSetting
from hpmtasks.model.package import PackageName
from hpmtasks.net.fetcher import Fetcher, OfflineFetcher
from hpmtasks.pattern import pattern
from hpmtasks.sources.github import GithubSettings, checked_base_url
from hpmtasks.sources.github_api import AnswerCache
from hpmtasks.sources.source import Source

_PATTERN = pattern(r"\*|[A-Za-z0-9._*?-]+/[A-Za-z0-9._*?-]+")
_PLACEHOLDER = pattern(r"\{([^{}]*)\}?")
# Which fields, besides match and type, a rule of each type may have: (allowed, required).
_FIELDS = {"github": ("url", ""), "git": ("url", "url"), "directory": ("path", "path")}


@dataclass(frozen=True, slots=True)
class SourceRule:
    """Packages whose name matches a pattern come from one place.

    Attributes:
        match: A pattern over ``owner/repo``, case-folded: ``*``, ``acme/*``, ``acme/json``.
        type: A key of :data:`SOURCES`.
        location: The rule's ``url`` or (absolute) ``path``; empty for GitHub itself.
        origin: Where it was set, for messages.
        trusted: Whether the user's GitHub token may be sent to the host it names. A rule
            of the environment or of config.json is the user's own; one in a package.json
            came with the project.
    """

    match: str
    type: str
    location: str = ""
    origin: str = "built in"
    trusted: bool = False

    def covers(self, name: PackageName) -> bool:
        """Whether *name* belongs to this rule, if no earlier one has it."""
        return fnmatchcase(name.key, self.match)


#: The last rule, always there: what no other rule has is on GitHub.
BUILT_IN = SourceRule("*", "github")


@dataclass(frozen=True, slots=True)
class Access:
    """What sources need to get at their places.

    Attributes:
        fetcher: The network.
        github: Which GitHub, and the token.
        environ: For git's child processes.
        offline: Whether the network is forbidden.
        answers: Answers of GitHub's API from earlier runs, and of this one for later ones.
    """

    fetcher: Fetcher
    github: GithubSettings
    environ: Mapping[str, str]
    offline: bool = False
    answers: AnswerCache = field(default_factory=dict)


def parse_rules(data: object, *, origin: str, base: Path, trusted: bool) -> tuple[SourceRule, ...]:
    """The rules in *data*, the JSON value of a ``sources`` setting.

    Args:
        data: A list of objects with ``match``, ``type`` and ``url`` or ``path``.
        origin: Where it was set, for messages: ``package.json (hpm.sources)``.
        base: What a relative ``path`` is relative to.
        trusted: See :class:`SourceRule`.

    Raises:
        InvalidSetting: Something is wrong, each with its place: ``sources[1].url``.
    """
    if not isinstance(data, list):
        raise InvalidSetting(origin, ["sources must be a list of objects."])
    issues: list[str] = []
    for index, entry in enumerate(data):
        issues += [f"sources[{index}]{issue}" for issue in _issues(entry)]
    if issues:
        raise InvalidSetting(origin, issues)
    return tuple(
        _rule(entry, f"{origin}, sources[{index}]", base, trusted=trusted) for index, entry in enumerate(data)
    )


def check_rules(rules: Sequence[SourceRule]) -> None:
    """Each of *rules* leads to a source; nobody is asked whether it is there.

    Raises:
        InvalidSetting: The URL of one cannot be used.
    """
    access = Access(OfflineFetcher(), GithubSettings(), {}, offline=True)
    for rule in rules:
        SOURCES[rule.type](rule, access)


class Routes:
    """Every package name leads to exactly one source, for one run."""

    def __init__(self, rules: Sequence[SourceRule], access: Access) -> None:
        self._rules = (*rules, BUILT_IN)
        self._access = access
        self._sources: dict[SourceRule, Source] = {}
        self._routed: dict[str, Source] = {}

    def route(self, name: PackageName) -> Source:
        """The source of *name*; the same object for all names of one rule.

        Raises:
            InvalidSetting: The rule's URL cannot be used.
        """
        known = self._routed.get(name.key)
        if known is not None:
            return known
        rule = next(rule for rule in self._rules if rule.covers(name))
        source = self._sources.get(rule)
        if source is None:
            # Two threads may both make one; all then use the one that came first.
            source = self._sources.setdefault(rule, SOURCES[rule.type](rule, self._access))
        self._routed[name.key] = source
        return source


def _issues(entry: Any) -> list[str]:
    """What is wrong with one rule; each begins with the field, as ``.url``."""
    if not isinstance(entry, dict):
        return [" must be an object."]
    wrong = [f".{name} must be a text." for name, value in entry.items() if not isinstance(value, str)]
    if wrong:
        return wrong
    kind = entry.get("type", "")
    if kind not in _FIELDS:
        return [f".type is {kind!r}; it must be one of {', '.join(_FIELDS)}."]
    allowed, required = _FIELDS[kind]
    issues = [
        f".{name} does not belong to a source of type {kind!r}."
        for name in entry
        if name not in {"match", "type", allowed}
    ]
    if required and not entry.get(required):
        issues.append(f".{required} is missing.")
    match = entry.get("match", "")
    if not _PATTERN.fullmatch(match):
        issues.append(f".match is {match!r}; it must be a pattern such as acme/* or acme/json, or * for all.")
    location = entry.get(allowed, "")
    used = set(_PLACEHOLDER.findall(location))
    if unknown := used - {"owner", "repo"}:
        issues.append(f".{allowed} holds {{{min(unknown)}}}; only {{owner}} and {{repo}} have a meaning.")
    elif kind == "git" and not issues and ("*" in match or "?" in match) and "repo" not in used:
        issues.append(f".url must hold {{repo}}, because {match!r} covers more than one package.")
    elif kind == "directory" and "\0" in location:
        issues.append(".path is not a path.")
    return issues


def _rule(entry: dict[str, str], origin: str, base: Path, *, trusted: bool) -> SourceRule:
    location = entry.get("url", "")
    if "path" in entry:
        location = str(base / Path(entry["path"]).expanduser())
    return SourceRule(entry["match"].lower(), entry["type"], location, origin, trusted)


def github_settings(rule: SourceRule, github: GithubSettings) -> GithubSettings:
    """Which GitHub *rule* means, if the run's own is *github*.

    Raises:
        InvalidSetting: Its URL cannot be used.
    """
    if not rule.location:
        return github
    host = rule.location.rstrip("/").removesuffix("/{owner}/{repo}")
    return github.for_host(checked_base_url(host, rule.origin), with_token=rule.trusted)


def _github(rule: SourceRule, access: Access) -> Source:
    from hpmtasks.sources.github import GithubSource

    settings = github_settings(rule, access.github)
    return GithubSource(
        settings, access.fetcher, access.answers, offline=access.offline, environ=access.environ
    )


def _git(rule: SourceRule, access: Access) -> Source:
    from hpmtasks.sources.git import GitSource
    from hpmtasks.sources.git_url import GitUrl

    return GitSource(GitUrl.parse(rule.location, rule.origin), access.environ, offline=access.offline)


def _directory(rule: SourceRule, access: Access) -> Source:  # noqa: ARG001 - it needs no access
    from hpmtasks.sources.directory import DirectorySource

    return DirectorySource(rule.location)


#: How a source of each type is made.
SOURCES: dict[str, Callable[[SourceRule, Access], Source]] = {
    "github": _github,
    "git": _git,
    "directory": _directory,
}
