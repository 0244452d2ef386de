"""list: the tree of what is locked, from the lock alone."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from hpmtasks.commands.command import Command, Context
from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import OutOfDate, Usage
from hpmtasks.model.lockfile import LockEntry, read_lockfile
from hpmtasks.model.manifest import Manifest, read_manifest
from hpmtasks.model.package import PackageName
from hpmtasks.model.patches import patches_of
from hpmtasks.project import Project
from hpmtasks.project.links import links_of, relative_to
from hpmtasks.project.workspace import Member, Workspace, read_workspace

Entries = dict[PackageName, LockEntry]
#: Of each package, (who requires it, by which constraint).
Dependents = dict[PackageName, list[tuple[str, str]]]
#: Of a package that is installed otherwise than it was published, how, and by what: a patch, a folder.
Changed = dict[PackageName, dict[str, str]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm list``."""
    parser.add_argument(
        "--depth", metavar="N", help="how many levels below the project's own packages (0: none)"
    )
    parser.add_argument(
        "--invert", action="store_true", help="below each package those that require it, and how"
    )


def run(context: Context) -> int:
    """Show the tree; see :data:`COMMAND`."""
    depth = _depth(context.arguments.depth)
    project = context.project
    manifest = read_manifest(project.manifest_path)
    workspace = read_workspace(project, root=manifest)
    lockfile = read_lockfile(project.lock_path)
    roots = {member.path: _roots(member.manifest) for member in workspace.everyone()}
    direct = [name for required in roots.values() for name in required]
    if lockfile is None and set(direct) - workspace.by_name.keys():
        raise OutOfDate("There is no package-lock.json yet. Run 'hpm install' first.")
    entries = dict(lockfile.entries) if lockfile else {}
    levels = _levels(direct, entries, depth)
    dependents = _dependents(workspace, entries)
    changed = _changed(project, manifest, entries)
    console = context.console
    members = {"members": [_member_as_data(member) for member in workspace.members]}
    console.result(
        {
            "name": manifest.name,
            "version": manifest.version,
            "dependencies": [
                {**_as_data(name, entries[name], direct, dependents), **changed.get(name, {})}
                for name in sorted(levels)
            ],
            **(members if workspace.members else {}),
        }
    )
    if context.arguments.invert:
        for line in _inverted([*sorted(levels), *workspace.by_name], entries, dependents, changed, workspace):
            console.line(line)
    else:
        tree = _Tree(entries, workspace.by_name, levels, depth, changed)
        for member in workspace.everyone():
            console.line(member.label if member.is_root else f"\n{member.label} ({member.path})")
            for line in tree.draw(roots[member.path]):
                console.line(line)
    for name in changed.keys() - entries.keys():
        console.line(f"{name} is linked to {changed[name]['linked']}, and not required.")
    return 0


def _depth(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Usage(f"--depth {text}: a whole number is expected, such as --depth 0.")
    return int(text)


def _changed(project: Project, manifest: Manifest, entries: Entries) -> Changed:
    """The packages that are installed otherwise than they were published, by name."""
    patched = {
        package.name: {"patched": path}
        for package, path in patches_of(manifest, str(project.manifest_path)).items()
        if package.name in entries and entries[package.name].version == package.version
    }
    linked = {name: {"linked": relative_to(project, path)} for name, path in links_of(project).items()}
    return patched | linked


def _marks(name: PackageName, changed: Changed) -> str:
    return "".join(f" ({how})" for how in changed.get(name, {}))


def _roots(manifest: Manifest) -> dict[PackageName, bool]:
    """What the project itself requires, with whether only devDependencies do; those come last."""
    direct = {requirement.name for requirement in manifest.requirements}
    development = {requirement.name for requirement in manifest.dev_requirements} - direct
    return dict.fromkeys(sorted(direct), False) | dict.fromkeys(sorted(development), True)


def _levels(roots: Iterable[PackageName], entries: Entries, depth: int | None) -> dict[PackageName, int]:
    """The locked packages that the tree shows, with the level at which each comes first."""
    levels: dict[PackageName, int] = {}
    waiting = deque((name, 0) for name in roots)
    while waiting:
        name, level = waiting.popleft()
        if name in levels or name not in entries or (depth is not None and level > depth):
            continue
        levels[name] = level
        waiting.extend((child, level + 1) for child in entries[name].dependencies)
    return levels


@dataclass
class _Tree:
    """The trees of the root and of the members, drawn one after the other, a line for each edge.

    What a package requires is drawn once, where the package comes at its highest level;
    elsewhere a mark says that it stands in another place. A tree with everything
    everywhere would be exponential in a lock of a few hundred lines. A member has a tree of its own.
    """

    entries: Entries
    own: Mapping[PackageName, Member]
    levels: dict[PackageName, int]
    depth: int | None
    changed: Changed
    drawn: set[PackageName] = field(default_factory=set)

    def draw(self, roots: dict[PackageName, bool]) -> Iterator[str]:
        """The tree below *roots*, of which it is said whether only development needs them."""
        if not roots:
            yield "(no dependencies)"
        # A stack, not recursion: chains are as long as people make them.
        waiting = [(name, "", name == next(reversed(roots)), 0, dev) for name, dev in reversed(roots.items())]
        while waiting:
            name, margin, is_last, level, dev = waiting.pop()
            entry = self.entries.get(name) if name not in self.own else None
            children = (
                sorted(entry.dependencies) if entry and (self.depth is None or level < self.depth) else []
            )
            is_here = level == self.levels.get(name) and name not in self.drawn
            mark = _marks(name, self.changed) + (" (dev)" if dev else "")
            if children and not is_here:
                mark += " (shown elsewhere)"
                children = []
            elif is_here:
                self.drawn.add(name)
            yield f"{margin}{'└── ' if is_last else '├── '}{self._label(name)}{mark}"
            below = margin + ("    " if is_last else "│   ")
            waiting += [
                (child, below, child is children[-1], level + 1, False) for child in reversed(children)
            ]

    def _label(self, name: PackageName) -> str:
        member, entry = self.own.get(name), self.entries.get(name)
        if member is not None:
            return f"{member.label} (workspace member)"
        return f"{name}@{entry.version}" if entry else f"{name} (not locked; run 'hpm install')"


def _dependents(workspace: Workspace, entries: Entries) -> Dependents:
    """Who requires each package, with the constraint: the project, its members, then packages by name."""
    found: Dependents = {}
    for member in workspace.everyone():
        manifest = member.manifest
        sections = ((manifest.requirements, ""), (manifest.dev_requirements, ", devDependencies"))
        for requirements, mark in sections:
            for each in requirements:
                found.setdefault(each.name, []).append((member.label, f"{each.constraint}{mark}"))
    for parent, entry in sorted(entries.items()):
        for name, text in entry.dependencies.items():
            found.setdefault(name, []).append((f"{parent}@{entry.version}", text or "*"))
    return found


def _inverted(
    names: list[PackageName],
    entries: Entries,
    dependents: Dependents,
    changed: Changed,
    workspace: Workspace,
) -> Iterator[str]:
    """Each package with those that require it directly: as long as the lock is, whatever is in it."""
    if not names:
        yield "(no dependencies)"
    for name in names:
        member = workspace.by_name.get(name)
        label = f"{name}@{entries[name].version}" if member is None else f"{member.label} (workspace member)"
        yield f"{label}{_marks(name, changed)}"
        parents = dependents.get(name, [])
        for at, (parent, constraint) in enumerate(parents, start=1):
            yield f"{'└── ' if at == len(parents) else '├── '}{parent} ({constraint})"


def _as_data(
    name: PackageName, entry: LockEntry, direct: Collection[PackageName], dependents: Dependents
) -> dict[str, Any]:
    return {
        "name": str(name),
        "version": str(entry.version),
        "dev": entry.dev,
        "direct": name in direct,
        "dependencies": {str(other): text for other, text in entry.dependencies.items()},
        "dependents": [parent for parent, _ in dependents[name]],
    }


def _member_as_data(member: Member) -> dict[str, Any]:
    manifest = member.manifest
    return {
        "name": member.name,
        "version": str(member.version),
        "path": member.path,
        "dependencies": {str(each.name): each.constraint.text for each in manifest.requirements},
        "devDependencies": {str(each.name): each.constraint.text for each in manifest.dev_requirements},
    }


COMMAND = Command(
    name="list",
    summary="show the installed packages as a tree",
    description=(
        "Prints the tree of packages that package-lock.json names, below the requirements of"
        " package.json, and in a workspace below those of each member. What a package requires is shown"
        " once, where it comes highest; packages that are patched, or that a linked folder stands in for,"
        " are marked. Neither hem_modules nor the network is needed."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm list", "the whole tree"),
        ("hpm list --depth 0", "the project's own requirements only"),
        ("hpm list --invert", "who requires each package"),
    ),
)
