"""mending: for packages that advisories speak of, versions that none of them does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from hpmtasks.advisories.evaluation import Release
from hpmtasks.dataclass import dataclass
from hpmtasks.model.lockfile import LockEntry, overriding_constraints
from hpmtasks.model.manifest import set_constraint
from hpmtasks.model.package import PackageName
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.semver.version import Version
from hpmtasks.session import Session
from hpmtasks.supply.audit import Advisories, release_of


@dataclass(frozen=True, slots=True)
class Mend:
    """What would do away with the findings of one package.

    Attributes:
        locked: The version that is locked.
        version: The one to take instead; ``None`` if there is none.
        overrides: Whether package.json has to overrule what is required.
    """

    name: PackageName
    locked: Version
    version: Version | None
    overrides: bool


def find_mends(
    session: Session,
    names: Iterable[PackageName],
    entries: Mapping[PackageName, LockEntry],
    known: Advisories,
) -> list[Mend]:
    """For each of *names* the version to take: the highest allowed that nobody warns of, else the lowest.

    A version that the requirements allow needs no change of package.json if it is what an
    update takes: the highest one. Otherwise an override names it.

    Raises:
        HpmError: The versions of a package cannot be read, or the advisories.
    """
    mends = []
    wanted = sorted(names)
    for name in wanted:
        session.expect_tags(name)
    for name in wanted:
        entry = entries[name]
        later = _later(session, name, entry, known)
        allowed = _allowed(session, name)
        highest = max(filter(allowed, (tag.version for tag in session.tags(name).tags)), default=None)
        inside = [version for version in later if allowed(version)]
        chosen = max(inside) if inside else min(later, default=None)
        mends.append(Mend(name, entry.version, chosen, overrides=chosen is not None and chosen != highest))
    return mends


def _allowed(session: Session, name: PackageName) -> Callable[[Version], bool]:
    """Whether a version suits all that is asked of *name*: by an override, else by every requirement."""
    override = overriding_constraints(session.documents.manifest).get(name)
    constraints = session.documents.constraints_on(name) if override is None else [parse_constraint(override)]
    return lambda version: all(constraint.allows(version) for constraint in constraints)


def overriding(text: str, mends: Sequence[Mend]) -> str:
    """*text* of a package.json, with an override for each of *mends* that needs one."""
    for mend in mends:
        if mend.overrides:
            text = set_constraint(text, "overrides", str(mend.name), str(mend.version))
    return text


def _later(session: Session, name: PackageName, entry: LockEntry, known: Advisories) -> list[Version]:
    """The versions after the locked one of which no advisory speaks; releases only, after a release."""
    locked = release_of(name, entry)
    candidates = {
        tag.version: Release(name, tag.version, tag.commit, locked.repository)
        for tag in session.tags(name).tags
        if tag.version > entry.version and (entry.version.is_prerelease or not tag.version.is_prerelease)
    }
    bad = {finding.release.version for finding in known.about(list(candidates.values()))}
    return [version for version in candidates if version not in bad]
