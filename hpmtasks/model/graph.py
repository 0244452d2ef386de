"""graph: what needs what among the locked packages, as a tree to print and as chains of reasons."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from hpmtasks.dataclass import dataclass, field
from hpmtasks.model.lock_entry import Lockfile
from hpmtasks.model.manifest import NO_VERSION, Manifest
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version

#: How many partial chains are looked at before the search gives up (only cycles come near it).
_MOST_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A package where it is needed.

    Attributes:
        name: The package.
        version: The locked version; ``None`` if it is not locked.
        constraint: What the node above asks for.
        dev: Whether the project asks for it in ``devDependencies`` only.
        repeated: Whether it has children that stand where it was met first, and not here.
        children: What it needs itself.
    """

    name: PackageName
    version: Version | None
    constraint: str
    dev: bool = False
    repeated: bool = False
    children: tuple[TreeNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain: a package, and the constraint by which the one before it asks for it."""

    name: PackageName
    version: Version
    constraint: str
    dev: bool = False


#: From what the project asks for to the package in question.
Chain: TypeAlias = tuple[Link, ...]
#: (who asks, or None for the project; the constraint; whether in devDependencies)
_Reason: TypeAlias = tuple[PackageName | None, str, bool]


# ---------------------------------------------------------------- the tree


@dataclass(slots=True)
class _Open:
    """A node whose children are still being collected."""

    name: PackageName
    constraint: str
    dev: bool
    waiting: Iterator[tuple[PackageName, str]]
    children: list[TreeNode] = field(default_factory=list)


def build_tree(lockfile: Lockfile, manifest: Manifest) -> tuple[TreeNode, ...]:
    """What the project asks for, each with what it needs below it, sorted by name.

    Each package shows its children once, where it is met first from the top; a cycle therefore ends.
    """
    expanded: set[PackageName] = set()
    return tuple(
        _branch(lockfile, expanded, name, constraint, dev=dev)
        for name, (constraint, dev) in sorted(_asked_by_project(manifest).items())
    )


def _asked_by_project(manifest: Manifest) -> dict[PackageName, tuple[str, bool]]:
    asked = {needed.name: (str(needed.constraint), True) for needed in manifest.dev_requirements}
    return asked | {needed.name: (str(needed.constraint), False) for needed in manifest.requirements}


def _branch(
    lockfile: Lockfile, expanded: set[PackageName], name: PackageName, constraint: str, *, dev: bool
) -> TreeNode:
    """The node of *name* and all below it; with a stack of its own, as chains may be longer than Python's."""
    stack = [_Open(name, constraint, dev, _children(lockfile, expanded, name))]
    while True:
        top = stack[-1]
        if step := next(top.waiting, None):
            stack.append(_Open(*step, dev=False, waiting=_children(lockfile, expanded, step[0])))
            continue
        entry = lockfile.entries.get(top.name)
        repeated = bool(entry and entry.dependencies and not top.children)
        version = entry.version if entry else None
        node = TreeNode(top.name, version, top.constraint, top.dev, repeated, tuple(top.children))
        stack.pop()
        if not stack:
            return node
        stack[-1].children.append(node)


def _children(
    lockfile: Lockfile, expanded: set[PackageName], name: PackageName
) -> Iterator[tuple[PackageName, str]]:
    entry = lockfile.entries.get(name)
    if entry is None or name in expanded:
        return iter(())
    expanded.add(name)
    return iter(sorted(entry.dependencies.items()))


# ---------------------------------------------------------------- the reasons


def find_why(
    name: PackageName,
    lockfile: Lockfile,
    manifest: Manifest,
    members: Sequence[Manifest] = (),
    *,
    most: int = 100,
) -> list[Chain]:
    """Why *name* is locked: the chains that lead to it, shortest first, at most *most* of them.

    No chain meets a package twice. Empty if *name* is not locked, or nothing needs it. With the
    *members* of a workspace, a chain may begin with one of them, by no constraint, and *name* may be one.

    The search goes backwards from *name* and always continues the chain that can become the
    shortest (A* with the exact distance from the project), so that the first chains are found
    without looking at the others, of which there may be exponentially many.
    """
    own = {PackageName.parse(member.name): member for member in members if member.name is not None}
    reasons = _reasons(lockfile, manifest, own)
    distance = _distances(lockfile, manifest, own)
    if name not in distance:
        return []
    found: list[Chain] = []
    serial = 0
    # (length if it goes well, more complete ones first, order of discovery, who is to be explained, the rest)
    waiting: list[tuple[int, int, int, PackageName | None, Chain]] = [(distance[name], 0, 0, name, ())]
    for _ in range(_MOST_STEPS):
        if not waiting or len(found) == most:
            break
        *_, head, chain = heapq.heappop(waiting)
        if head is None:
            found.append(chain)
            continue
        if head in own and chain:
            found.append((Link(head, _version_of(own[head]), ""), *chain))
            continue
        for asker, constraint, dev in reasons.get(head, ()):
            if asker not in distance or asker == head or any(link.name == asker for link in chain):
                continue
            serial += 1
            version = _version_of(own[head]) if head in own else lockfile.entries[head].version
            longer = (Link(head, version, constraint, dev), *chain)
            estimate = len(longer) + distance[asker]
            heapq.heappush(waiting, (estimate, -len(longer), serial, asker, longer))
    return found


def _version_of(member: Manifest) -> Version:
    return Version.parse(member.version or NO_VERSION)


def _reasons(
    lockfile: Lockfile, manifest: Manifest, own: Mapping[PackageName, Manifest]
) -> Mapping[PackageName, list[_Reason]]:
    """Who asks for each package, the project first, then its members, then by name."""
    reasons: dict[PackageName, list[_Reason]] = {}
    asking: list[tuple[PackageName | None, Manifest]] = [(None, manifest), *own.items()]
    for asker, each in asking:
        for requirements, dev in ((each.requirements, False), (each.dev_requirements, True)):
            for needed in requirements:
                reasons.setdefault(needed.name, []).append((asker, str(needed.constraint), dev))
    for asker, entry in lockfile.entries.items():
        for name, constraint in entry.dependencies.items():
            reasons.setdefault(name, []).append((asker, constraint, False))
    return reasons


def _distances(
    lockfile: Lockfile, manifest: Manifest, own: Mapping[PackageName, Manifest]
) -> Mapping[PackageName | None, int]:
    """How many links lead from the project (``None``) or a member to each locked package, at least."""
    distance: dict[PackageName | None, int] = {None: 0, **dict.fromkeys(own, 0)}
    everyone = (manifest, *own.values())
    asked = [needed.name for each in everyone for needed in (*each.requirements, *each.dev_requirements)]
    waiting = deque((name, 1) for name in asked)
    while waiting:
        name, links = waiting.popleft()
        entry = lockfile.entries.get(name)
        if entry is not None and name not in distance:
            distance[name] = links
            waiting.extend((other, links + 1) for other in entry.dependencies)
    return distance
