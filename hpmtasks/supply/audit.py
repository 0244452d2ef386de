"""audit: the locked packages, compared with advisories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path
from typing import Protocol

from hpmtasks.advisories.advisory import Advisory
from hpmtasks.advisories.database import Database
from hpmtasks.advisories.evaluation import History, Release, judge
from hpmtasks.advisories.service import PUBLIC_URL, Service
from hpmtasks.dataclass import dataclass, replace
from hpmtasks.errors import HpmError, InvalidSetting, NetworkFailure
from hpmtasks.model.lockfile import LockEntry
from hpmtasks.model.origin import repository_key, repository_url
from hpmtasks.model.package import PackageName
from hpmtasks.model.policy import Ignore, audit_database_of
from hpmtasks.net.address import origin_of
from hpmtasks.semver.version import parse_tag
from hpmtasks.session import Session
from hpmtasks.sources.clone import Clone, RemoteSource, fetch_history
from hpmtasks.sources.git_process import GitFailed


@dataclass(frozen=True, slots=True)
class Finding:
    """An advisory that speaks of a locked package.

    Attributes:
        ignored: The line of package.json that says to ignore it, in force or expired.
        is_undecided: It depends on the history of the repository, which is not at hand.
    """

    release: Release
    advisory: Advisory
    ignored: Ignore | None = None
    is_undecided: bool = False

    @property
    def mended(self) -> str | None:
        """The lowest later version that the advisory calls fixed; ``None`` if it names none."""
        events = [
            event
            for affected in self.advisory.affected
            for each in affected.ranges
            if each.kind != "GIT"
            for event in each.events
        ]
        fixed = [parse_tag(event.at) for event in events if event.kind == "fixed"]
        later = [version for version in fixed if version is not None and version > self.release.version]
        return str(min(later)) if later else None


class Advisories(Protocol):
    """Whoever knows what is wrong with releases."""

    @property
    def problems(self) -> list[str]:
        """What could not be looked at, a sentence each."""
        ...

    def about(self, releases: Sequence[Release]) -> list[Finding]:
        """What is known about *releases*, in their order and by the advisories' ids."""
        ...


def release_of(name: PackageName, entry: LockEntry) -> Release:
    """The locked *entry* of *name*, as advisories speak of it."""
    is_folder = entry.resolved.startswith("directory:")
    commit = None if is_folder else entry.commit
    return Release(name, entry.version, commit, repository_key(repository_url(entry)))


def open_advisories(session: Session, chosen: str | None, base: Path, endings: ExitStack) -> Advisories:
    """The advisories that count: *chosen*, else the environment, package.json, config.json; else the service.

    Args:
        chosen: A path that was given on the command line, relative to *base*.
        endings: Ends what was fetched for the answer.

    Raises:
        InvalidSetting, InvalidManifest: A setting cannot be used.
    """
    settings, project = session.settings, session.project
    own = audit_database_of(session.documents.manifest, str(project.manifest_path))
    for path, folder in (
        (chosen, base),
        (settings.environ.get("HPM_AUDIT_DATABASE"), base),
        (own, project.root),
        (settings.audit_database, settings.home),
    ):
        if path:
            return LocalAdvisories(Database(folder / Path(path).expanduser()), Histories(session, endings))
    url = settings.environ.get("HPM_OSV_URL") or PUBLIC_URL
    try:
        origin_of(url)
    except NetworkFailure:
        raise InvalidSetting(
            "HPM_OSV_URL", [f"{url!r} is not an https URL (http is for this machine only)."]
        ) from None
    return RemoteAdvisories(Service(session.fetcher, url))


class RemoteAdvisories:
    """What a service answers. It evaluates by itself."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def problems(self) -> list[str]:
        """None: what a service cannot answer is a failure."""
        return []

    def about(self, releases: Sequence[Release]) -> list[Finding]:
        """See :meth:`Advisories.about`."""
        answers = self._service.affecting(releases)
        return [Finding(release, advisory) for release in releases for advisory in answers[release]]


class LocalAdvisories:
    """What a database on this machine says; where it speaks of commits, git tells what came before what."""

    def __init__(self, database: Database, histories: Histories) -> None:
        self._database = database
        self._histories = histories
        self._mentioning: dict[frozenset[str], Sequence[Advisory]] = {}

    @property
    def problems(self) -> list[str]:
        """See :attr:`Advisories.problems`."""
        unreadable = [f"An advisory cannot be read, {each}." for each in self._database.unreadable]
        return unreadable + self._histories.problems

    def about(self, releases: Sequence[Release]) -> list[Finding]:
        """See :meth:`Advisories.about`."""
        names = frozenset(release.name.key for release in releases) | frozenset(
            release.repository.partition("/")[2] for release in releases if release.repository
        )
        if names not in self._mentioning:
            self._mentioning[names] = self._database.mentioning(names)
        found = []
        for release in releases:
            for advisory in self._mentioning[names]:
                verdict = judge(advisory, release)
                if verdict == "undecided" and (history := self._histories.of(release)) is not None:
                    verdict = judge(advisory, release, history)
                if verdict != "unaffected":
                    found.append(Finding(release, advisory, is_undecided=verdict == "undecided"))
        return found


class Histories:
    """The commits of repositories, fetched when somebody asks for them."""

    def __init__(self, session: Session, endings: ExitStack) -> None:
        self._session = session
        self._endings = endings
        self._known: dict[PackageName, History | None] = {}
        self.problems: list[str] = []

    def of(self, release: Release) -> History | None:
        """The history of the repository of *release*; ``None`` if it cannot be had."""
        if release.commit is None:
            return None
        if release.name not in self._known:
            self._known[release.name] = self._fetched(release, release.commit)
        return self._known[release.name]

    def _fetched(self, release: Release, commit: str) -> History | None:
        source = self._session.source_of(release.name)
        if not isinstance(source, RemoteSource):
            return None
        try:
            remote = source.remote(release.name)
            clone = self._endings.enter_context(Clone(remote, sha256=len(commit) == 64))
            with self._session.progress(f"reading the history of {release.name}"):
                fetch_history(clone, commit)
        except (GitFailed, HpmError) as error:
            said = str(error).partition("\n")[0].rstrip(".")
            self.problems.append(f"The history of {release.name} cannot be read: {said}.")
            return None
        return clone if clone.ancestors(commit) else None


def with_ignores(findings: Iterable[Finding], ignores: Sequence[Ignore]) -> list[Finding]:
    """*findings*, each with what says that it is to be ignored."""
    by_id: Mapping[str, Ignore] = {ignore.id: ignore for ignore in ignores}
    marked = []
    for finding in findings:
        ignored = None
        for name in sorted(finding.advisory.names):
            with suppress(KeyError):
                ignored = by_id[name]
        marked.append(replace(finding, ignored=ignored))
    return marked


def counts(finding: Finding, level: str, today: date) -> bool:
    """Whether *finding* is one to act upon: decided, bad enough, and not ignored on the day *today*."""
    if finding.is_undecided or not finding.advisory.severity.reaches(level):
        return False
    return finding.ignored is None or not finding.ignored.counts_on(today)
