"""ages: how long a version has been out, and whether that is long enough (``minimumReleaseAge``).

Most attacks by way of a package are found within days. Who waits is not among the first.

A git server does not tell when a tag was pushed. What is known for sure is when this machine
first saw it, if it had looked before (:mod:`hpmtasks.project.known`). Otherwise the date of
the commit has to do, which whoever made the commit could set to anything.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidSetting
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.session.acquire import acquire
from hpmtasks.session.known import origin_of
from hpmtasks.session.once import once
from hpmtasks.sources.source import Tag
from hpmtasks.store.moment import commit_time

if TYPE_CHECKING:
    from hpmtasks.session.session import Session

VARIABLE = "HPM_MINIMUM_RELEASE_AGE"
_UNITS = (("week", 7 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))


@dataclass(frozen=True, slots=True)
class Release:
    """When a version came out: Unix seconds, and how that is known."""

    time: int
    basis: Literal["first seen", "commit date"]

    def __str__(self) -> str:
        since = _words(max(0, int(time.time()) - self.time))
        if self.basis == "first seen":
            return f"it was first seen {since} ago"
        return f"its commit is {since} old (by its own date, which can be forged)"


class Ages:
    """The ages of versions in one run."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sighted: set[PackageName] = set()

    @once
    def minimum(self) -> int:
        """The seconds that a version has to be out: by the environment, package.json, config.json; else 0.

        Raises:
            InvalidSetting, InvalidManifest: It is no age.
        """
        from hpmtasks.model.policy import parse_age, release_age_of

        settings, project = self._session.settings, self._session.project
        given = settings.environ.get("HPM_MINIMUM_RELEASE_AGE")
        if given:
            try:
                return parse_age(given)
            except ValueError as error:
                raise InvalidSetting(VARIABLE, [f"{given!r} cannot be used: {error}."]) from None
        own = release_age_of(self._session.documents.manifest, str(project.manifest_path))
        return own if own is not None else settings.minimum_release_age or 0

    def refusal(self, package: PackageId, tag: Tag, *, fetches: bool = True) -> str | None:
        """Why *package*, the version of *tag*, is too young, as a clause; ``None`` if it is not.

        What is locked is never too young, nor what comes from a folder, which has no dates.

        Args:
            fetches: The archive may be fetched to see the date of the commit; without it, and
                without a sighting, nothing is said against the version.
        """
        if not self.minimum or self._is_exempt(package):
            return None
        release = self.release(package, tag, fetches=fetches)
        if release is None or time.time() - release.time >= self.minimum:
            return None
        return f"is too young: {release}, and minimumReleaseAge is {_words(self.minimum)}"

    def settled(self, name: PackageName) -> list[Tag]:
        """The tags of *name*, ascending, without the newest ones as long as those are too young."""
        tags = list(self._session.tags(name).tags)
        kept: list[Tag] = []
        while tags and self.minimum:
            tag = tags.pop()
            if self.refusal(PackageId(name, tag.version), tag) is None:
                kept.insert(0, tag)
                if not tag.version.is_prerelease:
                    break
        return tags + kept

    def release(self, package: PackageId, tag: Tag, *, fetches: bool) -> Release | None:
        """When *package* came out; ``None`` if nothing is known of it."""
        origin = origin_of(self._session, package.name, tag)
        self._sight(package.name, origin)
        sighting = self._session.ledger.seen(origin).get(str(tag.version)) if origin else None
        if sighting is not None and sighting.commit == tag.commit and sighting.is_new:
            return Release(sighting.time, "first seen")
        archive = self._session.store.find_archive(package.name, tag.commit)
        if archive is None and fetches:
            archive = acquire(self._session, package.name, tag.version, tag.commit)
        made = commit_time(archive.path) if archive is not None else None
        if made is None:
            return None
        # It was there when it was seen, whatever its own date says.
        return Release(min(made, sighting.time) if sighting else made, "commit date")

    def _sight(self, name: PackageName, origin: str) -> None:
        """The ledger has which versions of *name* there are now."""
        if name not in self._sighted:
            self._sighted.add(name)
            if origin:
                commits = {str(tag.version): tag.commit for tag in self._session.tags(name).tags}
                self._session.ledger.record_seen(origin, commits, int(time.time()))

    def _is_exempt(self, package: PackageId) -> bool:
        session = self._session
        entry = session.documents.entries.get(package.name)
        if entry is not None and str(entry.version) == str(package.version):
            return True
        return package.name in session.options.accept or session.source_of(package.name).kind == "directory"


def _words(seconds: int) -> str:
    """*seconds* in the largest unit that they have at least one of."""
    for unit, length in _UNITS:
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
