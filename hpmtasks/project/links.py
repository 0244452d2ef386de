"""links: which folders stand in for packages in this project; nobody else's business, so not in package.json.

``.hpm/links.json`` is ``{"format": 1, "links": {"owner/repo": "../folder"}}``. A relative
path starts at the project's root.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.failures import storage_failures
from hpmtasks.model.package import PackageName
from hpmtasks.project import Project

#: Another number: the file is ignored.
FORMAT = 1


def links_of(project: Project) -> dict[PackageName, Path]:
    """The folder (absolute) that stands in for each linked package, sorted by name.

    What cannot be understood links nothing.
    """
    try:
        document = json.loads(project.links_path.read_bytes())
        written = document["links"] if document["format"] == FORMAT else {}
        found = {PackageName.parse(name): _absolute(project, path) for name, path in written.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return dict(sorted(found.items()))


def write_links(project: Project, links: Mapping[PackageName, Path]) -> None:
    """``.hpm/links.json`` names exactly *links*; without any there is no such file.

    Raises:
        StorageFailure: The file system refuses; the old file is still there.
    """
    path = project.links_path
    if not links:
        with storage_failures("remove", path):
            path.unlink(missing_ok=True)
        return
    written = {str(name): relative_to(project, folder) for name, folder in sorted(links.items())}
    document: dict[str, Any] = {"format": FORMAT, "links": written}
    with storage_failures("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, f"{json.dumps(document, indent=2)}\n".encode(), durable=True)


def relative_to(project: Project, folder: Path) -> str:
    """*folder* as seen from the project's root: ``../greet``."""
    return Path(os.path.relpath(folder, project.root)).as_posix()


def _absolute(project: Project, path: str) -> Path:
    return Path(os.path.normpath(project.root / path))
