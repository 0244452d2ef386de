"""init: a package.json to begin with."""

from __future__ import annotations

import argparse
import getpass
import re
from contextlib import suppress

from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.errors import InvalidManifest, Usage
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.failures import storage_failures
from hpmtasks.model.manifest import create_default, read_manifest, render_manifest, validate
from hpmtasks.project import MANIFEST
from hpmtasks.project.workspace import workspace_root_of

#: What is asked, in this order: the field, and the question.
QUESTIONS = (
    ("name", "Package name (owner/repo)"),
    ("version", "Version"),
    ("description", "Description"),
    ("author", "Author"),
    ("license", "License"),
    ("main", "Main file"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm init``."""
    parser.add_argument("-y", "--yes", action="store_true", help="ask nothing; take the defaults")


def run(context: Context) -> int:
    """Make package.json; see :data:`COMMAND`."""
    path = context.folder / MANIFEST
    if path.exists() or path.is_symlink():
        raise Usage(f"{path} exists already; it was not touched.")
    console = context.console
    console.last_words = "Interrupted. Nothing was written."
    document = create_default(name=_default_name(context))
    if context.is_interactive and not context.arguments.yes and not console.as_json:
        _ask(document, console)
    if issues := validate(document):
        raise InvalidManifest(str(path), [*issues, "Nothing was written."])
    with storage_failures("write", path):
        write_atomically(path, render_manifest(document).encode(), durable=True)
    console.result({"path": str(path), "manifest": document})
    console.report("Created package.json")
    if root := workspace_root_of(context.folder):
        console.note(f"It is a member of the workspace in {root}; 'hpm install' installs what it requires.")
    return 0


def _default_name(context: Context) -> str:
    """``user/folder`` in the letters that a package name may have; in a workspace the owner is its root's."""
    try:
        user = _owner_of_workspace(context) or context.environ.get("USER") or getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = ""
    name = f"{_as_part(user, 'owner')}/{_as_part(context.folder.name, 'package')}"
    # Some owners are reserved.
    return name if not validate(create_default(name)) else f"owner/{name.partition('/')[2]}"


def _owner_of_workspace(context: Context) -> str | None:
    root = workspace_root_of(context.folder)
    if root is None:
        return None
    with suppress(InvalidManifest):
        return (read_manifest(root / MANIFEST, strict_own=False).name or "").partition("/")[0] or None
    return None


def _as_part(text: str, otherwise: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:100].strip("-") or otherwise


def _ask(document: dict[str, object], console: Console) -> None:
    """*document* holds the answers. The end of the input (Ctrl-D) takes the defaults for what is left."""
    console.line(
        "Press Enter for what stands in brackets. Ctrl-D: the rest too; Ctrl-C: stop, write nothing."
    )
    for field, question in QUESTIONS:
        default = document.get(field, "")
        shown = f" [{default}]" if default else ""
        while True:
            try:
                answer = input(f"{question}{shown}: ").strip()
            except EOFError:
                console.line()
                return
            issues = validate({**document, field: answer}) if answer else []
            if not issues:
                break
            console.line("  " + "\n  ".join(issues))
        if answer:
            document[field] = answer


COMMAND = Command(
    name="init",
    summary="make a package.json",
    description=(
        "Afterwards the folder has a package.json. On a terminal each field is asked for, with a"
        " default; otherwise, and with --yes, the defaults are taken. An existing file is never touched."
    ),
    run=run,
    arguments=arguments,
    examples=(("hpm init", "answer a few questions"), ("hpm init --yes", "take the defaults")),
)
