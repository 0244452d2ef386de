"""completion: teach a shell to complete command lines of hpm."""

from __future__ import annotations

import argparse
import sys

from hpmtasks.commands.command import Command, Context


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm completion``."""
    parser.add_argument(
        "shell", metavar="bash|zsh|fish", choices=("bash", "zsh", "fish"), help="for which shell"
    )


def run(context: Context) -> int:
    """Print the script; see :data:`COMMAND`."""
    from hpmtasks.commands import all_commands
    from hpmtasks.commands.completion_scripts import SHELLS

    script = SHELLS[context.arguments.shell](all_commands())
    context.console.result({"shell": context.arguments.shell, "script": script})
    if not context.console.as_json:
        sys.stdout.write(script)
    return 0


COMMAND = Command(
    name="completion",
    summary="print what teaches a shell to complete hpm's commands",
    description=(
        "Prints a script for the shell to read: it completes commands, options, the packages of the"
        " project, their versions as far as hpm has read them, and the scripts of package.json. It asks"
        " the project's own files only, never the network."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ('eval "$(hpm completion bash)"', "in ~/.bashrc"),
        ('eval "$(hpm completion zsh)"', "in ~/.zshrc, behind compinit"),
        ("hpm completion fish | source", "in ~/.config/fish/config.fish"),
    ),
)
