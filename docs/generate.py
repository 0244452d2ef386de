"""generate: docs/commands.md, written from the table of commands; ``python3 dodo.py docs`` runs it."""  # noqa: INP001  a script, not a package

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from hpmtasks.commands import all_commands
from hpmtasks.commands.command import Command
from hpmtasks.commands.parser import Parser

PAGE = Path(__file__).with_name("commands.md")

_HEAD = """\
# Commands

<!-- Written by docs/generate.py from the table in hpmtasks/commands.
     Change the command there, then run: python3 dodo.py docs -->

`hpm COMMAND --help` prints the same from the program itself.
Results go to standard output, everything else to standard error.
What each exit code means stands in [exit codes](exit-codes.md).

| Command | Also | What it does |
|---|---|---|
"""


def commands_page() -> str:
    """The whole page."""
    index = [
        f"| [`hpm {each.name}`](#hpm-{each.name}) | {_codes(each.aliases)} | {each.summary} |"
        for each in all_commands()
    ]
    sections = [_global_options(), *map(_section, all_commands())]
    return _HEAD + "\n".join(index) + "\n\n" + "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _global_options() -> Iterator[str]:
    yield "## Options of every command"
    yield from ("", "They may stand before or after the name of the command.", "")
    yield from _table("Option", Parser()._actions)  # noqa: SLF001  argparse has no other way to list them
    yield ""
    yield "With `--json`, standard output holds one object whose first key is `schemaVersion`, now 1."
    yield 'A failure is `{"schemaVersion": 1, "error": {"kind", "code", "exitCode", "message"}}`.'


def _section(command: Command) -> Iterator[str]:
    """What the page says of one command."""
    parser = argparse.ArgumentParser(add_help=False)
    command.arguments(parser)
    own = parser._actions  # noqa: SLF001
    positionals = [action for action in own if not action.option_strings]
    options = [action for action in own if action.option_strings]
    usage = ["hpm", command.name, *(["[OPTIONS]"] if options else []), *map(_placeholder, positionals)]
    yield from (f"## hpm {command.name}", "", "```text", " ".join(usage), "```", "", command.description)
    if command.aliases:
        yield from ("", f"Also: {_codes(f'hpm {alias}' for alias in command.aliases)}.")
    for title, actions in (("Argument", positionals), ("Option", options)):
        if actions:
            yield from ("", *_table(title, actions))
    if command.examples:
        width = max(len(line) for line, _ in command.examples)
        yield from ("", "```sh", *(f"{line:<{width}}  # {what}" for line, what in command.examples), "```")


def _table(title: str, actions: Iterable[argparse.Action]) -> Iterator[str]:
    yield f"| {title} | Meaning |"
    yield "|---|---|"
    for action in actions:
        value = f" {action.metavar}" if action.option_strings and action.metavar else ""
        names = [f"{name}{value}" for name in action.option_strings] or [str(action.metavar or action.dest)]
        yield f"| {_codes(names)} | {_cell(action.help or '')} |"


def _placeholder(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest)
    return {"?": f"[{name}]", "*": f"[{name} ...]", argparse.REMAINDER: f"[{name} ...]"}.get(
        str(action.nargs), name
    )


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{_cell(name)}`" for name in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
