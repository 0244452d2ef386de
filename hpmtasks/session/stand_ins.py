"""stand_ins: which members of a workspace are copied into hem_modules, as linked folders are."""

from __future__ import annotations

from hpmtasks.model.manifest import get_all_dependencies
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import Resolution
from hpmtasks.project.workspace import Workspace


def members_needed(workspace: Workspace, resolution: Resolution) -> dict[PackageName, bool]:
    """The members that somebody requires, sorted by name, each with whether only development needs it.

    Whoever it is, the root, another member or a package of *resolution*, imports them from hem_modules.
    """
    own = workspace.by_name
    if not own:
        return {}
    everyday: set[PackageName] = set()
    required: set[PackageName] = set()
    for member in workspace.everyone():
        everyday |= {each.name for each in member.manifest.requirements}
        required |= {each.name for each in get_all_dependencies(member.manifest)}
    for package in resolution.packages:
        names = {PackageName.parse(name) for name, _ in package.dependencies}
        required |= names
        if not package.dev:
            everyday |= names
    return {name: name not in everyday for name in sorted(own) if name in required}
