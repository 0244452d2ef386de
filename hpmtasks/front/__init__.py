"""front: the first two answers, given before anything is imported.

``stamp`` says that there is nothing to do, and ``runs`` that all scripts are fresh; ``plan`` links
a whole installation from the store that was made before.

What a shell asks for between two keys is answered here too, by ``completion``.

Beside the floors, not on one of them: nothing here imports the rest of hpm, and
only modules that are part of the interpreter itself. All read what a finished run
left behind; anything that they do not recognise is the graph's business.
"""

import os
import sys

#: The words that ask for scripts.
_SCRIPTS = frozenset({"run", "test"})
#: How many more objects are made than freed before the next look for garbage.
_FEW_GARBAGE_HUNTS = 100_000


def script() -> None:
    """Be ``hpm``: the process ends with its exit code."""
    code = _answer()
    if code is None:
        code = _run()
        _finish()
    # What the interpreter would put in order at its end is of no use to anybody, and takes an eighth
    # of the whole.
    os._exit(code)


def main() -> int:
    """Run ``hpm``: by the stamp or by a plan if one of them can answer, else by the command line."""
    code = _answer()
    return _run() if code is None else code


def _answer() -> int | None:
    try:
        return answer(sys.argv[1:])
    except KeyboardInterrupt as interrupt:
        from hpmtasks.cli import interrupted

        return interrupted(interrupt)


def answer(arguments: list[str]) -> int | None:
    """The exit code, if *arguments* could be answered without the rest of hpm, and were; else ``None``."""
    if arguments[:2] == ["completion", "--complete"]:
        from hpmtasks.front.completion import answer as complete

        return complete(arguments[2:])
    try:
        if arguments and arguments[0] in _SCRIPTS:
            from hpmtasks.front.runs import answer as look_at_tasks

            return look_at_tasks(arguments)
        return _installation(arguments)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nor may the interpreter complain at its end
        return 128 + 13
    except OSError:
        return None  # whatever is wrong with our output, the graph tells


def _installation(arguments: list[str]) -> int | None:
    """The exit code, if *arguments* ask for an installation that stamp or plan could answer.

    Raises:
        OSError: They could, and it could not be said.
    """
    try:
        from hpmtasks.front.request import request

        asked = request(arguments)
        said = None if asked is None else _said(*asked)
    except OSError:
        return None
    if said is None:
        return None
    if said:
        print(said, flush=True)
    return 0


def _said(command: str, folder: str, is_quiet: bool) -> str | None:
    """What stamp or plan say in *folder*; the current folder is another one only if they do."""
    if os.environ.get("HPM_FASTPATH", "on") != "on":
        return None
    here = os.getcwd()
    said = None
    try:
        if folder:
            os.chdir(folder)
            # A link may lead to a project that, by the way that was given, lies in another one.
            if os.getcwd() != os.path.normpath(f"{here}/{folder}" if folder[0] != "/" else folder):
                return None
        if command == "install":
            from hpmtasks.front.stamp import answer as look

            said = look()
        if said is None:
            from hpmtasks.front.plan import answer as restore

            _hear_of_the_end()
            said = restore(command, is_quiet=is_quiet)
    finally:
        if said is None and folder:
            os.chdir(here)
    return "" if said is not None and is_quiet else said


def _hear_of_the_end() -> None:
    """From here on SIGTERM is an interruption like Ctrl-C, after which things are put in order."""
    # The signal module makes enumerations, which takes longer.
    from _signal import SIGTERM, signal  # type: ignore[import-not-found]

    def interrupt(number: int, _: object) -> None:
        raise KeyboardInterrupt(number)

    try:
        signal(SIGTERM, interrupt)
    except ValueError:  # not in the main thread: an embedding program handles signals itself
        return


def _finish() -> None:
    """What others want to see done before the end is done, and whatever was printed is out."""
    import atexit

    atexit._run_exitfuncs()  # noqa: SLF001  as the interpreter's own end does
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, AttributeError):  # nobody listens any more, or ever did
            continue


def _run() -> int:
    import gc

    # What is read and laid out lives until the end, and looking for garbage among it again and
    # again is a sixth of what hpm does; but what runs for hours must not grow.
    gc.set_threshold(_FEW_GARBAGE_HUNTS)
    from hpmtasks.cli import main as run

    return run()
