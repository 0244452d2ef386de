"""bundling: a program as one file: its modules linked into one source, and that compiled if asked for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import NotBundled, Usage
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.leftovers import temporary_beside
from hpmtasks.hemlock.bundle.gather import Places, Unit, Unlinkable, gather
from hpmtasks.hemlock.bundle.link import link
from hpmtasks.project import MODULES, Project

_PATIENCE_SECONDS = 600
_MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file that a program can become.

    Attributes:
        name: What it is, for people.
        program: What compiles it, found on the PATH; empty: nobody has to.
        command: Its arguments, from the source and the output.
        has_stdlib: Whether the standard library has to be in the source already.
    """

    name: str
    program: str = ""
    command: Callable[[str, str], list[str]] = lambda source, output: []
    has_stdlib: bool = False


SOURCE = Form("one source")
COMPILED = Form(
    "compiled",
    "hemlock",
    lambda source, output: ["--compile", source, "-o", output, "--debug"],
    has_stdlib=True,
)
PACKAGED = Form(
    "an executable with the interpreter in it",
    "hemlock",
    lambda source, output: ["--package", source, "-o", output],
    has_stdlib=True,
)
NATIVE = Form("an executable", "hemlockc", lambda source, output: [source, "-o", output])
#: By what the output's name ends with; anything else is an executable.
FORMS: Mapping[str, Form] = {".hml": SOURCE, ".hmlc": COMPILED}


def form_of(output: str, *, with_interpreter: bool) -> Form:
    """What the file *output* is to be, by its name.

    Raises:
        Usage: It cannot be that, or an interpreter cannot be in it.
    """
    suffix = os.path.splitext(output)[1]
    if suffix == ".hmlb":
        raise Usage("The interpreter makes .hmlb files and does not run them; call the output .hmlc.")
    form = FORMS.get(suffix)
    if with_interpreter and form is not None:
        raise Usage(f"--with-interpreter makes an executable, and {output} is called as none.")
    return form or (PACKAGED if with_interpreter else NATIVE)


def bundle(
    project: Project, program: Path, output: Path, form: Form, environ: Mapping[str, str]
) -> list[Unit]:
    """*output* is the program and all that it imports, as a *form*; the modules, in order of execution.

    Raises:
        NotBundled: An import leads nowhere, or the compiler refuses the source.
        Usage: There is no compiler.
    """
    compiler = _compiler(form, environ)
    shown = project.relative(program)
    stdlib = _stdlib(compiler) if compiler and form.has_stdlib else None
    root = os.path.realpath(project.root)
    places = Places(root, os.path.join(root, MODULES), stdlib)
    try:
        units = gather(str(program), places)
        head = [f"Made by 'hpm bundle' out of {units[-1].shown}; {len(units)} modules. Edit those, not this."]
        text = link(units, head, keep_names=not form.has_stdlib)
    except Unlinkable as error:
        raise NotBundled(shown, error.problems) from None
    if compiler is None:
        with storage_failures("write", output):
            output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, text, durable=False)
    else:
        _compile(shown, text, output, form, compiler)
    return units


def _compiler(form: Form, environ: Mapping[str, str]) -> str | None:
    if not form.program:
        return None
    found = shutil.which(form.program, path=environ.get("PATH"))
    if found is None:
        raise Usage(
            f"{form.program} is not on the PATH, and makes what is {form.name}.\n\n"
            "A bundle whose name ends with .hml needs nothing but hpm."
        )
    return os.path.realpath(found)


def _stdlib(interpreter: str) -> str | None:
    """Where *interpreter* has its standard library, as it finds that itself."""
    beside = os.path.dirname(interpreter)
    places = (f"{beside}/stdlib", os.path.normpath(f"{beside}/../stdlib"), "/usr/local/lib/hemlock/stdlib")
    return next((os.path.realpath(each) for each in places if os.path.isdir(each)), None)


def _compile(shown: str, text: bytes, output: Path, form: Form, compiler: str) -> None:
    import subprocess

    staged = temporary_beside(output)
    with storage_failures("write", output), tempfile.TemporaryDirectory(prefix="hpm-bundle-") as folder:
        output.parent.mkdir(parents=True, exist_ok=True)
        source = Path(folder) / f"{output.stem or 'program'}.hml"
        source.write_bytes(text)
        made = Path(folder) / f"made{output.suffix}"
        ran = subprocess.run(
            [compiler, *form.command(str(source), str(made))],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        if ran.returncode != 0 or not made.exists():
            said = ran.stdout.decode(errors="replace").strip().splitlines()[-_MOST_LINES:]
            raise NotBundled(shown, [f"{form.program} refuses it: {line}" for line in said] or ["no output"])
        try:
            shutil.copy(made, staged)
            os.replace(staged, output)
        finally:
            staged.unlink(missing_ok=True)
