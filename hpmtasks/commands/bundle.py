"""bundle: a program and everything that it imports, as one file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from hpmtasks.commands.cache import in_units
from hpmtasks.commands.command import Command, Context
from hpmtasks.errors import Usage
from hpmtasks.session.bundling import bundle, form_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm bundle``."""
    parser.add_argument("program", metavar="FILE", help="the program, as hemlock is given it")
    parser.add_argument(
        "--output",
        "-o",
        metavar="OUT",
        required=True,
        help="what to write: .hml is source, .hmlc is compiled, anything else is an executable",
    )
    parser.add_argument(
        "--with-interpreter",
        action="store_true",
        help="make the executable out of the interpreter and the program, instead of by hemlockc",
    )


def run(context: Context) -> int:
    """Bundle; see :data:`COMMAND`."""
    given, console = context.arguments, context.console
    program = Path(os.path.normpath(context.folder / given.program))
    output = Path(os.path.normpath(context.folder / given.output))
    if not program.is_file():
        raise Usage(f"There is no file {given.program}.")
    if output.exists() and (output.is_dir() or output.samefile(program)):
        raise Usage(f"{given.output} is a folder, or the program itself; name another file.")
    form = form_of(given.output, with_interpreter=given.with_interpreter)
    project = context.project
    with console.progress("bundling"):
        units = bundle(project, program, output, form, context.environ)
    size = output.stat().st_size
    modules = [unit.shown for unit in units]
    console.result({"output": project.relative(output), "form": form.name, "size": size, "modules": modules})
    for shown in modules if console.verbose else ():
        console.line(f"  {shown}")
    number = f"{len(units)} module{'' if len(units) == 1 else 's'}"
    console.line(f"{project.relative(output)}: {form.name}, {number}, {in_units(size)}")
    return 0


COMMAND = Command(
    name="bundle",
    summary="make one file out of a program and all that it imports",
    description=(
        "Afterwards OUT does what FILE does, and needs neither hem_modules nor the other sources. As source"
        " it still imports the standard library, and a comment says where each part comes from; compiled,"
        " it has that in it. hemlock makes .hmlc and executables with --with-interpreter, hemlockc makes the"
        " other executables. Names that meet are given others first, so that modules cannot get"
        " in each other's way."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm bundle src/main.hml -o app.hml", "as one source"),
        ("hpm bundle src/main.hml -o app.hmlc", "compiled; 'hemlock app.hmlc' runs it"),
        ("hpm bundle src/main.hml -o app", "as an executable, by hemlockc"),
    ),
)
