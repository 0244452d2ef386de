"""help_page: the help pages of commands and of ``hpm`` itself, from what each argument says of itself."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterable, Sequence

from hpmtasks.commands.command import Command
from hpmtasks.commands.parser import OptionalValue, Parser

#: Where the second column of a page begins at the latest.
_LONGEST_LEFT = 28
_NARROWEST, _WIDEST = 40, 80


def page(parser: Parser) -> str:
    """The page of the command that *parser* is of."""
    return "\n".join(_lines(parser, _width())) + "\n"


def overview(commands: Sequence[Command]) -> str:
    """The page of ``hpm`` itself."""
    width = _width()
    rows = [(", ".join((command.name, *command.aliases)), command.summary) for command in commands]
    options = [(_left(action), action.help or "") for action in Parser().general_actions]
    lines = [
        "hpm installs Hemlock packages and runs their scripts.",
        "",
        "Usage: hpm COMMAND [ARGUMENTS]",
        "",
        "Commands:",
        *_columns(rows, width),
        "",
        "Options:",
        *_columns(options, width),
        "",
        "Run 'hpm COMMAND --help' for what a command does and takes.",
    ]
    return "\n".join(lines) + "\n"


def _lines(parser: Parser, width: int) -> Iterable[str]:
    command = parser.command
    if command is None:
        return
    own = parser.own_actions
    positionals = [action for action in own if not action.option_strings]
    options = [action for action in own if action.option_strings and action.help is not argparse.SUPPRESS]
    yield parser.usage_line
    if command.aliases:
        yield f"Also:  {', '.join(f'hpm {alias}' for alias in command.aliases)}"
    yield ""
    yield from textwrap.wrap(command.description, width)
    for title, actions in (
        ("Arguments", positionals),
        ("Options", options),
        ("Options of every command", parser.general_actions),
    ):
        if actions:
            yield from ("", f"{title}:")
            yield from _columns([(_left(action), action.help or "") for action in actions], width)
    if command.examples:
        yield from ("", "Examples:")
        yield from _columns(command.examples, width)


def _width() -> int:
    return min(max(shutil.get_terminal_size((_WIDEST, 24)).columns, _NARROWEST), _WIDEST)


def _left(action: argparse.Action) -> str:
    value = f" {action.metavar}" if action.option_strings and action.metavar else ""
    if isinstance(action, OptionalValue):
        value = f"[={action.metavar}]"
    return ", ".join(action.option_strings or [str(action.metavar or action.dest)]) + value


def _columns(rows: Sequence[tuple[str, str]], width: int) -> Iterable[str]:
    """*rows* in two columns; where a left part is too long, its right part stands below it."""
    left_width = max((len(left) for left, _ in rows if len(left) <= _LONGEST_LEFT), default=4)
    indent = " " * (left_width + 4)
    for left, right in rows:
        wrapped = textwrap.wrap(right, width - len(indent)) or [""]
        if len(left) > left_width:
            yield f"  {left}"
            yield from (f"{indent}{line}" for line in wrapped)
        else:
            yield f"  {left:<{left_width}}  {wrapped[0]}".rstrip()
            yield from (f"{indent}{line}" for line in wrapped[1:])
