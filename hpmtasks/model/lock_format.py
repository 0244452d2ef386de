"""lock_format: package-lock.json, from bytes and to bytes.

A hand-written reader and writer, because a lock of thousands of entries is read and
compared by every run; the typed form in ``wire`` is asked only for what is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hpmtasks.errors import InvalidLockfile
from hpmtasks.model.json_load import LARGEST_LOCK, load
from hpmtasks.model.json_scan import MalformedJson
from hpmtasks.model.lock_entry import HEMLOCK, LOCK_VERSION, LockEntry, Lockfile
from hpmtasks.model.package import PackageName
from hpmtasks.pattern import pattern
from hpmtasks.semver.version import Version

#: Written where no integrity is known. The first hpm writes it too, when it cannot hash.
UNKNOWN_INTEGRITY = "sha256-unknown"
# The first hpm, compiled, hashes the gzip header up to its first NUL: the same for all archives.
_INTEGRITY_OF_NOTHING = "sha256-baa89858c7e545390273530ba63c61b94c2e09d38c28b0a0311bfa7bde396181"

_DIGEST = re.compile(r"sha256-[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONFLICT = pattern(rb"^(?:<{7}|={7}|>{7})(?: |\r?$)", re.MULTILINE)
_LONE_SURROGATE = pattern("[\ud800-\udfff]")
_WAY_OUT = "Correct the file, or delete it and run 'hpm install' to lock anew."
_MOST_ISSUES = 20
_TEXT = (str, type(None))
_KNOWN = ("lockVersion", "hemlock", "dependencies")


# ---------------------------------------------------------------- reading


def parse_lockfile(data: bytes, path: str) -> Lockfile:
    """The lockfile that *data* holds, written by this hpm or by the first.

    Args:
        data: The file's bytes.
        path: The file's name in messages.

    Raises:
        InvalidLockfile: It is damaged, unsafe, or of a newer format.
    """
    try:
        document = load(data, limit=LARGEST_LOCK)
    except MalformedJson as error:
        raise InvalidLockfile(path, list(_issues_of_text(data, error))) from None
    issues = _issues_of_document(document)
    if issues:
        raise InvalidLockfile(path, issues)

    reader = _Reader()
    for key, fields in (document.get("dependencies") or {}).items():
        reader.read(key, fields)
    extras = {key: value for key, value in document.items() if key not in _KNOWN}
    try:
        json.dumps(extras)
    except TypeError:
        reader.issues.append("A number is too large.")
    if reader.issues:
        more = len(reader.issues) - _MOST_ISSUES
        shown = reader.issues[:_MOST_ISSUES] + ([f"… and {more} more."] if more > 0 else [])
        raise InvalidLockfile(path, [*shown, _WAY_OUT])
    return Lockfile(
        entries=reader.entries,
        hemlock=document.get("hemlock") or HEMLOCK,
        extras=extras,
        unusable=reader.unusable,
    )


def _issues_of_text(data: bytes, error: MalformedJson) -> Iterator[str]:
    if conflict := _CONFLICT.search(data):
        line = data.count(b"\n", 0, conflict.start()) + 1
        yield (
            f"package-lock.json holds the marks of a git merge conflict (line {line}). Settle package.json,"
            " then delete package-lock.json and run 'hpm install'."
        )
    else:
        yield f"package-lock.json is not valid JSON: {error}"
        yield _WAY_OUT


def _issues_of_document(document: Any) -> list[str]:
    if not isinstance(document, dict):
        return ["package-lock.json must hold an object: {…}.", _WAY_OUT]
    version = document.get("lockVersion", LOCK_VERSION)
    if isinstance(version, int) and version > LOCK_VERSION:
        return [f"It was written by a newer hpm (lockVersion {version}, not {LOCK_VERSION}); update hpm."]
    if isinstance(version, int) and version < LOCK_VERSION and not isinstance(version, bool):
        return [f"lockVersion must be {LOCK_VERSION}, not {version}.", _WAY_OUT]
    if has_documented_shape(document):
        return []
    from hpmtasks.model import wire

    issues = wire.issues_of_shape(wire.PackageLock, document)
    return [*issues[:_MOST_ISSUES], _WAY_OUT] if issues else []


def has_documented_shape(document: Mapping[str, Any]) -> bool:
    """Whether each documented field of *document* has its documented type; cheaply.

    Says the same as ``wire.PackageLock``, which is only asked to explain a "no".
    """
    entries = document.get("dependencies", {})
    return (
        type(document.get("lockVersion", LOCK_VERSION)) is int
        and isinstance(document.get("hemlock", HEMLOCK), str)
        and isinstance(entries, dict)
        and all(isinstance(entry, dict) and _is_entry(entry) for entry in entries.values())
    )


def _is_entry(entry: Mapping[str, Any]) -> bool:
    dependencies = entry.get("dependencies")
    return (
        isinstance(entry.get("version"), str)
        and all(isinstance(entry.get(key), _TEXT) for key in ("resolved", "integrity", "commit", "tree"))
        and type(entry.get("repository", 0)) in {int, type(None)}
        and isinstance(entry.get("dev", False), bool)
        and (dependencies is None or _is_object_of_strings(dependencies))
    )


def _is_object_of_strings(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


class _Reader:
    """Turns well-typed entries into :class:`LockEntry`, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.entries: dict[PackageName, LockEntry] = {}
        self.unusable: dict[PackageName, str] = {}
        self.issues: list[str] = []
        self._names: dict[str, PackageName] = {}

    def read(self, key: str, fields: Mapping[str, Any]) -> None:
        """The entry *key* is in ``entries`` or ``unusable``, or has left an issue."""
        try:
            name = self._name(key)
        except ValueError as error:
            self.issues.append(f"{error}.")
            return
        if name in self.entries or name in self.unusable:
            self.issues.append(f"{key} is locked twice, with different capitals.")
            return
        try:
            entry = self._entry(fields)
        except ValueError as error:
            self.issues.append(f"{key}: {error}.")
            return
        if entry is None:
            self.unusable[name] = f"{fields['version']!r} is not a version"
        else:
            self.entries[name] = entry

    def _entry(self, fields: Mapping[str, Any]) -> LockEntry | None:
        integrity = fields.get("integrity")
        if integrity in {None, "", UNKNOWN_INTEGRITY, _INTEGRITY_OF_NOTHING}:
            integrity = None
        resolved = fields.get("resolved") or ""
        if _CONTROL.search(resolved):
            raise ValueError("resolved holds a control character")
        repository = fields.get("repository")
        if repository is not None and repository < 1:
            raise ValueError(f"repository must be a positive number, not {repository}")
        dependencies = {}
        for key, constraint in (fields.get("dependencies") or {}).items():
            if _CONTROL.search(constraint):
                raise ValueError(f"the constraint on {key} holds a control character")
            dependencies[self._name(key)] = constraint
        entry_fields = {
            "integrity": _matching("integrity", integrity, _DIGEST, "sha256- and 64 hexadecimal digits"),
            "commit": _matching("commit", fields.get("commit"), _COMMIT, "40 or 64 hexadecimal digits"),
            "tree": _matching("tree", fields.get("tree"), _DIGEST, "sha256- and 64 hexadecimal digits"),
        }
        try:
            version = Version.parse(fields["version"])
        except ValueError:
            return None
        return LockEntry(
            version,
            resolved,
            **entry_fields,
            repository=repository,
            dev=fields.get("dev", False),
            dependencies=dependencies,
        )

    def _name(self, text: str) -> PackageName:
        name = self._names.get(text)
        if name is None:
            name = self._names[text] = PackageName.parse(text)
        return name


def _matching(field: str, value: str | None, pattern: re.Pattern[str], form: str) -> str | None:
    if value is not None and not pattern.fullmatch(value):
        raise ValueError(f"{field} must be {form}, not {value!r}")
    return value


# ---------------------------------------------------------------- writing


def render(lockfile: Lockfile) -> bytes:
    """The file that holds *lockfile*: canonical, so equal lockfiles are equal bytes."""
    lines = [
        "{",
        f'  "lockVersion": {lockfile.lock_version},',
        f'  "hemlock": {_quoted(lockfile.hemlock)},',
    ]
    if lockfile.entries:
        blocks = (f"    {_quoted(str(name))}: {_block(entry)}" for name, entry in lockfile.entries.items())
        lines += ['  "dependencies": {', ",\n".join(blocks), "  }"]
    else:
        lines.append('  "dependencies": {}')
    if lockfile.extras:
        lines[-1] += ","
        lines += json.dumps(lockfile.extras, ensure_ascii=False, indent=2).split("\n")[1:-1]
    lines.append("}\n")
    text = "\n".join(lines)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON allows as an escape only.
        return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text).encode("utf-8")


def _block(entry: LockEntry) -> str:
    members = [
        f'"version": {_quoted(str(entry.version))}',
        f'"resolved": {_quoted(entry.resolved)}',
        f'"integrity": {_quoted(entry.integrity or UNKNOWN_INTEGRITY)}',
    ]
    if entry.commit is not None:
        members.append(f'"commit": {_quoted(entry.commit)}')
    if entry.tree is not None:
        members.append(f'"tree": {_quoted(entry.tree)}')
    if entry.repository is not None:
        members.append(f'"repository": {entry.repository}')
    if entry.dev:
        members.append('"dev": true')
    if entry.dependencies:
        ordered = sorted(entry.dependencies.items(), key=lambda item: item[0].key)
        inner = ",\n        ".join(f"{_quoted(str(name))}: {_quoted(text)}" for name, text in ordered)
        members.append(f'"dependencies": {{\n        {inner}\n      }}')
    return "{\n      " + ",\n      ".join(members) + "\n    }"


_quoted = json.JSONEncoder(ensure_ascii=False).encode
