"""newest: the version of a package that somebody means who names none."""

from __future__ import annotations

from hpmtasks.errors import NoSuchVersion
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version
from hpmtasks.session.session import Session


def newest(session: Session, name: PackageName) -> Version:
    """The newest release of *name* that is old enough; a prerelease only if there is nothing else.

    Where all are too young, the newest of them: whoever chooses then says why it cannot be had.

    Raises:
        NoSuchVersion: It has no versions at all.
    """
    versions = [tag.version for tag in session.tags(name).tags]
    if not versions:
        raise NoSuchVersion(
            f"{name} has no versions.\n\nA version is a tag such as v1.0.0; the repository has none.",
            name=str(name),
            constraint="*",
            available=[],
        )
    settled = [tag.version for tag in session.ages.settled(name)]
    return newest_of(settled or versions)


def newest_of(versions: list[Version]) -> Version:
    """The newest release among *versions*, which are not none; the newest prerelease if there is none."""
    return max([version for version in versions if not version.is_prerelease] or versions)
