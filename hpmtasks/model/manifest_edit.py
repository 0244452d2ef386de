"""manifest_edit: package.json, written and changed without touching what is not meant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpmtasks.model.json_load import load
from hpmtasks.model.package import PackageName

_SECTIONS = ("dependencies", "devDependencies")


def create_default(name: str) -> dict[str, Any]:
    """The document that ``hpm init --yes`` writes, as the package specification documents it."""
    return {
        "name": name,
        "version": "1.0.0",
        "description": "",
        "author": "",
        "license": "MIT",
        "main": "src/index.hml",
        "dependencies": {},
        "devDependencies": {},
        "scripts": {"test": "hemlock test/run.hml"},
    }


def render_manifest(document: Mapping[str, Any]) -> str:
    """*document* as the text of a new package.json: two spaces, LF, a final newline."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write_manifest(path: Path, text: str) -> None:
    """The file *path* holds *text*, byte order mark and line ends as they are in it; atomically."""
    from hpmtasks.files.atomic import write_atomically

    write_atomically(path, text.encode("utf-8"), durable=True)


def add_dependency(text: str, name: str, constraint: str, *, dev: bool = False) -> str:
    """*text* of a package.json, which then requires *name* with *constraint* in one section only.

    The other section loses it: a package is moved between ``dependencies`` and
    ``devDependencies`` by adding it anew. An entry that spells the name with other
    capitals is changed where it stands.

    Raises:
        ValueError: *text* is not a JSON object, or a section is none.
    """
    from hpmtasks.model.json_text import edit_member

    section, other = reversed(_SECTIONS) if dev else _SECTIONS
    text = _without(text, other, name)
    return edit_member(text, [section, _spelled(text, section, name) or name], constraint)


def set_constraint(text: str, section: str, name: str, constraint: str) -> str:
    """*text* of a package.json, in whose *section* the requirement on *name* then has *constraint*.

    Raises:
        ValueError: *text* is not a JSON object, or *section* is none.
    """
    from hpmtasks.model.json_text import edit_member

    return edit_member(text, [section, _spelled(text, section, name) or name], constraint)


def remove_dependency(text: str, name: str) -> str:
    """*text* of a package.json, which then requires *name*, however capitalized, in no section.

    Raises:
        ValueError: *text* is not a JSON object.
    """
    for section in _SECTIONS:
        text = _without(text, section, name)
    return text


def _without(text: str, section: str, name: str) -> str:
    from hpmtasks.model.json_text import REMOVE, edit_member

    while spelled := _spelled(text, section, name):
        text = edit_member(text, [section, spelled], REMOVE)
    return text


def _spelled(text: str, section: str, name: str) -> str | None:
    """How *section* spells the package *name*; ``None`` if it does not name it."""
    document = load(text.encode("utf-8"))
    entries = document.get(section) if isinstance(document, dict) else None
    if not isinstance(entries, dict):
        return None
    key = PackageName.parse(name).key
    return next((entry for entry in entries if entry.lower() == key), None)
