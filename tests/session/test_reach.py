"""What a member of a workspace can import, and the copies of members beside running scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.errors import InvalidManifest
from hpmtasks.session import Session
from hpmtasks.session.copies import refresh
from hpmtasks.session.reach import reached
from hpmtasks.store.tree import digest_folder
from tests.support.workspaces import WorkspaceFolder, make


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[WorkspaceFolder]:
    """The workspace, installed."""
    with closing(make(tmp_path)) as opened:
        opened.tasks()
        yield opened


def names(session: Session, member: str) -> list[str]:
    return [str(each.name) for each in reached(session, session.workspace.named(member))]


def trees(session: Session, member: str) -> dict[str, str]:
    return {str(each.name): each.tree for each in reached(session, session.workspace.named(member))}


def test_each_member_reaches_what_it_requires(workspace: WorkspaceFolder) -> None:
    """Through members and packages, for its own development too, and not what only others require."""
    session = workspace.session()
    assert {str(each): names(session, str(each)) for each in session.workspace.members} == {
        "acme/app": ["acme/lib", "acme/x", "acme/y"],
        "acme/lib": ["acme/x"],
        "acme/tool": ["acme/app", "acme/lib", "acme/x", "acme/y"],
    }
    assert names(session, ".") == ["acme/t"]


def test_development_of_a_required_member_is_not_reached(workspace: WorkspaceFolder) -> None:
    """Whoever requires the library does not need what builds it."""
    workspace.change("packages/lib", devDependencies={"acme/z": "*"})
    workspace.tasks()
    session = workspace.session()
    assert "acme/z" in names(session, "acme/lib")
    assert "acme/z" not in names(session, "acme/app")


def test_tree_is_that_of_the_files_that_stand_there(workspace: WorkspaceFolder) -> None:
    """Of packages and of members alike."""
    found = trees(workspace.session(), "acme/tool")
    assert found == {name: digest_folder(workspace.module(name)) for name in found}


def test_edited_member_counts_as_it_was_copied(workspace: WorkspaceFolder) -> None:
    """What stands in hem_modules is what is imported, until it is copied again."""
    before = trees(workspace.session(), "acme/app")
    workspace.write("packages/lib/src/index.hml", "export let a = 2;\n")
    assert trees(workspace.session(), "acme/app") == before
    workspace.tasks()
    after = trees(workspace.session(), "acme/app")
    assert after["acme/lib"] != before["acme/lib"]
    assert after["acme/y"] == before["acme/y"]


def test_what_was_left_out_is_not_reached(workspace: WorkspaceFolder) -> None:
    """``--prod`` lays out nothing that only development needs, members included."""
    workspace.run("install", "--prod")
    session = workspace.session()
    assert names(session, "acme/tool") == ["acme/lib", "acme/x", "acme/y"]
    assert names(session, ".") == []


def test_replaced_folder_is_read(workspace: WorkspaceFolder) -> None:
    """If the folder is not the one that was laid out, its files are looked at."""
    folder = workspace.module("acme/x")
    (folder / "extra.hml").write_text("// mine\n")
    assert trees(workspace.session(), "acme/lib") == {"acme/x": digest_folder(folder)}


def test_linked_folder_is_reached_by_everyone(workspace: WorkspaceFolder) -> None:
    """A link need not be required by anybody, and what the linked package requires comes with it."""
    other = workspace.folder / "other"
    (other / "src").mkdir(parents=True)
    (other / "package.json").write_text('{"name": "acme/other", "dependencies": {"acme/y": "*"}}')
    assert workspace.run("link", "../other").code == 0
    assert names(workspace.session(), "acme/lib") == ["acme/other", "acme/x", "acme/y"]


def test_links_and_resolutions_agree(workspace: WorkspaceFolder) -> None:
    """During an installation the resolution says what afterwards the lock does."""
    session = workspace.session()
    after = trees(session, "acme/tool")
    from hpmtasks.stages.resolve.tasks import load_current

    assert load_current(session) is not None
    assert trees(session, "acme/tool") == after


# ---- copied again


def test_what_a_script_left_in_a_member_is_copied(workspace: WorkspaceFolder) -> None:
    """Whoever requires it finds it in hem_modules, and the next installation has but to note it."""
    session = workspace.session()
    app = session.workspace.named("acme/app")
    workspace.write("packages/lib/dist/out.hml", "export let built = 1;\n")
    assert [str(name) for name in refresh(session, app)] == ["acme/lib"]
    assert workspace.copied("acme/lib")["dist/out.hml"] == "export let built = 1;\n"
    assert trees(session, "acme/app")["acme/lib"] == digest_folder(workspace.module("acme/lib"))
    assert refresh(session, app) == ()
    done = workspace.run("install", "--json")
    assert (done.data["tasks"], done.data["changes"]) == (["link:acme/lib"], [])


def test_members_behind_members_are_copied(workspace: WorkspaceFolder) -> None:
    """Tool requires app, which requires lib."""
    session = workspace.session()
    workspace.write("packages/lib/new.hml", "// new\n")
    assert [str(name) for name in refresh(session, session.workspace.named("acme/tool"))] == ["acme/lib"]


def test_what_nobody_asks_for_is_not_copied(workspace: WorkspaceFolder) -> None:
    """A member's own files are its own business."""
    session = workspace.session()
    workspace.write("packages/app/new.hml", "// new\n")
    assert refresh(session, session.workspace.named("acme/app")) == ()
    assert refresh(session, session.workspace.root) == ()


def test_member_that_was_left_out_is_not_brought_in(workspace: WorkspaceFolder) -> None:
    """Only an installation decides what is there."""
    workspace.run("install", "--prod")
    session = workspace.session()
    workspace.write("packages/app/new.hml", "// new\n")
    assert refresh(session, session.workspace.named("acme/tool")) == ()
    assert not workspace.module("acme/app").exists()


def test_installation_meanwhile_does_no_harm(workspace: WorkspaceFolder) -> None:
    """The session was opened before another process installed, and copies with what that one wrote down."""
    session = workspace.session()
    assert session.state.packages
    workspace.change("packages/lib", version="1.5.0")
    workspace.tasks()
    workspace.write("packages/lib/new.hml", "// new\n")
    assert [str(name) for name in refresh(session, session.workspace.named("acme/app"))] == ["acme/lib"]
    assert workspace.tasks() == ["link:acme/lib"]
    assert workspace.run("check", "--content").code == 0


def test_member_that_is_no_package_any_more(workspace: WorkspaceFolder) -> None:
    """The error names the file and who wants it; the old copy is still there."""
    session = workspace.session()
    before = workspace.copied("acme/lib")
    (workspace.project / "packages/lib/out").symlink_to("/etc/hostname")
    with pytest.raises(InvalidManifest, match="acme/lib is a member of this workspace"):
        refresh(session, session.workspace.named("acme/app"))
    assert workspace.copied("acme/lib") == before
