"""differences: every part of a task's key that is another than it was, old and new, as values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.scripts.environment import looks_secret

#: What kind of part it is. ``told``: what hpm tells every script of its package.
Part = Literal[
    "file", "package", "variable", "command", "shell", "outputs", "machine", "told", "folder", "mode"
]
How = Literal["changed", "new", "gone"]

_DIGEST = re.compile(r"(?P<hash>[0-9a-f]{64})/(?P<size>\d+)(?P<executable> executable)?")
_HIDDEN = "sha256:"
_SHORT = 12
_MOST_OF_A_LINE = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is another.

    Attributes:
        name: The path, the name of the package or of the variable, what of the machine; else as *part*.
        before, after: As it was and is; ``None`` where it is not there, or nobody may see it.
        secret: Whether nobody may see it: only that it changed is known.
        why: Of a package: why the resolver chose it.
    """

    part: Part
    name: str
    how: How
    before: str | None
    after: str | None
    secret: bool = False
    why: str = ""

    def told(self) -> str:
        """The difference in a line."""
        if self.secret:
            return f"{self.name}: {self.how}; its value is told to nobody"
        if self.part == "file":
            return f"{self.name}: {_told_file(self.how, self.before, self.after)}"
        what = {
            "changed": f"{_cut(self.before)} → {_cut(self.after)}",
            "new": f"new, {_cut(self.after)}",
            "gone": f"gone, it was {_cut(self.before)}",
        }[self.how]
        return f"{self.name}: {what}" + (f"; {self.why}" if self.why else "")


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], why: Callable[[str], str] = lambda name: ""
) -> list[Difference]:
    """What differs between the parts of two keys, the plain parts first, then each by name.

    Args:
        before, after: What :meth:`~hpmtasks.scripts.key.Key.parts` gives.
        why: Why a package was chosen.
    """
    return [
        *_lines(before, after),
        *_plain(before, after),
        *(_file(*each) for each in _entries(before, after, "files")),
        *_packages(before, after, why),
        *(_variable(*each) for each in _entries(before, after, "env")),
        *(Difference("machine", *each) for each in _entries(before, after, "platform")),
        *(Difference("told", *each) for each in _entries(before, after, "told")),
    ]


_Entry = tuple[str, How, str | None, str | None]


def _entries(before: Mapping[str, Any], after: Mapping[str, Any], part: str) -> Iterator[_Entry]:
    old, new = _mapping(before, part), _mapping(after, part)
    for name in sorted({*old, *new}):
        if (name in old) != (name in new) or old[name] != new[name]:
            how: How = "gone" if name not in new else "new" if name not in old else "changed"
            yield name, how, _text(old.get(name)), _text(new.get(name))


def _lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """The command lines: those that both have are not told."""
    old, new = _list(before, "command"), _list(after, "command")
    if old == new:
        return
    if len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            if one != other:
                yield Difference("command", "command", "changed", one, other)
        return
    for line in old:
        if line not in new:
            yield Difference("command", "command", "gone", line, None)
    for line in new:
        if line not in old:
            yield Difference("command", "command", "new", None, line)


def _plain(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for part in ("shell", "folder", "mode"):
        old, new = _text(before.get(part)), _text(after.get(part))
        if old != new:
            yield Difference(_PLAIN[part], part, "changed", old, new)
    old_outputs, new_outputs = _list(before, "outputs"), _list(after, "outputs")
    if old_outputs != new_outputs:
        yield Difference("outputs", "outputs", "changed", " ".join(old_outputs), " ".join(new_outputs))


_PLAIN: Mapping[str, Part] = {"shell": "shell", "folder": "folder", "mode": "mode"}


def _file(name: str, how: How, before: str | None, after: str | None) -> Difference:
    return Difference("file", name, how, before, after)


def _variable(name: str, how: How, before: str | None, after: str | None) -> Difference:
    if looks_secret(name) or any(value and value.startswith(_HIDDEN) for value in (before, after)):
        return Difference("variable", name, how, None, None, secret=True)
    # A variable that is declared is always there; not to be set is one of its values.
    if before is None or after is None:
        return Difference("variable", name, "changed", _quoted(before), _quoted(after))
    return Difference("variable", name, how, _quoted(before), _quoted(after))


def _quoted(value: str | None) -> str:
    return "not set" if value is None else f'"{value}"'


def _packages(
    before: Mapping[str, Any], after: Mapping[str, Any], why: Callable[[str], str]
) -> Iterator[Difference]:
    versions = _mapping(before, "versions"), _mapping(after, "versions")
    for name, how, old, new in _entries(before, after, "packages"):
        was, is_now = (
            _version(each.get(name), tree) for each, tree in zip(versions, (old, new), strict=True)
        )
        yield Difference("package", name, how, was, is_now, why=why(name) if how != "gone" else "")


def _version(version: object, tree: str | None) -> str | None:
    if tree is None:
        return None
    return f"{version or 'unknown'} (tree {tree.removeprefix('sha256-')[:_SHORT]})"


def renamed_versions(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The packages that have another version and the same files: what changed without counting."""
    same_trees = [
        name
        for name, tree in _mapping(after, "packages").items()
        if _mapping(before, "packages").get(name) == tree
    ]
    old, new = _mapping(before, "versions"), _mapping(after, "versions")
    return [
        f"{name} {old[name]} → {new[name]}"
        for name in sorted(same_trees)
        if name in old and name in new and old[name] != new[name]
    ]


# ---------------------------------------------------------------- in words


def _told_file(how: How, before: str | None, after: str | None) -> str:
    old, new = (_DIGEST.fullmatch(text or "") for text in (before, after))
    if how != "changed":
        found = new or old
        return f"{how}, {_bytes(found['size'])}" if found else f"{how}, a link"
    if old is None or new is None:
        return f"{_cut(before)} → {_cut(after)}"
    if old["hash"] == new["hash"]:
        return "executable now" if new["executable"] else "not executable any more"
    return f"{_bytes(old['size'])}, {old['hash'][:_SHORT]} → {_bytes(new['size'])}, {new['hash'][:_SHORT]}"


def _bytes(size: str) -> str:
    return f"{size} byte{'' if size == '1' else 's'}"


def _cut(text: str | None) -> str:
    told = text or ""
    digest = _DIGEST.fullmatch(told)
    if digest is not None:
        return f"{_bytes(digest['size'])}, {digest['hash'][:_SHORT]}"
    return told if len(told) <= _MOST_OF_A_LINE else f"{told[:_MOST_OF_A_LINE]} …"


# ---------------------------------------------------------------- parts that were read from a file


def _mapping(parts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = parts.get(name)
    return found if isinstance(found, dict) else {}


def _list(parts: Mapping[str, Any], name: str) -> Sequence[str]:
    found = parts.get(name)
    return [str(each) for each in found] if isinstance(found, list) else []


def _text(value: object) -> str | None:
    return None if value is None else str(value)
