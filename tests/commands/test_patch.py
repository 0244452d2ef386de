"""hpm patch and patch-commit: a changed package stays changed, for everybody who installs the project."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.golden import Golden
from tests.support.projects import ProjectFolder

LINES = "".join(f"{number}\n" for number in range(1, 41))
PATCH = "patches/acme+a@1.0.0.patch"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """An installed project that requires ``acme/a`` and ``acme/b``; the source of ``a`` has forty lines."""
    with closing(ProjectFolder(tmp_path)) as opened:
        publish(opened, "1.0.0", LINES)
        opened.registry.publish("acme/b", "1.0.0")
        opened.require({"acme/a": "^1.0.0", "acme/b": "^1.0.0"})
        opened.tasks()
        yield opened


def publish(project: ProjectFolder, version: str, lines: str) -> None:
    """The registry has ``acme/a`` in that version."""
    manifest = json.dumps({"name": "acme/a", "version": version})
    project.registry.publish("acme/a", version, files={"package.json": manifest, "src/index.hml": lines})


def edit(project: ProjectFolder, changes: dict[str, str | bytes | None], *words: str) -> None:
    """``hpm patch acme/a``, and these files are changed in the copy; ``None``: removed."""
    ran = project.run("patch", "acme/a", *words)
    assert ran.code == 0, ran.err
    folder = Path(ran.out.strip())
    assert folder == project.project / ".hpm/patches-edit/acme/a"
    for path, content in changes.items():
        if content is None:
            (folder / path).unlink()
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())


def patched(project: ProjectFolder) -> ProjectFolder:
    """The seventh line of ``acme/a`` reads ``seven``, by a patch."""
    edit(project, {"src/index.hml": LINES.replace("\n7\n", "\nseven\n")})
    ran = project.run("patch-commit", "acme/a")
    assert ran.code == 0, ran.err
    return project


def source(project: ProjectFolder) -> str:
    """The installed source of ``acme/a``."""
    return (project.module("acme/a") / "src/index.hml").read_text()


def test_patch_is_written_recorded_and_installed(project: ProjectFolder, golden: Golden) -> None:
    """package.json names it, the lock keeps its bytes, the package is the changed one, and list says so."""
    lock = project.documents()["package-lock.json"]
    shown = project.run("patch", "acme/a")
    golden.check("patch/patch.txt", project.plain(shown.out + shown.err))
    edit(project, {"src/index.hml": LINES.replace("\n7\n", "\nseven\n")})

    ran = project.run("patch-commit", "acme/a")

    assert ran.code == 0
    golden.check("patch/commit.txt", project.plain(ran.out + ran.err))
    golden.check("patch/made.patch", (project.project / PATCH).read_text())
    assert project.manifest()["hpm"] == {"patches": {"acme/a@1.0.0": PATCH}}
    assert project.documents()["package-lock.json"] == lock
    assert "\nseven\n" in source(project)
    assert "acme/a@1.0.0 (patched)" in project.run("list").out
    assert project.run("list", "--json").data["dependencies"][0]["patched"] == PATCH
    assert not (project.project / ".hpm/patches-edit").exists()
    assert project.tasks() == []


def test_installed_files_are_the_projects_own(project: ProjectFolder) -> None:
    """The store keeps the published files: another project gets them."""
    patched(project)
    with closing(ProjectFolder(project.folder / "other", {"HPM_HOME": str(project.home)})) as other:
        other.environ["HPM_SOURCES"] = project.environ["HPM_SOURCES"]
        other.require({"acme/a": "1"})
        other.tasks()
        assert source(other) == LINES


# ---- what is touched


def nothing(project: ProjectFolder) -> None:
    """Leave all as it is."""


def edit_the_patch(project: ProjectFolder) -> None:
    text = (project.project / PATCH).read_text()
    project.write(PATCH, text.replace("+seven", "+SEVEN"))


def touch_the_patch(project: ProjectFolder) -> None:
    project.write(PATCH, (project.project / PATCH).read_text())


def delete_the_folder(project: ProjectFolder) -> None:
    shutil.rmtree(project.module("acme/a"))


def take_the_patch_out(project: ProjectFolder) -> None:
    project.require({"acme/a": "^1.0.0", "acme/b": "^1.0.0"})


def move_the_patch(project: ProjectFolder) -> None:
    (project.project / PATCH).rename(project.project / "moved.patch")
    project.write(
        "package.json", (project.project / "package.json").read_text().replace(PATCH, "moved.patch")
    )


def delete_everything_but_documents(project: ProjectFolder) -> None:
    shutil.rmtree(project.project / ".hpm")
    shutil.rmtree(project.home)
    project.delete_modules()


TABLE = [
    (nothing, "", "seven"),
    (edit_the_patch, "extract:acme/a", "SEVEN"),
    (touch_the_patch, "", "seven"),
    (delete_the_folder, "extract:acme/a", "seven"),
    (take_the_patch_out, "extract:acme/a", "7"),
    (move_the_patch, "", "seven"),
]


@pytest.mark.parametrize(("touch", "expected", "line"), TABLE)
def test_exactly_these_tasks_run(
    project: ProjectFolder, touch: Callable[[ProjectFolder], None], expected: str, line: str
) -> None:
    """What the patch makes of the package stands there, nothing else runs, and then nothing is left to do."""
    patched(project)
    touch(project)
    assert project.tasks() == expected.split()
    assert source(project).splitlines()[6] == line
    assert project.tasks() == []


def test_fresh_clone_gets_the_patched_package(project: ProjectFolder) -> None:
    """From package.json, lock and patch alone; the digest in the lock is the published one's."""
    patched(project)
    delete_everything_but_documents(project)
    before = project.documents()
    assert project.run("install", "--locked").code == 0
    assert source(project).splitlines()[6] == "seven"
    assert project.documents() == before
    assert project.tasks() == []


def test_stamp_looks_at_the_patch(project: ProjectFolder) -> None:
    """After a run that found nothing to do, an edited patch is seen by a plain ``hpm install``."""
    patched(project)
    project.process("install")
    assert (project.project / ".hpm/stamp").exists()
    edit_the_patch(project)
    assert project.process("install").code == 0
    assert "\nSEVEN\n" in source(project)


def test_patch_of_another_version_is_not_applied_but_told(project: ProjectFolder) -> None:
    """An update leaves the patch behind, with a warning; so does removing the package."""
    patched(project)
    publish(project, "1.1.0", LINES)
    told = project.run("update", "--json").data["warnings"]
    assert told == [f"{PATCH} patches acme/a@1.0.0, and acme/a@1.1.0 is installed, without a patch."]
    assert source(project) == LINES
    told = project.run("uninstall", "acme/a", "--json").data["warnings"]
    assert told == [f"{PATCH} patches acme/a@1.0.0, which is not required any more."]


# ---- going on


def test_next_edit_begins_with_the_patch(project: ProjectFolder) -> None:
    """A patch grows; --reset begins with what was published."""
    patched(project)
    edit(project, {"src/more.hml": "more\n"})
    assert project.run("patch-commit", "acme/a").code == 0
    assert "\nseven\n" in source(project)
    assert (project.module("acme/a") / "src/more.hml").read_text() == "more\n"
    edit(project, {"src/index.hml": f"{LINES}41\n"}, "--reset")
    assert project.run("patch-commit", "acme/a").code == 0
    assert source(project) == f"{LINES}41\n"
    assert not (project.module("acme/a") / "src/more.hml").exists()


def test_edits_are_kept_until_they_are_committed(project: ProjectFolder) -> None:
    """``hpm patch`` again is no beginning anew."""
    edit(project, {"src/index.hml": "mine"})
    again = project.run("patch", "acme/a")
    assert "is being edited already" in again.err
    assert (Path(again.out.strip()) / "src/index.hml").read_text() == "mine"


def test_edit_of_another_version_is_never_committed(project: ProjectFolder) -> None:
    """If the package was updated meanwhile, the patch would undo the update."""
    edit(project, {"src/index.hml": "mine"})
    publish(project, "1.1.0", f"{LINES}41\n")
    project.run("update")
    before = project.documents()
    ran = project.run("patch-commit", "acme/a")
    assert ran.code == 64
    assert "is a copy of another version than acme/a@1.1.0" in ran.err
    assert project.documents() == before


def test_editing_back_removes_the_patch(project: ProjectFolder) -> None:
    """A patch that changes nothing is none: file and entry are gone."""
    before = project.documents()
    patched(project)
    edit(project, {"src/index.hml": LINES})
    ran = project.run("patch-commit", "acme/a")
    assert ran.out.startswith("  package.json: hpm.patches: acme/a@1.0.0 removed\n")
    assert not (project.project / PATCH).exists()
    assert source(project) == LINES
    assert project.manifest()["hpm"] == {"patches": {}}
    assert project.documents()["package-lock.json"] == before["package-lock.json"]


def test_nothing_changed_makes_no_patch(project: ProjectFolder) -> None:
    """That is said; nothing is written."""
    edit(project, {})
    before = project.documents()
    ran = project.run("patch-commit", "acme/a")
    assert (ran.code, ran.out) == (0, "Nothing differs from acme/a@1.0.0; there is nothing to patch.\n")
    assert project.documents() == before
    assert not (project.project / "patches").exists()


# ---- kinds of change

CHANGES: dict[str, dict[str, str | bytes | None]] = {
    "added": {"src/new.hml": "x\n"},
    "empty": {"src/empty.hml": ""},
    "removed": {"src/index.hml": None},
    "without a last newline": {"src/index.hml": LINES[:-1]},
    "windows lines": {"src/index.hml": LINES.replace("\n", "\r\n")},
    "trailing space": {"src/index.hml": "a \t\n\n\n"},
    "strange names": {"src/a b.hml": "x\n", "src/ä.hml": "x\n", 'src/"q".hml': "x\n", "-x": "x\n"},
    "no utf-8": {"src/index.hml": b"\xff\xfe latin \xe4\n"},
    "attributes": {".gitattributes": "* text eol=crlf\n*.hml -diff\n", "src/index.hml": "x\n"},
    "looks like a patch": {"src/index.hml": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n"},
}


@pytest.mark.parametrize("kind", CHANGES)
def test_what_was_edited_is_what_is_installed(project: ProjectFolder, kind: str) -> None:
    """Byte for byte, here and in a fresh clone that is itself a git repository with settings."""
    project.write(".gitattributes", "* text=auto eol=crlf\n")
    edit(project, CHANGES[kind])
    (project.project / ".git").mkdir()
    for name in ("objects", "refs"):
        (project.project / ".git" / name).mkdir()
    project.write(".git/HEAD", "ref: refs/heads/main\n")
    project.write(".git/config", "[core]\n\tautocrlf = true\n[diff]\n\tnoprefix = false\n")
    ran = project.run("patch-commit", "acme/a")
    assert ran.code == 0, ran.err
    for _ in range(2):
        for path, content in CHANGES[kind].items():
            file = project.module("acme/a") / path
            wanted = content.encode() if isinstance(content, str) else content
            assert (file.read_bytes() if file.exists() else None) == wanted
        delete_everything_but_documents(project)
        assert project.tasks()


def test_executable_bit_is_patched(project: ProjectFolder) -> None:
    """A mode is a change like any other."""
    edit(project, {})
    (project.project / ".hpm/patches-edit/acme/a/src/index.hml").chmod(0o755)
    assert project.run("patch-commit", "acme/a").code == 0
    assert (project.module("acme/a") / "src/index.hml").stat().st_mode & 0o111


def test_binary_change_is_refused(project: ProjectFolder, golden: Golden) -> None:
    """The file is named, the edits stay, nothing else is written."""
    edit(project, {"src/image.bin": b"\x89PNG\0\0", "src/index.hml": "x\0"})
    before = project.documents()
    ran = project.run("patch-commit", "acme/a")
    assert ran.code == 5
    golden.check("patch/binary.txt", ran.err)
    assert project.documents() == before
    assert (project.project / ".hpm/patches-edit/acme/a/src/image.bin").exists()


def test_link_in_the_copy_is_refused(project: ProjectFolder) -> None:
    """No package holds links, so no patch can make one."""
    edit(project, {})
    (project.project / ".hpm/patches-edit/acme/a/src/x.hml").symlink_to("/etc/passwd")
    ran = project.run("patch-commit", "acme/a")
    assert (ran.code, "src/x.hml is neither a file nor a folder" in ran.err) == (5, True)


# ---- patches that do not work


def test_patch_that_does_not_apply_names_file_and_hunk(project: ProjectFolder, golden: Golden) -> None:
    """Exit code 5 with the way out; the package that stands there stays."""
    edit(project, {"src/index.hml": LINES.replace("\n7\n", "\nseven\n").replace("\n30\n", "\nthirty\n")})
    project.run("patch-commit", "acme/a")
    text = (project.project / PATCH).read_text()
    project.write(PATCH, text.replace("\n 28\n", "\n 28x\n"))
    before = project.documents()

    ran = project.run("install")

    assert ran.code == 5
    golden.check("patch/hunk.txt", ran.err)
    assert "\nseven\n" in source(project)
    assert project.documents() == before
    # The way out works.
    edit(project, {"src/index.hml": "other\n"}, "--reset")
    assert project.run("patch-commit", "acme/a").code == 0
    assert source(project) == "other\n"


def test_hostile_patch_writes_nothing_elsewhere(project: ProjectFolder) -> None:
    """A path that leads out of the package, a link, a patch of nothing: refused, and the package stays."""
    patched(project)
    outside = "--- a/../../../escaped\n+++ b/../../../escaped\n@@ -0,0 +1 @@\n+x\n"
    new_link = (
        "diff --git a/ln b/ln\nnew file mode 120000\n--- /dev/null\n+++ b/ln\n@@ -0,0 +1 @@\n+/etc\n"
        "\\ No newline at end of file\n"
    )
    for text in (outside, outside.replace("a/../../..", str(project.folder)), new_link, "", "garbage", "\0"):
        project.write(PATCH, text)
        ran = project.run("install")
        assert (ran.code, ran.err.startswith("Error: Invalid patch: ")) == (5, True), text
        assert "\nseven\n" in source(project)
    assert not list(project.folder.rglob("escaped"))


@pytest.mark.parametrize(
    "patches",
    [
        '["x"]',
        '{"acme/a": "x.patch"}',
        '{"acme/a@^1": "x.patch"}',
        '{"acme/a@1.0.0": 3}',
        '{"acme/a@1.0.0": "../x.patch"}',
        '{"acme/a@1.0.0": "/x.patch"}',
        '{"acme/a@1.0.0": ""}',
        '{"nonsense@1.0.0": "x.patch"}',
        '{"acme/a@1.0.0": "missing.patch"}',
    ],
)
def test_unusable_entries_are_told(project: ProjectFolder, patches: str) -> None:
    """Exit code 5, whichever command meets them; the package that stands there stays."""
    text = (project.project / "package.json").read_text()
    project.write("package.json", text.rstrip()[:-1] + f', "hpm": {{"patches": {patches}}}}}')
    ran = project.run("install")
    assert (ran.code, "hpm.patches" in ran.err) == (5, True)
    assert source(project) == LINES


def test_failed_commit_leaves_the_old_patch(project: ProjectFolder) -> None:
    """If the installation fails, patch and package.json are as they were, and the edits are still there."""
    patched(project)
    before, text = project.documents(), (project.project / PATCH).read_text()
    edit(project, {"src/index.hml": "other\n"})
    shutil.rmtree(project.module("acme/b"))
    shutil.rmtree(project.home / "cache")
    shutil.rmtree(project.registry.folder / "acme/b")
    ran = project.run("patch-commit", "acme/a")
    assert ran.code == 2
    assert (project.documents(), (project.project / PATCH).read_text()) == (before, text)
    assert (project.project / ".hpm/patches-edit/acme/a/src/index.hml").read_text() == "other\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("patch", "acme/c"), 2, "acme/c is not in package-lock.json"),
        (("patch", "nonsense"), 64, "nonsense"),
        (("patch",), 64, "needs owner/repo"),
        (("patch-commit", "acme/a"), 64, "acme/a is not being edited. Run 'hpm patch acme/a' first."),
    ],
)
def test_wrong_use(project: ProjectFolder, words: tuple[str, ...], code: int, told: str) -> None:
    """A sentence, and nothing is written."""
    before = project.everything()
    ran = project.run(*words)
    assert (ran.code, told in ran.err) == (code, True), ran.err
    assert project.everything().keys() - before.keys() <= {".hpm/mutex"}


def test_without_a_lock_there_is_nothing_to_patch(project: ProjectFolder) -> None:
    """The way out is named."""
    (project.project / "package-lock.json").unlink()
    ran = project.run("patch", "acme/a")
    assert (ran.code, "Run 'hpm install' first." in ran.err) == (9, True)


def test_linked_package_is_edited_where_it_is(project: ProjectFolder) -> None:
    """A patch of a linked package would be lost; while it is linked its patch rests."""
    patched(project)
    shutil.copytree(project.registry.folder / "acme/b/v1.0.0", project.folder / "dev")
    project.run("link", "../dev", "acme/a")
    assert "seven" not in source(project)
    ran = project.run("patch", "acme/a")
    assert (ran.code, "acme/a is linked to ../dev" in ran.err) == (64, True)
    assert project.run("unlink", "acme/a").code == 0
    assert "\nseven\n" in source(project)


def test_without_git_it_is_said(project: ProjectFolder) -> None:
    """Patches need git, installing without them does not."""
    patched(project)
    delete_the_folder(project)
    ran = project.run("install", PATH="/nowhere")
    assert (ran.code, "there is none on the PATH" in ran.err) == (5, True)
