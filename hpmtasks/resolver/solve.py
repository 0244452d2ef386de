"""solve: the one function of this package that others call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hpmtasks.model.package import PackageName
from hpmtasks.resolver.candidates import Candidates
from hpmtasks.resolver.catalogue import Catalogue
from hpmtasks.resolver.request import Direction, Override, Overrides, RootRequirement
from hpmtasks.resolver.search import search
from hpmtasks.resolver.solution import Solution
from hpmtasks.resolver.solver import Unsolvable
from hpmtasks.semver.version import Version


def solve(
    root: Sequence[RootRequirement],
    catalogue: Catalogue,
    *,
    locked: Mapping[PackageName, Version] | None = None,
    overrides: Iterable[Override] = (),
    direction: Direction = "highest",
    root_label: str = "your project",
) -> Solution:
    """A version for every package that *root* needs, so that every requirement is met.

    The answer is found whenever there is one, and depends on nothing but the arguments: not
    on their order, nor on the catalogue's. A locked version is kept wherever it can be. If
    the locked versions satisfy everything, the catalogue is asked for no versions at all.

    Args:
        root: What the project requires; a name may stand there more than once.
        catalogue: What exists. Whatever it raises, except ``Unavailable``, passes through.
        locked: Versions that are preferred, and that exist even if the catalogue lists them no more.
        overrides: Constraints that replace those of packages, and of the project.
        direction: Which candidates are tried first.
        root_label: How a message calls the project.

    Raises:
        RequirementsConflict: No choice of versions works; the message tells why.
        NoSuchVersion: It fails only because versions that are required do not exist.
        PackageNotFound: It fails only because packages that are required do not exist.
        CircularDependency: The answer has packages that need each other in a circle.
    """
    root = sorted(root, key=_order)
    candidates = Candidates(
        catalogue,
        locked=locked or {},
        direction=direction,
        direct=frozenset(each.requirement.name for each in root),
    )
    replacements = tuple(overrides)
    try:
        return search(root, candidates, Overrides(replacements))
    except Unsolvable as failure:
        # Only now: words are needed by few runs.
        from hpmtasks.resolver.failure import explain_failure
        from hpmtasks.resolver.suggest import Question

        raise explain_failure(Question(root, candidates, replacements, root_label), failure.proof) from None


def _order(line: RootRequirement) -> tuple[str, str, str, str]:
    """By name, then by place, so that the order in which a manifest was read does not count."""
    return (line.requirement.name.key, line.section, line.file, str(line.requirement))
