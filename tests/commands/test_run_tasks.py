"""hpm run with tasks: which ones words mean, how many run, what is told, and which code it ends with."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine, Ran


def package(name: str, scripts: dict[str, str], **more: Any) -> str:
    return json.dumps({"name": name, "version": "1.0.0", "scripts": scripts, **more})


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[CommandLine]:
    """A workspace: a root with ``lint``, and two members with ``build``, one of which fails in ``test``."""
    with closing(CommandLine(tmp_path)) as opened:
        opened.write("package.json", package("me/root", {"lint": "echo linted"}, workspaces=["m/*"]))
        scripts = {"build": 'echo "built $*" $#', "test": "exit 41", "show": "printf '<%s>'"}
        opened.write("m/one/package.json", package("me/one", scripts))
        opened.write("m/two/package.json", package("me/two", {"build": "echo two", "test": "echo tested"}))
        yield opened


def names(ran: Ran) -> list[str]:
    return [each["task"] for each in ran.data["tasks"]]


ASKED = {
    "of the root": ((".", "lint"), ["lint"]),
    "of all members": ((".", "build"), ["me/one#build", "me/two#build"]),
    "of one member": ((".", "me/two#build"), ["me/two#build"]),
    "by folder": ((".", "m/two#build"), ["me/two#build"]),
    "without owner": ((".", "two#build"), ["me/two#build"]),
    "in a member": (("m/two", "build"), ["me/two#build"]),
    "of another from a member": (("m/two", "one#build"), ["me/one#build"]),
    "several": ((".", "lint", "build"), ["lint", "me/one#build", "me/two#build"]),
    "by filter": ((".", "--filter", "./m/one", "build"), ["me/one#build"]),
    "but not": ((".", "--filter", "!two", "build"), ["me/one#build"]),
}


@pytest.mark.parametrize(("words", "expected"), ASKED.values(), ids=ASKED)
def test_words_mean_tasks(shell: CommandLine, words: tuple[str, ...], expected: list[str]) -> None:
    """By where one stands, by member, by filter; several in the order in which they were named."""
    shell.below = words[0]
    assert names(shell.run("run", "--json", *words[1:])) == expected


def test_words_that_are_no_tasks_are_arguments(shell: CommandLine) -> None:
    """And everything behind ``--``, be it a task's name."""
    assert shell.process("run", "-q", "one#show", "a", "build").out == "<a><build>"
    assert shell.process("run", "-q", "one#show", "--", "lint").out == "<lint>"


def test_arguments_go_to_one_task(shell: CommandLine) -> None:
    """Whose they are would be a guess."""
    done = shell.run("run", "lint", "build", "x")
    assert done.code == 64
    assert "Arguments go to one task, and lint and build were asked for; 'x' is neither" in done.err


@pytest.mark.parametrize("word", ["none", "one#none", "none#build"])
def test_unknown_task_is_told(shell: CommandLine, word: str) -> None:
    """Nothing is run, be it beside one that there is."""
    assert shell.run("run", word).code == 2
    assert shell.run("run", "--if-present", word).code == (2 if word == "none#build" else 0)
    if "#" in word:
        assert shell.run("run", "lint", word).code == 2


def test_exit_code_is_that_of_the_first_failure(shell: CommandLine) -> None:
    """In the order of the graph; with --keep-going the others are done as well."""
    stopped = shell.run("run", "--json", "-j", "1", "test")
    assert (stopped.code, stopped.data["exitCode"]) == (41, 41)
    assert [each["outcome"] for each in stopped.data["tasks"]] == ["failed", "skipped"]
    kept = shell.run("run", "--json", "-j", "1", "--keep-going", "test")
    assert (kept.code, [each["outcome"] for each in kept.data["tasks"]]) == (41, ["failed", "ran"])


def test_task_that_takes_too_long_ends_with_124(shell: CommandLine) -> None:
    """As with timeout(1), and that is said."""
    task = {"slow": {"timeout": 0.1}}
    shell.write("m/one/package.json", package("me/one", {"slow": "sleep 1000"}, tasks=task))
    for options in ((), ("--output", "group")):
        done = shell.process("run", *options, "one#slow")
        assert done.code == 124
        assert "it did not end in time, and was stopped" in done.err


def test_dry_run_says_what_would_happen_and_does_nothing(shell: CommandLine) -> None:
    """To people and to programs; what comes behind something that would run depends on it."""
    tasks = {
        "gen": {"inputs": ["src"], "outputs": ["gen"]},
        "all": {"dependsOn": ["gen"], "inputs": ["gen"], "outputs": ["out"]},
    }
    scripts = {"gen": "cat src > gen", "all": "cat gen > out"}
    shell.write("m/one/package.json", package("me/one", scripts, tasks=tasks))
    shell.write("m/one/src", "1")
    shell.below = "m/one"
    before = shell.everything()
    first = shell.run("run", "--dry-run", "all")
    assert first.out == (
        "me/one#gen: would run (nothing is known of an earlier run)\n"
        "me/one#all: depends on what runs before it (me/one#gen comes first)\n"
    )
    assert shell.everything() == before
    assert shell.run("run", "all").code == 0
    (shell.project / "m/one/out").unlink()
    told = shell.run("run", "--dry-run=json", "all").data
    assert told["dryRun"] is True
    assert [(each["task"], each["verdict"]) for each in told["tasks"]] == [
        ("me/one#gen", "fresh"),
        ("me/one#all", "restore"),
    ]
    assert not (shell.project / "m/one/out").exists()


@pytest.mark.parametrize("given", [("--dry-run=xml",), ("-j", "0"), ("-j", "many"), ("--output", "loud")])
def test_wrong_options_are_told(shell: CommandLine, given: tuple[str, ...]) -> None:
    """With what they may be."""
    assert shell.run("run", *given, "lint").code == 64


def test_reader_that_leaves_ends_what_is_captured(shell: CommandLine) -> None:
    """As it ends what has the terminal: nobody would read the rest."""
    shell.write("m/one/package.json", package("me/one", {"much": "yes"}))
    started = shell.start("run", "--output", "prefix", "one#much")
    assert started.stdout
    assert started.stdout.readline() == "y\n"
    started.stdout.close()
    assert started.wait(60) == 128 + signal.SIGPIPE


def test_listing_names_the_scripts_of_all_members(shell: CommandLine) -> None:
    """In a member, its own."""
    assert "me/two (m/two)\nbuild\n  echo two\n" in shell.run("run").out
    data = shell.run("run", "--json").data
    assert (data["scripts"], list(data["members"])) == ({"lint": "echo linted"}, ["me/one", "me/two"])
    shell.below = "m/two"
    assert shell.run("run").out == "build\n  echo two\ntest\n  echo tested\n"
