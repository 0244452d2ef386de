"""compiled_front: the stamp's answer as a program of its own, made by the C compiler of this machine.

It stands in ``bin`` in hpm's home, for its user to put first on the PATH, and touches nothing that an
installer of Python packages owns. It is made for one hpm: this one, as it is now. When that is replaced
by another, the program leaves everything to it, until it is made anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from hpmtasks import __version__
from hpmtasks.dataclass import dataclass
from hpmtasks.errors import Usage
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.fingerprint import fingerprint
from hpmtasks.front import stamp
from hpmtasks.front.request import COMMANDS, HARMLESS
from hpmtasks.project.settings import config_path_of

#: ``outdated``: made for another hpm. ``foreign``: something that hpm did not make has its name.
Status = Literal["absent", "current", "outdated", "foreign"]

_MARK = b"hpm front, made for "
_SOURCE = Path(stamp.__file__).with_name("hpm.c")
# Without shared libraries it starts in half the time; not every system can.
_MANNERS = (("-static",), ())
# Longer than any compiler takes for two hundred lines; who reaches it hangs.
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class CompiledFront:
    """The program, or the place where it would be.

    Attributes:
        found: What a shell runs as ``hpm``; ``None``: nothing.
    """

    path: Path
    status: Status
    found: Path | None

    @property
    def is_first(self) -> bool:
        """Whether it is what a shell runs."""
        return self.found is not None and os.path.realpath(self.found) == os.path.realpath(self.path)


def look(environ: Mapping[str, str]) -> CompiledFront:
    """What there is now."""
    path = config_path_of(environ).parent / "bin" / "hpm"
    found = shutil.which("hpm", path=environ.get("PATH", os.defpath))
    return CompiledFront(path, _status(path), Path(found) if found else None)


def _status(path: Path) -> Status:
    try:
        program = path.read_bytes()
    except FileNotFoundError:
        return "absent"
    except OSError:
        return "foreign"
    if _MARK not in program:
        return "foreign"
    return "current" if _mark(_definitions(own_program(), path)) in program else "outdated"


def build(environ: Mapping[str, str]) -> CompiledFront:
    """The program is there, made for this hpm; it appears complete, and survives a loss of power.

    Raises:
        Usage: There is no compiler, or it made nothing that works; or its name is taken.
        StorageFailure: It cannot be written.
    """
    path = look(environ).path
    _require_own(path)
    if os.name != "posix":
        raise Usage("The compiled front needs a POSIX system; hpm works without it.")
    compiler = shutil.which("cc", path=environ.get("PATH", os.defpath))
    if compiler is None:
        raise Usage("cc, a C compiler, is not on the PATH; hpm works without the compiled front.")
    with tempfile.TemporaryDirectory(prefix="hpm-front-") as folder:
        made = Path(folder) / "hpm"
        compile_for(own_program(), path, made, compiler, environ)
        _require_working(made, environ)
        with storage_failures("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, made.read_bytes(), durable=True, mode=0o755)
    return look(environ)


def compile_for(
    program: Sequence[str], place: Path, into: Path, compiler: str, environ: Mapping[str, str]
) -> None:
    """*into* is a front, to be put into *place*, that leaves what it cannot tell to *program*.

    Args:
        program: An interpreter, and what it is to run.

    Raises:
        Usage: The compiler made nothing.
    """
    definitions = _definitions(program, place)
    text = _defined({**definitions, "MARK": [_mark(definitions)]}) + _SOURCE.read_bytes()
    said = ""
    for manner in _MANNERS:
        command = [compiler, "-std=c99", "-O2", *manner, "-x", "c", "-o", str(into), "-"]
        done = _run(command, environ, text)
        if done.returncode == 0:
            return
        said = done.stderr.decode(errors="replace").strip()
    raise Usage(f"{compiler} could not make the compiled front; hpm works without it.\n\n{said[-2000:]}")


def remove(environ: Mapping[str, str]) -> bool:
    """The program is not there; whether it was.

    Raises:
        Usage: Its name is taken by something else.
        StorageFailure: It cannot be removed.
    """
    path = look(environ).path
    _require_own(path)
    with storage_failures("remove", path):
        try:
            path.unlink()
        except FileNotFoundError:
            return False
    return True


def own_program() -> tuple[str, ...]:
    """The words that run this very hpm, whatever stands on the PATH."""
    script = os.path.abspath(sys.argv[0])
    if os.path.basename(script).startswith("hpm") and os.path.isfile(script):
        return sys.executable, script
    return sys.executable, "-P", "-m", "hpmtasks"


def _require_own(path: Path) -> None:
    if _status(path) == "foreign":
        raise Usage(f"{path} is not a front that hpm made, and stays as it is; move it away.")


def _definitions(program: Sequence[str], place: Path) -> dict[str, list[bytes]]:
    """What ``hpm.c`` is told of this hpm, which is run by the words *program*, and of its own *place*."""
    witnesses = [os.fsencode(os.path.realpath(path)) for path in (stamp.__file__, sys.executable)]
    return {
        "FORMAT": [stamp.FORMAT.encode()],
        "PROGRAM": [os.fsencode(word) for word in program],
        "PLACE": [os.fsencode(place)],
        "MADE_FOR": [text for path in witnesses for text in (path, stamp.look(path))],
        "VARIABLES": _encoded(stamp.VARIABLES),
        "COMMANDS": _encoded(word for word, verb in COMMANDS.items() if verb == "install"),
        "HARMLESS": _encoded(sorted(HARMLESS["install"])),
    }


def _encoded(words: Iterable[str]) -> list[bytes]:
    return [word.encode() for word in words]


def _mark(definitions: Mapping[str, Sequence[bytes]]) -> bytes:
    return _MARK + fingerprint(_defined(definitions) + _SOURCE.read_bytes()).encode()


def _defined(definitions: Mapping[str, Sequence[bytes]]) -> bytes:
    """*definitions* as lines of C, each a list of texts."""
    lines = [f"#define {name} {', '.join(map(_literal, texts))}\n" for name, texts in definitions.items()]
    return "".join(lines).encode()


def _literal(text: bytes) -> str:
    """*text* as C spells it, each byte by its number, which nothing can misread."""
    return '"' + "".join(f"\\{each:03o}" for each in text) + '"'


def _require_working(program: Path, environ: Mapping[str, str]) -> None:
    """*program* leads to this hpm."""
    told = _run([str(program), "--version"], environ).stdout.decode(errors="replace").strip()
    if told != f"hpm {__version__}":
        raise Usage(
            f"The compiled front does not lead to this hpm ({' '.join(own_program())}); it is left out."
        )


def _run(
    command: Sequence[str], environ: Mapping[str, str], given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command,
            input=given,
            env=dict(environ),
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Usage(f"{command[0]} does not run: {error}.") from error
