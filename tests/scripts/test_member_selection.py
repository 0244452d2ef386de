"""Filters and changes mean the members that they say, in real folders under real git."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.errors import HpmError, NotInProject, ScriptNotFound, Usage
from hpmtasks.model.lockfile import render
from hpmtasks.project import Project
from hpmtasks.project.workspace import Member, Workspace, read_workspace
from hpmtasks.scripts.changed import changed_members, changes_since
from hpmtasks.scripts.selection import changed_filter, parse_filter, select, tasks_of
from tests.support.git_repositories import Content
from tests.support.locks import lock
from tests.support.working_copies import ALONE, Workspace as Copy, workspace as working_copy


def package(name: str, scripts: Mapping[str, str] | None = None, **dependencies: str) -> dict[str, Any]:
    needed = {key.replace("_", "/"): text for key, text in dependencies.items()}
    return {"name": name, "version": "1.0.0", "dependencies": needed, "scripts": dict(scripts or {})}


#: app needs lib, which needs core; kit needs core; site stands alone, and the root needs it.
FILES: dict[str, Content] = {
    "package.json": {
        **package("me/root", {"build": "true"}, me_site="*"),
        "workspaces": ["packages/*", "docs/*"],
    },
    "packages/app/package.json": package(
        "me/app", {"build": "true", "test": "true"}, me_lib="*", x_json="^1"
    ),
    "packages/lib/package.json": package("me/lib", {"build": "true"}, me_core="*", x_log="^1"),
    "packages/core/package.json": package("me/core", {"test": "true"}),
    "packages/kit/package.json": package("me/kit", None, me_core="*")
    | {"scripts": {"gen": "true"}, "tasks": {"gen": {"inputs": ["*.hml", "//shared/**", "!//shared/old"]}}},
    "docs/site/package.json": package("me/site", {"build": "true"}),
    "package-lock.json": render(lock(json="1.0.0: x/text@*", log="1.0.0", text="1.0.0")),
    ".gitignore": "hem_modules\n.hpm\ndist\n",
}


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """The workspace, committed on main."""
    made = working_copy(tmp_path / "project", tmp_path / "remote")
    made.commit(FILES)
    return made


def workspace_at(root: Path) -> Workspace:
    return read_workspace(Project(root))


@pytest.fixture
def plain(tmp_path: Path) -> Workspace:
    """The workspace without git."""
    Copy(tmp_path, tmp_path).write(FILES)
    return workspace_at(tmp_path)


def unasked(ref: str | None) -> Iterable[Member]:
    raise AssertionError(f"git was asked for {ref}")


def names(members: Sequence[Member]) -> str:
    return " ".join(str(member).removeprefix("me/") for member in members)


EVERYONE = "root site app core kit lib"
# Each: filters; the folder where the user stands; who is selected, the root first and then by path.
FILTERS: list[tuple[str, str, str]] = [
    ("", ".", EVERYONE),
    ("*", ".", EVERYONE),
    ("me/app", ".", "app"),
    ("app", ".", "app"),
    ("ME/App", ".", "app"),
    ("me/root", ".", "root"),
    ("me/*", ".", EVERYONE),
    ("?i?*", ".", "site kit lib"),
    ("app...", ".", "app core lib"),
    ("app^...", ".", "core lib"),
    ("...core", ".", "app core kit lib"),
    ("...^core", ".", "app kit lib"),
    ("...lib...", ".", "app core lib"),
    ("...^lib^...", ".", "app core"),
    ("...site", ".", "root site"),
    ("k*...", ".", "core kit"),
    ("./packages/app", ".", "app"),
    ("./packages", ".", "app core kit lib"),
    ("./packages/*", ".", "app core kit lib"),
    ("./packages/**", ".", "app core kit lib"),
    ("./packages/app...", ".", "app core lib"),
    (".../packages/app", "packages", "!NotInProject"),
    ("{packages/lib}...", ".", "core lib"),
    ("...{packages/lib}", ".", "app lib"),
    (".", "packages/app", "app"),
    ("...", ".", "!Usage"),
    ("../lib", "packages/app", "lib"),
    ("../..", "packages/app", "root"),
    (".", ".", "root"),
    ("a*{packages}", ".", "app"),
    ("a*{docs}", ".", ""),
    ("app core", ".", "app core"),
    ("!app", ".", "root site core kit lib"),
    ("!app !./docs", ".", "root core kit lib"),
    ("app... !core", ".", "app lib"),
    ("!core app...", ".", "app lib"),
    ("!core... *", ".", "root site app kit lib"),
    ("./packages !...core", ".", ""),
    ("nobody", ".", "!NotInProject"),
    ("no*", ".", "!NotInProject"),
    ("./nowhere", ".", "!NotInProject"),
    ("../../elsewhere", ".", "!NotInProject"),
    ("!!app", ".", "!Usage"),
    ("[main", ".", "!Usage"),
    ("[]", ".", "!Usage"),
    ("{packages}x", ".", "!Usage"),
]


@pytest.mark.parametrize(("filters", "below", "expected"), FILTERS)
def test_filters_mean_the_members_that_they_say(
    plain: Workspace, filters: str, below: str, expected: str
) -> None:
    """Who is selected is the row's, or the error is, and git is not asked."""
    here = plain.root.folder / below
    try:
        found = names(select(plain, [parse_filter(text) for text in filters.split()], unasked, here))
    except HpmError as error:
        found = f"!{type(error).__name__}"
    assert found == expected


# Each: what is done since the commit; the filter; who is selected.
CHANGES: list[tuple[dict[str, str], str, str]] = [
    ({}, "[main]", ""),
    ({"packages/lib/a.hml": "1"}, "[main]", "lib"),
    ({"packages/lib/a.hml": "1"}, "--changed", "app lib"),
    ({"packages/lib/a.hml": "1"}, "[main]...", "core lib"),
    ({"packages/lib/a.hml": "1"}, "app[main]", ""),
    ({"packages/lib/a.hml": "1"}, "...{packages/lib}[main]", "app lib"),
    ({"packages/lib/a.hml": "1", "docs/site/b": "1"}, "![main]", "root app core kit"),
    ({"packages/core/deep/er/a é.hml": "1"}, "[main]", "core"),
    ({"README.md": "1"}, "--changed", "root"),
    ({"shared/words.txt": "1"}, "[main]", "root kit"),
    ({"shared/old/words.txt": "1"}, "[main]", "root"),
    ({"docs/readme.md": "1"}, "[main]", "root"),
    ({"packages/lib/dist/out": "1"}, "[main]", ""),
    ({"packages/lib/hem_modules/x/y/a": "1"}, "[main]", ""),
    ({"packages/app/package.json": "-"}, "[main]", "app"),
]


def change(copy: Copy, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        if text == "-":
            manifest = (copy.root / path).read_text()
            copy.write({path: f"{manifest}\n"})
        else:
            copy.write({path: text})


def selected(copy: Copy, text: str) -> str:
    environ = {"PATH": os.environ["PATH"], "HOME": str(copy.root), **ALONE}
    workspace = workspace_at(copy.root)

    def changed(ref: str | None) -> Iterable[Member]:
        return changed_members(workspace, changes_since(copy.root, ref, environ))

    given = changed_filter(None) if text == "--changed" else parse_filter(text)
    return names(select(workspace, [given], changed, copy.root))


@pytest.mark.parametrize("how", ["untracked", "committed"])
@pytest.mark.parametrize(("files", "text", "expected"), CHANGES)
def test_what_changed_is_its_members(
    copy: Copy, files: dict[str, str], text: str, expected: str, how: str
) -> None:
    """A change is its innermost member's, be it in the working copy or in a commit of this branch."""
    copy.git("switch", "--quiet", "--create", "work")
    change(copy, files)
    if how == "committed":
        copy.commit()
    assert selected(copy, text) == expected


def test_what_others_did_on_main_is_no_change_here(copy: Copy) -> None:
    """Only what was done since the last common commit counts; a file that is gone counts too."""
    copy.commit({"packages/kit/old.hml": "1"})
    copy.git("switch", "--quiet", "--create", "work")
    copy.commit({"packages/app/a.hml": "1"})
    (copy.root / "packages/kit/old.hml").unlink()
    copy.git("switch", "--quiet", "--create", "other", "main")
    copy.commit({"packages/core/a.hml": "1"})
    copy.git("branch", "--force", "main", "other")
    copy.git("switch", "--quiet", "work")
    (copy.root / "packages/kit/old.hml").unlink(missing_ok=True)
    assert selected(copy, "[main]") == "app kit"


def test_without_a_reference_the_main_branch_of_the_remote_counts(copy: Copy) -> None:
    """What was pushed to origin's main is no change; what local main has on top of it is."""
    copy.git("push", "--quiet", "origin", "main")
    copy.commit({"packages/kit/a.hml": "1"})
    assert selected(copy, "--changed") == "kit"


# Each: the lock as it is then; who has changed. Before: json 1.0.0 needs text 1.0.0, log 1.0.0.
LOCKS: list[tuple[dict[str, str], str]] = [
    ({"json": "1.0.0: x/text@*", "log": "1.0.0", "text": "1.0.0"}, ""),
    ({"json": "1.1.0: x/text@*", "log": "1.0.0", "text": "1.0.0"}, "app"),
    ({"json": "1.0.0: x/text@*", "log": "1.0.0", "text": "1.0.1"}, "app"),
    ({"json": "1.0.0: x/text@*", "log": "1.0.1", "text": "1.0.0"}, "app lib"),
    ({"json": "1.0.0", "log": "1.0.0"}, "app"),
    ({"json": "1.0.0: x/text@*", "log": "1.0.0", "text": "1.0.0", "more": "1.0.0"}, ""),
]


@pytest.mark.parametrize(("locked", "expected"), LOCKS)
def test_a_new_lock_changes_who_reaches_what_is_new(
    copy: Copy, locked: dict[str, str], expected: str
) -> None:
    """Members are changed by the packages that they reach, and by no other line of the lock."""
    copy.write({"package-lock.json": render(lock(**locked))})
    assert selected(copy, "[HEAD]") == expected


def test_a_lock_that_is_no_use_changes_who_reached_anything(copy: Copy) -> None:
    """A lock with marks of a conflict counts as one that locks nothing."""
    copy.write({"package-lock.json": "<<<<<<< HEAD\n"})
    assert selected(copy, "[HEAD]") == "app lib"


def test_a_project_in_a_part_of_a_repository(tmp_path: Path) -> None:
    """What changes beside the workspace is not in it."""
    copy = working_copy(tmp_path / "repository", tmp_path / "remote")
    copy.commit({f"part/{path}": content for path, content in FILES.items()})
    copy.write({"beside.md": "1", "part/packages/kit/a.hml": "1"})
    part = Copy(copy.root / "part", copy.remote)
    assert selected(part, "[HEAD]") == "kit"


@pytest.mark.parametrize("ref", ["nothing", "-x", "main..work", "v1.0.0"])
def test_a_reference_that_git_does_not_know(copy: Copy, ref: str) -> None:
    """The reference is named in one sentence."""
    with pytest.raises(Usage, match=f"git knows no commit '{ref}'"):
        selected(copy, f"[{ref}]")


def test_no_common_commit_is_told_with_the_way_out(copy: Copy) -> None:
    """Two histories that have nothing in common cannot be compared."""
    copy.git("switch", "--quiet", "--orphan", "alone")
    copy.commit(FILES, "Another beginning")
    with pytest.raises(Usage, match=r"no commit in common here(?s:.*)--unshallow"):
        selected(copy, "[main]")


def test_a_repository_without_a_main_branch(copy: Copy) -> None:
    """Without a reference there has to be one."""
    copy.git("branch", "--move", "main", "trunk")
    with pytest.raises(Usage, match="neither a main nor a master"):
        selected(copy, "--changed")
    assert not selected(copy, "[trunk]")


def test_without_a_repository_or_git(plain: Workspace, tmp_path: Path) -> None:
    """Both are told in a sentence that names what is missing."""
    alone = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(tmp_path.parent), **ALONE}
    with pytest.raises(Usage, match="is in no git repository"):
        changes_since(plain.root.folder, None, alone)
    with pytest.raises(Usage, match="there is no git on the PATH"):
        changes_since(plain.root.folder, None, {"PATH": str(tmp_path)})


def test_scripts_of_the_selected(plain: Workspace) -> None:
    """Who has no such script is passed over; if nobody has it, the scripts that there are get told."""
    everyone = plain.everyone()
    assert [str(task) for task in tasks_of(everyone, ["test", "build"])] == [
        "build",
        "me/site#build",
        "me/app#test",
        "me/app#build",
        "me/core#test",
        "me/lib#build",
    ]
    assert not tasks_of([], ["build"])
    with pytest.raises(ScriptNotFound, match=r"None of the 6 selected members(?s:.*)build, gen, test"):
        tasks_of(everyone, ["deploy"])
    with pytest.raises(ScriptNotFound, match="me/kit has no script 'build'"):
        tasks_of([plain.named("kit")], ["build"])


def test_a_name_of_nobody_is_told_with_a_similar_one(plain: Workspace) -> None:
    """The similar name is in the sentence and in the data."""
    with pytest.raises(NotInProject, match="Did you mean me/site") as caught:
        select(plain, [parse_filter("me/sites")], unasked, plain.root.folder)
    assert caught.value.near[0] == "me/site"
