"""graph: the installation and the scripts as one graph to look at."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import SCHEMA_VERSION
from hpmtasks.commands.project_change import open_session, options_of
from hpmtasks.session import Session

if TYPE_CHECKING:
    from hpmtasks.scripts.graph_view import Node

FORMATS = ("mermaid", "dot", "json", "html")
_INSTALL = "install"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm graph``."""
    parser.add_argument("task", metavar="SCRIPT", nargs="*", help="only these, and all that they need")
    parser.add_argument(
        "--format", metavar="|".join(FORMATS), choices=FORMATS, default=None, help="by default mermaid"
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write it to a file; .html, .dot, .json say the format"
    )
    parser.add_argument("--full", action="store_true", help="each stage of each package by itself")
    parser.add_argument("--offline", action="store_true", help="do not ask the remote cache")


def run(context: Context) -> int:
    """Draw; see :data:`COMMAND`."""
    from hpmtasks.scripts.graph_view import summary

    session = open_session(context, options_of(context))
    try:
        nodes = _nodes(context, session)
        title = session.documents.manifest.name or session.project.root.name
    finally:
        session.close()
    for warning in session.warnings:
        context.console.warning(warning)
    form = _form(context)
    text = _drawn(form, title, nodes)
    if context.arguments.output:
        from hpmtasks.files.atomic import write_atomically
        from hpmtasks.files.failures import storage_failures

        path = Path(context.folder, context.arguments.output)
        with storage_failures("write", path):
            write_atomically(path, text.encode(), durable=False)
        context.console.result({"output": str(path), "nodes": len(nodes)})
        context.console.report(f"{context.arguments.output}: {len(nodes)} tasks, {summary(nodes)}")
    else:
        context.console.still()
        print(text, end="")
    return 0


def _form(context: Context) -> str:
    given, output = context.arguments, context.arguments.output or ""
    by_name = Path(output).suffix.removeprefix(".").replace("mmd", "mermaid")
    if given.format:
        return str(given.format)
    if given.json:
        return "json"
    return by_name if by_name in FORMATS else FORMATS[0]


def _drawn(form: str, title: str, nodes: list[Node]) -> str:
    from hpmtasks.scripts.graph_view import as_data, as_dot, as_mermaid, without_detours

    if form == "html":
        from hpmtasks.scripts.graph_page import page

        return page(title, nodes)
    if form == "json":
        document = {"schemaVersion": SCHEMA_VERSION, "title": title, **as_data(nodes)}
        return json.dumps(document, indent=2) + "\n"
    return {"dot": as_dot, "mermaid": as_mermaid}[form](without_detours(nodes))


def _nodes(context: Context, session: Session) -> list[Node]:
    from hpmtasks.commands.asking import meant
    from hpmtasks.scripts.graph_view import collapse
    from hpmtasks.scripts.outlook import outlook
    from hpmtasks.scripts.tasks import lay, task_names
    from hpmtasks.survey import nodes, survey

    workspace = session.workspace
    at = workspace.at(context.project.start)
    asked = [task for text in context.arguments.task for task in meant(workspace, at, text)]
    tasks = lay(workspace, asked or task_names(workspace))
    stages = nodes(survey(session), full=context.arguments.full)
    with outlook(session, tasks) as seen:
        scripts = seen.nodes([_INSTALL] if stages else [])
    return [*(stages if context.arguments.full else collapse(stages)), *scripts]


COMMAND = Command(
    name="graph",
    summary="draw the installation and the scripts as one graph",
    description=(
        "Draws the stages of the installation and the scripts as one graph: what needs what, what is fresh,"
        " what would run, what is stored and would be put back, what failed the last time, and how long each"
        " script took. As text for Mermaid or Graphviz, as JSON, or as one page for a browser that needs"
        " nothing else. With SCRIPT, only that and all it needs. Nothing is run and nothing is installed."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm graph --output graph.html", "a page to look at, also without a network"),
        ("hpm graph build", "what build needs, for Mermaid"),
        ("hpm graph --format dot | dot -Tsvg > graph.svg", "by Graphviz"),
        ("hpm graph --full --format json", "every stage of every package, for programs"),
    ),
)
