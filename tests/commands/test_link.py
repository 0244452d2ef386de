"""hpm link and unlink: a folder stands in for a package, as copies that follow it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.store.folder import UnusableFolder, digest_files, package_files
from hpmtasks.store.tree import digest_folder
from tests.support.golden import Golden
from tests.support.projects import ProjectFolder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """An installed project that requires ``acme/a`` and ``acme/b``; ``../dev`` holds another ``a``."""
    with closing(ProjectFolder(tmp_path)) as opened:
        for name in ("acme/a", "acme/b"):
            opened.registry.publish(name, "1.0.0")
        opened.require({"acme/a": "^1.0.0", "acme/b": "^1.0.0"})
        write(opened, "package.json", json.dumps({"name": "acme/a", "version": "1.5.0", "files": ["src/"]}))
        write(opened, "src/index.hml", "own")
        write(opened, "notes.txt", "not published")
        opened.tasks()
        yield opened


def write(project: ProjectFolder, path: str, content: str) -> Path:
    """The file *path* in ``../dev`` holds *content*."""
    file = project.folder / "dev" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def link(project: ProjectFolder, *words: str) -> None:
    """``hpm link ../dev`` succeeds."""
    ran = project.run("link", "../dev", *words)
    assert ran.code == 0, ran.err


def standing(project: ProjectFolder, name: str = "acme/a") -> dict[str, str]:
    """The files of a package in hem_modules."""
    folder = project.module(name)
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def test_link_copies_what_would_be_published(project: ProjectFolder, golden: Golden) -> None:
    """Real files, chosen by ``files``; neither package.json nor the lock knows of it."""
    before = project.documents()

    ran = project.run("link", "../dev")

    golden.check("link/link.txt", project.plain(ran.out + ran.err))
    assert project.documents() == before
    assert sorted(standing(project)) == ["package.json", "src/index.hml"]
    assert standing(project)["src/index.hml"] == "own"
    assert not [path for path in project.module("acme/a").rglob("*") if path.is_symlink()]
    golden.check("link/list.txt", project.run("list").out)
    assert project.run("list", "--json").data["dependencies"][0]["linked"] == "../dev"


def test_copies_belong_to_the_project_alone(project: ProjectFolder) -> None:
    """What is done to the copy does not reach the folder, nor the other way round before an installation."""
    link(project)
    write(project, "src/index.hml", "newer")
    assert standing(project)["src/index.hml"] == "own"
    (project.module("acme/a") / "src/index.hml").write_text("spoiled")
    assert (project.folder / "dev/src/index.hml").read_text() == "newer"


# ---- what is touched


def nothing(project: ProjectFolder) -> None:
    """Leave all as it is."""


def edit(project: ProjectFolder) -> None:
    write(project, "src/index.hml", "edited")


def edit_to_the_same(project: ProjectFolder) -> None:
    os.utime(write(project, "src/index.hml", "own"), ns=(1, 1))


def edit_in_the_same_size(project: ProjectFolder) -> None:
    file = project.folder / "dev/src/index.hml"
    before = file.stat()
    file.write_text("OWN")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def add_a_file(project: ProjectFolder) -> None:
    write(project, "src/deep/er.hml", "x")


def remove_a_file(project: ProjectFolder) -> None:
    (project.folder / "dev/src/index.hml").unlink()


def make_executable(project: ProjectFolder) -> None:
    (project.folder / "dev/src/index.hml").chmod(0o755)


def edit_what_is_not_published(project: ProjectFolder) -> None:
    write(project, "notes.txt", "other")
    write(project, ".git/HEAD", "x")
    write(project, ".hpm/state.json", "x")
    write(project, "src/hem_modules/acme/x/package.json", "x")


def publish_more(project: ProjectFolder) -> None:
    write(project, "package.json", json.dumps({"name": "acme/a", "version": "1.5.0"}))


def delete_the_copy(project: ProjectFolder) -> None:
    shutil.rmtree(project.module("acme/a"))


def replace_the_copy(project: ProjectFolder) -> None:
    delete_the_copy(project)
    project.module("acme/a").mkdir()


def delete_state(project: ProjectFolder) -> None:
    (project.project / ".hpm/state.json").unlink()


def delete_another(project: ProjectFolder) -> None:
    shutil.rmtree(project.module("acme/b"))


TABLE = [
    (nothing, []),
    (edit, ["link:acme/a"]),
    (edit_to_the_same, []),
    (edit_in_the_same_size, ["link:acme/a"]),
    (add_a_file, ["link:acme/a"]),
    (remove_a_file, ["link:acme/a"]),
    (make_executable, ["link:acme/a"]),
    (edit_what_is_not_published, []),
    (publish_more, ["link:acme/a"]),
    (delete_the_copy, ["link:acme/a"]),
    (replace_the_copy, ["link:acme/a"]),
    (delete_another, ["extract:acme/b"]),
]


@pytest.mark.parametrize(("touch", "expected"), TABLE)
def test_exactly_these_tasks_run(
    project: ProjectFolder, touch: Callable[[ProjectFolder], None], expected: list[str]
) -> None:
    """The copy follows the folder, nothing else runs, and then nothing is left to do."""
    link(project)
    touch(project)

    assert project.tasks() == expected

    files = package_files(project.folder / "dev")
    assert digest_folder(project.module("acme/a")) == digest_files(files)
    assert project.tasks() == []


def test_state_may_be_lost(project: ProjectFolder) -> None:
    """The link stays, and what stands there is found right."""
    link(project)
    delete_state(project)
    assert "link:acme/a" in project.tasks()
    assert standing(project)["src/index.hml"] == "own"


def test_doit_sees_the_same(project: ProjectFolder) -> None:
    """A link is a task of the graph for doit too."""
    link(project)
    project.write_dodo()
    assert "link:acme/a" in project.doit("install").fresh
    write(project, "src/index.hml", "edited")
    assert project.doit("install").ran == ["link:acme/a"]


def test_installation_with_a_link_is_never_answered_by_the_stamp(project: ProjectFolder) -> None:
    """An edit deep in the folder is seen by a plain ``hpm install`` as well."""
    link(project)
    project.process("install")
    write(project, "src/index.hml", "edited")
    assert project.process("install").code == 0
    assert standing(project)["src/index.hml"] == "edited"
    project.process("unlink", "acme/a")
    project.process("install")
    assert (project.project / ".hpm/stamp").exists()


# ---- back again


def test_unlink_brings_the_locked_package_back(project: ProjectFolder, golden: Golden) -> None:
    """As it was locked, by the one task that lays it out; the lock keeps its bytes."""
    before = project.documents()
    link(project)

    ran = project.run("unlink", "acme/a", "--json")

    assert ran.data["tasks"] == ["extract:acme/a"]
    assert project.documents() == before
    project.check_installed()
    assert not (project.project / ".hpm/links.json").exists()
    golden.check("link/unlink-again.txt", project.run("unlink", "acme/a").err)


def test_package_that_is_not_required_can_be_linked(project: ProjectFolder) -> None:
    """It stands beside the others, ``list`` names it, and unlinking takes it away."""
    write(project, "package.json", json.dumps({"name": "acme/other", "version": "0.1.0"}))
    link(project)
    assert sorted(standing(project, "acme/other")) == ["notes.txt", "package.json", "src/index.hml"]
    assert "acme/other is linked to ../dev, and not required.\n" in project.run("list").out
    assert project.run("unlink", "acme/other").code == 0
    project.check_installed()


def test_folder_can_stand_in_for_another_package(project: ProjectFolder) -> None:
    """The name that is given counts, not the one in the folder; capitals make no difference."""
    link(project, "Acme/B")
    assert standing(project, "acme/b")["src/index.hml"] == "own"
    assert project.run("link").out == "acme/b → ../dev\n"
    assert project.run("link", "--list", "--json").data["links"] == [{"name": "acme/b", "path": "../dev"}]


def test_link_replaces_a_link(project: ProjectFolder) -> None:
    """A package is linked to one folder."""
    link(project)
    shutil.copytree(project.folder / "dev", project.folder / "more")
    (project.folder / "more/src/index.hml").write_text("more")
    assert project.run("link", str(project.folder / "more")).code == 0
    assert project.run("link", "--list").out == "acme/a → ../more\n"
    assert standing(project)["src/index.hml"] == "more"


def test_no_links(project: ProjectFolder) -> None:
    """That is said."""
    assert project.run("link").out == "No package is linked.\n"


def test_what_the_linked_package_lacks_is_named(project: ProjectFolder) -> None:
    """A requirement that nothing installed satisfies is a warning; one that is satisfied is none."""
    dependencies = {"acme/b": "^1.0.0", "acme/c": "^1.0.0"}
    write(project, "package.json", json.dumps({"name": "acme/a", "dependencies": dependencies}))
    told = project.run("link", "../dev", "--json").data["warnings"]
    assert told == ["acme/a, which is linked, requires acme/c@^1.0.0, and no version of it is installed."]


def test_update_and_uninstall_leave_the_link(project: ProjectFolder) -> None:
    """Versions are chosen and locked as without the link; what stands there stays the folder's."""
    link(project)
    project.registry.publish("acme/a", "1.1.0")
    assert project.run("update").code == 0
    assert project.lock()["dependencies"]["acme/a"]["version"] == "1.1.0"
    assert standing(project)["src/index.hml"] == "own"
    assert project.run("uninstall", "acme/a").code == 0
    assert standing(project)["src/index.hml"] == "own"
    assert project.run("unlink", "acme/a").code == 0
    project.check_installed()


def test_lock_is_complete_although_a_package_was_linked_first(tmp_path: Path) -> None:
    """Contents of a linked package are locked as well, so that others can install."""
    with closing(ProjectFolder(tmp_path)) as project:
        project.registry.publish("acme/a", "1.0.0")
        project.require({"acme/a": "1"})
        write(project, "package.json", '{"name": "acme/a"}')
        link(project)
        assert project.lock()["dependencies"]["acme/a"]["tree"].startswith("sha256-")
        assert project.run("unlink", "acme/a").code == 0
        project.check_installed()


# ---- what cannot be linked


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("../nothing",), "../nothing: there is no such folder."),
        ((".",), ". is in the project itself"),
        (("hem_modules/acme/b",), "hem_modules/acme/b is in the project itself"),
        (("../registry",), "has no package.json"),
        (("../broken",), "package.json is not valid JSON"),
        (("../nameless",), "has no name; say what it stands in for"),
        (("../dev", "nonsense"), "'nonsense' is not a package name"),
        (("../dev", "--list"), "takes no folder"),
    ],
)
def test_what_cannot_be_linked(project: ProjectFolder, words: tuple[str, ...], told: str) -> None:
    """One sentence, and nothing is changed."""
    for name, content in (("broken", "{"), ("nameless", "{}")):
        (project.folder / name).mkdir()
        (project.folder / name / "package.json").write_text(content)
    before = project.everything()
    ran = project.run("link", *words)
    assert ran.code == 64
    assert told in ran.err
    assert project.everything() == before


def test_failed_link_is_none(project: ProjectFolder) -> None:
    """If the installation fails the package is as before, and not linked."""
    (project.folder / "dev/src/out.hml").symlink_to("/etc/passwd")
    ran = project.run("link", "../dev")
    assert (ran.code, "src/out.hml is neither a file nor a link to one inside" in ran.err) == (5, True)
    assert project.run("link").out == "No package is linked.\n"
    project.check_installed()
    assert project.tasks() == []


def test_folder_that_vanished_is_told_with_the_way_out(project: ProjectFolder, golden: Golden) -> None:
    """The installation fails and names the command that ends it; after that all is well."""
    link(project)
    shutil.rmtree(project.folder / "dev")
    ran = project.run("install")
    assert ran.code == 5
    golden.check("link/vanished.txt", project.plain(ran.err))
    assert standing(project)["src/index.hml"] == "own"
    assert project.run("unlink", "acme/a").code == 0
    project.check_installed()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 2, "links": {"a/b": "x"}}', '{"format": 1, "links": 3}']
)
def test_links_that_cannot_be_understood_are_none(project: ProjectFolder, text: str) -> None:
    """``.hpm`` may be deleted, and damaged, at any time."""
    project.write(".hpm/links.json", text)
    assert project.run("link").out == "No package is linked.\n"
    assert project.run("install").code == 0


# ---- which files


def test_links_inside_the_folder_are_followed(tmp_path: Path) -> None:
    """A link to a file counts as that file; one that leads out, to a folder or nowhere, is refused."""
    (tmp_path / "package.json").write_text('{"files": ["*.hml"]}')
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/x").write_text("x")
    (tmp_path / "a.hml").symlink_to("deep/x")
    (tmp_path / "unchosen").symlink_to("/etc")
    assert {path: file.name for path, file in package_files(tmp_path).items()} == {
        "a.hml": "x",
        "package.json": "package.json",
    }
    for target in ("/etc/passwd", "deep", "nowhere"):
        (tmp_path / "b.hml").unlink(missing_ok=True)
        (tmp_path / "b.hml").symlink_to(target)
        with pytest.raises(UnusableFolder, match=r"b\.hml is neither a file"):
            package_files(tmp_path)


def test_project_inside_the_linked_package_is_left_out(tmp_path: Path) -> None:
    """A package may hold the project that tries it: what hpm writes there changes nothing."""
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "examples/app").mkdir(parents=True)
    (tmp_path / "examples/app/main.hml").write_text("x")
    (tmp_path / "examples/other.hml").write_text("x")
    found = package_files(tmp_path, apart_from=tmp_path / "examples/app")
    assert list(found) == ["examples/other.hml", "package.json"]
