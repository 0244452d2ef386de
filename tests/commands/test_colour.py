"""Colour where it is wanted, quiet where it is asked for, and neither where it would do harm."""

from __future__ import annotations

import io
import json

import pytest

from hpmtasks.commands.colour import CHANGE, LABEL, painted, painter, plain
from tests.support.command_line import CommandLine, terminal

GREEN, RED, BOLD_RED, DIM, END = "\x1b[32m", "\x1b[31m", "\x1b[1;31m", "\x1b[2m", "\x1b[0m"


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It says so."""
        return True


@pytest.mark.parametrize(
    ("when", "environ", "on_terminal", "elsewhere"),
    [
        ("auto", {}, True, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, True, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, True, False),
        ("auto", {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("auto", {"CI": "true"}, False, False),
        ("always", {"NO_COLOR": "1", "CI": "1", "TERM": "dumb"}, True, True),
        ("never", {"CLICOLOR_FORCE": "1"}, False, False),
    ],
)
def test_who_decides_about_colour(
    when: str, environ: dict[str, str], on_terminal: bool, elsewhere: bool
) -> None:
    """--color goes before NO_COLOR, that before CLICOLOR_FORCE, that before what the stream is."""
    assert painter(when, environ, Screen()) is (painted if on_terminal else plain)
    assert painter(when, environ, io.StringIO()) is (painted if elsewhere else plain)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  + acme/a@1.0.0", f"  {GREEN}+ acme/a@1.0.0{END}"),
        (
            "  + acme/b@1.0.0 (dependency of acme/a)",
            f"  {GREEN}+ acme/b@1.0.0{END}{DIM} (dependency of acme/a){END}",
        ),
        ("  - acme/a@1.0.0", f"  {RED}- acme/a@1.0.0{END}"),
        ("  ~ acme/a: 1.0.0 → 1.1.0", f"  \x1b[33m~ acme/a: 1.0.0 → 1.1.0{END}"),
        ("Would install:", "Would install:"),
    ],
)
def test_lines_about_packages(line: str, shown: str) -> None:
    """What came is green, what went red, what changed yellow, and who requires it dim."""
    assert painted(CHANGE, line) == shown


def test_only_the_label_of_a_failure_is_painted() -> None:
    """The word at the beginning, and nothing that looks like it later."""
    assert painted(LABEL, "Error: no\n\nError: really") == f"{BOLD_RED}Error:{END} no\n\nError: really"
    assert painted(LABEL, "An Error: no") == "An Error: no"


def test_installation_with_and_without_colour(shell: CommandLine) -> None:
    """The same words either way; usage errors are painted too."""
    shell.require({"acme/a": "1.0.0"})
    coloured = shell.run("--color", "always", "install", "--dry-run")
    plainly = shell.run("install", "--dry-run", "--color=never", CLICOLOR_FORCE="1")

    assert f"{GREEN}+ acme/a@1.0.0{END}" in coloured.out
    assert "\x1b" not in plainly.out
    for code in (GREEN, DIM, END):
        coloured = type(coloured)(coloured.code, coloured.out.replace(code, ""), coloured.err)
    assert coloured.out == plainly.out
    assert shell.run("instal", CLICOLOR_FORCE="1").err.startswith(f"{BOLD_RED}Error:{END} There is no")


def test_json_is_never_painted(shell: CommandLine) -> None:
    """Whatever is asked for."""
    shell.require({"acme/a": "1.0.0"})
    for arguments in (("install", "--dry-run"), ("instal",)):
        ran = shell.run(*arguments, "--json", "--color", "always", CLICOLOR_FORCE="1")
        assert "\x1b" not in ran.out + ran.err
        assert json.loads(ran.out)["schemaVersion"] == 1


def test_colour_on_a_terminal(shell: CommandLine) -> None:
    """Without being asked, there; not with NO_COLOR."""
    shell.require({"acme/a": "1.0.0"})
    with terminal(shell, "install") as screen:
        assert screen.end() == 0
        assert f"{GREEN}+ acme/a@1.0.0{END}" in screen.shown
    shell.delete_modules()
    with terminal(shell, "install", NO_COLOR="1") as screen:
        assert screen.end() == 0
        assert "\x1b[3" not in screen.shown


# ---------------------------------------------------------------- quiet


def test_quiet_installation_says_nothing(shell: CommandLine) -> None:
    """Neither what came nor a summary; the packages are there."""
    shell.require({"acme/a": "1.0.0", "acme/curl": "*"})
    ran = shell.run("install", "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert shell.installed()["acme/a"] == "1.0.0"
    assert shell.run("-q", "uninstall", "acme/a") == type(ran)(0, "", "")


@pytest.mark.parametrize("arguments", [("list",), ("install", "--dry-run"), ("cache",), ("help", "HPM011")])
def test_quiet_leaves_what_was_asked_for(shell: CommandLine, arguments: tuple[str, ...]) -> None:
    """A result stays a result, and so does the same as data."""
    shell.require({"acme/a": "1.0.0"})
    shell.run("install")
    shell.require({"acme/a": "1.1.0"})
    assert shell.run(*arguments, "--quiet").out == shell.run(*arguments).out != ""
    assert shell.run(*arguments, "--quiet", "--json").out == shell.run(*arguments, "--json").out


def test_quiet_failure_is_still_told(shell: CommandLine) -> None:
    """The message, without the way to its explanation."""
    ran = shell.run("list", "--quiet")
    assert ran.code == 5
    assert ran.err.startswith("Error: Invalid package.json")
    assert "explains" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--color", "pink"), "--color cannot be 'pink'; it is auto, never or always."),
        (("--quiet", "--verbose"), "--verbose and -q/--quiet exclude each other."),
    ],
)
def test_what_cannot_be_asked_for(shell: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    """Wrong usage, in the same words on every Python."""
    ran = shell.run("list", *arguments)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err
