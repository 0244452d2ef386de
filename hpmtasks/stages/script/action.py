"""action: run a script of package.json in a shell, as if the user had typed it.

The shell has our own stdin, stdout and stderr. In the foreground of a terminal it is in
our process group too: Ctrl-C and Ctrl-Z reach it from the terminal, and hpm only waits.
Elsewhere it has a group of its own, so that what ends hpm can be passed on to all of it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

from hpmtasks.errors import StorageFailure
from hpmtasks.model.manifest import Manifest
from hpmtasks.project import Project
from hpmtasks.scripts.tasks import Step, steps_of
from hpmtasks.stages.script.record import ScriptRecord

if TYPE_CHECKING:
    import subprocess
    import threading

__all__ = ["GRACE_SECONDS", "TOLD", "Step", "environment_of", "run_script", "steps_of"]

#: What a script that was asked to end has, to end by itself.
GRACE_SECONDS = 10.0
#: What a script is told by its environment.
TOLD = ("HPM_PROJECT_ROOT", "HPM_SCRIPT", "HPM_PACKAGE_NAME", "HPM_PACKAGE_VERSION")
# A terminal sends these to the whole foreground; SIGTERM comes to hpm alone.
_FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
_POLL_SECONDS = 0.02
_TO_US = (signal.SIGTERM, signal.SIGHUP)


def environment_of(
    environ: Mapping[str, str], project: Project, manifest: Manifest, script: str
) -> dict[str, str]:
    """*environ*, and what a script may want to know of the project that it runs in."""
    told = (str(project.root), script, manifest.name or "", manifest.version or "")
    more = dict(zip(TOLD, told, strict=True))
    programs = project.modules / ".bin"
    if programs.is_dir():
        more["PATH"] = os.pathsep.join(filter(None, (str(programs), environ.get("PATH"))))
    return {**environ, **more}


def run_script(
    steps: Sequence[Step],
    project: Project,
    manifest: Manifest,
    environ: Mapping[str, str],
    *,
    announce: Callable[[Step], None],
    grace_seconds: float = GRACE_SECONDS,
) -> ScriptRecord:
    """*steps* were run in the project's root, up to the first that failed; the record is the last one's.

    Nothing of what they print passes through hpm.

    Args:
        announce: Told of each step before it begins.
        grace_seconds: What a step has to end after SIGTERM; then it is killed.

    Raises:
        StorageFailure: No shell could be started.
    """
    record = ScriptRecord("", 0)
    for step in steps:
        announce(step)
        environment = environment_of(environ, project, manifest, step.script)
        record = ScriptRecord(step.script, _run(step.line, project, environment, grace_seconds))
        if record.code != 0:
            break
    return record


def _run(line: str, project: Project, environment: Mapping[str, str], grace_seconds: float) -> int:
    import subprocess

    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # what hpm has said comes before what the script says
    shares_terminal = _is_in_foreground()
    with _Relay(shares_terminal=shares_terminal, grace_seconds=grace_seconds) as relay:
        try:
            # On Windows a list would be quoted once more, and cmd understands no such quotes.
            process = subprocess.Popen(
                f'cmd /d /s /c "{line}"' if os.name == "nt" else ["/bin/sh", "-c", line],
                cwd=project.root,
                env=dict(environment),
                process_group=None if shares_terminal else 0,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageFailure(f"The shell could not be started in {project.root}: {reason}.") from error
        code = relay.wait(process)
    return code if code >= 0 else 128 - code


def _await_group(group: int, grace_seconds: float) -> None:
    """Nothing of the process group *group* runs any more; what does not end in time is killed.

    Its shell may have obeyed a signal at once, and left behind what still cleans up.
    """
    import time

    deadline = time.monotonic() + grace_seconds
    with suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(_POLL_SECONDS)
        os.killpg(group, signal.SIGKILL)


def _is_in_foreground() -> bool:
    """Whether a terminal sends its signals to our process group, and so to whoever is in it."""
    if os.name == "nt":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


class _Relay:
    """While entered, a signal that would end hpm is the script's to obey, and hpm waits for it, for a while.

    Whoever asks a second time does not want to wait: the script is killed.
    """

    def __init__(self, *, shares_terminal: bool, grace_seconds: float) -> None:
        self._shares_terminal = shares_terminal
        self._grace_seconds = grace_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: list[int] = []
        self._timers: list[threading.Timer] = []
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        import threading

        if threading.current_thread() is threading.main_thread():
            for number in (*_FROM_TERMINAL, *_TO_US):
                # What our caller ignores (nohup, a shell's &) the script ignores as well.
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._handlers[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for timer in self._timers:
            timer.cancel()
        for number, handler in self._handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """The exit code of *process*; a signal that came before it was started is passed on now."""
        self._process = process
        for number in tuple(self._asked):
            self._pass_on(number)
        code = process.wait()
        if self._asked and not self._shares_terminal:
            _await_group(process.pid, self._grace_seconds)
        return code

    def _take(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._shares_terminal and number in _FROM_TERMINAL:
            return  # the script has it from the terminal
        self._asked.append(number)
        if self._process is not None:
            self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        import threading

        self._send(number)
        if self._asked.count(signal.SIGTERM) > 1:
            self._send(signal.SIGKILL)
        elif number in _TO_US:
            timer = threading.Timer(self._grace_seconds, self._send, (signal.SIGKILL,))
            timer.daemon = True
            timer.start()
            self._timers.append(timer)

    def _send(self, number: int) -> None:
        assert self._process is not None  # noqa: S101  nothing is sent before it runs
        with suppress(ProcessLookupError, PermissionError):
            if self._shares_terminal:
                self._process.send_signal(number)
            else:
                os.killpg(self._process.pid, number)
