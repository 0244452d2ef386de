"""key: all that a task depends on, in parts. Equal keys have equal results, wherever the project is.

A key is made anew whenever somebody asks, from what is there at that moment. Its digest is that of
an action of the Remote Execution API; its parts are kept for telling what has changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import IntegrityMismatch
from hpmtasks.files.failures import storage_failures
from hpmtasks.project import MODULES
from hpmtasks.scripts.action import (
    Command,
    Message,
    encode_action,
    encode_platform,
    package_folder,
    root_of,
)
from hpmtasks.scripts.environment import Mode, counting, told
from hpmtasks.scripts.inputs import Inputs
from hpmtasks.scripts.machine import machine
from hpmtasks.session.once import once
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.tree import ForeignEntry, scan_folder, tree_digest

if TYPE_CHECKING:
    from hpmtasks.files.sightings import Sightings
    from hpmtasks.project.workspace import Member
    from hpmtasks.scripts.digests import FileDigest, FileDigests
    from hpmtasks.scripts.tasks import ScriptTask, TaskId
    from hpmtasks.session import Session
    from hpmtasks.session.reach import Reached
    from hpmtasks.store.entries import TreeFile

#: What a key means: another number, and every task runs again.
FORMAT = 1
# What a script is told that is another in each copy of the project.
_PLACE = "HPM_PROJECT_ROOT"
_MAGIC = frozenset("*?[{")


@dataclass(frozen=True)
class Key:
    """What one task depends on.

    Attributes:
        folder: The member's path from the root; empty for the root.
        command: The lines of its steps.
        shell: What gets them.
        env: The variables that count; ``None`` for one that is not set; secrets as digests.
        told: What hpm tells the script, without what says where the project is.
        files: By path from the root.
        packages: The tree of each package that the member reaches, by name.
        versions: The version of each; it is told, and does not count.
        modules: The folders that hold them in the action, each after those in it; none without packages.
        outputs: The patterns, as written.
        platform: System, processor, C library, Hemlock.
        mode: Whether undeclared variables reach it, too.
    """

    folder: str
    command: tuple[str, ...]
    shell: str
    env: Mapping[str, str | None]
    told: Mapping[str, str]
    files: Mapping[str, FileDigest]
    packages: Mapping[str, str]
    versions: Mapping[str, str]
    modules: tuple[Message, ...]
    outputs: tuple[str, ...]
    platform: Mapping[str, str]
    mode: Mode = "strict"

    @cached_property
    def action(self) -> Digest:
        """The digest of all of it."""
        *_, action = self.messages()
        return action.digest

    def messages(self) -> Iterator[Message]:
        """What an executor has to have besides the files and the packages; the last is the action."""
        platform = _platform(tuple(self.platform.items()))
        yield from self.modules
        folders = {MODULES: self.modules[-1].digest} if self.modules else {}
        made = list(root_of(self.files, folders, empty=(self.folder,)))
        yield from made
        command = Message.of(self._command().encode(platform))
        yield command
        salt = {"format": FORMAT, "outputs": self.outputs, "mode": self.mode}
        encoded = json.dumps(salt, sort_keys=True, separators=(",", ":")).encode()
        yield Message.of(encode_action(command.digest, made[-1].digest, encoded, platform))

    def _command(self) -> Command:
        environ = {name: value for name, value in self.env.items() if value is not None}
        return Command(
            ("sh", "-c", 'for line; do "$0" -c "$line" || exit; done', self.shell, *self.command),
            {**environ, **self.told},
            tuple(_beginning(pattern) for pattern in self.outputs if not pattern.startswith("!")),
            self.folder,
        )

    def parts(self) -> dict[str, Any]:
        """The same as JSON, for keeping and comparing; no secret is in it."""
        return {
            "folder": self.folder,
            "command": list(self.command),
            "shell": self.shell,
            "env": dict(self.env),
            "told": dict(self.told),
            "files": {path: str(digest) for path, digest in self.files.items()},
            "packages": dict(self.packages),
            "versions": dict(self.versions),
            "outputs": list(self.outputs),
            "platform": dict(self.platform),
            "mode": self.mode,
        }


@dataclass(frozen=True, slots=True)
class _Packages:
    """The packages that a member reaches, as its keys have them."""

    trees: Mapping[str, str]
    versions: Mapping[str, str]
    folders: tuple[Message, ...]


class Keys:
    """Makes the keys of the tasks of one run; from any thread.

    Args:
        tasks: Those of the run, with all that they need.
        digests: What is in files.
        environ: The environment of hpm.
        mode: Whether undeclared variables reach the tasks.
    """

    def __init__(
        self,
        session: Session,
        tasks: Mapping[TaskId, ScriptTask],
        digests: FileDigests,
        environ: Mapping[str, str],
        mode: Mode = "strict",
    ) -> None:
        self._session = session
        self._digests = digests
        self._environ = environ
        self._mode = mode
        workspace = session.workspace
        members = tuple(member.path for member in workspace.members)
        self._inputs = Inputs(os.fspath(session.project.root), members, tasks, digests)
        self._packages: dict[str, _Packages] = {}

    def of(self, task: ScriptTask, seen: Sightings | None = None) -> Key:
        """The key of *task* as everything is now, but for the packages, which are looked at once.

        *seen* is told of everything on which its files depend.

        Raises:
            InvalidManifest: One of its inputs leads out of the project, or is no file.
            StorageFailure: One may not be read.
        """
        config, member = task.config, task.member
        packages = self._packages_of(member)
        known = told(self._session.project.root, member, config.name)
        return Key(
            folder=member.path,
            command=tuple(step.line for step in task.steps),
            shell=config.shell,
            env=counting(config, self._environ),
            told={name: value for name, value in known.items() if name != _PLACE},
            files=self._inputs.of(task, seen),
            packages=packages.trees,
            versions=packages.versions,
            modules=packages.folders,
            outputs=config.outputs,
            platform=self.platform,
            mode=self._mode,
        )

    def forget_packages(self) -> None:
        """What stands in hem_modules is looked at again: somebody has changed it."""
        # A thread that is still looking puts what it finds where nobody looks any more.
        self._packages = {}

    @once
    def platform(self) -> Mapping[str, str]:
        """What the machine is, as far as it counts."""
        from hpmtasks.session.interpreter import hemlock_version

        hemlock = hemlock_version(self._environ, self._digests)
        return {**machine(), "hemlock": str(hemlock or "")}

    def _packages_of(self, member: Member) -> _Packages:
        """What *member* reaches; made once for all of its tasks."""
        from hpmtasks.session.reach import reached

        known = self._packages
        found = known.get(member.path)
        if found is None:
            packages = reached(self._session, member)
            folders = {str(each.name): self._folder(each) for each in packages}
            found = known[member.path] = _Packages(
                {str(each.name): each.tree for each in packages},
                {str(each.name): each.version for each in packages},
                tuple(root_of({}, folders)) if folders else (),
            )
        return found

    def _folder(self, package: Reached) -> Digest:
        """The folder of *package* in the action; remembered, because each of its files has to be known."""
        made = self._digests.folders.get(package.tree)
        if made is None:
            tree = self._session.store.recorded_tree(package.tree)
            files = self._standing(package) if tree is None else tree.files
            made = str(package_folder(files))
            # Somebody may have edited what stands there.
            if tree is not None or tree_digest(files) == package.tree:
                self._digests.keep_folder(package.tree, made)
        digest, _, size = made.partition("/")
        return Digest(digest, int(size))

    def _standing(self, package: Reached) -> tuple[TreeFile, ...]:
        folder = self._session.project.package_folder(package.name)
        with storage_failures("read", folder):
            try:
                return scan_folder(folder)
            except ForeignEntry as error:
                hint = "Run 'hpm check --content --fix' to lay it out again."
                raise IntegrityMismatch(
                    str(package.name), expected=package.tree, actual=str(error), hint=hint
                ) from error


@lru_cache(maxsize=16)
def _platform(properties: tuple[tuple[str, str], ...]) -> bytes:
    """The same for every key of a run."""
    return encode_platform(dict(properties))


def _beginning(pattern: str) -> str:
    """The file or folder below which everything lies that *pattern* fits."""
    parts = []
    for part in pattern.split("/"):
        if not _MAGIC.isdisjoint(part):
            break
        if part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
