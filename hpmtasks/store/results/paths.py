"""paths: which paths a result may name: asked when outputs are collected, read, and restored."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from hpmtasks.files.leftovers import PREFIX
from hpmtasks.store.refusal import LONGEST_PART, LONGEST_PATH

#: What no script's output is in, on any level and in any spelling that some file system takes for it.
FORBIDDEN = frozenset({"hem_modules", ".hpm", ".git"})


def why_no_output(path: str) -> str:
    """Why *path* cannot be an output, as a clause behind "it"; empty if it can.

    An output is a path below the member's folder, with ``/``, and in none of :data:`FORBIDDEN`.
    """
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        return "is not UTF-8"
    if length > LONGEST_PATH:
        return f"is longer than {LONGEST_PATH} bytes"
    if path.startswith("/"):
        return "does not begin in the member's folder"
    if "\0" in path or "\\" in path:
        return "has a NUL or a backslash in it"
    return next(filter(None, map(_why_no_part, path.split("/"))), "")


def _why_no_part(part: str) -> str:
    if part in {"", ".", ".."}:
        return f"has the part {part!r}"
    if len(part.encode()) > LONGEST_PART:
        return f"has a part that is longer than {LONGEST_PART} bytes"
    if _plain(part) in FORBIDDEN:
        return f"is in {_plain(part)}, which is not the script's"
    return f"has a part that begins with {PREFIX}, as temporary names do" if part.startswith(PREFIX) else ""


def why_no_link(path: str, target: str) -> str:
    """Why the link *path* may not lead to *target*, as a clause behind "it"; empty if it may.

    ``..`` stands only where it begins: behind the name of a link it would lead somewhere else than it says.
    """
    if not target or "\0" in target or "\\" in target:
        return "leads to what is no path"
    if target.startswith("/"):
        return f"leads to the absolute path {target}"
    above = path.split("/")[:-1]
    parts = target.rstrip("/").split("/")
    while parts and parts[0] in {".", ".."}:
        if parts.pop(0) == "..":
            if not above:
                return f"leads to {target}, which is outside of the member's folder"
            above.pop()
    reached = "/".join((*above, *parts))
    reason = why_no_output(reached) if reached else ""
    return f"leads to {target}: that {reason}" if reason else ""


def why_not_together(leaves: Iterable[str], folders: Iterable[str]) -> str:
    """Why these cannot all be there, as a sentence; empty if they can.

    Args:
        leaves: Files and links: each once, and nothing below one.
        folders: May be above others.
    """
    seen: set[str] = set()
    for leaf in leaves:
        if leaf in seen:
            return f"{leaf} is there twice"
        seen.add(leaf)
    for path in (*seen, *(f"{folder}/" for folder in folders)):
        above = path.rpartition("/")[0]
        while above:
            if above in seen:
                return f"{path} is in {above}, which is no folder"
            above = above.rpartition("/")[0]
    return ""


def _plain(part: str) -> str:
    """*part* without what some file systems do not see: capitals, dots and blanks at its end, joiners."""
    if part.isascii():
        return part.lower().rstrip(". ")
    visible = "".join(each for each in part if unicodedata.category(each) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold().rstrip(". ")
