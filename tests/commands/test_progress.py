"""What is shown while one waits: a live line on a terminal, and nothing of it afterwards."""

from __future__ import annotations

import io
import re

import pytest

from hpmtasks.commands.console import Console
from tests.support.command_line import CommandLine, gate, terminal
from tests.support.github_server import GithubServer

LONG = f"acme/{'long-name-' * 9}end"


@pytest.mark.parametrize("columns", [80, 40])
def test_live_line_is_gone_when_the_result_stands(
    own_shell: CommandLine, own_server: GithubServer, columns: int
) -> None:
    """While a download waits its name is shown; in the end the screen has the result only."""
    own_server.publish(LONG, "v1.0.0")
    own_shell.require({"acme/new": "*", LONG: "*"})
    closed = gate(own_server, "codeload *")

    with terminal(own_shell, "install", columns=columns) as screen:
        screen.read_until("downloading ")
        closed.set()
        assert screen.end() == 0
        lines = [line.rstrip() for line in screen.screen()]
        shown = screen.shown

    assert own_shell.plain("\n".join(lines)) == (
        f"  + {LONG}@1.0.0\n  + acme/new@1.0.0\n\nInstalled 2 packages in N.Ns\n"
    )
    live = re.findall(r"\u280b[^\x1b\r\n]*|[\u2800-\u28ff] [^\x1b\r\n]*", shown)
    assert live
    assert max(map(len, live)) <= columns
    assert shown.rfind("\x1b[?25h") >= shown.rfind("\x1b[?25l")


def test_live_line_is_gone_when_it_fails(own_shell: CommandLine, own_server: GithubServer) -> None:
    """A failure stands on lines of its own, although other downloads still go on."""
    own_shell.require({"acme/new": "*", "acme/nothing": "*"})
    closed = gate(own_server, "* /acme/nothing*")

    with terminal(own_shell, "install") as screen:
        screen.read_until("reading ")
        closed.set()
        assert screen.end() == 2
        lines = [line.rstrip() for line in screen.screen() if line.strip()]

    assert lines[0] == "Error: Package not found: acme/nothing"


def test_ctrl_c_on_a_terminal_leaves_a_clean_screen(own_shell: CommandLine, own_server: GithubServer) -> None:
    """The cursor is back, and what was said stands at the start of a line."""
    own_shell.require({"acme/new": "*"})
    closed = gate(own_server, "codeload *")

    with terminal(own_shell, "install") as screen:
        screen.read_until("downloading ")
        screen.type("\x03")
        assert screen.end() == 130
        lines = screen.screen()
        assert screen.shown.rfind("\x1b[?25h") >= screen.shown.rfind("\x1b[?25l")
    closed.set()

    assert any(line.startswith("Error: Interrupted.") for line in lines), lines


@pytest.mark.parametrize(("variable", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_plain_where_it_has_to_be(shell: CommandLine, variable: str, value: str) -> None:
    """In CI, and on a terminal that cannot, there are plain lines and no escape codes."""
    shell.require({"acme/new": "*"})

    with terminal(shell, "install", columns=80, **{variable: value}) as screen:
        assert screen.end() == 0
        assert "\x1b" not in screen.shown


def test_no_escape_codes_away_from_a_terminal(shell: CommandLine) -> None:
    """Pipes and files get text, even when colour is asked for."""
    shell.require({"acme/a": "*", "acme/nothing": "*"})
    failed = shell.process("install", FORCE_COLOR="1")
    shell.require({"acme/a": "*"})
    done = shell.process("install", FORCE_COLOR="1")
    assert "\x1b" not in failed.out + failed.err + done.out + done.err


def test_thread_that_still_works_is_not_heard_after_the_end() -> None:
    """Once the command is over, neither a live line nor a verbose one appears."""
    for is_verbose in (True, False):
        err = io.StringIO()
        console = Console(err=err, verbose=is_verbose, is_live=True)
        console.end()
        console.progress("downloading acme/late@1.0.0")
        assert err.getvalue() == ""
