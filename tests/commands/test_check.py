"""hpm check: what differs between package.json, package-lock.json and hem_modules, and putting it right."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable

import pytest

from tests.support.command_line import CommandLine
from tests.support.golden import Golden

AGREE = "package.json, package-lock.json and hem_modules agree (3 packages).\n"


@pytest.fixture
def installed(shell: CommandLine) -> CommandLine:
    """acme/a, acme/b and, for development, acme/new are installed."""
    shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "1"})
    assert shell.run("install").code == 0
    return shell


def edit(shell: CommandLine, path: str, content: str) -> None:
    """The file *path* in hem_modules holds *content*, in place of the one that the store shares."""
    file = shell.project / "hem_modules" / path
    folder = file.parent
    before = folder.stat()
    file.unlink(missing_ok=True)
    file.write_text(content)
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_all_agree(installed: CommandLine) -> None:
    """Exit code 0 without network, store or mutex, and nothing is written."""
    from hpmtasks.files.mutex import Mutex

    before = installed.everything()
    nothing = {"HPM_GITHUB_SERVER_URL": "http://127.0.0.1:9", "HPM_CACHE_DIR": str(installed.folder / "none")}
    with Mutex(installed.project / ".hpm/mutex"):
        ran = installed.process("check", **nothing)
    assert (ran.code, ran.out, ran.err) == (0, AGREE, "")
    assert installed.everything() == before
    assert not (installed.folder / "none").exists()
    assert installed.run("check", "--content", **nothing).out == AGREE


def test_state_is_not_needed(installed: CommandLine) -> None:
    """Without what earlier runs remembered, as in a restored cache, the contents decide."""
    shutil.rmtree(installed.project / ".hpm")
    assert installed.run("check").out == AGREE
    assert not (installed.project / ".hpm").exists()


# ---------------------------------------------------------------- what differs


def ask_for_more(shell: CommandLine) -> None:
    """package.json asks for what is not locked."""
    shell.require({"acme/a": "^2.0.0", "acme/curl": "1"})


def without_lock(shell: CommandLine) -> None:
    """There is no lock."""
    (shell.project / "package-lock.json").unlink()


def without_package(shell: CommandLine) -> None:
    """acme/b is gone."""
    shutil.rmtree(shell.project / "hem_modules/acme/b")


def changed_folder(shell: CommandLine) -> None:
    """acme/b has one file more at its top."""
    shell.write("hem_modules/acme/b/more.hml", "more")


def linked_folder(shell: CommandLine) -> None:
    """In the place of acme/b is a link to a copy of it, which the interpreter cannot load."""
    folder = shell.project / "hem_modules/acme/b"
    shutil.move(folder, shell.folder / "copy")
    folder.symlink_to(shell.folder / "copy")


def other_version(shell: CommandLine) -> None:
    """The lock names another commit's contents."""
    shell.edit_lock("acme/b", tree=f"sha256-{'0' * 64}")


def foreign_folder(shell: CommandLine) -> None:
    """Somebody put a package there."""
    shell.write("hem_modules/acme/foreign/package.json", "{}")


def no_longer_locked(shell: CommandLine) -> None:
    """acme/new was taken out of package.json and the lock by hand."""
    shell.require({"acme/a": "^1.0.0"})
    document = shell.lock()
    del document["dependencies"]["acme/new"]
    shell.write("package-lock.json", json.dumps(document, indent=2) + "\n")


def without_tree(shell: CommandLine) -> None:
    """Nobody has written down what is in acme/b."""
    shell.edit_lock("acme/b", tree=None)
    shutil.rmtree(shell.project / ".hpm")


@pytest.mark.parametrize(
    ("spoil", "kinds"),
    [
        (ask_for_more, {("lock", None)}),
        (without_lock, {("lock", None)}),
        (without_package, {("missing", "acme/b")}),
        (changed_folder, {("changed", "acme/b")}),
        (linked_folder, {("changed", "acme/b")}),
        (other_version, {("changed", "acme/b")}),
        (foreign_folder, {("foreign", "acme/foreign")}),
        (no_longer_locked, {("extraneous", "acme/new")}),
        (without_tree, {("unverified", "acme/b")}),
    ],
)
def test_what_differs(
    installed: CommandLine,
    golden: Golden,
    spoil: Callable[[CommandLine], None],
    kinds: set[tuple[str, str | None]],
) -> None:
    """Exit code 9 and a list, by words and as data; nothing is written."""
    spoil(installed)
    before = installed.everything()

    ran = installed.run("check")

    assert (ran.code, ran.err) == (9, "")
    golden.check(f"check/{spoil.__name__}.txt", ran.out)
    data = installed.run("check", "--json").data
    assert data["ok"] is False
    assert {(each["kind"], each["name"]) for each in data["findings"]} == kinds
    assert installed.everything() == before


@pytest.mark.parametrize(
    "spoil", [without_lock, without_package, changed_folder, linked_folder, no_longer_locked, without_tree]
)
def test_fix_puts_it_right(installed: CommandLine, spoil: Callable[[CommandLine], None]) -> None:
    """Afterwards all agree, and what was found is told with what was done."""
    spoil(installed)

    ran = installed.run("check", "--fix")

    assert (ran.code, ran.err) == (0, "")
    assert "\nPut right:\n" in ran.out
    assert installed.run("check", "--content").code == 0


def test_fix_leaves_what_hpm_did_not_make(installed: CommandLine, golden: Golden) -> None:
    """A foreign folder is no business of an installation: exit code 9 stays, and the way out is told."""
    foreign_folder(installed)
    without_package(installed)

    ran = installed.run("check", "--fix")

    assert ran.code == 9
    golden.check("check/left.txt", ran.out)
    assert (installed.project / "hem_modules/acme/foreign/package.json").exists()
    assert installed.run("ci").code == 0
    assert installed.run("check").code == 0


def test_fix_as_data(installed: CommandLine, golden: Golden) -> None:
    """One object: what was found, what was done, what is left."""
    without_package(installed)
    data = installed.run("check", "--fix", "--json").data
    golden.check("check/fixed.json", json.dumps(data, indent=2) + "\n")


def test_fix_with_nothing_to_fix(installed: CommandLine) -> None:
    """Nothing is done, and nothing is written."""
    before = installed.everything()
    assert installed.run("check", "--fix").out == AGREE
    assert installed.everything() == before


# ---------------------------------------------------------------- --content


def test_edits_deep_inside_are_found_by_reading(installed: CommandLine, golden: Golden) -> None:
    """Without --content a folder is judged by its own time; with it each differing file is named."""
    edit(installed, "acme/b/src/index.hml", 'export let version = "9.9.9";\n')
    edit(installed, "acme/a/src/added.hml", "new")
    missing = installed.project / "hem_modules/acme/new/src/index.hml"
    missing.unlink()
    (missing.parent / "link.hml").symlink_to("index.hml")
    assert installed.run("check").code == 0
    before = installed.everything()

    ran = installed.run("check", "--content")

    assert ran.code == 9
    golden.check("check/content.txt", ran.out)
    assert installed.everything() == before


def test_fix_of_content_heals(installed: CommandLine) -> None:
    """The files are as locked again; what was added is gone."""
    edit(installed, "acme/b/src/index.hml", "edited")
    edit(installed, "acme/b/src/added.hml", "new")

    ran = installed.run("check", "--content", "--fix")

    assert (ran.code, ran.err) == (0, "")
    assert installed.installed()["acme/b"] == "1.2.0"
    assert installed.run("check", "--content").code == 0


def test_files_that_the_store_does_not_know(installed: CommandLine) -> None:
    """Without the store it is known that a package differs, not where."""
    edit(installed, "acme/b/src/index.hml", "edited")
    environ = {"HPM_CACHE_DIR": str(installed.folder / "none")}
    data = installed.run("check", "--content", "--json", **environ).data
    assert [(each["name"], each["files"]) for each in data["findings"]] == [("acme/b", [])]


def test_executable_bit_counts(installed: CommandLine) -> None:
    """A file that can be run and should not is changed."""
    file = installed.project / "hem_modules/acme/b/src/index.hml"
    content = file.read_text()
    file.unlink()
    file.write_text(content)
    file.chmod(0o755)
    data = installed.run("check", "--content", "--json").data
    assert data["findings"][0]["files"] == [{"path": "src/index.hml", "kind": "changed"}]


def test_nested_modules_do_not_count(installed: CommandLine) -> None:
    """What stands in a hem_modules inside a package is not the package's."""
    before = (installed.project / "hem_modules/acme/b").stat()
    installed.write("hem_modules/acme/b/hem_modules/acme/c/index.hml", "shim")
    os.utime(installed.project / "hem_modules/acme/b", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert installed.run("check", "--content").code == 0


def test_long_lists_are_cut(installed: CommandLine) -> None:
    """A hundred wrong files, packages and requirements are told in a few lines; the data have all."""
    for number in range(100):
        edit(installed, f"acme/b/src/f{number}.hml", "new")
        installed.write(f"hem_modules/x/p{number}/package.json", "{}")
    ran = installed.run("check", "--content")
    assert "      and 80 more\n" in ran.out
    assert "  - and 81 more\n" in ran.out
    assert len(installed.run("check", "--content", "--json").data["findings"]) == 101


def test_project_without_anything(shell: CommandLine) -> None:
    """Nothing asked for, nothing locked, nothing there: all agree."""
    shell.require({})
    assert shell.run("check").code == 0


@pytest.mark.parametrize("text", ["{", '{"lockVersion": 99}'])
def test_unusable_lock(installed: CommandLine, text: str) -> None:
    """A lock that cannot be read is exit code 5, not a difference."""
    installed.write("package-lock.json", text)
    assert installed.run("check").code == 5
