"""Which files count for a task."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.errors import InvalidManifest
from hpmtasks.scripts.digests import FileDigests
from hpmtasks.scripts.key import Keys
from tests.support.script_workspaces import ScriptWorkspace


@pytest.fixture
def workspace(tmp_path: Path) -> ScriptWorkspace:
    """A root with a member, whose files are as they usually are."""
    made = ScriptWorkspace(tmp_path / "w")
    for path in (
        "src/main.hml",
        "src/util.hml",
        "README.md",
        "package-lock.json",
        "dist/old.js",
        "tmp/x.log",
        "hem_modules/acme/json/src/index.hml",
        ".hpm/state.json",
        ".env",
        "packages/app/src/app.hml",
        "packages/app/package-lock.json",
        "packages/app/out/a",
    ):
        made.write(path, path)
    made.write(".gitignore", "*.log\nout/\n")
    return made


def build(workspace: ScriptWorkspace, **task: Any) -> list[str]:
    """The files that count for the task build of the root, if it is described so."""
    workspace.manifest({"build": "x"}, {"build": task}, workspaces=["packages/*"])
    workspace.manifest({"build": "x"}, {"build": task}, member="packages/app")
    return workspace.files("build")


EVERYTHING = [
    ".env",
    ".gitignore",
    "README.md",
    "dist/old.js",
    "package.json",
    "src/main.hml",
    "src/util.hml",
]


def without(*paths: str) -> list[str]:
    """:data:`EVERYTHING`, but for *paths*."""
    return [path for path in EVERYTHING if path not in paths]


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ({}, EVERYTHING),
        ({"outputs": ["dist/**"]}, without("dist/old.js")),
        ({"outputs": ["dist/**", "!dist/old.js"]}, EVERYTHING),
        ({"inputs": ["!**/*.md", "!dist"]}, without("README.md", "dist/old.js")),
        ({"inputs": ["!package.json"]}, without("package.json")),
        ({"inputs": []}, []),
        ({"inputs": ["src"]}, ["src/main.hml", "src/util.hml"]),
        ({"inputs": ["src/**", "!src/util.hml"]}, ["src/main.hml"]),
        ({"inputs": ["tmp/*.log"]}, ["tmp/x.log"]),
        ({"inputs": ["package*.json"]}, ["package-lock.json", "package.json"]),
        ({"inputs": ["gone", "hem_modules/**", ".hpm/**"]}, []),
        ({"inputs": ["dist", "src/main.hml"], "outputs": ["dist/"]}, ["src/main.hml"]),
        ({"inputs": ["//packages/app/src"]}, ["packages/app/src/app.hml"]),
    ],
    ids=str,
)
def test_what_counts_for_a_task_of_the_root(
    workspace: ScriptWorkspace, task: dict[str, Any], expected: list[str]
) -> None:
    """Everything but what is ignored, installed, left, locked or a member's; or just what inputs name."""
    assert build(workspace, **task) == expected


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ({}, ["packages/app/package.json", "packages/app/src/app.hml"]),
        ({"inputs": ["src", "//README.md"]}, ["README.md", "packages/app/src/app.hml"]),
        ({"inputs": ["//**/*.hml", "!//src/util.hml"]}, ["packages/app/src/app.hml", "src/main.hml"]),
        ({"inputs": ["out"]}, ["packages/app/out/a"]),
    ],
    ids=str,
)
def test_what_counts_for_a_task_of_a_member(
    workspace: ScriptWorkspace, task: dict[str, Any], expected: list[str]
) -> None:
    """Its own folder, with the .gitignore files above it; what stands behind // is the root's."""
    build(workspace, **task)
    assert workspace.files("acme/app#build") == expected


def test_a_folder_with_the_signs_of_patterns_is_a_folder(tmp_path: Path) -> None:
    """The path of a member is never read as a pattern."""
    workspace = ScriptWorkspace(tmp_path)
    workspace.manifest({}, workspaces=["packages/*"])
    for name in ("[ab]", "a", "!x"):
        workspace.manifest({"build": "x"}, {"build": {}}, member=f"packages/{name}")
        document = {"name": f"acme/p{len(name)}", "version": "1.0.0", "scripts": {"build": "x"}}
        workspace.write(f"packages/{name}/package.json", document)
        workspace.write(f"packages/{name}/x")
    assert workspace.files("acme/p4#build") == ["packages/[ab]/package.json", "packages/[ab]/x"]
    assert workspace.files("acme/p2#build") == ["packages/!x/package.json", "packages/!x/x"]


CHAIN = {
    "gen": {"inputs": ["schema"], "outputs": ["gen/**"]},
    "mid": {"dependsOn": ["gen"], "inputs": ["src"], "outputs": ["mid/**", "!mid/private"]},
    "order": {"dependsOn": ["mid"]},
}


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ({"dependsOn": ["gen"], "inputs": []}, ["gen/g"]),
        # Behind a task with outputs counts what that one has made of it.
        ({"dependsOn": ["mid"], "inputs": []}, ["mid/m"]),
        ({"dependsOn": ["order"], "inputs": ["src"]}, ["mid/m", "src/s"]),
        ({"dependsOn": ["mid"], "inputs": ["!mid/**"]}, [".gitignore", "gen/g", "package.json", "src/s"]),
        ({"dependsOn": ["mid"]}, [".gitignore", "gen/g", "mid/m", "package.json", "src/s"]),
        ({"dependsOn": ["mid"], "inputs": ["src", "!mid/**"]}, ["src/s"]),
        ({}, [".gitignore", "package.json", "src/s"]),
    ],
    ids=str,
)
def test_what_needed_tasks_leave_counts(tmp_path: Path, task: dict[str, Any], expected: list[str]) -> None:
    """Although git ignores it and no input names it; a pattern with "!" takes it away."""
    workspace = ScriptWorkspace(tmp_path)
    scripts = dict.fromkeys([*CHAIN, "last"], "x")
    workspace.manifest(scripts, {**CHAIN, "last": task})
    for path in ("src/s", "gen/g", "mid/m", "mid/private"):
        workspace.write(path, path)
    workspace.write(".gitignore", "gen\nmid\n")
    assert workspace.files("last") == expected


def test_of_package_json_counts_what_nothing_else_accounts_for(workspace: ScriptWorkspace) -> None:
    """A new script or dependency does not, a field that a script may read does; named, all of it does."""
    build(workspace)
    before, named = workspace.key("build").files["package.json"], {"inputs": ["package.json"]}
    workspace.manifest({"build": "x", "more": "y"}, {"build": {}}, dependencies={}, hpm={})
    assert workspace.key("build").files["package.json"] == before
    workspace.manifest({"build": "x"}, {"build": {}}, banner="hello")
    assert workspace.key("build").files["package.json"] != before
    workspace.manifest({"build": "x"}, {"build": named})
    whole = workspace.key("build").files["package.json"]
    workspace.manifest({"build": "x", "more": "y"}, {"build": named})
    assert workspace.key("build").files["package.json"] != whole


def test_package_json_counts_as_it_is_now(workspace: ScriptWorkspace) -> None:
    """A task that changes it while it runs has another key afterwards; so has one that breaks it."""
    build(workspace)
    session, tasks = workspace.session(), workspace.laid("build")
    (task,) = tasks.values()
    keys = Keys(session, tasks, FileDigests.of(session.project), workspace.environ)
    found = [keys.of(task).files["package.json"]]
    for text in ('{"banner": "hello"}', '{"banner": ', "[]", '{"scripts": {}, "banner": "hello"}'):
        workspace.write("package.json", text)
        found.append(keys.of(task).files["package.json"])
    assert len(set(found)) == 4
    assert found[1] == found[4]


def test_a_link_counts_as_what_it_says(workspace: ScriptWorkspace) -> None:
    """Relative, or absolute into the project, which is the same; what is behind it has its own path."""
    (workspace.root / "link").symlink_to("src/main.hml")
    build(workspace, inputs=["link"])
    first = workspace.key("build")
    assert str(first.files["link"]) == "-> src/main.hml"
    (workspace.root / "link").unlink()
    (workspace.root / "link").symlink_to(workspace.root / "src/main.hml")
    assert workspace.key("build").files == first.files
    (workspace.root / "link").unlink()
    (workspace.root / "link").symlink_to("src")
    assert str(workspace.key("build").files["link"]) == "-> src"


@pytest.mark.parametrize(
    "target",
    ["/etc/passwd", "../../outside", "x/../../../w2", os.fsdecode(b"\xff")],
    ids=["absolute", "above", "beside", "no text"],
)
def test_a_named_link_that_leads_out_is_an_error(workspace: ScriptWorkspace, target: str) -> None:
    """Its sentence names the task, the link and the way out; unnamed, it counts as what it says."""
    (workspace.root / "src/link").symlink_to(target)
    with pytest.raises(InvalidManifest, match=r'tasks\.build\.inputs: src/link is a link .* "!"'):
        build(workspace, inputs=["src"])
    if target.isascii():
        build(workspace)
        assert str(workspace.key("build").files["src/link"]) == f"-> {target}"


def test_what_is_no_file_is_an_error_where_it_is_named(workspace: ScriptWorkspace) -> None:
    """A pipe; without inputs it is passed over, and never waited for."""
    os.mkfifo(workspace.root / "src/pipe")
    with pytest.raises(InvalidManifest, match="src/pipe is neither a file nor a link"):
        build(workspace, inputs=["src"])
    assert build(workspace) == EVERYTHING


def test_a_name_that_is_no_text_is_told(workspace: ScriptWorkspace) -> None:
    """No action can name it."""
    os.close(os.open(os.fsencode(workspace.root) + b"/src/\xff", os.O_CREAT))
    with pytest.raises(InvalidManifest, match=r"'src/\\udcff' is not UTF-8; rename it"):
        build(workspace)
