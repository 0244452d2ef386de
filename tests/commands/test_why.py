"""hpm why and hpm list --invert: who requires what, read from the lock."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import CommandLine
from tests.support.golden import Golden


def lock(shell: CommandLine, tree: dict[str, dict[str, str]]) -> None:
    """The lock has each package of *tree* (``p/a``) with what it requires of which others."""
    entries = {
        f"p/{name}": {
            "version": "1.0.0",
            "dependencies": {f"p/{needed}": text for needed, text in needs.items()},
        }
        for name, needs in tree.items()
    }
    shell.write("package-lock.json", json.dumps({"lockVersion": 1, "dependencies": entries}))


@pytest.fixture
def diamond(shell: CommandLine) -> CommandLine:
    """A project that needs d by way of a, of b, and itself for development."""
    shell.require({"p/b": "^1.0.0", "p/a": "*"}, dev={"p/d": ">=1"})
    lock(shell, {"a": {"c": "~1.0.0"}, "b": {"c": ""}, "c": {"d": "1.x"}, "d": {}, "unneeded": {}})
    return shell


def test_every_path_with_its_constraints(diamond: CommandLine, golden: Golden) -> None:
    """Shortest first; what paths have in common is drawn once."""
    ran = diamond.process("why", "p/d")
    assert (ran.code, ran.err) == (0, "")
    golden.check("why/diamond.txt", ran.out)


def test_as_data(diamond: CommandLine, golden: Golden) -> None:
    """Each path is a list of packages with the constraint that is put on each."""
    golden.check("why/diamond.json", json.dumps(diamond.run("why", "p/c", "--json").data, indent=2) + "\n")


def test_nothing_is_read_but_two_files(diamond: CommandLine) -> None:
    """Neither folders nor the network are needed, and nothing is written."""
    before = diamond.everything()
    assert diamond.run("why", "P/C").out.startswith("p/c@1.0.0 is installed because:\n\nme/app@1.0.0\n")
    assert diamond.everything() == before
    assert not diamond.home.exists()


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("p/x", 2, "p/x is not locked."),
        ("p/uneeded", 2, "Did you mean p/unneeded?"),
        ("unneeded", 2, "Did you mean p/unneeded?"),
        ("a/b/c", 64, "is not a package"),
    ],
)
def test_package_that_is_not_locked(diamond: CommandLine, word: str, code: int, said: str) -> None:
    """Exit code 2 with the name that was probably meant; 64 for what can be no name."""
    ran = diamond.run("why", word)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_without_a_lock(shell: CommandLine) -> None:
    """Nothing is known before the first installation."""
    shell.require({"p/a": "*"})
    assert shell.run("why", "p/a").code == 9


def test_package_that_nothing_requires(diamond: CommandLine) -> None:
    """It is said that it is left over."""
    ran = diamond.run("why", "p/unneeded")
    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        "p/unneeded@1.0.0 is locked, and nothing requires it any more.",
    )
    assert diamond.run("why", "p/unneeded", "--json").data["paths"] == []


def test_cycle_ends(shell: CommandLine) -> None:
    """No path meets a package twice."""
    shell.require({"p/a": "*"})
    lock(shell, {"a": {"b": "*"}, "b": {"a": "*"}})
    assert shell.run("why", "p/b").out.splitlines()[3:] == ["└── p/a@1.0.0 (*)", "    └── p/b@1.0.0 (*)"]


def test_lattice_is_cut_off(shell: CommandLine) -> None:
    """Of exponentially many paths a hundred are shown, and it is said that there are more."""
    layers = 30
    tree: dict[str, dict[str, str]] = {"end": {}}
    for layer in range(layers):
        below = ["end"] if layer == layers - 1 else [f"l{layer + 1}", f"r{layer + 1}"]
        tree |= {f"{side}{layer}": dict.fromkeys(below, "*") for side in "lr"}
    shell.require({"p/l0": "*", "p/r0": "*"})
    lock(shell, tree)

    ran = shell.run("why", "p/end")

    assert ran.out.endswith("These are the 100 shortest paths; there are more.\n")
    assert len(ran.out) < 300_000
    data = shell.run("why", "p/end", "--json").data
    assert (len(data["paths"]), data["complete"]) == (100, False)
    assert all(len(path) == layers + 1 for path in data["paths"])


def test_long_chain_is_drawn_without_its_middle(shell: CommandLine) -> None:
    """A chain of thousands of packages is shown by its two ends; the data have all of it."""
    length = 3000
    tree = {f"c{at}": {f"c{at + 1}": "*"} for at in range(length)}
    lock(shell, {**tree, f"c{length}": {}})
    shell.require({"p/c0": "*"})

    lines = shell.run("why", f"p/c{length}").out.splitlines()

    assert len(lines) == 3 + 25
    assert lines[15].strip() == "└── … 2977 packages between …"
    assert len(shell.run("why", f"p/c{length}", "--json").data["paths"][0]) == length + 1


# ---------------------------------------------------------------- hpm list --invert


def test_inverted_list(diamond: CommandLine, golden: Golden) -> None:
    """Below each package stand the project and the packages that require it, with the constraint."""
    golden.check("why/inverted.txt", diamond.run("list", "--invert").out)


def test_inverted_list_of_the_first_level(diamond: CommandLine) -> None:
    """--depth chooses the packages; all that require them are told."""
    assert diamond.run("list", "--invert", "--depth", "0").out.splitlines() == [
        "p/a@1.0.0",
        "└── me/app@1.0.0 (*)",
        "p/b@1.0.0",
        "└── me/app@1.0.0 (^1.0.0)",
        "p/d@1.0.0",
        "├── me/app@1.0.0 (>=1, devDependencies)",
        "└── p/c@1.0.0 (1.x)",
    ]


def test_inverted_list_of_nothing(shell: CommandLine) -> None:
    """A project without dependencies says so."""
    shell.require({})
    assert shell.run("list", "--invert").out == "(no dependencies)\n"


def test_list_as_data_names_dependents(diamond: CommandLine) -> None:
    """Each package has those that require it, with or without --invert."""
    data = {each["name"]: each["dependents"] for each in diamond.run("list", "--json").data["dependencies"]}
    assert data["p/c"] == ["p/a@1.0.0", "p/b@1.0.0"]
    assert data["p/d"] == ["me/app@1.0.0", "p/c@1.0.0"]
