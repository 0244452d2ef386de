"""Shims: where they stand, and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpmtasks.hemlock.lookup import candidates, find_in, package_import, relative_import
from hpmtasks.hemlock.shim_files import found_in, put, remove
from hpmtasks.hemlock.shims import IGNORE, MARK, Targets, is_shim_folder, shims_for
from hpmtasks.hemlock.sources import find_sources, package_imports


def write(folder: Path, files: dict[str, str]) -> Path:
    """*folder* has *files*."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A hem_modules with ``acme/beta``."""
    return write(
        tmp_path / "hem_modules",
        {
            "acme/beta/package.json": '{"name": "acme/beta", "main": "lib"}',
            "acme/beta/lib.hml": "export fn low() {}\nfn hidden() {}\nexport let n = 1;",
            "acme/beta/src/index.hml": "export let other = 1;",
            "acme/beta/src/deep/index.hml": "print(1);",
        },
    )


@pytest.mark.parametrize(
    ("path", "meaning"),
    [
        ("acme/beta", "acme/beta"),
        ("acme/beta/x/y", "acme/beta/x/y"),
        ("./acme/beta", None),
        ("/acme/beta", None),
        ("@stdlib/fs", None),
        ("beta.hml", None),
        ("acme/../beta", None),
        ("acme/beta/", None),
        ("acme//beta", None),
    ],
)
def test_which_imports_mean_packages(path: str, meaning: str | None) -> None:
    """Two names and a slash, unless the path begins like a file's, or would lead elsewhere."""
    found = package_import(path)
    assert (str(found) if found else None) == meaning


def test_where_files_are_looked_for() -> None:
    """A file comes before a folder, and the package's root before its src."""
    assert candidates("a") == ("a.hml", "a/index.hml", "src/a.hml", "src/a/index.hml")
    assert relative_import("src", "../lib/x") == "lib/x.hml"
    assert relative_import("src", "x.hml") == "src/x.hml"
    assert relative_import("src", "acme/beta") is None


@pytest.mark.parametrize(
    ("manifest", "main"),
    [
        ('{"main": "lib"}', "lib.hml"),
        ('{"main": "./lib.hml"}', "lib.hml"),
        ('{"main": "gone.hml"}', "src/index.hml"),
        ("{}", "src/index.hml"),
        ("not json", "src/index.hml"),
        # The interpreter takes the first "main" of any object; what stands there decides for everyone.
        ('{"scripts": {"main": "src/deep/index"},\n"main": "lib"}', "src/deep/index.hml"),
        ('{"main": "../../../../etc/passwd"}', "src/index.hml"),
    ],
)
def test_which_file_a_package_is(modules: Path, manifest: str, main: str) -> None:
    """What the interpreter would load, had it spelled the path plainly."""
    (modules / "acme/beta/package.json").write_text(manifest)
    assert find_in(str(modules / "acme/beta"), "") == main


def test_a_shim_hands_on_what_is_there(modules: Path) -> None:
    """Exports, and what is imported although it is not exported; a name that is nowhere would break it."""
    imports: list[dict[str, tuple[str, ...]]]
    imports = [{"acme/beta": ("hidden", "low", "nowhere")}, {"acme/beta/deep": ("*",), "acme/gone": ("x",)}]
    made = shims_for("src", imports, "../hem_modules", Targets(str(modules)))
    assert made == {
        "src/hem_modules/.gitignore": IGNORE,
        "src/hem_modules/acme/beta/src/index.hml": (
            f'// {MARK}\nexport {{ low, n, hidden }} from "../../../../../hem_modules/acme/beta/lib.hml";\n'
        ),
        "src/hem_modules/acme/beta/deep.hml": (
            f'// {MARK}\nimport * from "../../../../hem_modules/acme/beta/src/deep/index.hml";\n'
        ),
    }


def test_a_package_and_its_own_index(modules: Path) -> None:
    """``acme/beta`` is lib.hml and ``acme/beta/src/index`` is not: both are found."""
    imports = [{"acme/beta": ("low",), "acme/beta/src/index": ("other",)}]
    made = shims_for("", imports, "hem_modules", Targets(str(modules)))
    assert "lib.hml" in made["hem_modules/acme/beta/hpm-main.hml"]
    assert "other" in made["hem_modules/acme/beta/src/index.hml"]
    assert '"main": "hpm-main.hml"' in made["hem_modules/acme/beta/package.json"]


def test_what_nobody_needs_makes_nothing(modules: Path) -> None:
    """No import, or none that leads anywhere: no folder."""
    targets = Targets(str(modules))
    assert shims_for("src", [], "..", targets) == {}
    assert shims_for("src", [{"acme/gone": ("x",)}], "..", targets) == {}


def test_files_come_and_go_with_their_folders(tmp_path: Path) -> None:
    """What is right is not written again; what goes takes empty folders along, and leaves others' files."""
    files = {"src/hem_modules/.gitignore": IGNORE, "src/hem_modules/a/b/x.hml": f"// {MARK}\n"}
    (tmp_path / "src").mkdir()
    put(tmp_path, files)
    before = (tmp_path / "src/hem_modules/a/b/x.hml").stat()
    put(tmp_path, files)
    assert (tmp_path / "src/hem_modules/a/b/x.hml").stat() == before
    assert is_shim_folder(str(tmp_path / "src/hem_modules"))
    assert found_in(tmp_path, ["", "src"], apart_from_itself=True) == set(files)

    write(tmp_path, {"src/hem_modules/a/own.txt": "mine"})
    remove(tmp_path, set(files))
    assert [path.name for path in (tmp_path / "src").rglob("*")] == ["hem_modules", "a", "own.txt"]
    (tmp_path / "src/hem_modules/a/own.txt").unlink()
    put(tmp_path, files)
    (tmp_path / "src/hem_modules/a/b/x.hml").unlink()
    (tmp_path / "src/hem_modules/a/b").rmdir()
    remove(tmp_path, set(files))
    assert list((tmp_path / "src").iterdir()) == []


def test_a_link_is_never_written_through(tmp_path: Path) -> None:
    """In the place of a folder it is removed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write(tmp_path, {"src/hem_modules/.gitignore": IGNORE})
    (tmp_path / "src/hem_modules/a").symlink_to(elsewhere)
    put(tmp_path, {"src/hem_modules/a/x.hml": "text"})
    assert list(elsewhere.iterdir()) == []
    assert (tmp_path / "src/hem_modules/a/x.hml").read_text() == "text"


def test_which_sources_are_the_projects_own(tmp_path: Path) -> None:
    """Members are; hidden folders, packages, links and other projects are not."""
    here = {"main.hml": "", "src/a.hml": "", "member/package.json": "{}", "member/src/b.hml": ""}
    others = {
        ".git/x.hml": "",
        "hem_modules/a/b/x.hml": "",
        "src/hem_modules/a/b.hml": "",
        "node_modules/x.hml": "",
        "other/package.json": "{}",
        "other/x.hml": "",
        "src/readme.md": "",
    }
    write(tmp_path, here | others)
    (tmp_path / "link").symlink_to(tmp_path / "src")
    found = find_sources(str(tmp_path), {"member"})
    assert found.files == ("main.hml", "member/src/b.hml", "src/a.hml")
    assert found.folders == ("", "member", "member/src", "src")


def test_what_a_source_takes() -> None:
    """By import path: names, or a star for everything."""
    data = b'import { b, a } from "x/y"; import * as n from "x/y/z"; export { c } from "x/y";'
    assert package_imports(data) == {"x/y": ("a", "b", "c"), "x/y/z": ("*",)}
    assert package_imports(b'print(1); import { a } from "./file";') == {}
