"""verification: whether everything in the store is what was stored; every byte is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.store.index import read_tree_index
from hpmtasks.store.inventory import archives, records, trees
from hpmtasks.store.layout import Layout, is_sha256, tree_files, tree_index
from hpmtasks.store.materialize import Damage, check_content
from hpmtasks.store.results.inventory import kept_blobs, kept_results
from hpmtasks.store.tree import sha256_of


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the store that is not what was stored.

    Attributes:
        what: An archive, the unpacked files of one, or the note of what belongs together; the result of
            a script, or something that one consists of.
        path: The file or folder.
        packages: Those that it is a part of: ``owner/repo@version``.
        reason: What is the matter with it.
    """

    what: Literal["archive", "tree", "record", "result", "blob"]
    path: Path
    packages: tuple[str, ...]
    reason: str


def verify(layout: Layout) -> list[Finding]:
    """What is damaged: records first, then archives, trees, results and blobs. Nothing is taken away."""
    users: dict[Path, list[str]] = {}
    findings = list(_damaged_records(layout, users))
    for path in archives(layout):
        reason = _damaged_file(path)
        if reason:
            findings.append(Finding("archive", path, tuple(users.get(path, ())), reason))
    for path in trees(layout):
        reason = _damaged_tree(path)
        if reason and path.is_dir():  # else it was collected meanwhile
            findings.append(Finding("tree", path, tuple(users.get(path, ())), reason))
    findings += [
        Finding("result", each.path, (), "it cannot be read")
        for each in kept_results(layout)
        if each.result is None
    ]
    for path in kept_blobs(layout):
        reason = _damaged_file(path)
        if reason:
            findings.append(Finding("blob", path, (), reason))
    return findings


def _damaged_records(layout: Layout, users: dict[Path, list[str]]) -> Iterator[Finding]:
    """Records that cannot be read; *users* learns what the others are about."""
    for record in records(layout):
        entry = record.entry
        if entry is None:
            told = f"{record.path.parent.parent.name}/{record.path.parent.name}"
            yield Finding("record", record.path, (told,), "it cannot be read")
            continue
        label = f"{entry.name}@{entry.version or entry.commit}"
        users.setdefault(entry.path, []).append(label)
        if entry.tree:
            users.setdefault(layout.tree(entry.tree), []).append(label)


def _damaged_file(path: Path) -> str:
    """What is the matter with the file at *path*, which is named by its content; empty if nothing is."""
    try:
        actual = sha256_of(path)
    except FileNotFoundError:
        return ""  # collected meanwhile
    except OSError as error:
        return error.strerror or "it cannot be read"
    return "" if actual == path.name else f"its sha256 is {actual}"


def _damaged_tree(tree: Path) -> str:
    """What is the matter with *tree*; empty if nothing is."""
    recorded = read_tree_index(tree_index(tree), f"sha256-{tree.name}")
    if recorded is None:
        return "its index cannot be read, or does not add up"
    for file in recorded[0]:
        try:
            check_content(f"{tree_files(tree)}/{file.path}", file)
        except Damage as damage:
            actual = f"sha256 {damage.actual}" if is_sha256(damage.actual) else damage.actual
            return f"{file.path}: {actual}"
    return ""
