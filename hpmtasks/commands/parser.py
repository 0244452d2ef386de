"""parser: the command line of each command, the same on every Python.

argparse reads the arguments. What it would print itself changes from one Python to the
next, so help pages are laid out by :mod:`hpmtasks.commands.help_page`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from hpmtasks import __version__
from hpmtasks.commands.command import Arguments, Command
from hpmtasks.commands.flags import add_global_options
from hpmtasks.errors import Usage

# argparse looks through the file system for translations of all that it may say; `error` reads English.
argparse._ = str  # type: ignore[attr-defined]


class Parser(argparse.ArgumentParser):
    """The parser of one command, or of ``hpm`` itself. Its complaints are errors of ours."""

    def __init__(self, command: Command | None = None) -> None:
        name = f"hpm {command.name}" if command else "hpm"
        # Each argument is laid out when it is added; without a width argparse asks the terminal for one.
        layout = partial(argparse.HelpFormatter, width=80)
        super().__init__(prog=name, add_help=False, allow_abbrev=False, formatter_class=layout)
        self.command = command
        if command:
            command.arguments(self)
        self._own = list(self._actions)
        # Now, because parsing changes the actions while it goes on, and --help is met in the middle.
        self.usage_line = _usage(name, self._own)
        add_global_options(self)
        self.add_argument("-h", "--help", action=_Print, help="show this page")
        if not command:
            self.add_argument(
                "-v", "--version", action=_Print, text=f"hpm {__version__}", help="show the version of hpm"
            )

    def parse(self, given: Sequence[str]) -> Arguments:
        """The arguments in *given*; options may stand before, between and after the others.

        Raises:
            Usage: They are not understood.
        """
        # A command that passes the rest of its line on takes it in order.
        in_order = any(action.nargs == argparse.REMAINDER for action in self._own)
        given = self._with_empty_values(given)
        if in_order:
            arguments, unknown = self.parse_known_args(list(given))
        else:
            arguments, unknown = self.parse_known_intermixed_args(self._without_dashes(given))
        if unknown:
            raise Usage(self._refused(unknown[0]))
        return Arguments(**vars(arguments))

    def _with_empty_values(self, given: Sequence[str]) -> list[str]:
        """*given* with a ``=`` behind each option that may have a value and has none.

        Only an option's own word holds such a value, so that no other word is taken for it.
        """
        words = list(given)
        at = 0
        while at < len(words) and words[at].startswith("-") and words[at] not in {"-", "--"}:
            action = self._option_string_actions.get(words[at])
            if isinstance(action, OptionalValue):
                words[at] += "="
            at += 2 if action is not None and action.nargs is None and not words[at].endswith("=") else 1
        return words

    def _without_dashes(self, given: Sequence[str]) -> list[str]:
        """*given* without the ``--`` that ends the options.

        What no command takes needs no care: an argument that begins with a dash.
        """
        if "--" not in given:
            return list(given)
        end = given.index("--")
        for word in given[end + 1 :]:
            if word.startswith("-"):
                raise Usage(f"'{self.prog}' takes no argument '{word}'.\n\n{self._more()}")
        return [*given[:end], *given[end + 1 :]]

    def error(self, message: str) -> NoReturn:
        """Wrong usage: one sentence, and where to read more."""
        subject, _, complaint = message.removeprefix("argument ").partition(": ")
        if complaint == "expected one argument":
            message = f"{subject} needs a value after it."
        elif complaint.startswith("ignored explicit argument"):
            message = f"{subject} takes no value."
        elif complaint.startswith("invalid choice:"):
            given = complaint.removeprefix("invalid choice: ").partition(" (choose from")[0]
            message = f"{subject} cannot be {given}; it is {self._choices(subject)}."
        elif complaint.startswith("not allowed with argument "):
            message = f"{subject} and {complaint.rpartition(' ')[2]} exclude each other."
        elif subject == "the following arguments are required":
            message = f"'{self.prog}' needs {complaint}."
        raise Usage(f"{message}\n\n{self._more()}")

    def _choices(self, subject: str) -> str:
        """What the option that is called *subject* may be."""
        names = set(subject.split("/"))
        action = next(action for action in self._actions if names & {*action.option_strings, action.metavar})
        *most, last = (str(choice) for choice in action.choices or ("something else",))
        return f"{', '.join(most)} or {last}" if most else last

    def _refused(self, word: str) -> str:
        if not word.startswith("-"):
            return f"'{self.prog}' takes no argument '{word}'.\n\n{self._more()}"
        option = word.partition("=")[0]
        known = [string for action in self._actions for string in action.option_strings]
        from difflib import get_close_matches

        near = get_close_matches(option, known, n=1, cutoff=0.7)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        return f"'{self.prog}' has no option '{option}'.{hint}\n\n{self._more()}"

    def _more(self) -> str:
        return f"Run '{self.prog} --help' for what it takes."

    def format_help(self) -> str:
        """The help page of the command."""
        from hpmtasks.commands.help_page import page

        return page(self)

    @property
    def own_actions(self) -> Sequence[argparse.Action]:
        """What the command itself takes."""
        return self._own

    @property
    def general_actions(self) -> Sequence[argparse.Action]:
        """What every command takes."""
        return [action for action in self._actions if action not in self._own]


class OptionalValue(argparse.Action):
    """An option that may have a value, ``--option=VALUE``; without, its value is empty."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: object
    ) -> None:
        """The value is there, if only an empty one."""
        del parser
        setattr(namespace, self.dest, values)


class _Print(argparse.Action):
    """An option that prints *text*, or else the help page, and ends."""

    def __init__(self, option_strings: Sequence[str], *, text: str = "", **given: Any) -> None:
        given.pop("dest")
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, **given)
        self.text = text

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        sys.stdout.write(f"{self.text}\n" if self.text else parser.format_help())
        parser.exit()


def _usage(name: str, own: Sequence[argparse.Action]) -> str:
    options = ["[OPTIONS]"] if any(action.option_strings for action in own) else []
    return " ".join(
        ["Usage:", name, *options, *(_placeholder(action) for action in own if not action.option_strings)]
    )


def _placeholder(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest)
    return {"?": f"[{name}]", "*": f"[{name} ...]", argparse.REMAINDER: f"[{name} ...]"}.get(
        str(action.nargs), name
    )
