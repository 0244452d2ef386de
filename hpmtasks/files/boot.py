"""boot: since when what processes wrote cannot have been lost."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def boot() -> str:
    """A name for the time since the machine started; empty if the system has none to tell.

    What was written without fsync is safe for as long as this does not change: a page that a
    process wrote is seen by all, until power is lost.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().decode("ascii").strip()
    except (OSError, ValueError):
        return ""
