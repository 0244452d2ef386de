"""outdated: what is locked, compared with what there is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import HpmError, NotOffline
from hpmtasks.model.lockfile import LockEntry, overriding_constraints
from hpmtasks.model.manifest import get_all_dependencies
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.semver.constraint import Constraint, parse_constraint
from hpmtasks.semver.version import Version
from hpmtasks.session.moved import warn_of_move
from hpmtasks.session.newest import newest_of
from hpmtasks.session.session import Session


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one package stands.

    Attributes:
        name: The package.
        section: Where the project or a member asks for it; ``transitive`` if only packages do.
        members: Who of the workspace asks for it; empty in a project without members.
        current: The locked version, if it is locked.
        wanted: The highest version that every requirement on it allows, if there is one.
        latest: The newest release.
        read: Unix time (seconds) when its versions were read; ``None``: just now.
        young: Allowed versions that are passed over, with the clause that says why.
    """

    name: PackageName
    section: str
    current: str | None
    wanted: str | None
    latest: str | None
    read: int | None = None
    young: Mapping[str, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()

    @property
    def is_outdated(self) -> bool:
        """Whether there is something else to have: allowed, or newer."""
        if self.wanted is not None and self.wanted != self.current:
            return True
        if self.latest is None:
            return False
        return self.current is None or Version.parse(self.latest) > Version.parse(self.current)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What could be found out, by name, and about which packages nothing could."""

    standings: tuple[Standing, ...]
    failures: Mapping[PackageName, HpmError]


def compare(session: Session, *, transitive: bool) -> Comparison:
    """The standing of everything that the project requires, and with *transitive* of all that is locked.

    Without a network the versions that earlier runs recorded count. Of tags that were moved
    since they were locked ``session.warnings`` tells.
    """
    sections = dict(_sections(session, transitive=transitive))
    for name in sections:
        session.expect_tags(name)
    standings, failures = [], {}
    for name, section in sorted(sections.items()):
        try:
            versions, read = _versions(session, name)
        except HpmError as error:
            failures[name] = error
            continue
        standings.append(_standing(session, name, section, versions, read))
    return Comparison(tuple(standings), failures)


def _sections(session: Session, *, transitive: bool) -> Iterator[tuple[PackageName, str]]:
    own, lockfile = session.workspace.by_name, session.documents.lockfile
    if transitive and lockfile:
        yield from ((name, "transitive") for name in lockfile.entries if name not in own)
    everyone = [member.manifest for member in session.workspace.everyone()]
    in_dev = [each.name for manifest in everyone for each in manifest.dev_requirements]
    in_dependencies = [each.name for manifest in everyone for each in manifest.requirements]
    yield from ((name, "devDependencies") for name in in_dev if name not in own)
    yield from ((name, "dependencies") for name in in_dependencies if name not in own)


def _asking(session: Session, name: PackageName) -> tuple[str, ...]:
    """The root and the members that require *name*; of a project without members, nobody."""
    workspace = session.workspace
    if not workspace.members:
        return ()
    return tuple(
        str(member)
        for member in workspace.everyone()
        if any(each.name == name for each in get_all_dependencies(member.manifest))
    )


def _versions(session: Session, name: PackageName) -> tuple[list[Version], int | None]:
    """The versions of *name*, and when they were read if that was in an earlier run."""
    try:
        tags = session.tags(name).tags
    except NotOffline:
        record = session.state.values_of(f"tags:{name}")
        listed, read = record.get("tags"), record.get("read")
        if not isinstance(listed, dict) or not isinstance(read, int):
            raise NotOffline(
                f"Which versions {name} has is not known without the network: no earlier run recorded it."
            ) from None
        return [Version.parse(text) for text in listed], read
    warn_of_move(session, name)
    return [tag.version for tag in tags], None


def _standing(
    session: Session, name: PackageName, section: str, versions: list[Version], read: int | None
) -> Standing:
    lockfile = session.documents.lockfile
    entry: LockEntry | None = lockfile.entries.get(name) if lockfile else None
    constraints = _constraints(session, name)
    allowed = [version for version in versions if all(each.allows(version) for each in constraints)]
    young = _young(session, name, allowed) if read is None else {}
    allowed = [version for version in allowed if str(version) not in young]
    return Standing(
        name=name,
        section=section,
        current=str(entry.version) if entry else None,
        wanted=str(max(allowed)) if allowed else None,
        latest=str(newest_of(versions)) if versions else None,
        read=read,
        young=young,
        members=_asking(session, name),
    )


def _young(session: Session, name: PackageName, allowed: Iterable[Version]) -> dict[str, str]:
    """Those of *allowed* that are known to be too young, without fetching anything to find out."""
    if not session.ages.minimum:
        return {}
    wanted = {str(version) for version in allowed}
    refused = {
        str(tag.version): session.ages.refusal(PackageId(name, tag.version), tag, fetches=False)
        for tag in session.tags(name).tags
        if str(tag.version) in wanted
    }
    return {version: refusal for version, refusal in refused.items() if refusal is not None}


def _constraints(session: Session, name: PackageName) -> list[Constraint]:
    """Every constraint that counts for *name*."""
    override = overriding_constraints(session.documents.manifest).get(name)
    if override is not None:
        with suppress(ValueError):  # what is wrong with it is told by who resolves
            return [parse_constraint(override)]
    return session.documents.constraints_on(name)


def age(reads: Iterable[int]) -> str | None:
    """How long ago the oldest of *reads* (Unix seconds) was, in words; ``None`` if there are none."""
    oldest = min(reads, default=None)
    if oldest is None:
        return None
    seconds = max(0, int(time.time()) - oldest)
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"
