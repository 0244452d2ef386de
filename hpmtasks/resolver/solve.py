"""solve: the one function of this package that others call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from hpmtasks.dataclass import replace
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.resolver.catalogue import Catalogue
from hpmtasks.resolver.confirm import confirm
from hpmtasks.resolver.request import Direction, MemberPackage, Override, Overrides, RootRequirement
from hpmtasks.resolver.solution import Solution, without_cycle
from hpmtasks.semver.constraint import Constraint
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet


def solve(
    root: Sequence[RootRequirement],
    catalogue: Catalogue,
    *,
    locked: Mapping[PackageName, Version] | None = None,
    promised: Mapping[PackageName, Iterable[Requirement]] | None = None,
    overrides: Iterable[Override] = (),
    direction: Direction = "highest",
    root_label: str = "your project",
    members: Iterable[MemberPackage] = (),
) -> Solution:
    """A version for every package that *root* needs, so that every requirement is met.

    The answer is found whenever there is one, and depends on nothing but the arguments: not
    on their order, nor on the catalogue's. A locked version is kept wherever it can be. If
    the locked versions satisfy everything, the catalogue is asked for no versions at all.

    Args:
        root: What the project and the members of its workspace require; a name may stand there more
            than once.
        catalogue: What exists. Whatever it raises, except ``Unavailable``, passes through.
        locked: Versions that are preferred, and that exist even if the catalogue lists them no more.
        promised: What locked versions require, as far as the lock says what the catalogue would. If that
            is enough for an answer, the catalogue is asked for nothing at all.
        overrides: Constraints that replace those of packages, and of the project.
        direction: Which candidates are tried first.
        root_label: How a message calls the project.
        members: Packages of the workspace; they are in the solution if somebody requires them.

    Raises:
        RequirementsConflict: No choice of versions works; the message tells why.
        NoSuchVersion: It fails only because versions that are required do not exist.
        PackageNotFound: It fails only because packages that are required do not exist.
        CircularDependency: The answer has packages that need each other in a circle.
    """
    own = {member.package.name: member for member in members}
    root = [_of_any_member(each, own) for each in sorted(root, key=_order)]
    replacements = tuple(overrides)
    foreign = {name: version for name, version in (locked or {}).items() if name not in own}
    confirmed = confirm(root, foreign, promised or {}, Overrides(replacements), own)
    if confirmed is not None:
        return without_cycle(root, confirmed, own)
    from hpmtasks.resolver.candidates import Candidates
    from hpmtasks.resolver.search import search
    from hpmtasks.resolver.solver import Unsolvable

    candidates = Candidates(
        catalogue,
        locked=foreign,
        direction=direction,
        direct=frozenset(each.requirement.name for each in root),
        members=own,
    )
    try:
        return search(root, candidates, Overrides(replacements))
    except Unsolvable as failure:
        # Only now: words are needed by few runs.
        from hpmtasks.resolver.failure import explain_failure
        from hpmtasks.resolver.suggest import Question

        raise explain_failure(Question(root, candidates, replacements, root_label), failure.proof) from None


def _of_any_member(line: RootRequirement, members: Collection[PackageName]) -> RootRequirement:
    """*line*; who asks for any version of a member means it as it is, even if that is a prerelease."""
    name, constraint = line.requirement.name, line.requirement.constraint
    if name not in members or constraint.text.strip() not in {"", "*"}:
        return line
    return replace(line, requirement=Requirement(name, Constraint(constraint.text, VersionSet.full())))


def _order(line: RootRequirement) -> tuple[str, str, str, str]:
    """By name, then by place, so that the order in which a manifest was read does not count."""
    return (line.requirement.name.key, line.section, line.file, str(line.requirement))
