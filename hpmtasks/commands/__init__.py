"""commands: one file for each verb, in one table.

To add a verb: write its file, and add one line here. Parser, help and the
reference page follow. The table says where each is, and a file is read only
when its verb is asked for: importing all of them takes longer than most do.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from hpmtasks.dataclass import replace
from hpmtasks.errors import Usage

if TYPE_CHECKING:
    from hpmtasks.commands.command import Command

#: Every verb in the order in which a user meets them: its module, what it is called there, and
#: its other names.
TABLE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "init": ("init", "COMMAND", ()),
    "install": ("install", "COMMAND", ("i", "add")),
    "uninstall": ("uninstall", "COMMAND", ("rm", "remove")),
    "update": ("update", "COMMAND", ("up", "upgrade")),
    "outdated": ("outdated", "COMMAND", ()),
    "accept": ("accept", "COMMAND", ()),
    "list": ("list", "COMMAND", ("ls", "tree")),
    "why": ("why", "COMMAND", ()),
    "lock": ("lock", "COMMAND", ()),
    "ci": ("ci", "COMMAND", ("clean-install",)),
    "fetch": ("fetch", "COMMAND", ()),
    "check": ("check", "COMMAND", ()),
    "audit": ("audit", "COMMAND", ()),
    "licenses": ("licenses", "COMMAND", ()),
    "sbom": ("sbom", "COMMAND", ()),
    "verify": ("verify", "COMMAND", ()),
    "vendor": ("vendor", "COMMAND", ()),
    "diff": ("diff", "COMMAND", ()),
    "link": ("link", "COMMAND", ()),
    "unlink": ("link", "UNLINK", ()),
    "patch": ("patch", "COMMAND", ()),
    "patch-commit": ("patch", "COMMIT", ()),
    "run": ("run", "COMMAND", ()),
    "test": ("run", "TEST", ()),
    "explain": ("explain", "COMMAND", ()),
    "graph": ("graph", "COMMAND", ()),
    "bundle": ("bundle", "COMMAND", ()),
    "pack": ("pack", "COMMAND", ()),
    "release": ("release", "COMMAND", ()),
    "cache": ("cache", "COMMAND", ()),
    "config": ("config", "COMMAND", ()),
    "doctor": ("doctor", "COMMAND", ()),
    "completion": ("completion", "COMMAND", ()),
    "front": ("front", "COMMAND", ()),
    "help": ("help", "COMMAND", ()),
}

#: Every word that may stand for a verb, and the verb.
VERBS: dict[str, str] = {word: verb for verb, (_, _, aliases) in TABLE.items() for word in (verb, *aliases)}


def load_command(verb: str) -> Command:
    """The command of *verb*, a key of :data:`TABLE`."""
    module, name, aliases = TABLE[verb]
    command: Command = getattr(import_module(f"hpmtasks.commands.{module}"), name)
    return replace(command, aliases=aliases)


def all_commands() -> Sequence[Command]:
    """Every command, in the table's order."""
    return tuple(load_command(verb) for verb in TABLE)


def find_command(word: str) -> Command:
    """The command that is called *word*.

    Raises:
        Usage: There is none; the nearest is named.
    """
    if word in VERBS:
        return load_command(VERBS[word])
    from difflib import get_close_matches

    near = get_close_matches(word, VERBS, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise Usage(f"There is no command '{word}'.{hint}\n\nRun 'hpm help' for the commands.")
