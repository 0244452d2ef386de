"""A workspace: which folders are its members, how they are named, and what is wrong with them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.errors import InvalidManifest, NotInProject, Usage
from hpmtasks.project import Project
from hpmtasks.project.member_globs import MemberGlob, find_folders, includes
from hpmtasks.project.workspace import Workspace, read_workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder, for the root of a workspace."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def lay(root: Path, members: dict[str, dict[str, Any]], *patterns: str, **fields: Any) -> None:
    """The workspace in *root* has *patterns* and, by folder, these package.json files."""
    for path, document in {"": {"workspaces": list(patterns), **fields}, **members}.items():
        (root / path).mkdir(parents=True, exist_ok=True)
        (root / path / "package.json").write_text(json.dumps(document))


def read(root: Path) -> Workspace:
    return read_workspace(Project(root))


def issues(root: Path) -> list[str]:
    """What is wrong with the workspace in *root*, and in which file."""
    with pytest.raises(InvalidManifest) as caught:
        read(root)
    where = Path(caught.value.path).relative_to(root).as_posix()
    return [f"{where}: {issue}" for issue in caught.value.issues]


THREE: dict[str, dict[str, Any]] = {
    "packages/app": {"name": "acme/app", "dependencies": {"acme/lib": "*"}},
    "packages/lib": {"name": "acme/lib", "version": "1.2.0"},
    "tools/gen": {"name": "acme/gen", "devDependencies": {"acme/app": "*", "acme/lib": "*"}},
}


def test_project_without_members_is_its_root_alone(root: Path) -> None:
    """Whatever lies below it."""
    lay(root, THREE, name="acme/all")
    assert [str(member) for member in read(root).everyone()] == ["acme/all"]


def test_members_are_sorted_by_path(root: Path) -> None:
    """In whatever order the patterns name them."""
    lay(root, THREE, "tools/*", "packages/*")
    assert [member.path for member in read(root).everyone()] == ["", *THREE]


def test_member_without_a_version_has_the_lowest(root: Path) -> None:
    """So that every range from zero on takes it."""
    lay(root, THREE, "packages/*")
    assert {str(member): str(member.version) for member in read(root).members} == {
        "acme/app": "0.0.0",
        "acme/lib": "1.2.0",
    }


def test_needs_counts_both_sections(root: Path) -> None:
    """And only what the member requires itself, by path."""
    lay(root, THREE, "*/*")
    workspace = read(root)
    needs = {str(member): [str(each) for each in workspace.needs(member)] for member in workspace.members}
    assert needs == {"acme/app": ["acme/lib"], "acme/lib": [], "acme/gen": ["acme/app", "acme/lib"]}


def test_member_needs_not_itself(root: Path) -> None:
    """Even if it says so; the resolver tells it."""
    lay(root, {"a": {"name": "acme/a", "dependencies": {"acme/a": "*"}}}, "a")
    workspace = read(root)
    assert workspace.needs(workspace.named("a")) == ()


# ---- patterns


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["packages/*"], ["packages/a", "packages/b"]),
        (["packages/a"], ["packages/a"]),
        (["./packages/a/"], ["packages/a"]),
        (["packages/?"], ["packages/a", "packages/b"]),
        (["packages/[ab]"], ["packages/a", "packages/b"]),
        (["s*"], ["single"]),
        (["*/a"], ["packages/a"]),
        (["**"], ["deep/er/c", "packages/a", "packages/b", "single"]),
        (["deep/**"], ["deep/er/c"]),
        (["**/c"], ["deep/er/c"]),
        (["**/er/**"], ["deep/er/c"]),
        (["packages/**"], ["packages/a", "packages/b"]),
        (["packages/*", "!packages/b"], ["packages/a"]),
        (["!packages/b", "packages/*"], ["packages/a", "packages/b"]),
        (["packages/*", "!packages/*", "packages/b"], ["packages/b"]),
        ([".hidden/*"], [".hidden/x"]),
    ],
)
def test_patterns_mean_these_folders(root: Path, patterns: list[str], expected: list[str]) -> None:
    """Stars stay within a name, two cross folders, the last that fits decides, dots are spelled out."""
    paths = ["packages/a", "packages/b", "deep/er/c", "single", ".hidden/x", "hem_modules/acme/m"]
    members = {path: {"name": f"acme/{path.rpartition('/')[2]}"} for path in paths}
    lay(root, members, *patterns)
    for folder in ("packages", "deep", "deep/er"):  # folders on the way are no members
        assert not (root / folder / "package.json").exists()
    assert [member.path for member in read(root).members] == expected
    globs = [MemberGlob.parse(pattern) for pattern in patterns]
    assert [path for path in sorted(paths) if includes(globs, path)] == expected


def test_what_decides_the_members_is_known(root: Path) -> None:
    """Folders in which any name may turn up, and names that were looked for."""
    lay(root, THREE, "packages/*", "tools/gen", "later/*")
    globs = [MemberGlob.parse(each) for each in ("packages/*", "tools/gen", "later/*")]
    found = find_folders(globs, str(root))
    assert found.looked_at == ("later", "packages", "tools", "tools/gen")


def test_pattern_that_fits_nothing_is_a_warning(root: Path) -> None:
    """The others go on."""
    lay(root, THREE, "packages/*", "apps/*")
    workspace = read(root)
    assert len(workspace.members) == 2
    assert workspace.warnings == ('package.json: workspaces: "apps/*" fits no member.',)


def test_what_counts_in_the_root_only_is_told(root: Path) -> None:
    """Overrides, sources and patches of a member mean nothing."""
    lay(root, {"a": {"name": "acme/a", "overrides": {"x/y": "1.0.0"}, "hpm": {"sources": [{}]}}}, "a")
    assert read(root).warnings == (
        "a/package.json: overrides counts only in the root's package.json.",
        "a/package.json: hpm.sources counts only in the root's package.json.",
    )


def test_folder_that_another_branch_left_is_no_member(root: Path) -> None:
    """Nothing but what installations and tools leave is in it."""
    lay(root, THREE, "packages/*")
    (root / "packages/old/hem_modules/acme").mkdir(parents=True)
    (root / "packages/old/.cache").mkdir()
    assert len(read(root).members) == 2


# ---- what is wrong


def test_two_members_of_one_name(root: Path) -> None:
    """Names are compared as those of packages are."""
    lay(root, {"a": {"name": "acme/same"}, "b": {"name": "acme/same"}}, "*", name="acme/all", version="1.0.0")
    assert issues(root) == ["package.json: workspaces: a/package.json and b/package.json are both acme/same."]


def test_member_that_is_called_like_the_root(root: Path) -> None:
    """The root is one of them."""
    lay(root, {"a": {"name": "acme/all"}}, "*", name="acme/all", version="1.0.0")
    assert issues(root) == ["package.json: workspaces: package.json and a/package.json are both acme/all."]


def test_folder_without_package_json(root: Path) -> None:
    """It is told how to leave it out."""
    lay(root, THREE, "packages/*")
    (root / "packages/docs").mkdir()
    (root / "packages/docs/a.md").write_text("")
    told = (
        "package.json: workspaces: packages/docs has no package.json; "
        'add one, or leave it out with "!packages/docs".'
    )
    assert issues(root) == [told]


def test_member_without_name(root: Path) -> None:
    """It could not be required, nor its tasks be named."""
    lay(root, {"a": {"version": "1.0.0"}}, "*")
    assert issues(root) == ["a/package.json: package.json missing required field: name"]


def test_member_with_a_version_that_is_none(root: Path) -> None:
    """A version need not be there; but what is there has to be one."""
    lay(root, {"a": {"name": "acme/a", "version": "one"}}, "*")
    assert issues(root) == ['a/package.json: Invalid version "one". Must be semver format (X.Y.Z).']


def test_nested_workspaces(root: Path) -> None:
    """There is one root."""
    lay(root, {"a": {"name": "acme/a", "workspaces": ["b"]}}, "*")
    assert issues(root) == ["a/package.json: workspaces: a member of a workspace cannot have members itself."]


@pytest.mark.parametrize("target", ["..", ".", "../outside", "packages/lib"])
def test_links_are_no_members(root: Path, target: str) -> None:
    """Neither one that leads out, nor one that leads round in a circle."""
    lay(root, THREE, "packages/*")
    lay(root.parent / "outside", {}, name="acme/outside", version="1.0.0")
    (root / "packages/link").symlink_to(root / target)
    assert issues(root) == [
        "package.json: workspaces: packages/link is a link; a member is a folder of the workspace itself."
    ]


def test_walk_ends_where_links_lead_round(root: Path) -> None:
    """A pattern of any depth meets each folder once."""
    lay(root, {"a": {"name": "acme/a"}}, "**", "!**/round")
    (root / "a/round").symlink_to(root)
    assert [member.path for member in read(root).members] == ["a"]


@pytest.mark.parametrize("pattern", ["../outside", "/absolute", "!../x", "a/../../b"])
def test_patterns_that_lead_out(root: Path, pattern: str) -> None:
    """A member is below the root."""
    lay(root, THREE, pattern)
    assert len(issues(root)) == 1


@pytest.mark.parametrize("pattern", [".", "./", "!."])
def test_patterns_that_mean_no_folder(root: Path, pattern: str) -> None:
    """The root itself is not its member."""
    lay(root, THREE, pattern)
    assert issues(root) == [
        f'package.json: workspaces: "{pattern}" names no folder; a member is a folder below this one.'
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_folder_that_cannot_be_read(root: Path) -> None:
    """A member may be hidden in it."""
    lay(root, THREE, "packages/*")
    (root / "packages").chmod(0)
    try:
        assert "cannot be read" in issues(root)[0]
    finally:
        (root / "packages").chmod(0o755)


# ---- finding


def test_member_leads_to_the_root(root: Path) -> None:
    """From its folder, and from a folder in it; the project remembers where it was looked for."""
    lay(root, THREE, "packages/*")
    inside = root / "packages/app/src"
    inside.mkdir()
    assert Project.find(inside) == Project(root)
    assert Project.find(inside).start == inside
    assert str(read(root).at(inside)) == "acme/app"


@pytest.mark.parametrize("way", ["packages/app/../lib", "link", "link/src", "packages/lib/src/.."])
def test_every_way_leads_to_the_member(root: Path, way: str) -> None:
    """Back and forth, and through a link from elsewhere."""
    lay(root, THREE, "packages/*")
    (root / "packages/lib/src").mkdir()
    (root / "link").symlink_to(root / "packages/lib")
    project = Project.find(root / way)
    assert project.root.samefile(root)
    assert str(read_workspace(project).at(project.start)) == "acme/lib"


def test_other_folder_with_a_package_json_is_a_project(root: Path) -> None:
    """What no pattern means stands for itself, although it is below a workspace."""
    lay(root, THREE, "packages/*", "!packages/lib")
    for path in ("tools/gen", "packages/lib"):
        assert Project.find(root / path).root == root / path
    assert Project.find(root / "tools").root == root


def test_root_that_cannot_be_read_has_no_members(root: Path) -> None:
    """Whoever is below goes on alone."""
    lay(root, THREE, "packages/*")
    (root / "package.json").write_text('{"workspaces": ["packages/*"')
    assert Project.find(root / "packages/app").root == root / "packages/app"


def test_project_that_was_not_looked_for_starts_at_its_root(root: Path) -> None:
    """As if somebody stood there."""
    assert Project(root).start == root


def test_members_are_found_by_name_and_folder(root: Path) -> None:
    """The owner may be left out; letters count as in names of packages."""
    lay(root, THREE, "*/*", name="acme/all", version="1.0.0")
    workspace = read(root)
    for text in ("acme/app", "Acme/App", "app", "packages/app", "./packages/app/"):
        assert str(workspace.named(text)) == "acme/app"
    for text in ("acme/all", "all", "."):
        assert workspace.named(text).is_root


def test_unknown_member_is_told_with_those_like_it(root: Path) -> None:
    """And where nothing is alike, with all there are."""
    lay(root, THREE, "*/*")
    with pytest.raises(NotInProject, match=r"Did you mean acme/app\?"):
        read(root).named("ap")
    with pytest.raises(NotInProject, match=r"Its members are acme/app, acme/lib, acme/gen\."):
        read(root).named("nothing-like-it")


def test_name_without_owner_may_mean_two(root: Path) -> None:
    """Then the whole name is asked for."""
    lay(root, {"a": {"name": "one/same"}, "b": {"name": "two/same"}}, "*")
    with pytest.raises(Usage, match="one/same or two/same"):
        read(root).named("same")


def test_innermost_member_is_meant(root: Path) -> None:
    """A member may be in the folder of another."""
    lay(root, {"a": {"name": "acme/a"}, "a/b": {"name": "acme/b"}}, "a", "a/b")
    workspace = read(root)
    assert [str(workspace.at(root / path)) for path in ("a", "a/b", "a/b/src", "ab", ".")] == [
        "acme/a",
        "acme/b",
        "acme/b",
        "the root",
        "the root",
    ]
