"""differences: what differs in the sources of packages, told to people and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hpmtasks.commands.cache import in_units
from hpmtasks.session.review import Edition, PackageDifference
from hpmtasks.store.comparison import FileDifference

_NOWHERE = "/dev/null"
_MODES = {False: "100644", True: "100755"}


def title(found: PackageDifference) -> str:
    """``acme/b 1.0.0 → 1.2.0``; where the version is the same, the commits differ and are shown."""
    before, after = found.before, found.after
    if before is None or after is None:
        known = before or after
        return f"{found.name} {known.version if known else ''} ({'new' if before is None else 'removed'})"
    if str(before.version) == str(after.version):
        return f"{found.name} {before.version}: {before.commit[:12]} → {after.commit[:12]}"
    return f"{found.name} {before.version} → {after.version}"


def statistics(files: Iterable[FileDifference]) -> Iterator[str]:
    """One line a file: ``changed  src/index.hml  +3 -1``."""
    for file in files:
        what = f"+{file.added} -{file.removed}" if not file.remark else f"{_sizes(file)} ({file.remark})"
        if file.status == "mode":
            what = f"{_MODES[file.executable[0]]} → {_MODES[file.executable[1]]}"
        yield f"  {file.status:<8} {file.path}  {what}"


def patch(found: PackageDifference) -> Iterator[str]:
    """A unified diff, its paths as in git's: ``a/src/index.hml``."""
    for file in found.files:
        yield f"diff --git a/{file.path} b/{file.path}"
        if file.status == "added":
            yield f"new file mode {_MODES[file.executable[1]]}"
        elif file.status == "removed":
            yield f"deleted file mode {_MODES[file.executable[0]]}"
        elif file.executable[0] != file.executable[1]:
            yield f"old mode {_MODES[file.executable[0]]}"
            yield f"new mode {_MODES[file.executable[1]]}"
        if file.remark:
            yield f"# {file.remark}: {_sizes(file)}"
        if file.lines:
            yield f"--- {_NOWHERE if file.status == 'added' else f'a/{file.path}'}"
            yield f"+++ {_NOWHERE if file.status == 'removed' else f'b/{file.path}'}"
            yield from file.lines


def as_data(found: PackageDifference, *, with_lines: bool) -> dict[str, Any]:
    """*found* as JSON has it; *with_lines*: the diffs too."""
    return {
        "name": str(found.name),
        "before": _edition(found.before),
        "after": _edition(found.after),
        "files": [_file(file, with_lines=with_lines) for file in found.files],
    }


def _edition(edition: Edition | None) -> dict[str, str] | None:
    return {"version": str(edition.version), "commit": edition.commit} if edition else None


def _file(file: FileDifference, *, with_lines: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "path": file.path,
        "status": file.status,
        "binary": file.is_binary,
        "added": file.added,
        "removed": file.removed,
        "sizes": list(file.sizes),
        "executable": list(file.executable),
        "remark": file.remark,
    }
    if with_lines:
        told["diff"] = "".join(f"{line}\n" for line in file.lines)
    return told


def _sizes(file: FileDifference) -> str:
    before, after = map(in_units, file.sizes)
    return {"added": after, "removed": before}.get(file.status, f"{before} → {after}")
