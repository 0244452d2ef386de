from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from hpmtasks.errors import InvalidLockfile
from hpmtasks.model.lock_entry import LockEntry, Lockfile
from hpmtasks.model.lock_format import parse_lockfile, render
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version

GOLDENS = Path(__file__).parent / "goldens"


def parse(document: Any) -> Lockfile:
    """The lockfile of a document."""
    return parse_lockfile(json.dumps(document).encode(), "package-lock.json")


def entry(**fields: Any) -> dict[str, Any]:
    """A document that locks acme/json, with *fields* changed."""
    good = {"version": "1.0.0", "resolved": "https://example.org/x", "integrity": "sha256-unknown"}
    return {"lockVersion": 1, "hemlock": "1.0.0", "dependencies": {"acme/json": good | fields}}


def test_our_own_lockfile_is_written_back_byte_for_byte() -> None:
    """Reading and writing a canonical file changes nothing, unknown members included."""
    data = (GOLDENS / "ours.json").read_bytes()
    assert render(parse_lockfile(data, "package-lock.json")) == data


def test_our_own_lockfile_says_everything() -> None:
    """Every field of an entry arrives."""
    lockfile = parse_lockfile((GOLDENS / "ours.json").read_bytes(), "package-lock.json")
    alpha = lockfile.entries[PackageName("acme", "alpha")]
    assert str(alpha.version) == "2.0.0"
    assert alpha.integrity == "sha256-" + "15bcd8e8" * 8
    assert alpha.commit == "b0" * 20
    assert alpha.tree == "sha256-" + "7f" * 32
    assert alpha.repository == 123456789
    assert not alpha.dev
    assert alpha.dependencies == {PackageName("acme", "beta"): ">=1.0.0 <2.0.0"}
    assert lockfile.entries[PackageName("acme", "test-unit")].dev


def test_the_first_hpms_lockfile_is_understood() -> None:
    """Its two constants are no integrity, and what it locked at a tag that is no version is not locked."""
    lockfile = parse_lockfile((GOLDENS / "first-hpm.json").read_bytes(), "package-lock.json")
    known = {str(name): found.integrity for name, found in lockfile.entries.items()}
    assert known == {
        "acme/alpha": "sha256-" + "15bcd8e8" * 8,
        "acme/beta": None,
        "Acme/Delta.js": None,
        "acme/gamma": None,
    }
    assert {str(name): why for name, why in lockfile.unusable.items()} == {
        "acme/sloppy": "'2' is not a version"
    }
    assert str(lockfile.entries[PackageName("acme", "delta.JS")].version) == "1.0.0-rc.1+build.5"


def test_the_first_hpms_lockfile_is_written_sorted() -> None:
    """The canonical form sorts names whatever their capitals, and says where no integrity is known."""
    lockfile = parse_lockfile((GOLDENS / "first-hpm.json").read_bytes(), "package-lock.json")
    assert render(lockfile) == (GOLDENS / "first-hpm-rewritten.json").read_bytes()


def test_an_empty_lockfile_has_one_form() -> None:
    """No packages, no extras: four lines and a brace."""
    assert render(Lockfile()) == b'{\n  "lockVersion": 1,\n  "hemlock": "1.0.0",\n  "dependencies": {}\n}\n'


@pytest.mark.parametrize("document", [{}, {"lockVersion": 1}, {"dependencies": {}}])
def test_missing_members_are_empty(document: dict[str, Any]) -> None:
    """A file without lockVersion or dependencies locks nothing, and is no error."""
    assert parse(document).entries == {}


REFUSED: list[tuple[Any, str]] = [
    ([], "package-lock.json must hold an object"),
    ({"lockVersion": 2}, "It was written by a newer hpm (lockVersion 2"),
    ({"lockVersion": 0}, "lockVersion must be 1, not 0."),
    ({"lockVersion": "1"}, "lockVersion must be a whole number, not a string."),
    ({"dependencies": []}, "dependencies must be an object, not a list."),
    ({"dependencies": {"a/b": "1.0.0"}}, "dependencies.a/b must be an object, not a string."),
    ({"dependencies": {"a/b": {}}}, "dependencies.a/b.version is missing."),
    ({"dependencies": {"a/b": {"version": 1}}}, "version must be a string"),
    (entry(dev=1), "dependencies.acme/json.dev must be true or false, not a number."),
    (entry(repository=True), "dependencies.acme/json.repository must be a whole number, not true or false."),
    (entry(repository=0), "acme/json: repository must be a positive number, not 0."),
    (
        entry(integrity="sha512-x"),
        "acme/json: integrity must be sha256- and 64 hexadecimal digits, not 'sha512-x'.",
    ),
    (entry(tree="sha256-" + "A" * 64), "acme/json: tree must be sha256- and 64 hexadecimal digits"),
    (entry(commit="main"), "acme/json: commit must be 40 or 64 hexadecimal digits, not 'main'."),
    (entry(commit="a" * 41), "acme/json: commit must be 40 or 64 hexadecimal digits"),
    (entry(commit="a" * 40 + "\n"), "acme/json: commit must be 40 or 64 hexadecimal digits"),
    (entry(resolved="https://x\x1b[2J"), "acme/json: resolved holds a control character."),
    (entry(dependencies={"a/b": "^1\x1b[2J"}), "acme/json: the constraint on a/b holds a control character."),
    (entry(dependencies={"../x": "1"}), "acme/json: '../x' is not a package name"),
    (
        entry(dependencies={"a/b": 1}),
        "dependencies.acme/json.dependencies.a/b must be a string, not a number.",
    ),
    (
        {"dependencies": {"a/b": entry()["dependencies"]["acme/json"], "A/B": {"version": "1.0.0"}}},
        "A/B is locked twice, with different capitals.",
    ),
]


@pytest.mark.parametrize(("document", "issue"), REFUSED)
def test_a_damaged_lockfile_is_refused_with_entry_and_field(document: Any, issue: str) -> None:
    """The first issue names the place; the exit code is that of an invalid manifest."""
    with pytest.raises(InvalidLockfile) as refusal:
        parse(document)
    assert issue in refusal.value.issues[0]
    assert refusal.value.exit_code == 5


NAUGHTY = [
    "../x",
    "a/..",
    "a/b/c",
    "-x/y",
    "x/-y",
    "a",
    "",
    "/",
    "a/",
    "a/b\n",
    "a/\x1b",
    "a\\b/c",
    "C:/x",
    "a/b c",
]


@pytest.mark.parametrize("name", [*NAUGHTY, "a" * 101 + "/b", "a/" + "b" * 5000])
def test_a_name_that_could_leave_the_project_is_refused(name: str) -> None:
    """No entry with such a name is ever returned."""
    with pytest.raises(InvalidLockfile, match="is not a package name"):
        parse({"dependencies": {name: {"version": "1.0.0"}}})


def test_an_entry_of_no_use_counts_as_an_entry() -> None:
    """A name that is locked twice is told even if one of its entries is passed over anyway."""
    with pytest.raises(InvalidLockfile, match="locked twice"):
        parse({"dependencies": {"a/b": {"version": "2"}, "A/B": {"version": "1.0.0"}}})


def test_a_merge_conflict_is_called_by_its_name() -> None:
    """Conflict marks get advice of their own, with the line."""
    lines = ["{", "<<<<<<< HEAD", '  "lockVersion": 1', "=======", "  ", ">>>>>>> other branch", "}"]
    for line_end in ("\n", "\r\n"):
        with pytest.raises(InvalidLockfile, match=r"marks of a git merge conflict \(line 2\)"):
            parse_lockfile(line_end.join(lines).encode(), "package-lock.json")


def test_a_newer_lockfile_is_not_to_be_deleted() -> None:
    """The way out of a newer format is a newer hpm."""
    with pytest.raises(InvalidLockfile) as refusal:
        parse({"lockVersion": 7, "packages": []})
    assert "delete" not in str(refusal.value)
    assert "update hpm" in str(refusal.value)


def test_broken_json_is_placed() -> None:
    """A syntax error has its line and the way out."""
    with pytest.raises(InvalidLockfile) as refusal:
        parse_lockfile(b'{\n  "lockVersion": 1,\n}', "package-lock.json")
    assert refusal.value.issues[0].startswith(
        "package-lock.json is not valid JSON: line 3, column 1: expected"
    )
    assert "delete it and run 'hpm install'" in refusal.value.issues[1]


def test_many_issues_are_not_a_flood() -> None:
    """Of a thousand bad entries twenty are told, and that there are more."""
    document = {"dependencies": {f"a/b{n}": {"version": "1.0.0", "commit": "x"} for n in range(1000)}}
    with pytest.raises(InvalidLockfile) as refusal:
        parse(document)
    assert len(refusal.value.issues) == 22
    assert refusal.value.issues[20] == "… and 980 more."


def test_a_number_that_cannot_be_kept_is_refused() -> None:
    """An unknown member that could not be written back is told, not dropped."""
    with pytest.raises(InvalidLockfile, match="A number is too large"):
        parse_lockfile(b'{"lockVersion": 1, "x": [1e999]}', "package-lock.json")


hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
package_names = st.builds(
    PackageName,
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,5}", fullmatch=True),
    st.sampled_from(["r", "S", "t.u"]),
)
printable = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=10)
digests = st.none() | hexes.map("sha256-{}".format)
entries = st.builds(
    LockEntry,
    version=st.builds(Version, *[st.integers(0, 10**9)] * 3),
    resolved=printable,
    integrity=digests,
    commit=st.none() | hexes | hexes.map(lambda digits: digits[:40]),
    tree=digests,
    repository=st.none() | st.integers(1, 2**63),
    dev=st.booleans(),
    dependencies=st.dictionaries(package_names, printable, max_size=3),
)
lockfiles = st.builds(
    Lockfile,
    st.dictionaries(package_names, entries, max_size=5),
    extras=st.dictionaries(
        st.text(max_size=5).filter(lambda key: key not in {"lockVersion", "hemlock", "dependencies"}),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)
        ),
        max_size=2,
    ),
)


@given(lockfiles)
def test_what_is_written_is_read(lockfile: Lockfile) -> None:
    """Every lockfile survives writing and reading, and its file is what json would write with two spaces."""
    data = render(lockfile)
    assert parse_lockfile(data, "package-lock.json") == lockfile
    document = json.loads(data)
    assert render(parse_lockfile(json.dumps(document).encode(), "x")) == data
    assert data.decode() == json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def test_half_a_surrogate_pair_survives() -> None:
    """JSON can hold what UTF-8 cannot, as an escape; it is written as one again."""
    data = b'{"lockVersion": 1, "dependencies": {}, "note": "\\ud83d!"}'
    written = render(parse_lockfile(data, "package-lock.json"))
    assert b'"note": "\\ud83d!"' in written
