"""execution: the commands of one task run one after another, captured, until one fails or all are done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from hpmtasks.dataclass import dataclass
from hpmtasks.scripts.children import Children
from hpmtasks.scripts.process import Captured, Child, Exit, Launch, Sink, run_in_foreground


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a task: its line as it is shown, and what is started for it."""

    line: str
    launch: Launch


class Execution:
    """The commands of one task, run once.

    Args:
        announce: Told of the line of each command before it begins.
        timeout: Seconds for each command; ``None``: no limit.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        children: Children,
        announce: Callable[[str], None],
        timeout: float | None = None,
    ) -> None:
        self._commands = commands
        self._children = children
        self._announce = announce
        self._timeout = timeout
        self._mutex = threading.Lock()
        self._child: Child | None = None
        self._is_stopped = False

    def run(self, sink: Sink) -> Exit:
        """The exit of the last command that ran; what they print goes to *sink*.

        Raises:
            StorageFailure: A command could not be started.
        """
        ended = Exit(0)
        for command in self._commands:
            with self._mutex:
                if self._is_stopped or self._children.asked:
                    break
                self._announce(command.line)
                running = Captured(command.launch, self._children, sink, self._timeout)
                self._child = running.child
            ended = running.wait()
            if ended.code != 0:
                break
        return ended

    def run_in_foreground(self) -> Exit:
        """As :meth:`run`, with the terminal to itself."""
        ended = Exit(0)
        for command in self._commands:
            self._announce(command.line)
            ended = run_in_foreground(command.launch, self._children, self._timeout, self._has_begun)
            if self._is_stopped or ended.code != 0:
                break
        return ended

    def stop(self) -> None:
        """The command that runs is asked to end, and no other begins; returns at once."""
        with self._mutex:
            self._is_stopped = True
            if self._child is not None:
                self._child.stop(self._children.grace_seconds)

    def _has_begun(self, child: Child) -> None:
        with self._mutex:
            self._child = child
            if self._is_stopped:
                child.stop(self._children.grace_seconds)
