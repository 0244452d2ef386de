"""--prod and --dev-only in every command that has them, and --offline where nothing has to be fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hpmtasks.commands import all_commands
from hpmtasks.commands.parser import Parser
from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer

TESTS = Path(__file__).resolve().parents[1]
EVERYDAY = {"acme/a": "1.1.0", "acme/b": "1.2.0"}
DEV = {"acme/new": "1.0.0"}


@pytest.fixture
def locked(own_shell: CommandLine) -> CommandLine:
    """acme/a (with acme/b) and, for development, acme/new are locked; nothing is installed."""
    own_shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "^1.0.0"})
    assert own_shell.run("install").code == 0
    own_shell.delete_modules()
    return own_shell


@pytest.mark.parametrize(
    ("option", "expected"), [("--prod", EVERYDAY), ("--dev-only", DEV)], ids=["prod", "dev-only"]
)
@pytest.mark.parametrize("verb", ["install", "ci", "update"])
def test_only_what_is_selected_is_laid_out(
    locked: CommandLine, verb: str, option: str, expected: dict[str, str]
) -> None:
    """The others stay out of hem_modules and in the lock; without the option they come back."""
    before = locked.documents()
    ran = locked.run(verb, option)
    assert ran.code == 0, ran.err
    assert locked.installed() == expected
    assert locked.documents() == before
    assert locked.run("check", option).code == 0
    assert locked.run("check").code == 9
    assert locked.run("install").code == 0
    assert locked.installed() == EVERYDAY | DEV


def test_what_is_not_selected_any_more_goes(locked: CommandLine) -> None:
    """``--prod`` over a whole tree takes the packages of development away."""
    assert locked.run("install").code == 0
    assert locked.run("install", "--prod").code == 0
    assert locked.installed() == EVERYDAY


@pytest.mark.parametrize(("option", "expected"), [("--prod", {"acme/curl": "1.0.0"}), ("--dev-only", DEV)])
def test_uninstall_keeps_to_the_selection(locked: CommandLine, option: str, expected: dict[str, str]) -> None:
    """What is removed is removed from the documents; what stays is laid out as selected."""
    assert locked.run("install", "acme/curl").code == 0
    assert locked.run("uninstall", "acme/a", option).code == 0
    assert sorted(locked.lock()["dependencies"]) == ["acme/curl", "acme/new"]
    names = {f"{path.parent.name}/{path.name}" for path in locked.project.glob("hem_modules/*/*")}
    assert names == set(expected)


def test_selecting_both_is_wrong_usage(locked: CommandLine) -> None:
    """Together they would leave nothing."""
    for verb in ("install", "update", "uninstall"):
        words = ["acme/a"] if verb == "uninstall" else []
        ran = locked.run(verb, *words, "--prod", "--dev-only")
        assert ran.code == 64
        assert "--prod" in ran.err


def test_link_unlink_and_patch_work_offline(locked: CommandLine, own_server: GithubServer) -> None:
    """With the store filled, nobody is asked."""
    assert locked.run("install").code == 0
    own_server.clear_log()
    locked.write("../working/package.json", '{"name": "acme/b", "version": "9.0.0"}')
    assert locked.run("link", "../working", "--offline").code == 0
    assert locked.run("unlink", "acme/b", "--offline").code == 0
    assert locked.installed() == EVERYDAY | DEV
    assert locked.run("patch", "acme/b", "--offline").code == 0
    edited = locked.project / ".hpm/patches-edit/acme/b/src/index.hml"
    edited.write_text("patched\n")
    assert locked.run("patch-commit", "acme/b", "--offline").code == 0
    assert (locked.project / "hem_modules/acme/b/src/index.hml").read_text() == "patched\n"
    assert not own_server.requests


def _has_word(word: str, text: str) -> bool:
    """Whether *word* is in *text* as a string of its own, or as a word of a command line."""
    return re.search(rf'["\s]{re.escape(word)}["\s=]', text) is not None


def test_every_option_is_tried_by_some_test() -> None:
    """No option of any command is missing from the tests that name the command."""
    texts = [path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py")]
    untried = [
        f"{command.name} {'/'.join(action.option_strings)}"
        for command in all_commands()
        for action in Parser(command)._own
        if action.option_strings
        and not any(
            _has_word(command.name, text) and any(_has_word(option, text) for option in action.option_strings)
            for text in texts
        )
    ]
    assert untried == []
