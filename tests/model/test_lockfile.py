from __future__ import annotations

from pathlib import Path

import pytest

from hpmtasks.errors import InvalidLockfile
from hpmtasks.model.lockfile import (
    create_empty,
    create_entry,
    disagreements,
    get_locked,
    needs_update,
    parse_lockfile,
    prune,
    reachable,
    read_lockfile,
    remove_locked,
    render,
    set_locked,
    write_lockfile,
)
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.package import PackageName
from tests.support.locks import entry, lock, manifest

A, B, C = (PackageName("x", repo) for repo in "abc")


def test_entries_are_set_and_removed_in_a_new_lockfile() -> None:
    """A lockfile is a value: the old one stays as it was, and the new one is sorted."""
    empty = create_empty()
    one = set_locked(empty, B, entry("1.0.0"))
    two = set_locked(one, A, entry("2.0.0"))
    assert list(two.entries) == [A, B]
    assert get_locked(two, PackageName("X", "A")) == entry("2.0.0")
    assert get_locked(empty, B) is None
    assert remove_locked(two, A) == one
    assert remove_locked(one, A) == one


def test_an_entry_that_is_set_again_takes_the_new_spelling() -> None:
    """Capitals do not make a second entry; the latest spelling is written."""
    twice = set_locked(lock(a="1.0.0"), PackageName("X", "A"), entry("2.0.0"))
    assert [str(name) for name in twice.entries] == ["X/A"]


def test_entries_are_made_of_texts() -> None:
    """The first hpm's arguments give an entry, and what is no version gives none."""
    made = create_entry("1.0.0+b", "u", "sha256-" + "0" * 64, {"a/b": "^1"})
    assert str(made.version) == "1.0.0+b"
    assert made.dependencies == {PackageName("a", "b"): "^1"}
    with pytest.raises(ValueError, match="not a version"):
        create_entry("1.0", "u")


def test_pruning_keeps_what_is_named() -> None:
    """Names that are not locked do not matter."""
    assert prune(lock(a="1.0.0", b="1.0.0"), [A, C]) == lock(a="1.0.0")


def test_what_is_reachable_ends_in_cycles_and_gaps() -> None:
    """A cycle is walked once, and a package that is not locked is not reached."""
    drawn = lock(a="1.0.0: x/b@*", b="1.0.0: x/a@*, x/gone@*", c="1.0.0")
    assert reachable(drawn, [A]) == {A, B}
    assert reachable(drawn, [PackageName("x", "gone")]) == frozenset()


GOOD = lock(a="1.2.0: x/b@^1.0.0", b="1.5.0")


@pytest.mark.parametrize(
    ("project", "why"),
    [
        (manifest({"a": "^1.0.0"}), "all is answered"),
        (manifest({}, dev={"a": "^1.0.0"}), "development counts"),
        (manifest({"a": "^1.0.0", "b": ">=1.5.0"}), "a package may be asked for twice"),
        (manifest({"a": "^2.0.0"}, overrides={"X/A": "1.2.0"}), "an override takes a constraint's place"),
        (manifest({"a": "*"}, overrides={"x/b": {"x/c": "1"}, "?": "1"}), "other overrides are not ours"),
    ],
)
def test_a_lockfile_that_answers_needs_no_update(project: Manifest, why: str) -> None:
    """Every requirement has a version that suits, and nothing is left over."""
    assert not needs_update(GOOD, project), why


@pytest.mark.parametrize(
    ("project", "why"),
    [
        (manifest({"a": "^2.0.0"}), "the version does not suit"),
        (manifest({"a": "^1.0.0", "c": "*"}), "a package is missing"),
        (manifest({"b": "*"}), "a package is left over"),
        (manifest({}), "all are left over"),
        (manifest({"a": "*", "b": "<1.5.0"}), "one of two constraints does not suit"),
        (manifest({"a": "*"}, dev={"a": "2"}), "development asks for another version"),
        (manifest({"a": "*"}, overrides={"x/b": "2.0.0"}), "an override asks for another version"),
    ],
)
def test_a_lockfile_that_does_not_answer_needs_an_update(project: Manifest, why: str) -> None:
    """Each way of not being an answer is noticed."""
    assert needs_update(GOOD, project), why


def test_what_a_locked_package_needs_counts() -> None:
    """A dependency of a dependency that is missing, outdated or nonsense asks for an update."""
    project = manifest({"a": "*"})
    assert needs_update(lock(a="1.0.0: x/b@*"), project)
    assert needs_update(lock(a="1.0.0: x/b@^2", b="1.0.0"), project)
    assert needs_update(lock(a="1.0.0: x/b@newest", b="1.0.0"), project)


def test_an_entry_that_is_no_use_needs_an_update() -> None:
    """What the first hpm locked at a tag that is no version has to be chosen anew."""
    data = b'{"dependencies": {"x/a": {"version": "2"}}}'
    assert needs_update(parse_lockfile(data, "package-lock.json"), manifest({}))


def test_each_disagreement_names_who_asks_for_what_and_what_is_locked() -> None:
    """Of the project, of a locked package, of what is missing, superfluous or no version."""
    stale = lock(a="1.0.0: x/b@^2", b="1.0.0", d="1.0.0")
    asked = manifest({"a": "^2", "c": ""})
    assert list(disagreements(stale, asked)) == [
        "x/a: package.json asks for ^2, and 1.0.0 is locked",
        "x/c: package.json asks for *, and it is not locked",
        "x/b: x/a asks for ^2, and 1.0.0 is locked",
        "x/d: it is locked, and nothing asks for it",
    ]
    unusable = parse_lockfile(b'{"dependencies": {"x/a": {"version": "2"}}}', "package-lock.json")
    assert list(disagreements(unusable, manifest({}))) == ["x/a: '2' is not a version"]


LIB = manifest({"b": "^1.0.0"}, name="x/lib", version="3.0.0")


def test_members_of_a_workspace_ask_too() -> None:
    """What they require has to be locked, and they themselves never are."""
    tool = manifest({"lib": "^3.0.0"}, dev={"a": "*"}, name="x/tool")
    assert not needs_update(GOOD, manifest({}), [LIB, tool])
    assert needs_update(GOOD, manifest({}), [LIB])
    assert not needs_update(lock(b="1.0.0: x/lib@^3"), manifest({}), [LIB])
    assert not needs_update(lock(b="1.0.0"), manifest({"lib": "*"}), [LIB])


def test_disagreements_name_members() -> None:
    """As those who ask, and as those who are asked for in a version that they have not."""
    tool = manifest({"lib": "^2.0.0", "b": "^2.0.0"}, name="x/tool")
    stale = lock(b="1.0.0: x/lib@^1", lib="2.0.0")
    here = "and it is a member of this workspace, at version 3.0.0"
    assert list(disagreements(stale, manifest({"lib": "1"}), [LIB, tool])) == [
        f"x/lib: package.json asks for 1, {here}",
        "x/b: x/tool (workspace member) asks for ^2.0.0, and 1.0.0 is locked",
        f"x/lib: x/tool (workspace member) asks for ^2.0.0, {here}",
        f"x/lib: x/b asks for ^1, {here}",
        "x/lib: it is locked, and it is a member of this workspace",
    ]


def test_any_version_of_a_member_will_do() -> None:
    """Whoever asks for ``*`` means it as it is, a prerelease included."""
    early = manifest({}, name="x/lib", version="1.0.0-dev")
    assert not needs_update(lock(), manifest({"lib": "*"}), [early])
    assert needs_update(lock(), manifest({"lib": "^1.0.0"}), [early])


def test_a_lockfile_is_read_from_the_disk_as_it_was_written(tmp_path: Path) -> None:
    """No file is no lockfile, which is not an error; a folder in its place is one."""
    path = tmp_path / "package-lock.json"
    assert read_lockfile(path) is None
    write_lockfile(path, GOOD)
    assert path.read_bytes() == render(GOOD)
    assert read_lockfile(path) == GOOD
    path.unlink()
    path.mkdir()
    with pytest.raises(InvalidLockfile, match="cannot be read"):
        read_lockfile(path)


def test_an_unchanged_lockfile_is_not_touched(tmp_path: Path) -> None:
    """Writing what is there already leaves the very same file."""
    path = tmp_path / "package-lock.json"
    write_lockfile(path, GOOD)
    before = path.stat()
    write_lockfile(path, GOOD)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
