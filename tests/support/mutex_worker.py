"""mutex_worker: a process that holds a mutex until it is told to stop, or is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from hpmtasks.files.mutex import Mutex

if __name__ == "__main__":
    with Mutex(Path(sys.argv[1]), on_wait=lambda holder: print(f"waiting for {holder}", flush=True)):
        print("holding", flush=True)
        sys.stdin.readline()
