from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpmtasks.model.manifest import (
    add_dependency,
    create_default,
    parse_manifest,
    remove_dependency,
    render_manifest,
    validate,
    write_manifest,
)

TEXT = """{
  "name": "me/app",
  "dependencies": {
    "acme/json": "^1.0.0"
  },
  "devDependencies": {
    "acme/test": "*"
  }
}
"""


def test_the_default_manifest_is_the_documented_one() -> None:
    """The text that the package specification shows, character for character, and it is valid."""
    document = create_default("directory-name/directory-name")
    assert validate(document) == []
    assert render_manifest(document) == (
        '{\n  "name": "directory-name/directory-name",\n  "version": "1.0.0",\n  "description": "",\n'
        '  "author": "",\n  "license": "MIT",\n  "main": "src/index.hml",\n  "dependencies": {},\n'
        '  "devDependencies": {},\n  "scripts": {\n    "test": "hemlock test/run.hml"\n  }\n}\n'
    )


def test_a_dependency_is_added() -> None:
    """A new name goes to its place in its section."""
    assert add_dependency(TEXT, "acme/a", "1") == TEXT.replace(
        '"acme/json"', '"acme/a": "1",\n    "acme/json"'
    )


def test_a_dependency_is_moved_between_sections() -> None:
    """A package stands in one section only, the one it was last added to."""
    moved = json.loads(add_dependency(TEXT, "acme/json", "^2.0.0", dev=True))
    assert moved["dependencies"] == {}
    assert moved["devDependencies"] == {"acme/json": "^2.0.0", "acme/test": "*"}
    back = json.loads(add_dependency(TEXT, "Acme/Test", "1"))
    assert back["dependencies"] == {"Acme/Test": "1", "acme/json": "^1.0.0"}
    assert back["devDependencies"] == {}


def test_an_existing_spelling_stays() -> None:
    """GitHub does not tell capitals apart, so other capitals do not make a second entry."""
    assert add_dependency(TEXT, "ACME/Json", "^1.0.0") == TEXT
    assert '"acme/json": "2"' in add_dependency(TEXT, "ACME/Json", "2")


def test_a_dependency_is_removed_from_both_sections() -> None:
    """However it is spelled, and wherever it stands."""
    both = TEXT.replace('"acme/test": "*"', '"acme/test": "*",\n    "Acme/JSON": "1"')
    assert remove_dependency(both, "acme/json") == TEXT.replace('{\n    "acme/json": "^1.0.0"\n  }', "{}")
    assert remove_dependency(TEXT, "no/such") == TEXT


def test_a_name_that_is_none_is_not_removed() -> None:
    """What could be a path never reaches the document."""
    with pytest.raises(ValueError, match="not a package name"):
        remove_dependency(TEXT, "../../victim")


def test_sections_that_are_missing_are_made() -> None:
    """The minimal manifest can be added to and removed from."""
    text = '{"name":"a/b","version":"1.0.0"}\r\n'
    longer = add_dependency(text, "c/d", "^1.0.0")
    assert longer == '{"name":"a/b","version":"1.0.0","dependencies":{"c/d":"^1.0.0"}}\r\n'
    assert remove_dependency(text, "c/d") == text


def test_a_manifest_is_written_as_its_text_stands(tmp_path: Path) -> None:
    """Byte order mark and line ends arrive on the disk, whatever the platform's are."""
    text = '\ufeff{\r\n\t"name": "a/é"\r\n}'
    write_manifest(tmp_path / "package.json", text)
    assert (tmp_path / "package.json").read_bytes() == text.encode()
    data = (tmp_path / "package.json").read_bytes()
    assert parse_manifest(data, "package.json", strict_own=False).text == text
