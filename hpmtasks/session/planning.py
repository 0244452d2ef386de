"""planning: what a finished run came to, kept in the store for ``front.plan`` to make again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.boot import boot
from hpmtasks.files.shared_mutex import shared
from hpmtasks.front import plan
from hpmtasks.front.linking import mode_of
from hpmtasks.project.state import FORMAT, Installed
from hpmtasks.session.session import Session
from hpmtasks.store.entries import TreeFile

#: So many are kept, those that were used last.
MOST_PLANS = 32


def keep_plan(
    session: Session,
    environ: Mapping[str, str],
    stamped: Iterable[str],
    say: Callable[[], tuple[Sequence[tuple[str, str]], Mapping[str, Sequence[str]]]],
) -> None:
    """The store has a plan of what *session* installed, if it is one that links alone can make again.

    The caller has finished the run with success, has written the lock, and holds the project's mutex.
    What cannot be written is not there: a plan is a gain in time and nothing else.

    Args:
        environ: The environment that the run depended on.
        stamped: What the stamp looks at.
        say: Of each package, by key, its version and why it is there, as an installation tells it; and,
            by name, what is noted besides.
    """
    root = str(session.project.root)
    with suppress(OSError, KeyError, ValueError):
        cache, config = plan.places(environ)
        if Path(cache) != session.store.layout.cache or not boot() or _is_more_than_packages(session):
            return
        path = session.store.layout.plans / plan.key_of(root, environ, config)
        if path.exists() and not session.changes:
            return  # where the graph had to lay something out, the plan could not be used as it was
        packages = _packages(session)
        if packages is None:
            return
        told, noted = say()
        content = {
            "format": plan.FORMAT,
            "boot": boot(),
            "packages": packages,
            "resolution": session.project.resolution_path.read_bytes(),
            "state": _state(session),
            "stamped": tuple(stamped),
            "told": tuple(told),
            "noted": {name: tuple(lines) for name, lines in noted.items()},
        }
        with shared(session.store.layout.mutex):
            path.parent.mkdir(parents=True, exist_ok=True)
            session.store.layout.temporary.mkdir(parents=True, exist_ok=True)
            data = plan.sealed(content)
            write_atomically(path, data, durable=False, staging=session.store.layout.temporary)
            _forget_old_ones(path.parent)


def _is_more_than_packages(session: Session) -> bool:
    """Whether something was made that is no package of the store: shims, members of a workspace, patches.

    Where shims are made at all, they also depend on the project's sources, which no plan knows.
    """
    tasks = session.state.tasks
    has_shims = any(
        session.state.values_of(task).get("shims") for task in tasks if task.startswith("imports:")
    )
    looks_at_sources = bool(session.state.values_of("imports:.").get("folders"))
    return (
        has_shims
        or looks_at_sources
        or bool(session.documents.manifest.workspaces)
        or bool(session.documents.patches)
    )


def _packages(session: Session) -> list[tuple[str, str, tuple[str, ...], tuple[tuple[Any, ...], ...]]] | None:
    """Each package as ``front.plan`` wants it; ``None`` if one of them is not the store's own files."""
    rows: list[tuple[str, str, tuple[str, ...], tuple[tuple[Any, ...], ...]]] = []
    standing = _installed(session)
    if session.resolution is None or len(standing) != len(session.resolution.packages):
        return None
    for _, installed in standing:
        tree = session.store.recorded_tree(installed.tree)
        record = session.state.values_of(f"extract:{installed.name}")
        if tree is None or record.get("method") not in {"hard link", "found"}:
            return None
        files = tuple(
            (file.path, file.size, file.mtime_ns, file.inode, mode_of(executable=file.executable))
            for file in tree.files
        )
        rows.append((installed.name, tree.digest.removeprefix("sha256-"), _folders(tree.files), files))
    return rows


def _installed(session: Session) -> list[tuple[str, Installed]]:
    """What is installed of the resolution, by key; the state may know of packages that somebody took away."""
    wanted = {each.name.key for each in session.resolution.packages} if session.resolution else set()
    return sorted((key, each) for key, each in session.state.packages.items() if key in wanted)


def _folders(files: Iterable[TreeFile]) -> tuple[str, ...]:
    """The folders of *files*, each after the one that it is in."""
    found = set()
    for file in files:
        above = file.path.rpartition("/")[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return tuple(sorted(found))


def _state(session: Session) -> tuple[str, list[str]]:
    """The project's state as text: up to its tasks, and its packages but for times and inodes of folders.

    Fingerprints of files are left out: they are taken again when somebody asks.
    """
    document = {"format": FORMAT, "boot": boot(), "tasks": session.state.tasks}
    rows = [
        f"{json.dumps(key)}:{json.dumps([each.name, each.version, each.tree], separators=(',', ':'))[:-1]},"
        for key, each in _installed(session)
    ]
    return json.dumps(document, separators=(",", ":"))[1:-1], rows


def _forget_old_ones(folder: Path) -> None:
    plans = sorted((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder))
    for _, path in plans[:-MOST_PLANS]:
        os.unlink(path)
