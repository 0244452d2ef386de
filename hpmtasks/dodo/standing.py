"""standing: the tasks of a project that the stamp has found as they should be: names, nothing behind them.

Whoever asks doit for ``install`` and nothing else runs none of the others; but tasks of the
repository may depend on them, so they have to be there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hpmtasks.doit_core import Task
from hpmtasks.files.sealed import check_seal
from hpmtasks.project import MANIFEST, STATE_FOLDER

#: The name that users run; ``hpmtasks.pipeline``, which has it too, imports every stage.
INSTALL = "install"
_OF_EACH_PACKAGE = ("tags", "download", "verify", "extract")
_OF_SOME = ("link", "imports")
_ALONE = ("resolve", "prune", "lock", "script")


def standing(root: Path, recorded: Iterable[str]) -> list[Task] | None:
    """``install``, fresh, and every name that a task of the project in *root* has, empty.

    ``None`` where the names are not plain to see: in a workspace, or where a file is not as expected.

    Args:
        recorded: The names of tasks that have a record.
    """
    try:
        names = [*_ALONE, *_OF_EACH_PACKAGE, *_OF_SOME, *_names(root)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    names += [name for name in recorded if name.partition(":")[0] in _OF_SOME]
    tasks = [Task(name, None, doc="as the stamp has found it") for name in dict.fromkeys(names)]
    return [*tasks, Task(INSTALL, None, uptodate=[True], doc="there is nothing to do, by the stamp")]


def _names(root: Path) -> Iterator[str]:
    """Of the tasks of each package, and of each script.

    Raises:
        ValueError: Or another error: they are not to be had as simply as this.
    """
    manifest = json.loads((root / MANIFEST).read_bytes())
    if "workspaces" in manifest:
        raise ValueError("members have scripts, too")
    record: dict[str, Any] = json.loads(check_seal((root / STATE_FOLDER / "resolution.json").read_bytes()))
    for package in record["resolution"]["packages"]:
        for stage in _OF_EACH_PACKAGE:
            yield f"{stage}:{package['name']}"
    for section in ("scripts", "tasks"):
        for name in manifest.get(section, {}):
            if "=" in name:
                raise ValueError("doit has no such name")
            yield f"script:{name}"
