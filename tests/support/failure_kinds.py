"""failure_kinds: every class of failure that hpm has, wherever it is defined."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from hpmtasks.errors import HpmError

ROOT = Path(__file__).resolve().parents[2]


def failures() -> Iterator[type[HpmError]]:
    """Each once, without the root of them."""
    for path in (ROOT / "hpmtasks").rglob("*.py"):
        if re.search(r"^class \w+\((?:\w+)\):", path.read_text(encoding="utf-8"), re.MULTILINE):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    waiting = [HpmError]
    while waiting:
        found = waiting.pop().__subclasses__()
        yield from found
        waiting += found
