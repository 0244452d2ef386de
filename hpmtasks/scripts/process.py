"""process: one command of a task runs, and ends: by itself, in time, or because hpm was asked to stop.

There are two ways to run one:

* *captured*: in a process group of its own, nothing to read, what it prints goes to a sink. When
  its first process has ended, what that left running in the group is ended too.
* *in the foreground*: it has hpm's stdin, stdout and stderr, as if the user had typed it. On a
  terminal it is in hpm's process group as well: Ctrl-C and Ctrl-Z reach it from the terminal,
  and hpm only waits.

Captured commands need pipes that can be waited for together, which Windows does not have.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import StorageFailure
from hpmtasks.scripts.events import Stream

if TYPE_CHECKING:
    import subprocess

    from hpmtasks.scripts.children import Children

#: What ``timeout(1)`` answers for a command that did not end in time.
TIMED_OUT = 124
_POLL_SECONDS = 0.02
_CHUNK = 1 << 16
# A captured command begins when the guardian knows of it: hpm then writes a line. If hpm is gone
# before, there is none, and the command never begins.
_GATE = 'read -r _ && exec "$@" </dev/null'

Sink = Callable[[Stream, bytes], None]


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be started: the words, the folder, the whole environment."""

    argv: Sequence[str] | str
    folder: Path
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exit:
    """How a command ended: its exit code, or 128 + n if signal n ended it; 124 if its time was up."""

    code: int
    is_timed_out: bool = False


class Child:
    """A process that was started; signals go to its group if it has one of its own."""

    def __init__(self, process: subprocess.Popen[bytes], *, has_group: bool, shares_terminal: bool) -> None:
        self.process = process
        self.has_group = has_group
        self.shares_terminal = shares_terminal
        self._timers: list[threading.Timer] = []

    def send(self, number: int) -> None:
        """The signal *number* was sent, unless nobody is left to receive it."""
        with suppress(ProcessLookupError, PermissionError):
            if self.has_group:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)

    def stop(self, grace_seconds: float, number: int = signal.SIGTERM) -> None:
        """It was asked to end, and is killed when *grace_seconds* have passed; returns at once."""
        self.send(number)
        self.later(grace_seconds, lambda: self.send(signal.SIGKILL))

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """*act* is done in *seconds*, unless the child is over by then."""
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def is_over(self) -> None:
        """Nothing that was to happen later happens."""
        for timer in self._timers:
            timer.cancel()

    def end_group(self, grace_seconds: float) -> None:
        """Nothing of its group runs any more; what does not end in time after SIGTERM is killed."""
        if self.has_group and _exists(self.process.pid):
            self.send(signal.SIGTERM)
            await_group(self.process.pid, grace_seconds)


class Captured:
    """A captured command, from its start to its end.

    Args:
        sink: Told what it prints, in the order in which it came, by the thread that calls :meth:`wait`.
        timeout: Seconds until it is stopped; ``None``: never.

    Raises:
        StorageFailure: It could not be started.
    """

    def __init__(self, launch: Launch, children: Children, sink: Sink, timeout: float | None = None) -> None:
        import subprocess

        self._children = children
        self._sink = sink
        self._is_timed_out = False
        gate, opening = os.pipe()
        try:
            process = _popen(
                ["/bin/sh", "-c", _GATE, "hpm", *launch.argv],
                launch,
                stdin=gate,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
            self.child = Child(process, has_group=True, shares_terminal=False)
            children.add(self.child)
            with suppress(BrokenPipeError):  # it was stopped already
                os.write(opening, b"\n")
        finally:
            os.close(gate)
            os.close(opening)
        if timeout is not None:
            self.child.later(timeout, self._out_of_time)

    def wait(self) -> Exit:
        """Pass on what it prints until it has ended; then nothing that it started is left."""
        woken, wake = os.pipe()
        waiter = threading.Thread(target=self._await_end, args=(wake,), name="hpm-wait", daemon=True)
        waiter.start()
        try:
            self._pass_on(woken)
        except BaseException:
            self.child.stop(self._children.grace_seconds)  # nobody listens any more
            raise
        finally:
            waiter.join()
            os.close(woken)
            for stream in (self.child.process.stdout, self.child.process.stderr):
                assert stream  # noqa: S101  both are pipes
                stream.close()
        if self._is_timed_out:
            return Exit(TIMED_OUT, is_timed_out=True)
        return Exit(_code(self.child.process.returncode))

    def _await_end(self, wake: int) -> None:
        try:
            self.child.process.wait()
            self.child.end_group(self._children.grace_seconds)
            self._children.remove(self.child)
        finally:
            os.close(wake)

    def _pass_on(self, woken: int) -> None:
        """Until both pipes are closed; who escaped the group may hold them, so that its end counts too."""
        import selectors

        process = self.child.process
        assert process.stdout  # noqa: S101  both are pipes
        assert process.stderr  # noqa: S101
        names: dict[int, Stream] = {process.stdout.fileno(): "stdout", process.stderr.fileno(): "stderr"}
        with selectors.DefaultSelector() as selector:
            for descriptor in (*names, woken):
                selector.register(descriptor, selectors.EVENT_READ)
            is_over = False
            while names:
                found = [key.fd for key, _ in selector.select(0 if is_over else None)]
                if not found and is_over:
                    return
                for descriptor in found:
                    if descriptor == woken:
                        is_over = True
                        selector.unregister(woken)
                    elif data := os.read(descriptor, _CHUNK):
                        self._sink(names[descriptor], data)
                    else:
                        del names[descriptor]
                        selector.unregister(descriptor)

    def _out_of_time(self) -> None:
        self._is_timed_out = True
        self.child.stop(self._children.grace_seconds)


def run_captured(launch: Launch, children: Children, sink: Sink, timeout: float | None = None) -> Exit:
    """*launch* was run, captured, to its end."""
    return Captured(launch, children, sink, timeout).wait()


def run_in_foreground(
    launch: Launch,
    children: Children,
    timeout: float | None = None,
    on_start: Callable[[Child], None] = lambda child: None,
) -> Exit:
    """*launch* was run to its end, and nothing of what it printed or read passed through hpm.

    Args:
        on_start: Given the process, for who may have to stop it.

    Raises:
        StorageFailure: It could not be started.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # what hpm has said comes before what the script says
    shares_terminal = _is_in_foreground()
    has_group = not shares_terminal
    out_of_time = threading.Event()
    children.prepare()  # its stdin is the user's, so it cannot wait until it is known
    process = _popen(launch.argv, launch, process_group=0 if has_group else None)
    child = Child(process, has_group=has_group, shares_terminal=shares_terminal)
    children.add(child)
    on_start(child)

    def stop() -> None:
        out_of_time.set()
        child.stop(children.grace_seconds)

    if timeout is not None:
        child.later(timeout, stop)
    try:
        code = process.wait()
        if has_group and (children.asked or out_of_time.is_set()):
            # The shell may have obeyed a signal at once, and left behind what still cleans up.
            await_group(process.pid, children.grace_seconds)
    finally:
        children.remove(child)
    return Exit(TIMED_OUT, is_timed_out=True) if out_of_time.is_set() else Exit(_code(code))


def _popen(argv: Sequence[str] | str, launch: Launch, **more: int | None) -> subprocess.Popen[bytes]:
    import subprocess

    if os.name == "nt":
        more.pop("process_group", None)
    try:
        return subprocess.Popen(argv, cwd=launch.folder, env=dict(launch.environ), **more)  # type: ignore[call-overload, no-any-return]
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageFailure(f"{argv[0]} could not be started in {launch.folder}: {reason}.") from error


def _code(returned: int) -> int:
    return returned if returned >= 0 else 128 - returned


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # macOS refuses to signal what is dead already
        return False
    return True


def await_group(group: int, grace_seconds: float) -> None:
    """Nothing of the process group *group* runs any more; what does not end in time is killed.

    The kernel tells nobody that a group of others' children has ended, so it is asked.
    """
    deadline = time.monotonic() + grace_seconds
    while _exists(group):
        if time.monotonic() >= deadline:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
            return
        time.sleep(_POLL_SECONDS)


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
