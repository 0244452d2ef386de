"""help: the page of a command, the list of them, or what the code of a failure means."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hpmtasks.commands.command import Command, Context
from hpmtasks.errors import Usage

if TYPE_CHECKING:
    from hpmtasks.commands.explanations import Explanation

_NARROWEST, _WIDEST = 40, 80


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm help``."""
    parser.add_argument(
        "name",
        nargs="?",
        metavar="COMMAND|CODE",
        help="a command, or the code of a failure such as HPM011; none: name all commands",
    )


def run(context: Context) -> int:
    """Print the page; see :data:`COMMAND`."""
    from hpmtasks.commands import all_commands, find_command  # the table has this file in it
    from hpmtasks.commands.help_page import overview
    from hpmtasks.commands.parser import Parser

    name = context.arguments.name
    if name and name[:3].upper() == "HPM" and name[3:].isascii() and name[3:].isdigit():
        _explain(context, name.upper())
        return 0
    sys.stdout.write(Parser(find_command(name)).format_help() if name else overview(all_commands()))
    return 0


def _explain(context: Context, code: str) -> None:
    from hpmtasks.commands.explanations import EXPLANATIONS

    found = EXPLANATIONS.get(code)
    if found is None:
        raise Usage(f"No failure of hpm has the code {code}.\n\nIts codes are: {', '.join(EXPLANATIONS)}")
    console = context.console
    console.result(
        {
            "code": code,
            "exitCode": found.exit_code,
            "title": found.title,
            "meaning": found.meaning,
            "causes": found.causes,
            "waysOut": found.ways_out,
        }
    )
    width = min(max(shutil.get_terminal_size((_WIDEST, 24)).columns, _NARROWEST), _WIDEST)
    for line in _page(code, found, width):
        console.line(line)


def _page(code: str, found: Explanation, width: int) -> Iterator[str]:
    yield f"{code}: {found.title} (exit code {found.exit_code})"
    yield ""
    yield from textwrap.wrap(found.meaning, width, break_on_hyphens=False)
    for title, sentences in (("Usual causes", found.causes), ("Ways out", found.ways_out)):
        yield from ("", f"{title}:")
        for sentence in sentences:
            yield from textwrap.wrap(
                sentence, width, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False
            )


COMMAND = Command(
    name="help",
    summary="show what a command does and takes, or what a failure means",
    description=(
        "Prints the page of COMMAND, the same as 'hpm COMMAND --help', or the list of all commands. Of a"
        " CODE, which stands below each failure, it tells what it means, the usual causes and the ways"
        " out; no network is needed for that."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm help install", "what hpm install does and takes"),
        ("hpm help HPM011", "what it means that no versions fit together"),
    ),
)
