"""processes: whether a process of another program still does anything."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from tests.support.command_line import PATIENCE_SECONDS


def has_ended(process_id: int) -> bool:
    """Whether no process of that number does anything any more; a corpse that nobody took away counts."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        if os.path.isdir("/proc/self"):
            return True
        with suppress(ProcessLookupError):
            os.kill(process_id, 0)
            return False
        return True
    return state in "ZX"


def await_end(process_id: int) -> None:
    """Return when the process has ended; nobody is told of the end of another's child."""
    waited = threading.Event()
    for _ in range(PATIENCE_SECONDS * 100):
        if has_ended(process_id):
            return
        waited.wait(0.01)
    raise AssertionError(f"{process_id} still runs")
