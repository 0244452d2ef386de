"""Completion: what may stand next, from the project's files; harmless, fast, and silent on any trouble."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.front.completion import KINDS, candidates
from tests.support import naughty_strings


def project(folder: Path, *, scripts: Any = None, locked: Any = None, tags: Any = None) -> str:
    """A project with *scripts*, *locked* packages and recorded *tags*; its folder."""
    manifest = {"name": "me/app", "dependencies": {"acme/direct": "*"}, "scripts": scripts or {}}
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / "package-lock.json").write_text(json.dumps({"dependencies": locked or {}}))
    (folder / ".hpm").mkdir(exist_ok=True)
    state = {f"tags:{name}": {"_values_:": {"tags": versions}} for name, versions in (tags or {}).items()}
    (folder / ".hpm/state.json").write_text(json.dumps({"tasks": state}))
    return str(folder)


@pytest.mark.parametrize(
    ("kind", "word", "shown"),
    [
        ("scripts", "", ["build", "build:fast", "test"]),
        ("scripts", "build", ["build", "build:fast"]),
        ("tasks", "b", ["build", "build:fast"]),
        ("tasks", "acme/", ["acme/b", "acme/direct"]),
        ("tasks", "tags:", ["tags:acme/b", "tags:acme/seen"]),
        ("members", "", []),
        ("packages", "", ["acme/b", "acme/direct"]),
        ("packages", "acme/d", ["acme/direct"]),
        ("specifiers", "acme/", ["acme/b", "acme/direct", "acme/seen"]),
        ("specifiers", "acme/b@", ["acme/b@1.10.0", "acme/b@1.2.0", "acme/b@1.0.0"]),
        ("specifiers", "acme/b@^1.1", ["acme/b@^1.10.0"]),
        ("specifiers", "acme/direct@", []),
    ],
)
def test_candidates(tmp_path: Path, kind: str, word: str, shown: list[str]) -> None:
    """What begins like the word: scripts in their order, packages sorted, the newest version first."""
    folder = project(
        tmp_path,
        scripts={"build": "x", "build:fast": "x", "test": "x"},
        locked={"acme/b": {}},
        tags={"acme/b": {"1.0.0": "c", "1.2.0": "c", "1.10.0": "c"}, "acme/seen": {}},
    )
    assert list(candidates(kind, word, folder)) == shown


def test_members_of_a_workspace(tmp_path: Path) -> None:
    """Each by name and by folder, from the root and from a member; entries of tasks count as scripts."""
    root = {"workspaces": ["packages/*", "!packages/old", 7], "tasks": {"all": {"dependsOn": ["x"]}}}
    (tmp_path / "package.json").write_text(json.dumps(root))
    for name in ("app", "lib"):
        (tmp_path / f"packages/{name}").mkdir(parents=True)
        (tmp_path / f"packages/{name}/package.json").write_text(json.dumps({"name": f"me/{name}"}))
    (tmp_path / "packages/empty").mkdir()
    everyone = ["me/app", "./packages/app", "me/lib", "./packages/lib"]
    assert list(candidates("members", "", str(tmp_path))) == everyone
    assert list(candidates("members", "", str(tmp_path / "packages/app"))) == everyone
    assert list(candidates("scripts", "", str(tmp_path))) == ["all"]


def test_project_is_found_from_below(tmp_path: Path) -> None:
    """As for every command."""
    project(tmp_path, scripts={"build": "x"})
    (tmp_path / "src/deep").mkdir(parents=True)
    assert list(candidates("scripts", "", str(tmp_path / "src/deep"))) == ["build"]


@pytest.mark.parametrize("text", [*naughty_strings.ALL, "$(touch pwned)", "`id`", "a b", "a;b", "a\nb", "--"])
def test_name_that_a_shell_would_obey_is_no_candidate(tmp_path: Path, text: str) -> None:
    """Names come from files that others wrote; nothing is offered that means something to a shell."""
    folder = project(tmp_path, scripts={text: "x"}, locked={text: {}}, tags={text: {text: "c"}})
    for kind in KINDS:
        for word in ("", text, f"{text}@"):
            for each in candidates(kind, word, folder):
                assert not set(each) - set(
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@+,^~=-"
                )


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"scripts": 1, "dependencies": [], "tasks": "x"}', "[" * 10**5]
)
def test_damaged_files_give_nothing(tmp_path: Path, content: str) -> None:
    """Whatever they hold."""
    folder = project(tmp_path)
    for name in ("package.json", "package-lock.json", ".hpm/state.json"):
        (tmp_path / name).write_text(content)
    assert [list(candidates(kind, "", folder)) for kind in KINDS] == [[] for _ in KINDS]
