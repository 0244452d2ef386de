"""planning: what a finished run came to, kept in the store for ``front.plan`` to make again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.boot import boot
from hpmtasks.files.fingerprint import fingerprint
from hpmtasks.files.shared_mutex import shared
from hpmtasks.front import plan_file
from hpmtasks.front.linking import Unusable, mode_of
from hpmtasks.project.state import FORMAT, Installed
from hpmtasks.session.session import Session

if TYPE_CHECKING:
    from hpmtasks.front.linking import Files, Package
    from hpmtasks.front.sources import Recorded
    from hpmtasks.store.entries import TreeEntry

#: So many are kept, those that were used last.
MOST_PLANS = 32
_SHA256 = "sha256-"


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
        cache, config = plan_file.places(environ)
        if Path(cache) != session.store.layout.cache or not boot() or _is_more_than_packages(session):
            return
        path = session.store.layout.plans / plan_file.key_of(root, environ, config)
        if path.exists() and not session.changes:
            return  # where the graph had to lay something out, the plan could not be used as it was
        # One that could not be used is made of nothing but what the store says now.
        known = {} if path.exists() else _files_of_last(path.parent)
        packages = _packages(session, known | session.planned_files)
        if packages is None:
            return
        told, noted = say()
        content = {
            "format": plan_file.FORMAT,
            "boot": boot(),
            "packages": packages,
            "project": _project(session),
            "resolution": session.project.resolution_path.read_bytes(),
            "state": _state(session),
            "stamped": tuple(stamped),
            "told": tuple(told),
            "noted": {name: tuple(lines) for name, lines in noted.items()},
        }
        with shared(session.store.layout.mutex):
            path.parent.mkdir(parents=True, exist_ok=True)
            session.store.layout.temporary.mkdir(parents=True, exist_ok=True)
            data = plan_file.sealed(content)
            write_atomically(path, data, durable=False, staging=session.store.layout.temporary)
            _forget_old_ones(path.parent)


def _is_more_than_packages(session: Session) -> bool:
    """Whether something was made that is no package of the store and no shim: members, patched packages."""
    return bool(session.documents.manifest.workspaces) or bool(session.documents.patches)


def _packages(session: Session, known: Mapping[str, Files]) -> list[Package] | None:
    """Each package as ``front.plan`` wants it; ``None`` if one of them is not the store's own files.

    Args:
        known: The files of some trees, by digest.
    """
    rows: list[Package] = []
    standing = _installed(session)
    if session.resolution is None or len(standing) != len(session.resolution.packages):
        return None
    for _, installed in standing:
        record = session.state.values_of(f"extract:{installed.name}")
        if record.get("method") not in {"hard link", "found"}:
            return None
        files = known.get(installed.tree)
        if files is None:
            tree = session.store.recorded_tree(installed.tree)
            if tree is None:
                return None
            files = planned_files(tree)
        shims = _shims(
            session, f"imports:{installed.name}", f"{session.project.modules_path}/{installed.name}"
        )
        folders = _folders([*(path for path, *_ in files), *(path for path, _ in shims)])
        rows.append((installed.name, installed.tree.removeprefix(_SHA256), folders, files, shims))
    return rows


def planned_files(tree: TreeEntry) -> Files:
    """The files of *tree* as a plan has them: path, size, time, inode, mode."""
    return tuple(
        (file.path, file.size, file.mtime_ns, file.inode, mode_of(executable=file.executable))
        for file in tree.files
    )


def _files_of_last(folder: Path) -> dict[str, Files]:
    """The files of each tree in the plan that was written last, whosoever it is.

    Most packages of most plans are those of the last one, and need not be read from the store again. A
    file that has become another one since is found by who makes the plan: then the graph is asked, and
    writes that plan anew.
    """
    try:
        last = max(os.scandir(folder), key=lambda each: each.stat().st_mtime_ns)
        with open(last, "rb") as file:
            plan = plan_file.unsealed(file.read())
        return {f"{_SHA256}{digest}": files for _, digest, _, files, _ in plan["packages"]}
    except (OSError, ValueError, KeyError, TypeError, EOFError, Unusable):
        return {}


def _project(session: Session) -> Recorded | None:
    """The project's sources and the shims beside them; ``None`` where nobody needs shims."""
    record = session.state.values_of("imports:.")
    if not record.get("folders"):
        return None
    sources = tuple(sorted((path, fingerprint) for path, (fingerprint, _) in record["files"].items()))
    return tuple(record["folders"]), sources, _shims(session, "imports:.", str(session.project.root))


def _shims(session: Session, task: str, folder: str) -> tuple[tuple[str, bytes], ...]:
    """The shims that *task* laid in *folder*, each with what it holds.

    Raises:
        ValueError: They are not what was recorded, or a folder was left without, because it is somebody's.
    """
    record = session.state.values_of(task)
    if not record:
        return ()
    shims = tuple((path, Path(folder, path).read_bytes()) for path in sorted(record.get("shims", ())))
    if record.get("foreign") or any(fingerprint(data) != record["shims"][path] for path, data in shims):
        raise ValueError(task)
    return shims


def _installed(session: Session) -> list[tuple[str, Installed]]:
    """What is installed of the resolution, by key; the state may know of packages that somebody took away."""
    wanted = {each.name.key for each in session.resolution.packages} if session.resolution else set()
    return sorted((key, each) for key, each in session.state.packages.items() if key in wanted)


def _folders(files: Iterable[str]) -> tuple[str, ...]:
    """The folders of *files*, each after the one that it is in."""
    found = set()
    for path in files:
        above = path.rpartition("/")[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return tuple(sorted(found))


def _state(session: Session) -> tuple[str, str, list[str]]:
    """The project's state as text: up to its tasks, its tools, its packages without the folders' times.

    Fingerprints of files are left out: they are taken again when somebody asks.
    """
    document = {"format": FORMAT, "boot": boot(), "tasks": session.state.tasks}
    rows = [
        f"{json.dumps(key)}:{json.dumps([each.name, each.version, each.tree], separators=(',', ':'))[:-1]},"
        for key, each in _installed(session)
    ]
    tools = json.dumps(session.state.tools, separators=(",", ":"))
    return json.dumps(document, separators=(",", ":"))[1:-1], tools, rows


def _forget_old_ones(folder: Path) -> None:
    plans = sorted((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder))
    for _, path in plans[:-MOST_PLANS]:
        os.unlink(path)
