"""gitignore: what ``.gitignore`` files leave out, as git understands them.

Each file speaks of the folder that it is in and those below; the innermost that says anything of
an entry decides, in it the last line that fits. What is in a folder that is left out cannot be taken
in again. Only these files are asked, not what a user or a clone leaves out for itself.

Written here, on :mod:`~hpmtasks.files.globs`, because it is asked about every file before a task with
nothing to do: the library for it, ``pathspec``, takes 20 ms to import and 45 ms for 10,000 files.
The tests compare it with git.

Source: https://git-scm.com/docs/gitignore
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from hpmtasks.files.globs import Glob, GlobSet, Place

#: The file's name.
GITIGNORE = ".gitignore"

#: What the files on the way to a folder say of it, the outermost first.
Rules = tuple[Place, ...]

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@lru_cache(maxsize=256)
def rules_in(text: str) -> Place:
    """What a ``.gitignore`` that holds *text* says of the entries of its own folder."""
    return GlobSet(tuple(_globs(text)), with_contents=False).start


def ignores(rules: Rules, name: str, *, is_folder: bool) -> bool:
    """Whether *rules*, those of a folder, leave out its entry *name*."""
    for place in reversed(rules):
        decided = place.decide(name, is_folder=is_folder)
        if decided is not None:
            return decided
    return False


def enter(rules: Rules, name: str) -> Rules:
    """The rules of the folder *name* in the folder of *rules*, its own ``.gitignore`` not among them."""
    return tuple(inner for place in rules if (inner := place.enter(name)) is not None)


def _globs(text: str) -> Iterator[Glob]:
    for line in text.removeprefix("\ufeff").split("\n"):
        # A blank at the end means something only behind a backslash.
        pattern = re.sub(r"(?<!\\) +$", "", line.removesuffix("\r"))
        if not pattern or pattern.startswith("#"):
            continue
        leaves_out = not pattern.startswith("!")
        body = pattern if leaves_out else pattern[1:]
        parts = [part for part in body.split("/") if part]
        if not parts or (len(body) - len(body.rstrip("\\"))) % 2:
            continue  # nothing is called so
        if "/" not in body.rstrip("/"):
            parts = ["**", *parts]
        yield Glob(tuple(_ESCAPED.sub(_as_class, part) for part in parts), leaves_out, body.endswith("/"))


def _as_class(escaped: re.Match[str]) -> str:
    """A character behind a backslash as it is written in a glob."""
    return f"[{escaped[1]}]" if escaped[1] in "*?[" else escaped[1]
