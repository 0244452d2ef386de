"""guardian: a process that outlives hpm by a moment, and ends what hpm could not end itself.

Whoever kills hpm with SIGKILL gives it no time to stop its scripts. The guardian reads a
pipe that only hpm can write; hpm tells it which process groups it has started, and the
kernel tells it, by the pipe's end, that hpm is gone. It then stops the groups that are left.

Linux could signal a child when its parent dies (``PR_SET_PDEATHSIG``), but it counts the end
of the *thread* that started the child as the parent's death, and reaches the shell alone and
none of what that started.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

# $1: tenths of a second between SIGTERM and SIGKILL. A line is "+ ID" or "- ID", where -ID is a group.
_PROGRAM = """
trap '' HUP INT TERM QUIT
watched=
while read -r what id; do
  case $what in
    +) watched="$watched $id" ;;
    -) left=
       for each in $watched; do test "$each" = "$id" || left="$left $each"; done
       watched=$left ;;
  esac
done
test -n "$watched" || exit 0
for each in $watched; do kill -s TERM -- "$each"; done
while test "$1" -gt 0; do
  left=
  for each in $watched; do kill -s 0 -- "$each" && left="$left $each"; done
  test -n "$left" || exit 0
  sleep 0.1
  set -- $(($1 - 1))
done
for each in $left; do kill -s KILL -- "$each"; done
"""


class Guardian:
    """Made when the first script is started; one for each run, shared by its threads.

    Args:
        grace_seconds: What a script has between SIGTERM and SIGKILL once hpm is gone.
    """

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._mutex = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1

    def prepare(self) -> None:
        """It runs, so that telling it takes no time."""
        with self._mutex:
            if self._process is None and os.name != "nt":  # Windows: a job object would be the way there
                self._start()

    def watch(self, process_id: int, *, is_group: bool) -> None:
        """*process_id*, or the group of that number, ends when hpm does, however that ends."""
        self._tell(f"+ {'-' if is_group else ''}{process_id}\n")

    def release(self, process_id: int, *, is_group: bool) -> None:
        """The process or group is over, and its number may soon mean another."""
        self._tell(f"- {'-' if is_group else ''}{process_id}\n")

    def close(self) -> None:
        """Nothing is watched any more; what still is, ends."""
        with self._mutex:
            if self._process is not None:
                os.close(self._pipe)
                self._process.wait()
                self._process = None

    def _tell(self, line: str) -> None:
        self.prepare()
        if self._process is not None:
            with suppress(BrokenPipeError):  # somebody killed the guardian, which only it would mind
                os.write(self._pipe, line.encode())

    def _start(self) -> None:
        import subprocess

        reading, self._pipe = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _PROGRAM, "hpm-guardian", str(int(self._grace_seconds * 10))],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(reading)
