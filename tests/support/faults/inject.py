"""inject: something goes wrong at the n-th call that changes a disk, or that locks a file.

Used in a process that runs hpm and nothing else (see ``forked``). The calls are those of ``os`` and
``fcntl``, and the opening of files for writing by whatever means.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

#: The functions of ``os`` that change a disk.
CHANGING = (
    "write",
    "rename",
    "replace",
    "mkdir",
    "link",
    "unlink",
    "remove",
    "rmdir",
    "fsync",
    "chmod",
    "fchmod",
    "utime",
    "truncate",
    "ftruncate",
    "symlink",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass
class Fault:
    """What goes wrong, and when.

    Attributes:
        call: The name of a call (``open`` and ``flock`` are two), or ``*`` for any but ``flock``.
        number: At which one, from 1; 0: at each; -1: never, the calls are only counted.
        do: ``kill``, the name of a signal, or the name of an error number.
        below: Only calls with a path below this folder count, where there is a path.
        report: A file for what was seen: calls by name, and the files whose content may be lost.
    """

    call: str = "*"
    number: int = -1
    do: str = "kill"
    below: str = ""
    report: str = ""
    seen: Counter[str] = field(default_factory=Counter)
    _opened: set[str] = field(default_factory=set)
    _written: set[str] = field(default_factory=set)  # "device inode", as those that were synced
    _synced: set[str] = field(default_factory=set)
    _guard: Any = field(default_factory=threading.RLock)
    _inside: Any = field(default_factory=threading.local)

    def install(self) -> None:
        """From here on, until the process ends."""
        for name in CHANGING:
            setattr(os, name, self._watched(name, getattr(os, name)))
        fcntl.flock = self._watched("flock", fcntl.flock)
        sys.addaudithook(self._audit)

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            self._meet(name, arguments[0] if arguments else "")
            done = call(*arguments, **options)
            if name in {"write", "fsync"}:
                self._note(name, arguments[0])
            return done

        return watched

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or getattr(self._inside, "on", False):
            return
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING and isinstance(path, str | bytes):
            self._meet("open", path)
            with self._guard:
                if os.path.isabs(path):  # else it is below an open folder, and written by os.write
                    self._opened.add(os.fsdecode(path))

    def _meet(self, name: str, subject: object) -> None:
        if getattr(self._inside, "on", False):
            return
        if self.below and isinstance(subject, str | bytes | os.PathLike):
            path = os.path.abspath(os.fsdecode(subject))
            if not path.startswith(self.below):
                return
        with self._guard:
            if subject in {1, 2}:
                return  # what is printed
            self.seen[name] += 1
            key = "*" if self.call == "*" and name != "flock" else name
            if key == "*":
                self.seen["*"] += 1
            if key != self.call or self.number not in {0, self.seen[key]}:
                return
            self._strike()

    def _strike(self) -> None:
        if self.do == "kill":
            self.tell()
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.do.startswith("SIG"):
            os.kill(os.getpid(), getattr(signal, self.do))
        else:
            number = getattr(errno, self.do)
            raise OSError(number, os.strerror(number))

    def _note(self, name: str, descriptor: object) -> None:
        if not isinstance(descriptor, int):
            return
        try:
            file = identity(os.fstat(descriptor))
        except OSError:
            return
        with self._guard:
            (self._written if name == "write" else self._synced).add(file)

    def tell(self) -> None:
        """The report is written."""
        if not self.report:
            return
        self._inside.on = True
        try:
            files = set(self._written)
            for path in self._opened:
                with suppress(OSError):
                    files.add(identity(os.stat(path)))
            with open(self.report, "w", encoding="utf-8") as file:
                json.dump({"seen": self.seen, "dirty": sorted(files - self._synced)}, file)
        finally:
            self._inside.on = False


def identity(status: os.stat_result) -> str:
    """Which file it is, whatever it is called."""
    return f"{status.st_dev} {status.st_ino}"
