from __future__ import annotations

from hpmtasks.model.graph import Chain, TreeNode, build_tree, find_why
from hpmtasks.model.lockfile import Lockfile
from hpmtasks.model.package import PackageName
from tests.support.locks import entry, lock, manifest


def drawn(nodes: tuple[TreeNode, ...], depth: int = 0) -> list[str]:
    """The tree, one line a node."""
    lines = []
    for node in nodes:
        marks = ("", " (dev)")[node.dev] + ("", " …")[node.repeated]
        lines.append(f"{'  ' * depth}{node.name.repo} {node.version} by {node.constraint}{marks}")
        lines += drawn(node.children, depth + 1)
    return lines


def told(chains: list[Chain]) -> list[str]:
    """The chains, one line each."""
    return [" > ".join(f"{link.name.repo}@{link.constraint}" for link in chain) for chain in chains]


def why(repo: str, lockfile: Lockfile, *asked: str) -> list[str]:
    """Why x/*repo* is locked in a project that asks for *asked*."""
    return told(find_why(PackageName("x", repo), lockfile, manifest(dict.fromkeys(asked, "*"))))


def test_the_tree_shows_each_packages_children_once() -> None:
    """The first place from the top has them; later ones are marked, and leaves are not."""
    lockfile = lock(a="1.0.0: x/c@^1", b="2.0.0: x/c@>=1, x/d@*", c="1.1.0: x/d@~1.0", d="1.0.3", t="0.1.0")
    assert drawn(build_tree(lockfile, manifest({"b": "^2", "a": "*"}, dev={"t": "*", "a": "1"}))) == [
        "a 1.0.0 by *",
        "  c 1.1.0 by ^1",
        "    d 1.0.3 by ~1.0",
        "b 2.0.0 by ^2",
        "  c 1.1.0 by >=1 …",
        "  d 1.0.3 by *",
        "t 0.1.0 by * (dev)",
    ]


def test_the_tree_ends_in_a_cycle_and_shows_gaps() -> None:
    """A cycle is cut where it closes; what is not locked has no version."""
    lockfile = lock(a="1.0.0: x/b@*", b="1.0.0: x/a@^1, x/gone@2")
    assert drawn(build_tree(lockfile, manifest({"a": "*"}))) == [
        "a 1.0.0 by *",
        "  b 1.0.0 by *",
        "    a 1.0.0 by ^1 …",
        "    gone None by 2",
    ]


def test_a_chain_longer_than_pythons_stack_is_drawn() -> None:
    """Five thousand packages in a row are a tree, and have a reason."""
    names = [PackageName("x", f"n{number}") for number in range(5000)]
    entries = {
        name: entry("1.0.0", f"{names[index + 1]}@*" if index < 4999 else "")
        for index, name in enumerate(names)
    }
    [node] = build_tree(Lockfile(entries), manifest({"n0": "*"}))
    depth = 1
    while node.children:
        [node] = node.children
        depth += 1
    assert depth == 5000
    [chain] = find_why(names[999], Lockfile(entries), manifest({"n0": "*"}))
    assert [link.name for link in chain] == names[:1000]


def test_reasons_come_shortest_first() -> None:
    """The project's own wish is the first reason; each link has the constraint of who asks."""
    lockfile = lock(a="1.0.0: x/b@1", b="1.0.0: x/c@2", c="2.0.0", d="1.0.0: x/c@>=2")
    assert why("c", lockfile, "a", "c", "d") == ["c@*", "d@* > c@>=2", "a@* > b@1 > c@2"]


def test_a_wish_for_development_is_marked() -> None:
    """A package in both sections has both reasons, and they can be told apart."""
    chains = find_why(PackageName("x", "a"), lock(a="1.0.0"), manifest({"a": "^1"}, dev={"a": "1.0.0"}))
    assert [(link.constraint, link.dev) for [link] in chains] == [("^1", False), ("1.0.0", True)]


def test_what_nobody_needs_has_no_reason() -> None:
    """Neither a package that is not locked, nor one that only other leftovers need."""
    lockfile = lock(a="1.0.0", b="1.0.0: x/c@*", c="1.0.0")
    assert why("gone", lockfile, "a", "gone") == []
    assert why("c", lockfile, "a") == []


def test_a_cycle_is_no_reason() -> None:
    """No chain meets a package twice."""
    lockfile = lock(a="1.0.0: x/b@*", b="1.0.0: x/a@*, x/c@*, x/b@*", c="1.0.0: x/b@*")
    assert why("c", lockfile, "a") == ["a@* > b@* > c@*"]


def test_the_shortest_of_very_many_reasons_are_found() -> None:
    """Forty layers of two packages have 2**40 chains; the first hundred are all of the shortest length."""
    layers = {
        f"{side}{layer}": f"1.0.0: x/l{layer + 1}@*, x/r{layer + 1}@*" if layer < 39 else "1.0.0: x/end@*"
        for layer in range(40)
        for side in "lr"
    }
    lockfile = lock(**layers, end="1.0.0", short="1.0.0: x/end@*")
    chains = why("end", lockfile, "l0", "short")
    assert chains[0] == "short@* > end@*"
    assert len(set(chains)) == 100
    assert {chain.count(">") for chain in chains[1:]} == {40}


def test_reasons_begin_with_the_member_that_asks() -> None:
    """A chain goes no further up than to a member, which nobody has to require."""
    members = [
        manifest({"lib": "^1"}, dev={"b": "^2"}, name="x/app"),
        manifest({"a": "^1"}, name="x/lib"),
    ]
    locked = lock(a="1.0.0: x/b@^1", b="1.0.0")
    asked = manifest({"lib": "*"})
    assert told(find_why(PackageName("x", "b"), locked, asked, members)) == [
        "app@ > b@^2",
        "lib@ > a@^1 > b@^1",
    ]
    assert told(find_why(PackageName("x", "lib"), locked, asked, members)) == ["lib@*", "app@ > lib@^1"]
    assert find_why(PackageName("x", "app"), locked, asked, members) == []
