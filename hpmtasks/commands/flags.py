"""flags: a command line of flags and names alone, read without argparse.

To be imported and told of the options takes argparse 4 ms, and nearly every command line is
that plain. A command declares what it takes in argparse's words, to whoever asks. What is not
surely understood here, an option with a value or one that there is not, is left to the parser.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from hpmtasks.commands.colour import CHOICES
from hpmtasks.commands.command import Arguments, Command

if TYPE_CHECKING:
    import argparse


def add_global_options(parser: argparse.ArgumentParser) -> None:
    """Options that every command takes, before or after its name; ``--help`` is the parser's own."""
    parser.add_argument("-C", "--dir", metavar="DIR", help="act as if started in DIR")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--verbose", action="store_true", help="say what is being done")
    much.add_argument("-q", "--quiet", action="store_true", help="print results, warnings and failures only")
    parser.add_argument(
        "--color", metavar="WHEN", choices=CHOICES, default="auto", help="auto (on a terminal), never, always"
    )


def read_flags(command: Command, given: Sequence[str]) -> Arguments | None:
    """What the parser of *command* would make of *given*; ``None`` if it has to be asked."""
    declared = _Declared()
    parser = cast("argparse.ArgumentParser", declared)
    command.arguments(parser)
    add_global_options(parser)
    return declared.read(given) if declared.is_plain else None


class _Declared:
    """What a command takes, as far as it is plain: flags, options that are not given, one list of names."""

    def __init__(self) -> None:
        self.is_plain = True
        self._defaults: dict[str, Any] = {}
        self._flags: dict[str, str] = {}
        self._exclusive: set[str] = set()
        self._names: str | None = None

    def add_argument(
        self,
        *names: str,
        action: object = "store",
        nargs: object = None,
        default: object = None,
        dest: str | None = None,
        required: bool = False,
        **more: object,
    ) -> None:
        """Declare one, as argparse has it."""
        is_option = names[0].startswith("-")
        long = next((name for name in names if name.startswith("--")), names[0])
        attribute = dest or long.lstrip("-").replace("-", "_")
        if is_option and action == "store_true":
            self._flags.update(dict.fromkeys(names, attribute))
            default = False
        elif not is_option and nargs == "*" and self._names is None and action == "store" and default is None:
            self._names, default = attribute, []
        elif not is_option or not isinstance(action, str) or required or "type" in more:
            self.is_plain = False
        self._defaults[attribute] = default

    def add_mutually_exclusive_group(self) -> _Exclusive:
        """A group of options of which at most one may be given."""
        return _Exclusive(self, self._exclusive)

    def read(self, given: Sequence[str]) -> Arguments | None:
        """The arguments in *given*; ``None`` if they are more than flags and names."""
        values = dict(self._defaults)
        names = []
        for word in given:
            if word in self._flags:
                values[self._flags[word]] = True
            elif not word.startswith("-") and self._names is not None:
                names.append(word)
            else:
                return None
        if sum(word in self._exclusive for word in given) > 1:
            return None
        if self._names is not None:
            values[self._names] = names
        return SimpleNamespace(**values)


class _Exclusive:
    """Declares options to *declared*, and keeps in *among* what they are called."""

    def __init__(self, declared: _Declared, among: set[str]) -> None:
        self._declared = declared
        self._among = among

    def add_argument(self, *names: str, **more: Any) -> None:
        """Declare one, as argparse has it."""
        self._declared.add_argument(*names, **more)
        self._among.update(names)
