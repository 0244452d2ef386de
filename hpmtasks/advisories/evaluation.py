"""evaluation: does an advisory speak of a release? The algorithm of the OSV schema.

See "Evaluation" in https://ossf.github.io/osv-schema/. Versions are ordered as SemVer
orders them. Commits are ordered by their history: a range has a commit if it reaches an
``introduced`` one, with no ``fixed`` one on the way from there.

Hemlock is no ecosystem that OSV has registered, so a release is recognized in three ways:
by ``{"ecosystem": "Hemlock", "name": "owner/repo"}``, as private databases write it, by the
purl ``pkg:github/owner/repo``, and by ranges of commits in its repository.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol, get_args
from urllib.parse import unquote

from hpmtasks.advisories.advisory import Advisory, Affected, EventKind, Range
from hpmtasks.dataclass import dataclass
from hpmtasks.model.origin import repository_key
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version, parse_tag

ECOSYSTEM = "Hemlock"
#: ``undecided``: it depends on the history of a repository, which is not at hand.
Verdict = Literal["affected", "unaffected", "undecided"]
_ORIGIN = "0"


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a package, as a lock knows it.

    Attributes:
        commit: ``None`` if it is not known, or if it is none of git's.
        repository: Of its repository, the :func:`hpmtasks.model.origin.repository_key`; empty if it has none.
    """

    name: PackageName
    version: Version
    commit: str | None
    repository: str


class History(Protocol):
    """The commits of one repository."""

    def ancestors(self, commit: str) -> Collection[str]:
        """*commit* and all that it is built upon; nothing if the repository does not have it."""
        ...


def judge(advisory: Advisory, release: Release, history: History | None = None) -> Verdict:
    """Whether *advisory* speaks of *release*.

    Args:
        history: The commits of the release's repository, if they are at hand.
    """
    verdicts = {_judge(affected, release, history) for affected in advisory.affected}
    if "affected" in verdicts:
        return "affected"
    return "undecided" if "undecided" in verdicts else "unaffected"


def _judge(affected: Affected, release: Release, history: History | None) -> Verdict:
    verdicts: set[Verdict] = set()
    by_commit = [each for each in affected.ranges if _is_of(each, release)]
    is_named = _names(affected, release)
    # Without a package, the versions are tags of the repository that the ranges name.
    if is_named or (by_commit and not affected.name and not affected.purl):
        verdicts.add(_listed(affected.versions, release.version))
    if is_named:
        verdicts |= {_in_order(each, release.version) for each in affected.ranges if each.kind != "GIT"}
    if "affected" in verdicts:
        return "affected"
    verdicts |= {_in_history(each, release.commit, history) for each in by_commit}
    if "affected" in verdicts:
        return "affected"
    return "undecided" if "undecided" in verdicts else "unaffected"


def _names(affected: Affected, release: Release) -> bool:
    """Whether *affected* names the package of *release*."""
    if affected.ecosystem.partition(":")[0].lower() == ECOSYSTEM.lower():
        return affected.name.lower() == release.name.key
    if affected.purl.lower().startswith("pkg:github/"):
        path = unquote(affected.purl[len("pkg:github/") :].partition("?")[0].partition("#")[0])
        return release.repository == f"github.com/{path.partition('@')[0].lower()}"
    return False


def _is_of(each: Range, release: Release) -> bool:
    """Whether *each* is a range of commits in the repository of *release*."""
    return (
        each.kind == "GIT"
        and release.repository != ""
        and repository_key(each.repository) == release.repository
    )


def _listed(versions: tuple[str, ...], version: Version) -> Verdict:
    return "affected" if any(parse_tag(text) == version for text in versions) else "unaffected"


# ---------------------------------------------------------------- by version


def _in_order(each: Range, version: Version) -> Verdict:
    """As the schema's pseudo code: the events in order, each switches; a limit has to be above."""
    known = [(event.kind, parse_tag(event.at)) for event in each.events]
    limits = [at for kind, at in known if kind == "limit"]
    if limits and not any(at is None or version < at for at in limits):
        return "unaffected"
    # What is not a version cannot be compared: the range counts as having begun, and never as mended.
    is_affected = any(
        event.kind == "introduced" and (event.at == _ORIGIN or parse_tag(event.at) is None)
        for event in each.events
    )
    switches = [(at, kind) for kind, at in known if at is not None and kind != "limit"]
    for at, kind in sorted(switches, key=lambda switch: switch[0]):
        if kind == "introduced" and version >= at:
            is_affected = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            is_affected = False
    return "affected" if is_affected else "unaffected"


# ---------------------------------------------------------------- by commit


def _in_history(each: Range, commit: str | None, history: History | None) -> Verdict:
    """Whether *commit* is in the range *each*."""
    if commit is None:
        return "undecided"
    points = {
        kind: [event.at.lower() for event in each.events if event.kind == kind]
        for kind in get_args(EventKind)
    }
    if history is None:
        return _without_history(points, commit)
    below = history.ancestors(commit)
    if points["limit"] and not any(
        commit != limit and commit in history.ancestors(limit) for limit in points["limit"]
    ):
        return "unaffected"
    # A commit mends what reaches it: itself if it is the fix, its followers if it is the last one affected.
    mended = [
        history.ancestors(at)
        for kind in ("fixed", "last_affected")
        for at in points[kind]
        if at in below and (kind == "fixed" or at != commit)
    ]
    for start in points["introduced"]:
        reaches = start == _ORIGIN or start in below
        if reaches and not any(start == _ORIGIN or start in before for before in mended):
            return "affected"
    return "unaffected"


def _without_history(points: Mapping[str, Sequence[str]], commit: str) -> Verdict:
    """What the events at *points* say of *commit* by themselves, whatever lies between them."""
    ends = [*points["fixed"], *points["last_affected"]]
    if points["limit"]:
        return "undecided"
    if commit in points["introduced"] and commit not in points["fixed"]:
        return "affected"
    if _ORIGIN in points["introduced"] and not ends:
        return "affected"
    is_all_before = points["introduced"] == [_ORIGIN] and ends == [commit]
    if not is_all_before:
        return "undecided"
    return "affected" if points["last_affected"] else "unaffected"
