"""inputs: the files that count for a task, with what counts of each.

They are the files that its ``inputs`` name (without them, all of its package that nobody ignores), and
what the tasks that it needs have left; but not what it leaves itself. ``docs/scripts.md`` says it
for users, under "What a task reads".
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.dataclass import dataclass, field, replace
from hpmtasks.errors import InvalidManifest
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.globs import escape, glob_set
from hpmtasks.files.walk import Found, walk
from hpmtasks.model.json_text import MalformedJson, load
from hpmtasks.model.task_config import ROOT_PREFIX
from hpmtasks.project import LOCKFILE, MANIFEST
from hpmtasks.scripts.action import digest_of_text

if TYPE_CHECKING:
    from hpmtasks.files.sightings import Sightings
    from hpmtasks.scripts.digests import FileDigest, FileDigests
    from hpmtasks.scripts.tasks import ScriptTask, TaskId

#: What of package.json counts otherwise, or for other things than scripts.
ACCOUNTED = frozenset(
    {"scripts", "tasks", "dependencies", "devDependencies", "overrides", "workspaces", "hpm", "retracted"}
)


@dataclass(frozen=True)
class Inputs:
    """Finds the inputs of tasks.

    Args:
        root: The root of the workspace.
        members: The paths of its members.
        tasks: The tasks of the run: whatever one of them needs is there.
        digests: What is in files.
    """

    root: str
    members: tuple[str, ...]
    tasks: Mapping[TaskId, ScriptTask]
    digests: FileDigests
    # By digest of the whole file, what counts of a package.json.
    _manifests: dict[str, FileDigest] = field(default_factory=dict, init=False)

    def of(self, task: ScriptTask, seen: Sightings | None = None) -> dict[str, FileDigest]:
        """The files that count for *task* now, by their paths from the root, sorted.

        *seen* is told of everything on which that depends.

        Raises:
            InvalidManifest: One of its inputs leads out of the project, or is no file.
            StorageFailure: One may not be read.
        """
        found = {**dict(self._left_by_others(task, seen)), **dict(self._own(task, seen))}
        return {path: found[path] for path in sorted(found)}

    # ---- what the task reads by itself

    def _own(self, task: ScriptTask, seen: Sightings | None) -> Iterator[tuple[str, FileDigest]]:
        given, member = task.config.inputs, task.member
        left = glob_set(rooted(member.path, task.config.outputs)) if task.config.outputs else None
        if given is not None and not is_default(given):
            for found in walk(self.root, glob_set(rooted(member.path, given)), but=left, seen=seen):
                yield from self._counted(found, task, is_named=True)
            return
        prefix = f"{member.path}/" if member.path else ""
        others = (path for path in self.members if path != member.path and path.startswith(prefix))
        patterns = (f"{escape(member.path)}/**" if prefix else "**", *(f"!{escape(path)}" for path in others))
        taken = glob_set((*patterns, *rooted(member.path, given or ())))
        for found in walk(self.root, taken, but=left, heeding=member.path, seen=seen):
            if found.path == prefix + MANIFEST:
                for path, whole in self._counted(found, task, is_named=False):
                    yield path, self._seen(path, whole)
            elif found.path != prefix + LOCKFILE:
                yield from self._counted(found, task, is_named=False)

    def _seen(self, path: str, whole: FileDigest) -> FileDigest:
        """What counts of the package.json *path*, as it is now; all of it if nobody can make sense of it."""
        if whole.target is not None:
            return whole
        if whole.hash not in self._manifests:
            try:
                document = load(Path(self.root, path).read_bytes())
            except (OSError, MalformedJson):
                return whole
            seen = digest_of_text(seen_manifest(document)) if isinstance(document, dict) else whole
            self._manifests[whole.hash] = seen
        return self._manifests[whole.hash]

    # ---- what was left for it

    def _left_by_others(self, task: ScriptTask, seen: Sightings | None) -> Iterator[tuple[str, FileDigest]]:
        given = task.config.inputs
        takes_away = any(pattern.startswith("!") for pattern in given or ())
        wanted = glob_set(("**", *rooted(task.member.path, given or ()))) if takes_away else None
        for needed in self._read_by(task, is_deep=given is None or is_default(given)):
            taken = glob_set(rooted(needed.member.path, needed.config.outputs))
            for found in walk(self.root, taken, seen=seen):
                if wanted is None or wanted.fits(found.path):
                    yield from self._counted(found, task, is_named=False)

    def _read_by(self, task: ScriptTask, *, is_deep: bool) -> Iterator[ScriptTask]:
        """The tasks with outputs that *task* needs; what stands behind them only if *is_deep*."""
        seen = {task.id}
        waiting = list(task.needs)
        while waiting:
            each = waiting.pop()
            if each in seen:
                continue
            seen.add(each)
            needed = self.tasks[each]
            if needed.config.outputs:
                yield needed
            if is_deep or not needed.config.outputs:
                waiting += needed.needs

    # ---- one file

    def _counted(self, found: Found, task: ScriptTask, *, is_named: bool) -> Iterator[tuple[str, FileDigest]]:
        """*found* with what counts of it; nothing if it has gone meanwhile, or is nothing that counts."""
        if not _is_text(found.path):
            raise self._bad(task, f"{found.path!r} is not UTF-8; rename it")
        if not (found.is_file or found.is_link):
            if is_named:
                raise self._bad(task, f"{found.path} is neither a file nor a link; remove it")
            return
        with storage_failures("read", f"{self.root}/{found.path}"):
            try:
                digest = self.digests.digest(found.path, found.stat)
            except FileNotFoundError:
                return
        yield found.path, digest if digest.target is None else self._link(found.path, digest, task, is_named)

    def _link(self, path: str, digest: FileDigest, task: ScriptTask, is_named: bool) -> FileDigest:
        """What counts of the link *path*: what it says, relative if it leads into the project."""
        target = digest.target or ""
        if not _is_text(target):
            raise self._bad(task, f"{path} is a link whose target is not UTF-8; make it another")
        folder = posixpath.join(self.root, posixpath.dirname(path))
        whole = posixpath.normpath(posixpath.join(folder, target))
        is_inside = f"{whole}/".startswith(f"{self.root.rstrip('/')}/")
        if not is_inside and is_named:
            raise self._bad(task, f"{path} is a link that leads out of the project; make it a file")
        if is_inside and target.startswith("/"):
            target = posixpath.relpath(whole, folder)
        return replace(digest, target=target)

    def _bad(self, task: ScriptTask, what: str) -> InvalidManifest:
        sentence = f'tasks.{task.config.name}.inputs: {what}, or take it out by a pattern with "!".'
        return InvalidManifest(str(task.member.manifest_path), [sentence])


def is_default(inputs: tuple[str, ...]) -> bool:
    """Whether *inputs* only take away from what counts without them."""
    return bool(inputs) and all(pattern.startswith("!") for pattern in inputs)


def rooted(member: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """*patterns* of the member at the path *member*, as patterns of the root."""
    prefix = f"{escape(member)}/" if member else ""
    return tuple(_rooted(prefix, pattern) for pattern in patterns)


def _rooted(prefix: str, pattern: str) -> str:
    mark = "!" if pattern.startswith("!") else ""
    path = pattern.removeprefix("!")
    return mark + (path.removeprefix(ROOT_PREFIX) if path.startswith(ROOT_PREFIX) else prefix + path)


def seen_manifest(document: Mapping[str, object]) -> str:
    """What a task that reads every file sees of a package.json: all but what counts otherwise."""
    kept = {name: value for name, value in document.items() if name not in ACCOUNTED}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def _is_text(path: str) -> bool:
    # What cannot be decoded arrives as lone surrogates.
    return path.isascii() or not any("\ud800" <= character <= "\udfff" for character in path)
