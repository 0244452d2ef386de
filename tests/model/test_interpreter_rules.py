"""What the interpreter reads of a package.json, against what stands in it."""

from __future__ import annotations

import json

import pytest

from hpmtasks.model.interpreter_rules import issues_of_main, issues_of_members, main_as_loaded

DEFAULT = "src/index.hml"


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        ('{"main": "lib.hml"}', "lib.hml"),
        ('{\n  "name": "a/b",\n  "main" :"lib"\n}\n', "lib"),
        ('{"scripts": {"main": "hemlock x"}, "main": "lib.hml"}', "hemlock x"),
        ('{\n"keywords": ["main"],\n"main": "lib.hml"}', DEFAULT),
        ('{"description": "the \\"main\\" one",\n"main": "lib.hml"}', "lib.hml"),
        ('{"main":\n"lib.hml"}', DEFAULT),
        ('{"main"\n: "lib.hml"}', DEFAULT),
        ("{}", DEFAULT),
        ('{"main": ""}', DEFAULT),
        (json.dumps({"main": "x" * 255}), "x" * 255),
        (json.dumps({"main": "x" * 256}), DEFAULT),
        (json.dumps({"description": "x" * 990, "main": "lib.hml"}), DEFAULT),
        (json.dumps({"description": "x" * 1100, "main": "lib.hml"}), "lib.hml"),
    ],
)
def test_main_as_the_interpreter_finds_it(text: str, loaded: str) -> None:
    """The first line of at most 1023 bytes with "main" decides, and only what stands on it counts."""
    assert main_as_loaded(text.encode()) == loaded


@pytest.mark.parametrize(
    ("text", "paths", "said"),
    [
        ('{"main": "lib.hml"}', {"lib.hml"}, []),
        ('{"main": "lib"}', {"lib.hml"}, []),
        ("{}", {DEFAULT}, []),
        ('{"main": "./lib.hml"}', {"lib.hml"}, ['Write "lib.hml"']),
        ('{"main": "a//lib.hml"}', {"a/lib.hml"}, ['Write "a/lib.hml"']),
        ('{"main": "lib/"}', {"lib.hml"}, ["opens no folders"]),
        ('{"main": "lib.hml"}', {DEFAULT}, [f"an import loads {DEFAULT} instead"]),
        ('{"main": "lib.hml"}', {"other.hml"}, ["there is no lib.hml"]),
        ("{}", {"other.hml"}, [f"there is no {DEFAULT}"]),
        ('{"main": "lib.hml"}', None, []),
        (
            '{\n"scripts": {"main": "go"},\n"main": "lib.hml"}',
            None,
            ['Another "main" stands on line 2'],
        ),
        ('{\n"scripts": {"main": "go"}}', None, ['Another "main" stands on line 2']),
        ('{\n"main":\n"lib.hml"}', None, ['"main" on line 2 has its value on another line']),
        ('{"m\\u0061in": "lib.hml"}', None, ['main is not spelled "main"']),
        (json.dumps({"main": "x/" * 140 + "y"}), None, ["longer than 255 bytes"]),
    ],
)
def test_why_an_import_would_not_load_main(text: str, paths: set[str] | None, said: list[str]) -> None:
    """Each reason is told once, and where there is none nothing is said."""
    issues = issues_of_main(text.encode(), paths)
    assert len(issues) == len(said), issues
    for issue, words in zip(issues, said, strict=True):
        assert words in issue


def test_objects_with_too_many_members_are_named() -> None:
    """32 members are well; of more, the object is named with its place."""
    full = {f"k{number}": "x" for number in range(32)}
    assert issues_of_members(json.dumps({"scripts": full}).encode()) == []
    (issue,) = issues_of_members(json.dumps({"scripts": {**full, "one-more": "x"}}).encode())
    assert issue.startswith("package.json: scripts has 33 members")
