"""audit: what a script read and wrote, compared with what its task declares; with the lines to add.

Only files inside the project are compared: what a machine has is not declared. Variables cannot
be seen by looking at system calls; the strict environment sees to them.
"""

from __future__ import annotations

import json
import os
import posixpath
import shutil
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpmtasks.dataclass import dataclass, field, replace
from hpmtasks.errors import Usage
from hpmtasks.files.globs import escape, glob_set
from hpmtasks.model.package import PackageName
from hpmtasks.model.task_config import ROOT_PREFIX
from hpmtasks.project import MANIFEST, MODULES, STATE_FOLDER
from hpmtasks.scripts.footprint import Footprint

if TYPE_CHECKING:
    from hpmtasks.scripts.process import Launch
    from hpmtasks.scripts.tasks import ScriptTask

# Files of one folder, and of folders in it, that are named by one pattern.
_MANY = 3


@dataclass(frozen=True, slots=True)
class Audit:
    """What a task did and does not declare; paths from the root of the project, sorted.

    Attributes:
        read: Files that it read.
        written: Files that it made or changed, and that no pattern of its outputs takes.
        removed: Files that were there before, and that it removed.
        packages: Packages whose files it read, and that its member does not reach.
        asks_git: Whether it read what git knows, which no key can have.
        additions: By field of the task, what it should say, all of it.
    """

    task: str
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    asks_git: bool = False
    additions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether everything was declared."""
        return not (self.read or self.written or self.removed or self.packages or self.asks_git)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a task declares, and what is known of those around it.

    Attributes:
        files: The files that count for it, from the root of the project.
        packages: The packages that it reaches.
        others: The other tasks.
    """

    task: ScriptTask
    files: Collection[str]
    packages: Collection[str]
    others: Sequence[ScriptTask] = ()

    @property
    def folder(self) -> str:
        """The folder of its member, from the root; empty, or with a slash behind it."""
        path = self.task.member.path
        return f"{path}/" if path else ""


def compare(footprint: Footprint, root: Path, declared: Declared) -> Audit:
    """What of *footprint* is not *declared*. Files that are gone by now count as temporary."""
    roots = {str(root), os.path.realpath(root)}
    read = {path for path in _inside(footprint.read, roots) if _is_file(root, path)}
    written = {path for path in _inside(footprint.written, roots) if _is_file(root, path)}
    removed = {path for path in _inside(footprint.removed, roots) if not os.path.lexists(root / path)}
    packages = {name for name in map(_package_in, read) if name is not None}
    packages -= {name.lower() for name in declared.packages}
    own = {
        path
        for path in written | removed
        if not path.startswith(f"{STATE_FOLDER}/") and not _is_output(declared.task, path, or_left_out=True)
    }
    unknown = {path for path in read if not _is_ours(path) and not _is_known(declared, path)}
    # What was only made by the task itself is told among what it wrote.
    unknown -= own & written
    audit = Audit(
        str(declared.task.id),
        tuple(sorted(path for path in unknown if not _is_gits(path))),
        tuple(sorted(path for path in own & written if not _is_gits(path))),
        tuple(sorted(path for path in own & removed if not _is_gits(path))),
        tuple(sorted(packages)),
        asks_git=any(_is_gits(path) for path in unknown),
    )
    known = sorted(path for path in read if path in declared.files and path != f"{declared.folder}{MANIFEST}")
    return replace(audit, additions=_additions(audit, declared, known))


def _inside(paths: Iterable[str], roots: Collection[str]) -> set[str]:
    return {path[len(root) + 1 :] for path in paths for root in roots if path.startswith(f"{root}/")}


def _is_file(root: Path, path: str) -> bool:
    place = root / path
    return place.is_symlink() or place.is_file()


def _is_ours(path: str) -> bool:
    """Whether *path* is what hpm made, and what it knows otherwise."""
    return path.split("/", 1)[0] in {MODULES, STATE_FOLDER} or f"/{MODULES}/" in path


def _is_gits(path: str) -> bool:
    return path == ".git" or path.startswith(".git/")


def _package_in(path: str) -> str | None:
    """The package whose file *path* is, in lower case; ``None`` if it is none's."""
    parts = path.split("/")
    if parts[0] != MODULES or len(parts) < 4:
        return None
    try:
        return PackageName.parse("/".join(parts[1:3])).key
    except ValueError:
        return None


def _is_known(declared: Declared, path: str) -> bool:
    if path in declared.files or _is_output(declared.task, path):
        return True
    # Without inputs, what counts of the member's own package.json is in the key in another form.
    return declared.task.config.inputs is None and path == f"{declared.folder}{MANIFEST}"


def _is_output(task: ScriptTask, path: str, *, or_left_out: bool = False) -> bool:
    """Whether the outputs of *task* take *path*, or, *or_left_out*, would if none were taken out again."""
    folder = f"{task.member.path}/" if task.member.path else ""
    patterns = task.config.outputs
    if or_left_out:
        patterns = tuple(pattern for pattern in patterns if not pattern.startswith("!"))
    return bool(patterns) and path.startswith(folder) and glob_set(patterns).fits(path[len(folder) :])


# ---------------------------------------------------------------- the lines to add


def _additions(audit: Audit, declared: Declared, known: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What the fields should say; *known* is what it read and what counts already."""
    config, folder = declared.task.config, declared.folder
    found: dict[str, tuple[str, ...]] = {}
    makers = {path: _maker(declared, path) for path in audit.read}
    needs = [maker for maker in makers.values() if maker is not None]
    new_needs = [need for need in dict.fromkeys(needs) if need not in config.depends_on]
    if new_needs:
        found["dependsOn"] = (*config.depends_on, *new_needs)
    unmade = [path for path in audit.read if makers[path] is None]
    if unmade:
        # Who names one file names all: without inputs, what it read is what there is to name.
        before = config.inputs if config.inputs is not None else _patterns(known, folder, everywhere=True)
        found["inputs"] = tuple(dict.fromkeys((*before, *_patterns(unmade, folder, everywhere=True))))
    inside = [
        path
        for path in audit.written
        if path.startswith(folder) and path not in declared.files and not _is_ours(path)
    ]
    if inside:
        found["outputs"] = (*config.outputs, *_patterns(inside, folder))
    return found


def _maker(declared: Declared, path: str) -> str | None:
    """The other task that leaves *path*, as ``dependsOn`` names it; ``None`` if there is none."""
    for other in declared.others:
        if other.id == declared.task.id or not _is_output(other, path):
            continue
        if other.id.member == declared.task.id.member:
            return other.id.script
        if other.member.name is not None:
            return f"{other.member.name}#{other.id.script}"
    return None


def _patterns(paths: Sequence[str], folder: str, *, everywhere: bool = False) -> list[str]:
    """Patterns for just *paths*; where many are in one folder, for all of that."""
    told = []
    for path in paths:
        if path.startswith(folder):
            told.append(("", path[len(folder) :]))
        elif everywhere:
            told.append((ROOT_PREFIX, path))
    tops = Counter((prefix, path.partition("/")[0]) for prefix, path in told if "/" in path)
    patterns = []
    for prefix, path in told:
        top = path.partition("/")[0]
        many = "/" in path and tops[prefix, top] >= _MANY
        patterns.append(f"{prefix}{escape(top)}/**" if many else f"{prefix}{escape(path)}")
    return list(dict.fromkeys(patterns))


# ---------------------------------------------------------------- told to people and programs


def told(audit: Audit, manifest: str) -> list[str]:
    """*audit* in lines for people; *manifest* is the package.json to change, as it is shown."""
    if audit.is_clean:
        return [f"{audit.task}: everything that it read and wrote is declared."]
    lines = [f"{audit.task}:"]
    lines += [f"  reads    {path}" for path in audit.read]
    lines += [f"  writes   {path}" for path in audit.written]
    lines += [f"  removes  {path}" for path in audit.removed]
    lines += [
        f"  reads the package {name}, which its package.json does not require" for name in audit.packages
    ]
    if audit.asks_git:
        lines.append(
            "  asks git, which nothing can declare: give it what it asks for by a variable under env"
        )
    name = audit.task.rpartition("#")[2]
    if audit.additions:
        lines.append(f"Say under tasks.{json.dumps(name, ensure_ascii=False)} in {manifest}:")
        lines += [f"  {_line(field, values)}" for field, values in audit.additions.items()]
    if audit.packages:
        lines.append(f"Add to {manifest}: hpm install {' '.join(audit.packages)}")
    return lines


def _line(field: str, values: Sequence[str]) -> str:
    return f"{json.dumps(field)}: {json.dumps(list(values), ensure_ascii=False)}"


def as_data(audit: Audit) -> dict[str, Any]:
    """*audit* as JSON has it."""
    return {
        "task": audit.task,
        "reads": list(audit.read),
        "writes": list(audit.written),
        "removes": list(audit.removed),
        "packages": list(audit.packages),
        "asksGit": audit.asks_git,
        "add": {field: list(values) for field, values in audit.additions.items()},
    }


# ---------------------------------------------------------------- tracing


def require_strace(environ: Mapping[str, str]) -> str:
    """The path of strace, which has shown that it can follow a program.

    Raises:
        Usage: This is not Linux, there is no strace, or the system lets nobody follow programs.
    """
    if sys.platform != "linux":
        raise Usage("--audit follows the script's system calls with strace, which only Linux has.")
    found = shutil.which("strace", path=environ.get("PATH", os.defpath))
    if found is None:
        raise Usage("--audit needs strace, and there is none on the PATH. Install the package strace.")
    import subprocess

    tried = subprocess.run(
        [found, "-f", "-o", os.devnull, "true"], capture_output=True, check=False, env=dict(environ)
    )
    if tried.returncode != 0:
        told = tried.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise Usage(
            f"--audit needs strace, and the system does not let it follow programs.\n\nstrace says: {told}\n"
            "In a container, allow ptrace: docker run --cap-add=SYS_PTRACE"
        )
    return found


def traced(launch: Launch, strace: str, into: Path) -> Launch:
    """*launch*, followed by *strace*, which writes what it sees to the file *into*."""
    from hpmtasks.scripts.strace import OPTIONS

    return replace(launch, argv=[strace, *OPTIONS, "-o", str(into), "--", *launch.argv])


def footprint_of(traces: Iterable[Path], folder: Path) -> Footprint:
    """What the commands did that were traced into the files *traces*, in this order, begun in *folder*."""
    from hpmtasks.scripts.strace import read_footprint

    together = Footprint()
    for trace in traces:
        with open(trace, encoding="utf-8", errors="surrogateescape") as lines:
            found = read_footprint(lines, posixpath.abspath(folder))
        for path in sorted(found.read):
            together.reads(path)
        for path in sorted(found.written):
            together.writes(path)
        for path in sorted(found.removed):
            together.removes(path)
    return together
