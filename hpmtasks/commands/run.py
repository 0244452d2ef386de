"""run: a script of package.json, with the terminal to itself; ``hpm test`` is short for one of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches

from hpmtasks.commands.command import Command, Context
from hpmtasks.errors import ScriptNotFound
from hpmtasks.model.manifest import Manifest, read_manifest
from hpmtasks.session.installed import seems_installed
from hpmtasks.stages.script.action import run_script, steps_of

_MOST_NAMED = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm run``."""
    _add_rest(parser, "SCRIPT ARG", "which one, and what it is given; none: name them all")


def test_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm test``."""
    _add_rest(parser, "ARG", "what it is given")


def _add_rest(parser: argparse.ArgumentParser, metavar: str, meaning: str) -> None:
    # One list for all of it: of two, argparse would take a "--" between them away.
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar=metavar, help=meaning)
    parser.add_argument(
        "--if-present", action="store_true", help="if there is no such script, do nothing and succeed"
    )
    parser.add_argument(
        "--no-check", action="store_true", help="do not look whether the packages are installed"
    )


def run(context: Context) -> int:
    """Run a script, or list them; see :data:`COMMAND`."""
    manifest = read_manifest(context.project.manifest_path, strict_own=False)
    words = _own(context.arguments.words)
    return _run(context, manifest, words[0], words[1:]) if words else _list(context, manifest)


def run_test(context: Context) -> int:
    """Run the script ``test``; see :data:`TEST`."""
    manifest = read_manifest(context.project.manifest_path, strict_own=False)
    return _run(context, manifest, "test", context.arguments.words)


def _list(context: Context, manifest: Manifest) -> int:
    console = context.console
    console.result({"name": manifest.name, "scripts": dict(manifest.scripts)})
    if not manifest.scripts:
        console.line("package.json has no scripts.")
    for name, command in manifest.scripts.items():
        console.line(f"{name}\n  {command}")
    return 0


def _run(context: Context, manifest: Manifest, script: str, words: list[str]) -> int:
    given, console = context.arguments, context.console
    if script not in manifest.scripts:
        if given.if_present:
            return 0
        raise _unknown(script, list(manifest.scripts))
    if not given.no_check and not seems_installed(context.project, manifest):
        console.warning("packages are not installed as locked; run 'hpm install'.")
    console.still()
    record = run_script(
        steps_of(manifest.scripts, script, _own(words)),
        context.project,
        manifest,
        context.environ,
        announce=lambda step: console.note(f"> {step.line}"),
    )
    return record.code


def _own(words: list[str]) -> list[str]:
    """*words* without a ``--`` in the first place, which only says that the rest is no option of hpm."""
    return words[1:] if words[:1] == ["--"] else words


def _unknown(script: str, names: Sequence[str]) -> ScriptNotFound:
    near = get_close_matches(script, names, n=3)
    sentence = f"package.json has no script {script!r}."
    if near:
        sentence += f" Did you mean {' or '.join(near)}?"
    if not names:
        return ScriptNotFound(f'{sentence}\n\nIt has no scripts at all; they stand under "scripts".')
    more = len(names) - _MOST_NAMED
    listed = ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return ScriptNotFound(f"{sentence}\n\nIts scripts are: {listed}")


_HOW = (
    " The script is run by /bin/sh (by cmd on Windows) in the project's root, after the script called"
    " 'pre' and its name and before the one called 'post' and its name, if there are such; each runs"
    " only if the one before it succeeded. Input and output are the script's own, and its exit code is"
    " that of hpm. It is told HPM_PROJECT_ROOT, HPM_SCRIPT, HPM_PACKAGE_NAME and HPM_PACKAGE_VERSION, and"
    " hem_modules/.bin, if there is one, comes first on its PATH. Only scripts of the project itself are"
    " ever run. Words behind the name are given to the script as they are, options too; a '--' in front of"
    " them is left out."
)

COMMAND = Command(
    name="run",
    summary="run a script of package.json, or name them",
    description="Runs SCRIPT of package.json; without a name, lists them." + _HOW,
    run=run,
    arguments=arguments,
    examples=(
        ("hpm run", "which scripts there are"),
        ("hpm run build", "run one"),
        ("hpm run build -- --fast", "give it an option; the -- may be left out"),
        ("hpm run --if-present lint", "nothing happens if there is none"),
    ),
)

TEST = Command(
    name="test",
    summary="run the script 'test' of package.json",
    description="Short for 'hpm run test'. Options that are meant for the script stand behind '--'.",
    run=run_test,
    arguments=test_arguments,
    examples=(("hpm test", "run it"), ("hpm test -- --verbose", "give it an option")),
)
