"""What a task left, stored and given back: exactly that, nothing else, and nowhere else."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from hpmtasks.errors import StorageFailure
from hpmtasks.scripts.log import Log
from hpmtasks.scripts.outputs import UnusableOutputs, collect
from hpmtasks.scripts.restore import restore
from hpmtasks.scripts.standing import match
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.result import ActionResult, OutputFile, OutputLink
from hpmtasks.store.results.result_store import BlobMissing

HELLO = Digest.of(b"hello")
DIST = ("dist/**",)


def digest_of(path: str, status: os.stat_result) -> Digest:
    """The digest of a file, always by reading it."""
    del status
    return Digest.of(Path(path).read_bytes())


def tree(folder: Path) -> dict[str, object]:
    """Everything below *folder*: contents with the executable bit, link targets, ``None`` for a folder."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_dir():
            found[name] = None
        else:
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found


def lay(folder: Path, contents: dict[str, object]) -> Path:
    """*folder* holds *contents*, in the form of :func:`tree`; bytes alone are a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        match content:
            case None:
                path.mkdir(exist_ok=True)
            case str(target):
                path.symlink_to(target)
            case bytes(data):
                path.write_bytes(data)
            case (bytes(data), is_executable):
                path.write_bytes(data)
                path.chmod(0o755 if is_executable else 0o644)
    return folder


class Machine:
    """Keeps what scripts leave, in one store."""

    def __init__(self, folder: Path) -> None:
        self.store = FolderResults(folder / "cache")

    def keep(self, folder: Path, patterns: tuple[str, ...] = DIST) -> ActionResult:
        """The result of a run in *folder*, as it comes back from the store."""
        outputs = collect(folder, patterns, digest_of)
        with Log(folder) as log:
            result = outputs.result(log, 1.0)
            self.store.put(outputs.blobs(log))
        assert self.store.missing(result.digests()) == set()
        return ActionResult.decode(result.encode())

    def give_back(self, result: ActionResult, folder: Path, patterns: tuple[str, ...] = DIST) -> None:
        """*result* is restored in *folder*."""
        folder.mkdir(parents=True, exist_ok=True)
        restore(result, self.store, folder, patterns, digest_of)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine whose store is empty."""
    return Machine(tmp_path)


EVERYTHING: dict[str, object] = {
    "dist": None,
    "dist/a.js": (b"a", False),
    "dist/bin": None,
    "dist/bin/tool": (b"#!/bin/sh\n", True),
    "dist/bin/alias": "tool",
    "dist/bin/dangling": "../nothing/here",
    "dist/empty": (b"", False),
    "dist/nothing": None,
    "dist/nothing/in": None,
    "dist/nothing/in/it": None,
    "dist/sp ace\n\u00fc": (b"odd", False),
}


def test_what_is_restored_is_what_was_left(machine: Machine, tmp_path: Path) -> None:
    """Contents, executable bits, links and empty folders come back, in a project at another path."""
    result = machine.keep(lay(tmp_path / "one", EVERYTHING))
    machine.give_back(result, tmp_path / "another" / "place")
    assert tree(tmp_path / "another" / "place") == EVERYTHING
    assert match(result, tmp_path / "another" / "place", DIST, digest_of)
    assert str(tmp_path).encode() not in result.encode()


NAMES = st.sampled_from(["a", "b", "c.js", "d"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CONTENTS = st.one_of(
    st.none(), st.tuples(st.binary(max_size=3), st.booleans()), st.sampled_from(["a", "b/c", "missing"])
)


def possible(wanted: dict[str, object]) -> dict[str, object]:
    """Of *wanted* what can stand together below ``dist``, with the folders above."""
    found: dict[str, object] = {"dist": None}
    for path, content in sorted(wanted.items()):
        parts = ["dist", *path.split("/")]
        above = ["/".join(parts[:end]) for end in range(1, len(parts))]
        if all(found.get(each) is None for each in above):
            found.update(dict.fromkeys(above))
            found.setdefault("/".join(parts), content)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.dictionaries(PATHS, CONTENTS, max_size=6), st.dictionaries(PATHS, CONTENTS, max_size=6))
def test_whatever_stood_there_is_replaced(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, object], after: dict[str, object]
) -> None:
    """From any outputs to any others: afterwards exactly the others stand, and they match."""
    folder = tmp_path_factory.mktemp("any")
    machine = Machine(folder)
    wanted, stood = possible(after), possible(before)
    result = machine.keep(lay(folder / "one", wanted), ("dist",))
    lay(folder / "two", {"src": None, "src/main.hml": (b"x", False), **stood})
    assert match(result, folder / "two", ("dist",), digest_of) == (wanted == stood)
    machine.give_back(result, folder / "two", ("dist",))
    assert tree(folder / "two") == {"src": None, "src/main.hml": (b"x", False), **wanted}
    assert match(result, folder / "two", ("dist",), digest_of)


def test_files_that_are_right_are_not_touched(machine: Machine, tmp_path: Path) -> None:
    """Restoring over right outputs writes nothing; a wrong one alone is replaced."""
    folder = lay(tmp_path / "one", {"dist/a": b"a", "dist/b": b"b"})
    result = machine.keep(folder)
    (folder / "dist/b").write_bytes(b"c")
    before = {name: (folder / name).stat() for name in ("dist/a", "dist/b")}
    machine.give_back(result, folder)
    assert (folder / "dist/a").stat() == before["dist/a"]
    assert (folder / "dist/b").stat().st_ino != before["dist/b"].st_ino
    assert (folder / "dist/b").read_bytes() == b"b"


def test_another_name_of_an_output_keeps_its_contents(machine: Machine, tmp_path: Path) -> None:
    """A file is replaced, never written into: what is hard-linked to it stays as it is."""
    folder = lay(tmp_path / "one", {"dist/a": b"a"})
    result = machine.keep(folder)
    (folder / "dist/a").write_bytes(b"edited")
    os.link(folder / "dist/a", tmp_path / "another name")
    machine.give_back(result, folder)
    assert (tmp_path / "another name").read_bytes() == b"edited"
    assert (folder / "dist/a").read_bytes() == b"a"


@pytest.mark.parametrize(
    "change",
    [
        lambda dist: (dist / "a.js").write_bytes(b"b"),
        lambda dist: (dist / "a.js").unlink(),
        lambda dist: (dist / "a.js").chmod(0o755),
        lambda dist: (dist / "more").write_bytes(b""),
        lambda dist: (dist / "more").mkdir(),
        lambda dist: (dist / "nothing/in/it").rmdir(),
        lambda dist: [(dist / "bin/alias").unlink(), (dist / "bin/alias").symlink_to("./tool")],
        lambda dist: [(dist / "bin/alias").unlink(), (dist / "bin/alias").write_bytes(b"#!/bin/sh\n")],
        lambda dist: [(dist / "a.js").unlink(), (dist / "a.js").symlink_to("empty")],
        lambda dist: [(dist / "a.js").unlink(), (dist / "a.js").mkdir()],
    ],
    ids=["edited", "gone", "mode", "more", "folder", "less", "relinked", "unlinked", "linked", "replaced"],
)
def test_any_difference_is_no_match(
    machine: Machine, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    """Outputs match while nothing about them differs, and restoring mends each difference."""
    folder = lay(tmp_path / "one", EVERYTHING)
    result = machine.keep(folder)
    assert match(result, folder, DIST, digest_of)
    change(folder / "dist")
    assert not match(result, folder, DIST, digest_of)
    machine.give_back(result, folder)
    assert tree(folder) == EVERYTHING


def test_only_what_the_patterns_take_is_kept_and_removed(machine: Machine, tmp_path: Path) -> None:
    """What a pattern leaves out is neither stored nor touched, also in the same folder."""
    patterns = ("dist/**", "!dist/*.map", "report.txt")
    contents = {"dist/a.js": b"a", "dist/a.map": b"map", "report.txt": b"r", "other.txt": b"o"}
    result = machine.keep(lay(tmp_path / "one", dict(contents)), patterns)
    assert [file.path for file in result.files] == ["dist/a.js", "report.txt"]
    folder = lay(tmp_path / "two", {"dist/b.js": b"b", "dist/b.map": b"bm", "other.txt": b"mine"})
    machine.give_back(result, folder, patterns)
    assert tree(folder) == {
        "dist": None,
        "dist/a.js": (b"a", False),
        "dist/b.map": (b"bm", False),
        "other.txt": (b"mine", False),
        "report.txt": (b"r", False),
    }


@pytest.mark.parametrize(
    ("patterns", "named"),
    [
        (("dist/**", "report.txt"), "report.txt"),
        (("dist/*.css",), "dist/*.css"),
        (("absent/**", "dist"), "absent/**"),
        (("dist/**", "!dist/a.js", "dist/b.{x,y}"), "dist/b.{x,y}"),
    ],
)
def test_a_missing_output_is_named(
    machine: Machine, tmp_path: Path, patterns: tuple[str, ...], named: str
) -> None:
    """A pattern that takes nothing is an error with the pattern in it."""
    folder = lay(tmp_path / "one", {"dist/a.js": b"a", "dist/c": b"c"})
    with pytest.raises(UnusableOutputs) as caught:
        machine.keep(folder, patterns)
    assert f'left nothing that its output "{named}" names' in str(caught.value)


def test_an_empty_folder_may_be_the_whole_output(machine: Machine, tmp_path: Path) -> None:
    """A declared folder without anything in it is there, and comes back."""
    for number, pattern in enumerate(("dist", "dist/", "dist/**", "d*")):
        result = machine.keep(lay(tmp_path / f"from{number}", {"dist": None}), (pattern,))
        machine.give_back(result, tmp_path / f"to{number}", (pattern,))
        assert tree(tmp_path / f"to{number}") == {"dist": None}


def test_outputs_behind_a_link_are_not_looked_for(machine: Machine, tmp_path: Path) -> None:
    """A folder that is a link is not walked through, and the sentence says so."""
    folder = lay(tmp_path / "one", {"elsewhere/a.js": b"a", "dist": "elsewhere"})
    with pytest.raises(UnusableOutputs, match="dist is a link, and nothing behind a link is an output"):
        machine.keep(folder)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "x/../../..", "../hidden/x", "../.git"])
def test_a_link_that_leads_out_is_an_error(machine: Machine, tmp_path: Path, target: str) -> None:
    """A link out of the member's folder, straight or by way of another link, cannot be given back."""
    folder = lay(tmp_path / "one", {"dist/link": target, "hidden": str(tmp_path)})
    with pytest.raises(UnusableOutputs, match="The output dist/link cannot be kept: it leads to"):
        machine.keep(folder)


def test_what_is_no_file_is_an_error(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket or a pipe among the outputs is told, and nothing waits for it."""
    folder = lay(tmp_path / "one", {"dist/a": b"a"})
    os.mkfifo(folder / "dist" / "pipe")
    with pytest.raises(UnusableOutputs, match="dist/pipe is neither a file, a folder nor a link"):
        machine.keep(folder)
    (folder / "dist" / "pipe").unlink()
    monkeypatch.chdir(folder / "dist")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("sock")
        with pytest.raises(UnusableOutputs, match="dist/sock is neither"):
            machine.keep(folder)


def test_a_name_that_is_no_text_is_an_error(machine: Machine, tmp_path: Path) -> None:
    """A file whose name is not UTF-8 is told, not a traceback."""
    folder = lay(tmp_path / "one", {"dist/a": b"a"})
    try:
        (folder / "dist" / os.fsdecode(b"\xff")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes only names that are UTF-8")
    with pytest.raises(UnusableOutputs, match="is not UTF-8"):
        machine.keep(folder)


def test_what_is_not_the_scripts_is_never_an_output(machine: Machine, tmp_path: Path) -> None:
    """Patterns that take everything still leave hem_modules, .hpm and .git alone, at any depth."""
    contents: dict[str, object] = {
        f"{above}{name}/x": b"x" for above in ("", "dist/") for name in ("hem_modules", ".hpm", ".git")
    }
    folder = lay(tmp_path / "one", {"dist/a": b"a", **contents})
    result = machine.keep(folder, ("**",))
    assert [file.path for file in result.files] == ["dist/a"]
    lay(folder, {"stale": b""})
    before = tree(folder)
    machine.give_back(result, folder, ("**",))
    del before["stale"]
    assert tree(folder) == before


NOT_OURS = ["../x", "/etc/x", "dist/../../x", "hem_modules/a/b/c", ".hpm/x", ".git/hooks/x", "x\0"]


@pytest.mark.parametrize(
    ("path", "patterns"), [*((path, ("**",)) for path in NOT_OURS), ("src/main.hml", DIST), ("../x", DIST)]
)
def test_a_hostile_result_touches_nothing(
    machine: Machine, tmp_path: Path, path: str, patterns: tuple[str, ...]
) -> None:
    """A path that the task does not declare, or that leads elsewhere, is refused before anything is done."""
    machine.store.put({HELLO: b"hello"})
    folder = lay(tmp_path / "one", {"dist/mine": b"mine"})
    for result in (
        ActionResult((OutputFile("dist/good", HELLO), OutputFile(path, HELLO))),
        ActionResult((OutputFile("dist/good", HELLO),), links=(OutputLink(path, "a"),)),
        ActionResult((OutputFile("dist/good", HELLO),), folders=(path,)),
    ):
        with pytest.raises(UnusableOutputs, match="no output of the task"):
            machine.give_back(result, folder, patterns)
    assert tree(tmp_path / "one") == {"dist": None, "dist/mine": (b"mine", False)}


def test_a_hostile_link_is_refused(machine: Machine, tmp_path: Path) -> None:
    """A stored link that leads out is not made."""
    result = ActionResult(links=(OutputLink("dist/a", "../../x"),))
    with pytest.raises(UnusableOutputs, match="outside of the member's folder"):
        machine.give_back(result, tmp_path / "one")
    assert tree(tmp_path / "one") == {}


def test_nothing_is_written_through_a_link(machine: Machine, tmp_path: Path) -> None:
    """Where a folder of outputs is a link, restoring stops, and what it leads to stays as it is."""
    result = machine.keep(lay(tmp_path / "one", {"dist/sub/a": b"a"}))
    outside = lay(tmp_path / "outside", {"sub/b": b"b"})
    before = tree(outside)
    folder = lay(tmp_path / "two", {"dist": str(outside)})
    with pytest.raises(UnusableOutputs, match="dist has to be a folder for outputs, and is a link or a file"):
        machine.give_back(result, folder)
    assert tree(outside) == before
    folder = lay(tmp_path / "three", {"dist/sub": str(outside / "sub")})
    machine.give_back(result, folder)
    assert tree(outside) == before
    assert tree(folder) == {"dist": None, "dist/sub": None, "dist/sub/a": (b"a", False)}


def test_a_link_in_the_place_of_a_file_is_replaced(machine: Machine, tmp_path: Path) -> None:
    """An output that is a link now, and was a file, becomes that file; what the link named stays."""
    result = machine.keep(lay(tmp_path / "one", {"dist/a": b"a"}))
    (tmp_path / "precious").write_bytes(b"precious")
    folder = lay(tmp_path / "two", {"dist/a": str(tmp_path / "precious")})
    machine.give_back(result, folder)
    assert tree(folder) == {"dist": None, "dist/a": (b"a", False)}
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_a_missing_blob_leaves_the_old_file(machine: Machine, tmp_path: Path) -> None:
    """A file whose contents are gone from the store is not half written, and no temporary name is left."""
    result = machine.keep(lay(tmp_path / "one", {"dist/a": b"a"}))
    machine.store.layout.blob(result.files[0].digest.hash).unlink()
    folder = lay(tmp_path / "two", {"dist/a": b"old"})
    with pytest.raises(BlobMissing):
        machine.give_back(result, folder)
    assert tree(folder) == {"dist": None, "dist/a": (b"old", False)}


def test_what_a_killed_run_left_is_removed(machine: Machine, tmp_path: Path) -> None:
    """The temporary name of a process that is gone is no output, and the next restoring removes it."""
    folder = lay(tmp_path / "one", {"dist/a": b"a"})
    result = machine.keep(folder)
    left = folder / "dist" / ".tmp-00000000-1-abc"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    assert match(result, folder, DIST, digest_of)
    machine.give_back(result, folder)
    assert tree(folder) == {"dist": None, "dist/a": (b"a", False)}


def test_a_folder_that_cannot_be_read_is_told(machine: Machine, tmp_path: Path) -> None:
    """A folder of outputs without permission is a StorageFailure."""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    folder = lay(tmp_path / "one", {"dist/sub/a": b"a"})
    (folder / "dist/sub").chmod(0)
    try:
        with pytest.raises(StorageFailure, match="permission denied"):
            machine.keep(folder)
    finally:
        (folder / "dist/sub").chmod(0o755)


def test_very_deep_outputs_are_told(machine: Machine, tmp_path: Path) -> None:
    """A path that is too long to be kept ends in a sentence, not in a traceback."""
    folder = lay(tmp_path / "one", {"dist/a": b"a"})
    deep = folder / "dist" / "/".join(["d" * 20] * 60)
    deep.mkdir(parents=True)
    with pytest.raises(UnusableOutputs, match="longer than 1000 bytes"):
        machine.keep(folder)
