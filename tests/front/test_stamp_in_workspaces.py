"""The stamp of a workspace: it looks at the members, and at every file of those that are copied."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.front import stamp
from tests.support.compiled_fronts import make_if_possible
from tests.support.workspaces import MEMBERS, ROOT, WorkspaceFolder, make

#: How many random mutations one run tries; a nightly run tries more.
MUTATIONS = int(os.environ.get("HPM_TEST_MUTATIONS", "300")) // 2
SAID = "Everything is up to date (3 packages)."

Mutation = Callable[[WorkspaceFolder, random.Random], None]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[WorkspaceFolder]:
    """The workspace, installed; its stamp says so."""
    with closing(make(tmp_path)) as opened:
        opened.tasks()
        yield opened


def claims(workspace: WorkspaceFolder, below: str = ".") -> str | None:
    """What the stamp says to ``hpm install`` in the folder *below*."""
    with workspace.inside(below):
        return stamp.answer()


@pytest.mark.parametrize("below", [".", "packages", "packages/app", "packages/lib/src/more"])
def test_stamp_speaks_everywhere_in_a_workspace(workspace: WorkspaceFolder, below: str) -> None:
    """In the folder of a member it is the workspace's that is asked."""
    assert claims(workspace, below) == SAID


@pytest.mark.parametrize(
    "touch",
    [
        lambda root: (root / "packages/lib/src/index.hml").write_text("export let a = 2;\n"),
        lambda root: (root / "packages/lib/src/more/new.hml").write_text(""),
        lambda root: (root / "packages/lib/src/more/deep.hml").unlink(),
        lambda root: (root / "packages/app/README").write_text(""),
        lambda root: (root / "packages/app/src/index.hml").chmod(0o755),
        lambda root: (root / "packages/tool/package.json").write_text('{"name": "acme/tool"}'),
        lambda root: (root / "packages/new").mkdir(),
        lambda root: shutil.rmtree(root / "packages/tool"),
        lambda root: (root / "packages/tool").rename(root / "packages/tools"),
        lambda root: shutil.rmtree(root / "hem_modules/acme/lib"),
        lambda root: (root.parent / "package.json").write_text('{"workspaces": ["project"]}'),
    ],
    ids=[
        "edited",
        "added",
        "removed",
        "added at the top",
        "executable",
        "manifest",
        "folder for a member",
        "member gone",
        "member moved",
        "copy gone",
        "a workspace around",
    ],
)
def test_stamp_is_silent_after(workspace: WorkspaceFolder, touch: Callable[[Path], object]) -> None:
    """Whatever an installation could have to do with, the graph decides about."""
    touch(workspace.project)
    assert claims(workspace) is None


def test_what_is_not_copied_is_not_looked_at(workspace: WorkspaceFolder) -> None:
    """Working on a member that nobody requires does not make installations slower."""
    workspace.write("packages/tool/src/index.hml", "// mine\n")
    workspace.write("src/index.hml", "// mine\n")
    assert claims(workspace) == SAID


def test_member_that_was_a_project_is_not_answered_for_by_itself(workspace: WorkspaceFolder) -> None:
    """It was installed alone, with a stamp of its own, before the workspace named it."""
    workspace.write_document("package.json", {**ROOT, "workspaces": ["packages/*", "!packages/app"]})
    workspace.change("packages/app", dependencies={"acme/y": "^1.0.0"})
    workspace.change("packages/tool", devDependencies=None)
    workspace.below = "packages/app"
    assert workspace.run("install").code == 0
    assert claims(workspace, "packages/app") == "Everything is up to date (2 packages)."
    workspace.write_document("package.json", ROOT)
    assert claims(workspace, "packages/app") is None


def test_project_below_a_workspace_is_its_own(workspace: WorkspaceFolder) -> None:
    """The stamp of the workspace does not answer for a folder that is no member."""
    workspace.write_document("examples/one/package.json", {"name": "acme/one", "version": "1.0.0"})
    assert claims(workspace, "examples/one") is None
    workspace.below = "examples/one"
    assert workspace.run("install").code == 0
    assert claims(workspace, "examples/one") == "Everything is up to date (0 packages)."


def test_project_that_moves_into_a_workspace_is_not_believed(workspace: WorkspaceFolder) -> None:
    """It takes its stamp along, and is a member from then on, however deep it was before."""
    alone = workspace.folder / "alone"
    alone.mkdir()
    (alone / "package.json").write_text(json.dumps({"name": "acme/alone", "version": "1.0.0"}))
    workspace.below = "../alone"
    assert workspace.run("install").code == 0
    assert claims(workspace, "../alone") == "Everything is up to date (0 packages)."
    alone.rename(workspace.project / "packages/alone")
    assert claims(workspace, "packages/alone") is None


# ---- honesty: whatever is done to the workspace


def edit_member(workspace: WorkspaceFolder, dice: random.Random) -> None:
    path = workspace.project / dice.choice(["packages/lib/src/index.hml", "packages/app/src/index.hml"])
    if path.exists():
        path.write_text(f"export let a = {dice.randrange(3)};\n")


def same_size_edit(workspace: WorkspaceFolder, dice: random.Random) -> None:
    path = workspace.project / "packages/lib/src/more/deep.hml"
    if path.exists():
        found = path.stat()
        path.write_text(f"export let b = {dice.randrange(2)};\n")
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def add_file(workspace: WorkspaceFolder, dice: random.Random) -> None:
    folder = dice.choice(["packages/lib", "packages/lib/src/more", "packages/tool", "packages/app/new", "."])
    if (workspace.project / "packages").is_dir():
        workspace.write(f"{folder}/file{dice.randrange(3)}", "x")


def remove_file(workspace: WorkspaceFolder, dice: random.Random) -> None:
    files = [path for path in workspace.project.glob("packages/*/**/file*") if path.is_file()]
    if files:
        dice.choice(files).unlink()


def toggle_executable(workspace: WorkspaceFolder, dice: random.Random) -> None:
    for path in workspace.project.glob("packages/lib/src/*.hml"):
        path.chmod(dice.choice([0o644, 0o755]))


def add_link(workspace: WorkspaceFolder, dice: random.Random) -> None:
    path = workspace.project / "packages/lib/alias.hml"
    path.unlink(missing_ok=True)
    if dice.random() < 0.5 and path.parent.is_dir():
        path.symlink_to("src/index.hml")


def change_manifest(workspace: WorkspaceFolder, dice: random.Random) -> None:
    folder = dice.choice(sorted(MEMBERS))
    changes: dict[str, object] = dice.choice(
        [
            {"dependencies": {"acme/x": dice.choice(["^1.0.0", "~1.0.0"])}},
            {"devDependencies": {"acme/z": "*"}},
            {"version": dice.choice(["1.0.0", "1.2.0"])},
            {"scripts": {"build": "true"}},
            {},
        ]
    )
    if (workspace.project / folder / "package.json").exists():
        workspace.change(folder, **changes)


def change_members(workspace: WorkspaceFolder, dice: random.Random) -> None:
    patterns = dice.choice([["packages/*"], ["packages/*", "!packages/tool"], ["packages/**"], ["*/*"]])
    workspace.write_document("package.json", {**ROOT, "workspaces": patterns})


def come_or_go(workspace: WorkspaceFolder, dice: random.Random) -> None:
    path = workspace.project / "packages/extra"
    if path.exists():
        shutil.rmtree(path)
    else:
        workspace.write_document(
            "packages/extra/package.json", {"name": "acme/extra", "dependencies": {"acme/lib": "*"}}
        )


def damage_copy(workspace: WorkspaceFolder, dice: random.Random) -> None:
    folder = workspace.module(dice.choice(["acme/lib", "acme/app", "acme/x"]))
    if folder.is_dir():
        if dice.random() < 0.5:
            shutil.rmtree(folder)
        else:
            (folder / "stray").write_text("x")


def leave_things_in_member(workspace: WorkspaceFolder, dice: random.Random) -> None:
    folder = dice.choice(["hem_modules/acme/x", ".git", ".hpm"])
    if (workspace.project / "packages/lib").is_dir():
        workspace.write(f"packages/lib/{folder}/file", str(dice.random()))


def delete_something(workspace: WorkspaceFolder, dice: random.Random) -> None:
    name = dice.choice(["package-lock.json", "hem_modules", ".hpm", ".hpm/state.json"])
    path = workspace.project / name
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)


def nothing(workspace: WorkspaceFolder, dice: random.Random) -> None:
    """Leave all as it is."""


MUTATIONS_OF: list[Mutation] = [
    nothing,
    nothing,
    edit_member,
    same_size_edit,
    add_file,
    remove_file,
    toggle_executable,
    add_link,
    change_manifest,
    change_members,
    come_or_go,
    damage_copy,
    leave_things_in_member,
    delete_something,
]


@pytest.mark.slow
def test_stamp_never_vouches_for_what_the_graph_would_change(
    workspace: WorkspaceFolder, tmp_path: Path
) -> None:
    """After random mutations, whenever the stamp says "up to date" the graph runs nothing.

    The compiled front, where there is a compiler, says the same each time.
    """
    compiled = make_if_possible(tmp_path)
    dice = random.Random(20261122)  # noqa: S311  chance, not secrets
    vouched = 0
    for _ in range(MUTATIONS):
        mutations = dice.choices(MUTATIONS_OF, k=dice.choice([1, 1, 1, 2]))
        for mutate in mutations:
            mutate(workspace, dice)
        below = dice.choice([".", "packages", "packages/app"])
        if not (workspace.project / below).is_dir():
            below = "."
        claimed = claims(workspace, below)
        folder = workspace.project / below
        assert compiled is None or compiled.says(folder, workspace.environ, "install") == claimed
        done = workspace.run("install", "--json")
        told = ", ".join(mutate.__name__ for mutate in mutations)
        if done.code != 0:
            assert claimed is None, f"after {told} the stamp vouched, and {done.out} came out"
            shutil.rmtree(workspace.project / "packages")
            workspace.lay()
            workspace.tasks()
            continue
        ran = done.data["tasks"]
        assert claimed is None or not ran, f"after {told} the stamp vouched, and {ran} ran"
        vouched += claimed is not None
    assert vouched > MUTATIONS // 20, "a stamp that never vouches would pass this test"
