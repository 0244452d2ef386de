"""command: what a verb of hpm consists of, and what it is given."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hpmtasks.commands.console import Console
from hpmtasks.dataclass import dataclass
from hpmtasks.errors import Usage
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings

if TYPE_CHECKING:
    import argparse

Arguments = SimpleNamespace


@dataclass(frozen=True)
class Context:
    """What every command is given: the parsed arguments, the environment, the console.

    Attributes:
        words: The whole command line, as it was given; empty if there was none.
    """

    arguments: Arguments
    environ: dict[str, str]
    console: Console
    words: tuple[str, ...] = ()

    @cached_property
    def folder(self) -> Path:
        """The folder the command is about: ``-C``, else the current one.

        Raises:
            Usage: There is no such folder.
        """
        given = self.arguments.dir
        try:
            folder = Path(given or ".").absolute()
            is_there = folder.is_dir()
        except OSError as error:  # the current folder is gone, or the name is longer than names may be
            what = f"-C {given}" if given else "The current folder"
            raise Usage(f"{what} cannot be used: {error.strerror}.") from error
        if not is_there:
            raise Usage(f"-C {given}: there is no such folder.")
        return folder

    @cached_property
    def settings(self) -> Settings:
        """The environment and config.json."""
        return Settings.load(self.environ)

    @cached_property
    def project(self) -> Project:
        """The project that the folder is in."""
        return Project.find(self.folder)

    @property
    def is_interactive(self) -> bool:
        """Whether a person sits at both ends."""
        return sys.stdin.isatty() and sys.stdout.isatty() and not self.environ.get("CI")


@dataclass(frozen=True)
class Command:
    """One verb. The parser, ``--help`` and the reference page are made from these.

    Attributes:
        name: The verb.
        summary: One line for ``hpm --help``.
        description: What is true afterwards, in a few sentences.
        run: Does it; returns the exit code, or raises an HpmError.
        arguments: Adds its arguments to a parser.
        aliases: Other names for it.
        examples: Command lines with what each does.
    """

    name: str
    summary: str
    description: str
    run: Callable[[Context], int]
    arguments: Callable[[argparse.ArgumentParser], Any] = lambda parser: None
    aliases: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
