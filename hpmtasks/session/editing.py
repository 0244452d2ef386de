"""editing: copies of packages that somebody edits to make patches of them.

``.hpm/patches-edit.json`` says what each copy was made of, so that a patch is never made
against another version: ``{"format": 1, "edits": {"owner/repo": "<tree digest>"}}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hpmtasks.errors import OutOfDate, Usage
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.removal import remove_tree
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import Resolution, ResolvedPackage, from_lockfile
from hpmtasks.session.layout import lay_out_verified
from hpmtasks.session.patching import apply_patch
from hpmtasks.session.session import Session
from hpmtasks.store.entries import LinkMethod

FORMAT = 1


def locked_packages(session: Session) -> Resolution:
    """The packages as they are locked.

    Raises:
        OutOfDate: There is no lock, or one that does not say what it locks.
    """
    lockfile = session.documents.lockfile
    resolution = from_lockfile(lockfile) if lockfile is not None else None
    if resolution is None:
        raise OutOfDate("A patch is made for a locked version. Run 'hpm install' first.")
    return resolution


def start_edit(session: Session, package: ResolvedPackage, *, as_published: bool = False) -> Path:
    """A copy of *package* to be edited, its patch applied if it has one; what was edited before is gone.

    Args:
        as_published: Without the patch.
    """
    folder = session.project.edit_folder(package.name)
    end_edit(session, package.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    lay_out_verified(session, package, folder, how=LinkMethod.COPY)
    patch = None if as_published else session.patch_of(package)
    if patch is not None:
        apply_patch(session, patch, package.id, folder)
    _write(session, {**_read(session), package.name.key: str(session.modules.locked_tree(package))})
    return folder


def edit_of(session: Session, package: ResolvedPackage) -> Path | None:
    """The copy of *package* that is being edited; ``None`` if there is none.

    Raises:
        Usage: It is a copy of other files than those that are locked now.
    """
    folder, tree = session.project.edit_folder(package.name), _read(session).get(package.name.key)
    if tree is None or not folder.is_dir():
        return None
    if tree != session.modules.locked_tree(package):
        raise Usage(
            f"{session.project.relative(folder)} is a copy of another version than {package.id}, which is"
            f" locked now.\n\n'hpm patch {package.name} --reset' begins anew; save what you need of it first."
        )
    return folder


def end_edit(session: Session, name: PackageName) -> None:
    """No copy of *name* is being edited."""
    edits = _read(session)
    if edits.pop(name.key, None) is not None:
        _write(session, edits)
    folder = session.project.edit_folder(name)
    remove_tree(folder)
    with suppress(OSError):  # others are still being edited
        folder.parent.rmdir()
        folder.parent.parent.rmdir()


def _read(session: Session) -> dict[str, str]:
    try:
        document = json.loads(session.project.edits_path.read_bytes())
        found = document["edits"] if document["format"] == FORMAT else {}
        return {str(name): str(tree) for name, tree in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _write(session: Session, edits: Mapping[str, str]) -> None:
    path = session.project.edits_path
    if not edits:
        path.unlink(missing_ok=True)
        return
    document = {"format": FORMAT, "edits": dict(sorted(edits.items()))}
    write_atomically(path, f"{json.dumps(document, indent=2)}\n".encode(), durable=False)
