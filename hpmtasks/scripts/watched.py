"""watched: which changes in a project are a reason to look at the tasks of a run again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hpmtasks.dataclass import dataclass, field
from hpmtasks.files.gitignore import GITIGNORE
from hpmtasks.files.globs import GlobSet, escape, glob_set
from hpmtasks.files.walk import NEVER
from hpmtasks.project import LOCKFILE, MANIFEST
from hpmtasks.scripts.inputs import is_default, rooted
from hpmtasks.scripts.tasks import ScriptTask


@dataclass(frozen=True)
class Watched:
    """The files that *tasks* go by. What one of them leaves is not among them, though others read it.

    Args:
        members: The paths of the members of the workspace, without the root.
    """

    tasks: Sequence[ScriptTask]
    members: tuple[str, ...]
    _inputs: list[GlobSet] = field(default_factory=list)
    _outputs: list[GlobSet] = field(default_factory=list)

    def __post_init__(self) -> None:
        for task in self.tasks:
            path = task.member.path
            self._inputs.append(glob_set(self._read_by(task)))
            if task.config.outputs:
                self._outputs.append(glob_set(rooted(path, task.config.outputs)))

    def counts(self, path: str) -> bool:
        """Whether a change of *path*, from the root, may be a reason to run one of the tasks."""
        parts = path.split("/")
        if not NEVER.isdisjoint(parts):
            return False
        if path == LOCKFILE or (parts[-1] == MANIFEST and "/".join(parts[:-1]) in {"", *self.members}):
            return True
        if parts[-1] == GITIGNORE:
            return True
        return not _any(self._outputs, path) and _any(self._inputs, path)

    def _read_by(self, task: ScriptTask) -> tuple[str, ...]:
        given, path = task.config.inputs, task.member.path
        if given is not None and not is_default(given):
            return rooted(path, given)
        prefix = f"{path}/" if path else ""
        others = [each for each in self.members if each != path and each.startswith(prefix)]
        everything = f"{escape(path)}/**" if path else "**"
        own = rooted(path, given or ())
        return (everything, *(f"!{escape(each)}" for each in others), *own)


def _any(globs: Iterable[GlobSet], path: str) -> bool:
    return any(each.fits(path) for each in globs)
