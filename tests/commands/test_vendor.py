"""hpm vendor: plain copies that a directory source can serve, and nothing of anybody else's harmed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.golden import Golden


@pytest.fixture
def locked(shell: CommandLine) -> CommandLine:
    """acme/a, acme/b and, for development, acme/new are locked."""
    shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "1"})
    assert shell.run("lock").code == 0
    return shell


def files(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Every file below *folder*: content, time, number of names."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            found[path.relative_to(folder).as_posix()] = (
                path.read_bytes(),
                status.st_mtime_ns,
                status.st_nlink,
            )
    return found


def test_plain_copies_with_an_index(locked: CommandLine, golden: Golden) -> None:
    """Each version has its folder; the files share nothing with the store and may be written."""
    ran = locked.process("vendor")

    assert ran.code == 0
    golden.check("vendor/written.txt", ran.out + ran.err)
    vendor = locked.project / "vendor"
    golden.check("vendor/index.json", (vendor / "hpm-vendor.json").read_text())
    assert sorted(files(vendor)) == [
        "acme/a/v1.1.0/package.json",
        "acme/a/v1.1.0/src/index.hml",
        "acme/b/v1.2.0/package.json",
        "acme/b/v1.2.0/src/index.hml",
        "acme/new/v1.0.0/package.json",
        "acme/new/v1.0.0/src/index.hml",
        "hpm-vendor.json",
    ]
    assert all(names == 1 for _, _, names in files(vendor).values())
    assert (vendor / "acme/a/v1.1.0/package.json").stat().st_mode & 0o777 == 0o644
    assert not (locked.project / "hem_modules").exists()


def test_again_changes_no_file(locked: CommandLine) -> None:
    """Not even a time."""
    locked.run("vendor")
    before = files(locked.project / "vendor")
    assert locked.run("vendor").out == "vendor is up to date (3 packages).\n"
    assert files(locked.project / "vendor") == before


def test_directory_source_serves_it(locked: CommandLine) -> None:
    """An installation without network and without store comes from the copies."""
    locked.run("vendor")
    trees = {name: entry["tree"] for name, entry in locked.lock()["dependencies"].items()}
    document = locked.manifest()
    document["hpm"] = {"sources": [{"match": "*", "type": "directory", "path": "vendor"}]}
    locked.write("package.json", json.dumps(document))

    ran = locked.run("install", "--offline", HPM_CACHE_DIR=str(locked.folder / "fresh"))

    assert ran.code == 0, ran.err
    assert locked.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0", "acme/new": "1.0.0"}
    assert {name: entry["tree"] for name, entry in locked.lock()["dependencies"].items()} == trees
    assert locked.run("vendor").out == "vendor is up to date (3 packages).\n"


def test_what_is_no_longer_locked_is_removed(locked: CommandLine, golden: Golden) -> None:
    """Another version takes the old one's place, and what nobody needs any more is gone with its owner."""
    locked.run("vendor")
    locked.require({"acme/b": "1.0.0"})
    locked.run("lock")

    ran = locked.run("vendor")

    golden.check("vendor/changed.txt", ran.out + ran.err)
    assert sorted(path.as_posix() for path in (locked.project / "vendor").glob("*/*/*")) == [
        f"{locked.project}/vendor/acme/b/v1.0.0"
    ]


def test_files_of_others_are_never_removed(locked: CommandLine) -> None:
    """Neither beside the packages nor inside one that was changed and is no longer locked."""
    locked.run("vendor")
    notes = locked.write("vendor/acme/NOTES.md", "mine")
    other = locked.write("vendor/acme/own/v1.0.0/package.json", "{}")
    inside = locked.write("vendor/acme/new/v1.0.0/mine.hml", "mine")
    locked.require({"acme/a": "^1.0.0"})
    locked.run("lock")

    ran = locked.run("vendor")

    assert ran.code == 0
    assert "acme/new@1.0.0 is no longer locked; it was changed in vendor, so it stays there." in ran.err
    assert all(path.exists() for path in (notes, other, inside))
    assert locked.run("vendor", "--json").data["left"] == []


@pytest.mark.parametrize("kind", ["changed", "foreign", "file", "link"])
def test_changed_copy_is_not_overwritten(locked: CommandLine, kind: str) -> None:
    """Exit code 6 before anything is written; the place is named."""
    place = locked.project / "vendor/acme/b/v1.2.0"
    if kind == "changed":
        locked.run("vendor")
        locked.write("vendor/acme/b/v1.2.0/src/index.hml", "patched")
        locked.write("vendor/hpm-vendor.json", "not even an index")
    elif kind == "foreign":
        locked.write("vendor/acme/b/v1.2.0/package.json", "{}")
    elif kind == "file":
        locked.write("vendor/acme/b/v1.2.0", "a file")
    else:
        place.parent.mkdir(parents=True)
        place.symlink_to(locked.folder)
    before = locked.everything()

    ran = locked.run("vendor")

    assert (ran.code, ran.out) == (6, "")
    assert str(place) in ran.err
    assert locked.everything() == before


def test_link_on_the_way_is_not_followed(locked: CommandLine) -> None:
    """An owner's folder that is a link leads somewhere else: nothing is written there."""
    elsewhere = locked.folder / "elsewhere"
    elsewhere.mkdir()
    (locked.project / "vendor").mkdir()
    (locked.project / "vendor/acme").symlink_to(elsewhere)
    assert locked.run("vendor").code == 4
    assert list(elsewhere.iterdir()) == []


def test_index_is_not_believed_beyond_the_folder(locked: CommandLine) -> None:
    """Names that lead elsewhere are nobody's, whatever the index says."""
    precious = locked.write("precious/v1.0.0/file", "mine")
    rows = [{"name": "../precious", "version": "1.0.0", "tree": "sha256-0"}]
    locked.write("vendor/hpm-vendor.json", json.dumps({"format": 1, "packages": rows}))
    assert locked.run("vendor").code == 0
    assert precious.exists()


def test_elsewhere_and_without_dev(locked: CommandLine) -> None:
    """--to is relative to the current folder; --prod leaves out what only development needs."""
    (locked.project / "below").mkdir()
    locked.below = "below"
    data = locked.run("vendor", "--to", "../third party", "--prod", "--json").data
    assert (data["folder"], data["written"]) == ("third party", ["acme/a@1.1.0", "acme/b@1.2.0"])
    assert not (locked.project / "vendor").exists()
    assert (locked.project / "third party/acme/a/v1.1.0/package.json").exists()


@pytest.mark.parametrize("folder", ["hem_modules", ".hpm/vendor", "x/../hem_modules/y"])
def test_folders_of_hpm_are_refused(locked: CommandLine, folder: str) -> None:
    """Exit code 64 for a folder that hpm makes anew."""
    assert locked.run("vendor", "--to", folder).code == 64


def test_vendor_from_the_lock_alone(locked: CommandLine) -> None:
    """package.json is not needed."""
    (locked.project / "package.json").unlink()
    assert locked.run("vendor").code == 0
    assert (locked.project / "vendor/acme/a/v1.1.0").is_dir()


def test_vendor_while_the_network_is_down(own_shell: CommandLine, own_server: GithubServer) -> None:
    """What the store has is copied; what it has not is named, and nothing is written."""
    own_shell.require({"acme/b": "1.0.0"})
    own_shell.run("lock")
    own_server.clear_log()
    assert own_shell.run("vendor", "--offline").code == 0
    assert own_server.requests == []
    os.rename(own_shell.project / "vendor", own_shell.project / "old")
    ran = own_shell.run("vendor", "--offline", HPM_CACHE_DIR=str(own_shell.folder / "none"))
    assert (ran.code, "acme/b@1.0.0" in ran.err) == (4, True)
    assert not (own_shell.project / "vendor").exists()
