"""this_machine: what figures were taken on."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

#: How much benchmarks take at most, in bytes.
_ROOM = 1 << 30


def describe(folder: Path) -> dict[str, Any]:
    """The machine, and the file system that *folder* is on, in the words of ``figures``."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memoryGiB": _memory(),
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "fileSystem": _file_system(folder),
        "load": round(os.getloadavg()[0], 1),
    }


def folder_in_memory() -> Path | None:
    """Where files are in memory; None where there is no such place, or less room than benchmarks take.

    A disk measures its own mood: what one that others use takes for the same files varies tenfold.
    """
    place = Path("/dev/shm")  # noqa: S108  what is made there has names of its own
    is_fit = os.access(place, os.W_OK) and shutil.disk_usage(place).free > _ROOM
    return place if is_fit else None


def today() -> str:
    """The date, as figures have it."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def _processor() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory() -> int:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))
    except (ValueError, OSError):
        return 0


def _file_system(folder: Path) -> str:
    """The kind of file system, as ``stat`` of the coreutils calls it."""
    done = subprocess.run(
        ["stat", "--file-system", "--format=%T", str(folder)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip().replace("ext2/ext3", "ext4") or "unknown file system"
