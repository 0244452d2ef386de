"""Every part of a key that is another is told, old and new, and no secret is."""

from __future__ import annotations

from typing import Any

import pytest

from hpmtasks.scripts.differences import differences, renamed_versions

ONE, TWO = "1" * 64, "2" * 64
KEY: dict[str, Any] = {
    "folder": "app",
    "command": ["prepare", "make"],
    "shell": "sh",
    "env": {"MODE": "fast", "UNSET": None, "API_TOKEN": f"sha256:{ONE}", "ODD": f"sha256:{ONE}"},
    "told": {"HPM_PACKAGE_VERSION": "1.0.0"},
    "files": {"src/a": f"{ONE}/1", "link": "-> a"},
    "packages": {"acme/json": f"sha256-{ONE}", "acme/log": f"sha256-{ONE}"},
    "versions": {"acme/json": "1.0.0", "acme/log": "2.0.0"},
    "outputs": ["dist/**"],
    "platform": {"os": "linux", "hemlock": "1.0.0"},
    "mode": "strict",
}

# Each: the part; what it is then; what is told of it.
CASES: list[tuple[str, Any, list[str]]] = [
    ("folder", "app", []),
    ("folder", "lib", ["folder: app → lib"]),
    ("shell", "bash", ["shell: sh → bash"]),
    ("mode", "loose", ["mode: strict → loose"]),
    ("command", ["prepare", "make all"], ["command: make → make all"]),
    ("command", ["make"], ["command: gone, it was prepare"]),
    ("command", ["prepare", "make", "clean"], ["command: new, clean"]),
    ("outputs", ["dist/**", "!dist/x"], ["outputs: dist/** → dist/** !dist/x"]),
    ("env", {**KEY["env"], "MODE": "slow"}, ['MODE: "fast" → "slow"']),
    ("env", {**KEY["env"], "MODE": ""}, ['MODE: "fast" → ""']),
    ("env", {**KEY["env"], "UNSET": "x"}, ['UNSET: not set → "x"']),
    ("env", {**KEY["env"], "MODE": None}, ['MODE: "fast" → not set']),
    (
        "env",
        {**KEY["env"], "API_TOKEN": f"sha256:{TWO}"},
        ["API_TOKEN: changed; its value is told to nobody"],
    ),
    ("env", {**KEY["env"], "API_TOKEN": None}, ["API_TOKEN: changed; its value is told to nobody"]),
    ("env", {**KEY["env"], "ODD": f"sha256:{TWO}"}, ["ODD: changed; its value is told to nobody"]),
    ("told", {"HPM_PACKAGE_VERSION": "1.1.0"}, ["HPM_PACKAGE_VERSION: 1.0.0 → 1.1.0"]),
    (
        "files",
        {**KEY["files"], "src/a": f"{TWO}/15"},
        ["src/a: 1 byte, 111111111111 → 15 bytes, 222222222222"],
    ),
    ("files", {**KEY["files"], "src/a": f"{ONE}/1 executable"}, ["src/a: executable now"]),
    ("files", {**KEY["files"], "src/b": f"{TWO}/0"}, ["src/b: new, 0 bytes"]),
    ("files", {"link": "-> a"}, ["src/a: gone, 1 byte"]),
    ("files", {**KEY["files"], "link": "-> b"}, ["link: -> a → -> b"]),
    ("files", {**KEY["files"], "link": f"{ONE}/1"}, ["link: -> a → 1 byte, 111111111111"]),
    (
        "packages",
        {**KEY["packages"], "acme/json": f"sha256-{TWO}"},
        ["acme/json: 1.0.0 (tree 111111111111) → 1.0.0 (tree 222222222222); required by acme/json"],
    ),
    (
        "packages",
        {"acme/json": f"sha256-{ONE}"},
        ["acme/log: gone, it was 2.0.0 (tree 111111111111)"],
    ),
    ("versions", {"acme/json": "1.0.1", "acme/log": "2.0.0"}, []),
    ("platform", {"os": "linux", "hemlock": "1.1.0"}, ["hemlock: 1.0.0 → 1.1.0"]),
]


@pytest.mark.parametrize(("part", "then", "expected"), CASES)
def test_each_part_is_told_old_and_new(part: str, then: Any, expected: list[str]) -> None:
    """The lines are the row's."""
    found = differences(KEY, {**KEY, part: then}, lambda name: f"required by {name}")
    assert [each.told() for each in found] == expected
    assert all(ONE not in each.told() and TWO not in each.told() for each in found)


def test_secrets_are_in_no_field() -> None:
    """Not even the digest of a secret value is told."""
    (found,) = differences(KEY, {**KEY, "env": {**KEY["env"], "API_TOKEN": f"sha256:{TWO}"}})
    assert (found.before, found.after, found.secret) == (None, None, True)


def test_another_version_of_the_same_files_does_not_count() -> None:
    """It is told apart from what counts."""
    then = {**KEY, "versions": {"acme/json": "1.0.1", "acme/log": "2.0.0"}}
    assert renamed_versions(KEY, then) == ["acme/json 1.0.0 → 1.0.1"]
    other = {**then, "packages": {**KEY["packages"], "acme/json": f"sha256-{TWO}"}}
    assert renamed_versions(KEY, other) == []


@pytest.mark.parametrize("damaged", [{}, {"files": 1, "env": [], "command": {}, "packages": None}])
def test_a_record_of_another_form_differs_in_everything(damaged: dict[str, Any]) -> None:
    """What cannot be read counts as not there."""
    parts = {each.part for each in differences(damaged, KEY)}
    assert parts >= {"file", "package", "variable", "command", "machine", "outputs"}
