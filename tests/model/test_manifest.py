from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.errors import InvalidManifest
from hpmtasks.model.manifest import (
    Manifest,
    get_all_dependencies,
    parse_dependency_manifest,
    parse_manifest,
    read_manifest,
    validate,
)

COMPLETE = {
    "name": "hemlang/example-package",
    "version": "1.2.3",
    "description": "An example Hemlock package",
    "author": "Hemlock Team <team@hemlock.dev>",
    "license": "MIT",
    "repository": {"type": "git", "url": "https://github.com/hemlang/example-package"},
    "homepage": "https://hemlang.github.io/example-package",
    "bugs": "https://github.com/hemlang/example-package/issues",
    "main": "src/lib.hml",
    "keywords": ["example"],
    "dependencies": {"hemlang/json": "^1.0.0", "Alice/http.js": ">=1.0.0 <2.0.0"},
    "devDependencies": {"hemlang/test-utils": "*", "hemlang/json": "^1.2.0"},
    "scripts": {"test": "hemlock test/run.hml", "test:unit": "x"},
    "files": ["src/", "/LICENSE"],
    "native": {"requires": ["libcurl"]},
    "overrides": {"hemlang/json": "1.0.1"},
    "hpm": {"sources": [{"match": "*", "type": "github"}], "later": 1},
    "unknown": {"kept": [1, 2]},
}


def parse(document: Any) -> Manifest:
    """The manifest of a document."""
    return parse_manifest(json.dumps(document).encode(), "package.json")


def issues(document: Any) -> tuple[str, ...]:
    """What is wrong with a document."""
    with pytest.raises(InvalidManifest) as refusal:
        parse(document)
    assert refusal.value.exit_code == 5
    return refusal.value.issues


def good(**fields: Any) -> dict[str, Any]:
    """The documentation's minimal manifest, with *fields* added."""
    return {"name": "owner/repo", "version": "1.0.0", **fields}


def test_every_documented_field_arrives() -> None:
    """The documentation's complete example is understood."""
    manifest = parse(COMPLETE)
    assert manifest.name == "hemlang/example-package"
    assert manifest.version == "1.2.3"
    assert manifest.main == "src/lib.hml"
    assert [str(needed) for needed in manifest.requirements] == [
        "Alice/http.js@>=1.0.0 <2.0.0",
        "hemlang/json@^1.0.0",
    ]
    assert [str(needed) for needed in manifest.dev_requirements] == [
        "hemlang/json@^1.2.0",
        "hemlang/test-utils@*",
    ]
    assert manifest.scripts["test:unit"] == "x"
    assert manifest.files == ("src/", "/LICENSE")
    assert manifest.native_requires == ("libcurl",)
    assert manifest.overrides == {"hemlang/json": "1.0.1"}
    assert manifest.sources == ({"match": "*", "type": "github"},)
    assert manifest.policy["later"] == 1
    assert manifest.document == COMPLETE
    assert len(get_all_dependencies(manifest)) == 4


def test_the_minimal_example_has_the_documented_defaults() -> None:
    """Name and version are enough."""
    manifest = parse(good())
    assert manifest.main == "src/index.hml"
    assert manifest.files is None
    assert manifest.requirements == manifest.dev_requirements == ()
    assert manifest.scripts == {}


def test_null_means_left_out() -> None:
    """A field that is null is not an error."""
    document = good(**dict.fromkeys(COMPLETE.keys() - {"name", "version"}))
    assert parse(document).requirements == ()


def test_the_text_is_kept_as_it_is() -> None:
    """Byte order mark, tabs and CRLF are in the text, and do not disturb reading."""
    text = '\ufeff{\r\n\t"name": "a/b",\r\n\t"version": "1.0.0", "files": ["x"]\r\n}'
    assert parse_manifest(text.encode(), "package.json").text == text


REFUSED = [
    ({}, "package.json missing required field: name"),
    ({"name": "a/b"}, "package.json missing required field: version"),
    (good(name="my-package"), "Invalid package name. Must be in owner/repo format."),
    (good(name=""), "Invalid package name. Must be in owner/repo format."),
    (good(name="../x"), "Invalid package name. Must be in owner/repo format."),
    (
        good(name="hemlang/My_Package"),
        (
            'Invalid package name "hemlang/My_Package". Package name may only hold lowercase letters, digits'
            ' and hyphens. "hemlang/my-package" would do.'
        ),
    ),
    (
        good(name="stdlib/x"),
        "Invalid package name \"stdlib/x\". Owner 'stdlib' is reserved.",
    ),
    (good(version="1.0"), 'Invalid version "1.0". Must be semver format (X.Y.Z).'),
    (good(version="v1.0.0"), 'Invalid version "v1.0.0". Must be semver format (X.Y.Z).'),
    (good(version="1\x1b[2J"), 'Invalid version "1\\u001b[2J". Must be semver format (X.Y.Z).'),
    (good(scripts={"\x1b": 1}), "scripts.'\\x1b' must be a string, not a number."),
    (good(version=1), "version must be a string, not a number."),
    (good(dependencies=[]), "dependencies must be an object, not a list."),
    (good(dependencies={"a/b": {}}), "dependencies.a/b must be a string, not an object."),
    (good(files="src"), "files must be a list, not a string."),
    (good(files=["src", 1]), "files[1] must be a string, not a number."),
    (good(native=["x"]), "native must be an object, not a list."),
    (good(native={"requires": "x"}), "native.requires must be a list, not a string."),
    (good(scripts={"test": True}), "scripts.test must be a string, not true or false."),
    (good(author=1), "author must be a string or an object, not a number."),
    (good(hpm={"sources": {}}), "hpm.sources must be a list, not an object."),
    (good(main="../x.hml"), 'main: "../x.hml" must be a path inside the package.'),
    (good(main="/etc/x"), 'main: "/etc/x" must be a path inside the package.'),
    (good(main="C:/x"), 'main: "C:/x" must be a path inside the package.'),
    (good(files=["a/../../b"]), 'files: "a/../../b" must be a path inside the package.'),
    (good(scripts={"x": "a\0b"}), "scripts: x holds a character that no command can hold."),
    (
        good(dependencies={"a/b": "1", "A/B": "2"}),
        "dependencies: A/B and a/b are the same package; keep one of them.",
    ),
    (
        good(devDependencies={"a/b/c": "1"}),
        "devDependencies: 'a/b/c' is not a package name; the form is owner/repo.",
    ),
]


@pytest.mark.parametrize(("document", "issue"), REFUSED)
def test_a_bad_field_is_told_in_one_sentence(document: dict[str, Any], issue: str) -> None:
    """The documented sentences stand verbatim, and each names its field."""
    assert issue in issues(document)


def test_everything_wrong_is_told_at_once() -> None:
    """Identity, shape and values are all looked at before anybody is bothered."""
    found = issues({"version": "1", "scripts": 3, "dependencies": {"x": "1", "a/b": "^^1"}})
    assert len(found) == 5


def test_a_bad_constraint_is_pointed_at() -> None:
    """The caret stands under the character, on the line below the constraint."""
    [issue] = issues(good(dependencies={"a/b": ">=1.0.0 <<2"}))
    first, shown, caret = issue.splitlines()
    assert first.startswith("dependencies: a/b: '>=1.0.0 <<2' is not a constraint")
    assert shown[caret.index("^")] == "<"


@pytest.mark.parametrize(
    ("data", "issue"),
    [
        (b'{"name": "a/b",}', "package.json is not valid JSON: line 1, column 16: expected a name"),
        (b"", "package.json is not valid JSON: line 1, column 1"),
        (b"[]", "package.json must hold an object: {…}."),
        (b"\xff\xfe{\x00}\x00", "package.json is not valid JSON: saved as UTF-16"),
        (
            b'{"name": "a/b", "name": "c/d"}',
            'package.json is not valid JSON: line 1, column 17: "name" stands twice',
        ),
    ],
)
def test_what_is_no_json_is_told_with_its_place(data: bytes, issue: str) -> None:
    """The documented sentence comes first, then where and what."""
    with pytest.raises(InvalidManifest) as refusal:
        parse_manifest(data, "sub/package.json")
    assert refusal.value.issues[0].startswith(issue)
    assert "sub/package.json" in str(refusal.value)


def test_identity_may_be_waived() -> None:
    """Where the project's name does not matter, it may be missing or wrong; dependencies may not."""
    manifest = parse_manifest(b'{"name": "My App", "dependencies": {"a/b": "1"}}', "p", strict_own=False)
    assert (manifest.name, manifest.version) == ("My App", None)
    with pytest.raises(InvalidManifest):
        parse_manifest(b'{"dependencies": {"a": "1"}}', "p", strict_own=False)


def test_validate_says_what_parsing_would() -> None:
    """The first hpm's function gives the same sentences as a list, and none for a good document."""
    assert validate(COMPLETE) == []
    for document, _ in REFUSED:
        assert tuple(validate(document)) == issues(document)


def test_a_missing_file_is_an_invalid_manifest(tmp_path: Path) -> None:
    """The first hpm's sentence and exit code."""
    with pytest.raises(InvalidManifest) as refusal:
        read_manifest(tmp_path / "package.json")
    assert refusal.value.issues == ("No package.json found. Run 'hpm init' first.",)
    (tmp_path / "package.json").mkdir()
    with pytest.raises(InvalidManifest, match="cannot be read: Is a directory"):
        read_manifest(tmp_path / "package.json")


# ---------------------------------------------------------------- dependencies


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": "Some One", "version": 3},
        {"devDependencies": {"not a name": 1}, "scripts": [], "keywords": 1, "overrides": 7, "hpm": []},
    ],
)
def test_what_an_installation_does_not_need_may_be_wrong(document: dict[str, Any]) -> None:
    """A dependency is not judged by its name, its scripts or how it is developed."""
    manifest = parse_dependency_manifest(json.dumps(document).encode())
    assert manifest.requirements == manifest.dev_requirements == ()
    assert manifest.scripts == {}
    assert manifest.overrides == {}


def test_what_an_installation_needs_arrives() -> None:
    """Requirements, files, main and native libraries of a dependency are read; the rest is left out."""
    manifest = parse_dependency_manifest(json.dumps(COMPLETE).encode())
    assert len(manifest.requirements) == 2
    assert manifest.dev_requirements == ()
    assert manifest.sources == ()
    assert manifest.files == ("src/", "/LICENSE")
    assert manifest.native_requires == ("libcurl",)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "must hold an object"),
        ({"dependencies": {"a/b": 1}}, "dependencies.a/b must be a string"),
        ({"dependencies": {"../../x": "1"}}, "'../../x' is not a package name"),
        ({"dependencies": {"a/b": "latest"}}, "is not a constraint"),
        ({"files": {}}, "files must be a list"),
        ({"main": []}, "main must be a string"),
        ({"main": "..\\x"}, "must be a path inside the package"),
        ({"main": "a/../../x"}, "must be a path inside the package"),
        ({"native": 1}, "native must be an object"),
        ({"native": {"requires": ["a\x1b[2J"]}}, "native.requires: 'a\\x1b[2J' holds a control character."),
    ],
)
def test_a_dependency_that_cannot_be_understood_is_passed_over_with_a_reason(
    document: Any, reason: str
) -> None:
    """It is a ValueError, not an InvalidManifest: another version may be fine."""
    with pytest.raises(ValueError, match=re.escape(reason)) as refusal:
        parse_dependency_manifest(json.dumps(document).encode())
    assert not isinstance(refusal.value, InvalidManifest)


def test_a_dependency_that_is_no_json_is_passed_over_with_a_reason() -> None:
    """The reason has the place."""
    with pytest.raises(ValueError, match=r"^package.json is not valid JSON: line 1, column 2: expected"):
        parse_dependency_manifest(b"{]")
