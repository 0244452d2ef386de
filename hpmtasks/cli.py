"""cli: the command line: arguments in, exit code out; the one place that prints errors and exits."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from hpmtasks.commands import all_commands, find_command
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.flags import read_flags
from hpmtasks.dataclass import as_dict
from hpmtasks.errors import Defect, HpmError, Interrupted, StorageFailure, Terminated
from hpmtasks.files.failures import OF_A_DISK, explain

_TOO_MANY_FILES = frozenset({errno.EMFILE, errno.ENFILE})

# An interruption that would not be heard is tried again after that: too soon for anybody to notice, and
# not so soon that an import gets nothing done in between.
_SOON_SECONDS = 0.005
#: How the names of files begin whose code is not to be interrupted.
_DEAF = ("<frozen importlib", as_dict.__code__.co_filename)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``hpm`` with *argv*; the exit code is the result."""
    given = list(sys.argv[1:] if argv is None else argv)
    _open_what_is_closed()
    _take_any_character()
    console = Console(as_json="--json" in given)
    with suppress(ValueError):  # not in the main thread: an embedding program handles signals itself
        signal.signal(signal.SIGTERM, heed)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # nobody asked to ignore it
            signal.signal(signal.SIGINT, heed)
    try:
        code = _run(given, dict(os.environ), console)
        sys.stdout.flush()  # here, where a reader that left can still be understood
    except BrokenPipeError:
        # The reader of our output left; nothing more can be said to it.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  closed by the exit
        return 128 + signal.SIGPIPE
    except OSError as error:
        return _told(_of_the_system(error) or _defect(error), console)
    return code


def _run(given: list[str], environ: dict[str, str], console: Console) -> int:
    """The exit code of the command line *given*; every failure is told by *console*."""
    try:
        return _obey(given, environ, console)
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    except HpmError as error:
        return _told(error, console)
    except KeyboardInterrupt as interrupt:
        return _told_as_interrupted(interrupt, console)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  the last line of defence
        failure = _of_the_system(error)
        if failure is None and "--verbose" in given:
            import traceback

            traceback.print_exc()
        return _told(failure or _defect(error), console)


def _told(failure: HpmError, console: Console) -> int:
    console.failure(failure)
    return failure.exit_code


def _of_the_system(error: Exception) -> HpmError | None:
    """What *error* tells of the machine, where nobody nearer to it could say so; else ``None``."""
    if isinstance(error, OSError) and error.errno in _TOO_MANY_FILES:  # whatever was opened: modules, too
        return StorageFailure(explain(error, "open", error.filename or "a file"))
    if isinstance(error, OSError) and error.errno in OF_A_DISK and error.filename is None:
        return StorageFailure(explain(error, "write", "the output"))
    return None


def _defect(error: Exception) -> Defect:
    return Defect(
        f"hpm has a defect: {type(error).__name__}: {error}\n\n"
        "Please report it with the output of the same command and --verbose."
    )


def interrupted(interrupt: KeyboardInterrupt) -> int:
    """Tell of *interrupt*, that came before there was anybody to tell; the exit code is the result."""
    _open_what_is_closed()
    return _told_as_interrupted(interrupt, Console(as_json="--json" in sys.argv))


def _told_as_interrupted(interrupt: KeyboardInterrupt, console: Console) -> int:
    number = interrupt.args[0] if interrupt.args else signal.SIGINT
    console.break_line()
    stopped = Terminated if number == signal.SIGTERM else Interrupted
    console.failure(stopped(console.last_words))
    return stopped.exit_code


def _obey(given: list[str], environ: dict[str, str], console: Console) -> int:
    console.use_colour("auto", environ)
    command, rest = _split(given)
    arguments = read_flags(command, rest) if command else None
    if arguments is None:
        from hpmtasks.commands.parser import Parser

        arguments = Parser(command).parse(rest)
    if command is None:
        from hpmtasks.commands.help_page import overview

        sys.stdout.write(overview(all_commands()))
        return 0
    console.as_json = bool(arguments.json)
    console.use_colour(arguments.color, environ)
    console.speak(
        verbose=arguments.verbose,
        quiet=arguments.quiet,
        is_live=sys.stderr.isatty() and not environ.get("CI"),
    )
    try:
        return command.run(Context(arguments, environ, console, tuple(given)))
    finally:
        console.end()


def _split(given: Sequence[str]) -> tuple[Command | None, list[str]]:
    """The command in *given*, and the words around it. Options of every command may stand before it."""
    at = 0
    while at < len(given):
        word = given[at]
        if not word.startswith("-") or word in {"-", "--"}:
            return find_command(word), [*given[:at], *given[at + 1 :]]
        at += 2 if word in {"-C", "--dir", "--color"} else 1
    if {"-h", "--help"} & set(given):
        return find_command("help"), []
    return None, list(given)


def _open_what_is_closed() -> None:
    """Where whoever started hpm has closed a stream nobody listens, and no other file takes its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  until the end


def _take_any_character() -> None:
    """What a stream's encoding cannot express is printed as an escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def heed(number: int, frame: FrameType | None) -> None:
    """End what is done, with an interruption that says *number*; or soon, where it would not be heard of.

    An import that is cut in two may leave its lock behind, or tell of another error. And Python takes
    no notice of what is raised while it looks for a method such as ``__eq__``, which is when those
    of our data classes are compiled.
    """
    if hasattr(signal, "setitimer") and _is_deaf(frame):
        signal.signal(signal.SIGALRM, lambda _, later: heed(number, later))
        signal.setitimer(signal.ITIMER_REAL, _SOON_SECONDS)
        return
    raise KeyboardInterrupt(number)


def _is_deaf(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_DEAF):
            return True
        frame = frame.f_back
    return False
