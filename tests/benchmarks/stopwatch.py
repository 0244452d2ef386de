"""stopwatch: runs one command and prints what it took, as a small process of its own.

``python -I -S stopwatch.py LOG PROGRAM ARGUMENT...``; what the command prints goes to LOG. Printed are,
in one line: milliseconds of wall-clock time, milliseconds of the processor over the command and all its
children, the largest of their memories in MiB, the exit code.

A process of its own, because Linux counts what a parent had in memory into the peak of its child until
that runs another program: what measures has to be as small as the smallest that is measured.
"""

import os
import sys
import time

#: ru_maxrss in one MiB.
_PER_MEBIBYTE = 1 << 20 if sys.platform == "darwin" else 1 << 10


def main() -> None:
    """Run the command of the command line."""
    log, *command = sys.argv[1:]
    printed = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    redirections = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, printed, 1),
        (os.POSIX_SPAWN_DUP2, printed, 2),
    ]
    began = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=redirections)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - began
    processor = used.ru_utime + used.ru_stime
    code = os.waitstatus_to_exitcode(status)
    print(f"{wall * 1000:.3f} {processor * 1000:.3f} {used.ru_maxrss / _PER_MEBIBYTE:.2f} {code}")


if __name__ == "__main__":
    main()
