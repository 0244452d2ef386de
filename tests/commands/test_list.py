"""hpm list: the tree of what is locked."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import CommandLine
from tests.support.golden import Golden


def lock(shell: CommandLine, tree: dict[str, str]) -> None:
    """The lock has each package of *tree* (``p/a``), which needs those in the text behind it."""
    entries = {
        f"p/{name}": {"version": "1.0.0", "dependencies": {f"p/{needed}": "^1" for needed in needs.split()}}
        for name, needs in tree.items()
    }
    shell.write("package-lock.json", json.dumps({"lockVersion": 1, "dependencies": entries}))


DIAMOND = {"a": "c", "b": "c", "c": "d", "d": "", "test": "d", "unneeded": ""}


@pytest.fixture
def diamond(shell: CommandLine) -> CommandLine:
    """A project that needs c by way of a and of b, and d deep down and for development."""
    shell.require({"p/b": "*", "p/a": "*"}, dev={"p/test": "*", "p/missing": "*"})
    lock(shell, DIAMOND)
    return shell


def test_tree_draws_what_is_shared_once(diamond: CommandLine, golden: Golden) -> None:
    """Box characters, development last, one place for each package's own dependencies."""
    golden.check("list/diamond.txt", diamond.run("list").out)


def test_one_package_at_several_depths_is_drawn_where_it_is_highest(shell: CommandLine) -> None:
    """What a package needs is shown at the highest place, not at the first in order."""
    shell.require({"p/a": "*", "p/z": "*"})
    lock(shell, {"a": "b", "b": "z", "z": "leaf", "leaf": ""})
    assert shell.run("list").out.splitlines()[1:] == [
        "├── p/a@1.0.0",
        "│   └── p/b@1.0.0",
        "│       └── p/z@1.0.0 (shown elsewhere)",
        "└── p/z@1.0.0",
        "    └── p/leaf@1.0.0",
    ]


@pytest.mark.parametrize("option", [("--depth", "0"), ("--depth=0",)])
def test_depth_0_names_what_the_project_asks_for(diamond: CommandLine, option: tuple[str, ...]) -> None:
    """With --depth 0 there are the project's own requirements and nothing below."""
    assert diamond.run("list", *option).out.splitlines() == [
        "me/app@1.0.0",
        "├── p/a@1.0.0",
        "├── p/b@1.0.0",
        "├── p/missing (not locked; run 'hpm install') (dev)",
        "└── p/test@1.0.0 (dev)",
    ]


def test_depth_ends_lines_and_data_alike(diamond: CommandLine) -> None:
    """--depth 1 shows one level more, in JSON too."""
    assert diamond.run("list", "--depth", "1").out.count("p/c@1.0.0") == 2
    names = [each["name"] for each in diamond.run("list", "--depth", "1", "--json").data["dependencies"]]
    assert names == ["p/a", "p/b", "p/c", "p/d", "p/test"]


def test_list_as_data(diamond: CommandLine, golden: Golden) -> None:
    """Each package once, with what it needs and whether the project asks for it itself."""
    ran = diamond.run("list", "--json")
    golden.check("list/diamond.json", ran.out)
    assert next(iter(ran.data)) == "schemaVersion"


def test_list_needs_neither_network_nor_hem_modules(diamond: CommandLine) -> None:
    """The lock alone is read, and nothing is written."""
    before = diamond.everything()
    assert diamond.process("list", HPM_GITHUB_SERVER_URL="http://127.0.0.1:9").code == 0
    assert diamond.everything() == before


def test_project_without_dependencies_says_so(shell: CommandLine) -> None:
    """No requirement and no lock is a tree of its root alone."""
    shell.require()
    assert shell.run("list").out == "me/app@1.0.0\n(no dependencies)\n"


@pytest.mark.parametrize("alias", ["ls", "tree"])
def test_list_has_other_names(diamond: CommandLine, alias: str) -> None:
    """The aliases are the same command."""
    assert diamond.run(alias).out == diamond.run("list").out


def test_lattice_of_diamonds_is_as_long_as_its_edges(shell: CommandLine) -> None:
    """Forty layers of two have 2^40 paths; the tree has a line for each edge."""
    tree = {f"{side}{layer}": f"l{layer + 1} r{layer + 1}" for layer in range(40) for side in "lr"}
    lock(shell, tree | {"l40": "", "r40": ""})
    shell.require({"p/l0": "*", "p/r0": "*"})
    assert len(shell.run("list").out.splitlines()) == 1 + 2 + 40 * 4


def test_chain_of_two_thousand_is_drawn_to_its_end(shell: CommandLine) -> None:
    """Depth is not bounded by recursion."""
    lock(shell, {f"n{number}": f"n{number + 1}" for number in range(2000)} | {"n2000": ""})
    shell.require({"p/n0": "*"})
    assert shell.run("list").out.splitlines()[-1].endswith("└── p/n2000@1.0.0")


def test_circle_in_a_lock_ends(shell: CommandLine) -> None:
    """A lock that somebody wrote by hand may go in circles; the tree does not."""
    lock(shell, {"a": "b", "b": "a"})
    shell.require({"p/a": "*"})
    assert shell.run("list").out.splitlines()[1:] == [
        "└── p/a@1.0.0",
        "    └── p/b@1.0.0",
        "        └── p/a@1.0.0 (shown elsewhere)",
    ]


def test_tree_on_a_stream_without_box_characters_is_escaped(diamond: CommandLine) -> None:
    """What the encoding of stdout cannot express does not end the command."""
    ran = diamond.process("list", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    assert "\\u2514\\u2500\\u2500 p/test@1.0.0 (dev)" in ran.out
