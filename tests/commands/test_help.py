"""The help pages, the version, and how arguments are read."""

from __future__ import annotations

import pytest

from hpmtasks import __version__
from hpmtasks.commands import all_commands
from tests.support.command_line import CommandLine
from tests.support.golden import Golden


@pytest.mark.parametrize("command", all_commands(), ids=lambda command: command.name)
def test_page_of_each_command(shell: CommandLine, golden: Golden, command: object) -> None:
    """The page is at most 80 columns wide, without colour, and the same by either way to it."""
    name = getattr(command, "name", "")
    ran = shell.run(name, "--help")

    assert (ran.code, ran.err) == (0, "")
    golden.check(f"help/{name}.txt", ran.out)
    assert max(map(len, ran.out.splitlines())) <= 80
    assert shell.run("help", name).out == ran.out
    assert shell.run("--help", name, FORCE_COLOR="1").out == ran.out


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",), ("-h",), ("--json", "--help")])
def test_overview(shell: CommandLine, golden: Golden, arguments: tuple[str, ...]) -> None:
    """Every command has its line."""
    ran = shell.run(*arguments)
    assert (ran.code, ran.err) == (0, "")
    golden.check("help/overview.txt", ran.out)


@pytest.mark.parametrize("columns", ["1", "40", "60", "200"])
def test_pages_fit_the_terminal(shell: CommandLine, columns: str) -> None:
    """Between 40 and 80 columns the text is as wide as the terminal."""
    ran = shell.run("install", "--help", COLUMNS=columns)
    prose = ran.out.partition("\n\n")[2].partition("\n\n")[0]
    assert max(map(len, prose.splitlines())) <= min(max(int(columns), 40), 80)


@pytest.mark.parametrize("option", ["--version", "-v"])
def test_version(shell: CommandLine, option: str) -> None:
    """One line, for scripts."""
    assert shell.process(option).out == f"hpm {__version__}\n"


def test_help_on_what_is_no_command(shell: CommandLine) -> None:
    """The nearest command is named."""
    ran = shell.run("help", "isntall")
    assert (ran.code, ran.out) == (64, "")
    assert "Did you mean 'install'?" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("install", "--", "--dev"), "'hpm install' takes no argument '--dev'"),
        (("list", "--", "-x"), "'hpm list' takes no argument '-x'"),
        (("--", "instal"), "There is no command '--'"),
        (("-",), "There is no command '-'"),
        (("",), "There is no command ''"),
        (("list", "--dept", "1"), "'hpm list' has no option '--dept'. Did you mean '--depth'?"),
        (("list", "--json=yes"), "--json takes no value"),
        (("-C",), "-C/--dir needs a value"),
        (("--offline", "list"), "'hpm list' has no option '--offline'"),
        (("-x",), "'hpm' has no option '-x'"),
    ],
)
def test_arguments_that_make_no_sense(shell: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    """Each is exit 64 and named."""
    shell.require({})
    ran = shell.run(*arguments)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err


def test_every_command_is_told_apart() -> None:
    """No name or alias belongs to two commands, and each command has an example and a summary."""
    names = [name for command in all_commands() for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))
    assert all(command.summary and command.description and command.examples for command in all_commands())
