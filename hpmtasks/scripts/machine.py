"""machine: where a task runs, as far as what it makes may depend on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache


@cache
def machine() -> Mapping[str, str]:
    """System, processor and C library, as far as programs for one do not run on another."""
    if os.name == "nt":
        import platform

        return {"os": sys.platform, "arch": platform.machine(), "libc": ""}
    return {"os": sys.platform, "arch": os.uname().machine, "libc": _libc()}


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):
        return ""  # it is another one; with it the system or the processor is another, too, or it is musl
