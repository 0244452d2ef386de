"""newest: the version of a package that somebody means who names none."""

from __future__ import annotations

from hpmtasks.errors import NoSuchVersion
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version
from hpmtasks.session.session import Session


def newest(session: Session, name: PackageName) -> Version:
    """The newest release of *name*; a prerelease only if there is nothing else.

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
    return newest_of(versions)


def newest_of(versions: list[Version]) -> Version:
    """The newest release among *versions*, which are not none; the newest prerelease if there is none."""
    return max([version for version in versions if not version.is_prerelease] or versions)
