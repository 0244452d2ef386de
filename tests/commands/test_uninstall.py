"""hpm uninstall: what leaves package.json, the lock and hem_modules, and what is said about it."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import CommandLine
from tests.support.golden import Golden


@pytest.fixture
def installed(shell: CommandLine) -> CommandLine:
    """acme/a, which needs acme/b, and acme/new for development are installed."""
    shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "1"})
    assert shell.run("install").code == 0
    return shell


@pytest.mark.parametrize("alias", ["uninstall", "rm", "remove"])
def test_package_and_what_only_it_needed_are_gone(installed: CommandLine, golden: Golden, alias: str) -> None:
    """The requirement, the folders and the entries of the lock are removed, and each file is named."""
    ran = installed.process(alias, "acme/a")

    assert (ran.code, ran.err) == (0, "")
    golden.check("uninstall/orphan.txt", ran.out)
    assert installed.manifest()["dependencies"] == {}
    assert installed.installed() == {"acme/new": "1.0.0"}
    assert list(installed.lock()["dependencies"]) == ["acme/new"]
    assert not (installed.project / ".hpm/package.json").exists()
    assert installed.run("install").out == "Everything is up to date (1 package).\n"


def test_several_packages_from_both_sections(installed: CommandLine) -> None:
    """Everything that was named goes, wherever it stands; empty folders of owners go too."""
    assert installed.run("rm", "acme/new", "Acme/A", "acme/new").code == 0

    assert installed.manifest()["dependencies"] == installed.manifest()["devDependencies"] == {}
    assert installed.lock()["dependencies"] == {}
    assert list((installed.project / "hem_modules").iterdir()) == []


def test_package_that_others_need_stays(shell: CommandLine, golden: Golden) -> None:
    """It is said who needs it, and its folder is not touched."""
    shell.require({"acme/a": "^1.0.0", "acme/b": "^1.0.0"})
    shell.run("install")
    lock = shell.documents()["package-lock.json"]

    ran = shell.run("uninstall", "acme/b")

    assert ran.code == 0
    golden.check("uninstall/still-needed.txt", ran.out)
    assert shell.manifest()["dependencies"] == {"acme/a": "^1.0.0"}
    assert shell.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0"}
    assert shell.documents()["package-lock.json"] == lock


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("acme/aa", "acme/a"), "acme/aa is not in package.json."),
        (("a",), "a is not in package.json.\n\nDid you mean acme/a?"),
        (("acme/neww",), "acme/neww is not in package.json.\n\nDid you mean acme/new?"),
        (("x/y", "x/z"), "x/y and x/z are not in package.json."),
        (("acme/b",), "  acme/a requires acme/b\n"),
    ],
)
def test_what_is_not_required_is_refused(installed: CommandLine, words: tuple[str, ...], said: str) -> None:
    """Exit code 2, names that were probably meant, and nothing is removed, not even what was right."""
    before = installed.everything()

    ran = installed.run("uninstall", *words)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert installed.everything() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say which packages to remove"),
        (("acme/a@1.0.0",), "only the name of a package is expected"),
        (("../../victim",), "is not a package; the form is owner/repo"),
        (("acme/..",), "is not a package; the form is owner/repo"),
    ],
)
def test_wrong_usage(installed: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 64 for what names no package; no path can be given as one."""
    before = installed.everything()
    ran = installed.run("uninstall", *arguments)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err
    assert installed.everything() == before


def test_dry_run_says_what_would_go(installed: CommandLine, golden: Golden) -> None:
    """Nothing is written."""
    before = installed.everything()

    ran = installed.run("uninstall", "acme/a", "--dry-run")

    assert (ran.code, ran.err) == (0, "")
    golden.check("uninstall/dry-run.txt", ran.out)
    assert installed.everything() == before


def test_as_data(installed: CommandLine, golden: Golden) -> None:
    """The edits of package.json, and what that does to the lock and to hem_modules."""
    data = installed.run("uninstall", "acme/a", "--json").data
    assert data.pop("seconds") >= 0
    golden.check("uninstall/removed.json", json.dumps(data, indent=2) + "\n")


def test_only_the_last_tasks_run(installed: CommandLine) -> None:
    """What stays installed is neither downloaded nor laid out again."""
    assert installed.run("uninstall", "acme/a", "--json").data["tasks"] == ["resolve", "prune", "lock"]


def test_neither_network_nor_store_is_needed(installed: CommandLine) -> None:
    """A lock that answers what is left is enough."""
    ran = installed.run("uninstall", "acme/a", "--offline", HPM_CACHE_DIR=str(installed.folder / "none"))
    assert ran.code == 0
    assert installed.installed() == {"acme/new": "1.0.0"}


def test_package_in_both_sections_leaves_both(shell: CommandLine) -> None:
    """The first hpm wrote a package into both sections when it was added twice."""
    shell.require({"acme/b": "^1.0.0"}, dev={"acme/b": "1"})
    shell.run("install")

    data = shell.run("uninstall", "acme/b", "--json").data

    assert [edit["section"] for edit in data["manifest"]] == ["dependencies", "devDependencies"]
    assert shell.installed() == {}


def test_what_was_never_installed_is_removed_from_package_json(shell: CommandLine) -> None:
    """No version is told, because there is none; the rest is installed."""
    shell.require({"acme/b": "1.0.0", "acme/nothing": "1"})

    ran = shell.run("uninstall", "acme/nothing")

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Removed acme/nothing",
        "  + acme/b@1.0.0",
        "Updated package.json",
        "Updated package-lock.json",
    ]


def test_manifest_without_dev_dependencies(shell: CommandLine) -> None:
    """A section that is not there is no obstacle, and none is added."""
    shell.require({"acme/b": "1.0.0"})
    shell.run("install")

    assert shell.run("rm", "acme/b").code == 0

    assert list(shell.manifest()) == ["name", "version", "dependencies"]


def test_failure_leaves_everything(installed: CommandLine) -> None:
    """If what is left cannot be resolved, package.json keeps the requirement."""
    installed.require({"acme/a": "^1.0.0", "acme/nothing": "1"})
    before = installed.documents()
    assert installed.run("uninstall", "acme/a").code == 2
    assert installed.documents() == before
