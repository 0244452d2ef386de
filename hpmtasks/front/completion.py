"""completion: what may stand next on a command line, from the project's own files, while somebody waits.

The scripts that ``hpm completion`` prints know commands and options themselves; for the rest
they ask ``hpm completion --complete KIND WORD [DIR]``, which is answered here before anything
is imported. It prints one candidate a line, and on any trouble nothing. A name that a shell
would have to quote is no candidate: it comes from files of others.
"""

from __future__ import annotations

import json
import os
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

#: What is asked like this is answered here.
ASKED_BY = ["completion", "--complete"]
_HARMLESS = re.compile(r"[A-Za-z0-9_.:/@+,^~=-]{1,200}")
# What may stand between the @ and a version.
_OPERATOR = re.compile(r"[\^~]?|=|[<>]=?")


def answer(arguments: list[str]) -> int:
    """Print what may stand for a word; *arguments* are a key of :data:`KINDS`, the word so far, a folder."""
    try:
        kind, word, *folder = arguments
        for candidate in candidates(kind, word, folder[0] if folder else "."):
            print(candidate)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt):  # noqa: BLE001  nothing is better than noise between keys
        # Nor may the interpreter complain at its end that nobody reads any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def candidates(kind: str, word: str, folder: str) -> Iterator[str]:
    """What begins like *word*, each once, in the order in which it is to be shown."""
    root = _root(folder)
    seen = set()
    for each in KINDS[kind](root, word):
        if each.startswith(word) and each not in seen and _HARMLESS.fullmatch(each):
            seen.add(each)
            yield each


def _root(folder: str) -> str:
    here = os.path.abspath(folder)
    while not os.path.exists(f"{here}/package.json"):
        above = os.path.dirname(here)
        if above == here:
            raise FileNotFoundError(folder)
        here = above
    return here


def _nearest(folder: str, name: str) -> str:
    """The path of *name* in *folder* or above: what a member of a workspace has, its root keeps."""
    here = folder
    while not os.path.exists(f"{here}/{name}") and os.path.dirname(here) != here:
        here = os.path.dirname(here)
    return f"{here}/{name}"


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            document = json.loads(file.read())
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _part(document: dict[str, Any], key: str) -> dict[str, Any]:
    part = document.get(key)
    return part if isinstance(part, dict) else {}


def _scripts(root: str, word: str) -> Iterable[str]:
    del word
    manifest = _read(f"{root}/package.json")
    return [*_part(manifest, "scripts"), *_part(manifest, "tasks")]


def _tasks(root: str, word: str) -> Iterable[str]:
    """What can be explained: scripts, packages, and the tasks of an installation."""
    known = _part(_read(f"{root}/.hpm/state.json"), "tasks")
    return [*_scripts(root, word), *_packages(root, word), *sorted(known)]


def _members(root: str, word: str) -> Iterable[str]:
    """The members of the workspace that *root* is in, by name and by folder."""
    from glob import glob

    while not isinstance(patterns := _read(f"{root}/package.json").get("workspaces"), list):
        if root == os.path.dirname(root):
            return
        root = os.path.dirname(root)
    del word
    texts = [pattern for pattern in patterns if isinstance(pattern, str) and not pattern.startswith("!")]
    for folder in sorted({found for pattern in texts for found in glob(pattern, root_dir=root)}):
        name = _read(f"{root}/{folder}/package.json").get("name")
        if isinstance(name, str):
            yield from (name, f"./{folder.rstrip('/')}")


def _packages(root: str, word: str) -> Iterable[str]:
    del word
    manifest = _read(f"{root}/package.json")
    locked = _part(_read(_nearest(root, "package-lock.json")), "dependencies")
    return sorted({*locked, *_part(manifest, "dependencies"), *_part(manifest, "devDependencies")})


def _specifiers(root: str, word: str) -> Iterable[str]:
    """Packages, also those whose tags were read once; behind an ``@`` their versions, newest first."""
    tasks = _part(_read(_nearest(root, ".hpm/state.json")), "tasks")
    name, at, rest = word.partition("@")
    if not at:
        known = {task.removeprefix("tags:") for task in tasks if task.startswith("tags:")}
        return sorted({*_packages(root, word), *known})
    recorded = _part(_part(_part(tasks, f"tags:{name}"), "_values_:"), "tags")
    operator = next((each[0] for each in [_OPERATOR.match(rest)] if each), "")
    return [f"{name}@{operator}{version}" for version in reversed(recorded)]


KINDS = {
    "scripts": _scripts,
    "tasks": _tasks,
    "members": _members,
    "packages": _packages,
    "specifiers": _specifiers,
}
