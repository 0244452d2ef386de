"""confirm: whether the locked versions are the answer already, found in one walk.

See "Locked versions" in docs/resolution.md for why a search would find nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.resolver.request import MemberPackage, Overrides, RootRequirement
from hpmtasks.resolver.solution import Resolved
from hpmtasks.semver.version import Version


def confirm(
    root: Sequence[RootRequirement],
    locked: Mapping[PackageName, Version],
    promised: Mapping[PackageName, Iterable[Requirement]],
    overrides: Overrides,
    members: Mapping[PackageName, MemberPackage],
) -> dict[PackageName, Resolved] | None:
    """The packages that *root* leads to, in their locked versions, if each requirement on the way allows it.

    ``None`` if one does not, or if something is not locked: then only a search can tell. The
    world is not asked. Packages are visited in the order in which a search would decide for
    them, because where names differ in capitals the spelling that comes first counts.

    Args:
        root: Sorted, as the solver has it.
        locked: Versions; not of *members*.
        promised: What the locked versions require, as the lock says.
    """
    found: dict[PackageName, Resolved | None] = {}
    waiting: list[tuple[str, PackageName]] = []

    def meets(asked: Requirement, parent: PackageName | None) -> bool:
        requirement = overrides.apply(asked, parent)
        name = requirement.name
        member = members.get(name)
        version = member.package.version if member else locked.get(name)
        if version is None or not requirement.constraint.versions.allows(version):
            return False
        if name not in found:
            found[name] = None
            heappush(waiting, (name.key, name))
        return True

    # Backwards, because a search looks at the newest fact first.
    if not all(meets(line.requirement, line.member) for line in reversed(root)):
        return None
    while waiting:
        _, name = heappop(waiting)
        if name in members:
            found[name] = Resolved(members[name].package.version, ())
            continue
        if name not in promised:
            return None
        requirements = tuple(sorted(promised[name], key=_order))
        if not all(meets(each, name) for each in requirements):
            return None
        found[name] = Resolved(locked[name], requirements)
    return {name: resolved for name, resolved in found.items() if resolved is not None}


def _order(requirement: Requirement) -> tuple[str, str]:
    return requirement.name.key, str(requirement.constraint)
