"""The digests of files, and when they are believed without reading."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings, strategies as st

from hpmtasks.scripts import digests as module
from hpmtasks.scripts.digests import FileDigests

#: A time long ago, in nanoseconds: what is so old is not racy.
OLD_NS = 1_700_000_000 * 10**9


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, in order."""
    found: list[str] = []
    look = module._look

    def watched(path: str) -> object:
        found.append(os.path.basename(path))
        return look(path)

    monkeypatch.setattr(module, "_look", watched)
    return found


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an hour later than it is, so that no file is so young that its times tell nothing."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 3600 * 10**9)


def digests(folder: Path) -> FileDigests:
    """Those of *folder*, as the next run finds them."""
    return FileDigests(folder, folder / ".hpm/digests.json")


def write(folder: Path, name: str, text: str) -> Path:
    """The file *name* holds *text*."""
    (folder / name).write_text(text)
    return folder / name


def again(folder: Path, name: str = "a") -> str:
    """What the digest of *name* is to a run of its own, which remembers it."""
    made = digests(folder)
    found = made.digest(name)
    made.save()
    return str(found)


def sha256(text: str) -> str:
    """The digest of *text* as it is written."""
    return f"{hashlib.sha256(text.encode()).hexdigest()}/{len(text)}"


def test_a_file_is_its_content_and_its_executable_bit(tmp_path: Path) -> None:
    """Content, size, whether it can be executed; of a link what it says."""
    file = write(tmp_path, "a", "text")
    assert again(tmp_path) == sha256("text")
    file.chmod(0o755)
    assert again(tmp_path) == f"{sha256('text')} executable"
    (tmp_path / "link").symlink_to("a")
    assert again(tmp_path, "link") == "-> a"


def test_what_has_not_changed_is_not_read_again(tmp_path: Path, read: list[str], late: None) -> None:
    """Neither in the same run nor in the next; and a run that learns nothing writes nothing."""
    write(tmp_path, "a", "text")
    assert again(tmp_path) == again(tmp_path) == sha256("text")
    assert read == ["a"]
    (tmp_path / ".hpm/digests.json").chmod(0o444)
    before = os.stat(tmp_path / ".hpm/digests.json")
    again(tmp_path)
    assert os.stat(tmp_path / ".hpm/digests.json") == before


def replace_by_an_equal_one(file: Path) -> None:
    """Another file, of the same name and content."""
    file.with_name("b").write_text("text")
    file.with_name("b").replace(file)


def write_and_set_back(file: Path) -> None:
    """Other content of the same size, and the old time."""
    file.write_text("TEXT")
    os.utime(file, ns=(OLD_NS, OLD_NS + 5))


CHANGES: dict[str, Callable[[Path], object]] = {
    "other content": lambda file: file.write_text("TEXT"),
    "other size": lambda file: file.write_text("longer"),
    "touched": lambda file: file.touch(),
    "replaced": replace_by_an_equal_one,
    "set back": write_and_set_back,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_may_have_changed_is_read(
    tmp_path: Path, read: list[str], late: None, change: Callable[[Path], object]
) -> None:
    """Any difference in the stat is a reason to look; what is found is what is there."""
    file = write(tmp_path, "a", "text")
    os.utime(file, ns=(OLD_NS, OLD_NS + 5))
    again(tmp_path)
    change(file)
    assert again(tmp_path) == sha256(file.read_text())
    assert read == ["a", "a"]


def test_another_name_of_a_file_is_no_change(tmp_path: Path, read: list[str], late: None) -> None:
    """Making one changes the ctime, and not the content."""
    file = write(tmp_path, "a", "text")
    os.link(file, tmp_path / "b")
    again(tmp_path)
    os.link(file, tmp_path / "c")
    again(tmp_path)
    assert read == ["a"]


def test_a_young_file_is_not_believed(tmp_path: Path, read: list[str]) -> None:
    """It may be written again within the same tick of the clock, with the same size."""
    file = write(tmp_path, "a", "text")
    ahead = file.stat().st_mtime_ns + 60 * 10**9
    os.utime(file, ns=(ahead, ahead))
    again(tmp_path)
    again(tmp_path)
    assert read == ["a", "a"]


def test_a_file_that_has_gone_is_forgotten(tmp_path: Path, late: None) -> None:
    """Asked for, at once; not asked for, when so many have gathered that it is worth a look."""
    for name in ("a", "b"):
        write(tmp_path, name, name)
        again(tmp_path, name)
    (tmp_path / "a").unlink()
    made = digests(tmp_path)
    with pytest.raises(FileNotFoundError):
        made.digest("a")
    assert len(made) == 1
    (tmp_path / "b").unlink()
    for number in range(module._SPARE + 1):
        write(tmp_path, f"x{number}", "")
        made.digest(f"x{number}")
    made.save()
    assert len(digests(tmp_path)) == module._SPARE + 1


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"format":1}', b"\xff", b"[]"])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, damage: bytes) -> None:
    """Everything is read again, and remembered again."""
    write(tmp_path, "a", "text")
    again(tmp_path)
    (tmp_path / ".hpm/digests.json").write_bytes(damage)
    assert len(digests(tmp_path)) == 0
    assert again(tmp_path) == sha256("text")
    assert len(digests(tmp_path)) == 1


def test_everything_else_is_remembered_too(tmp_path: Path) -> None:
    """What programs said of themselves, and what was made of packages."""
    made = digests(tmp_path)
    made.keep_tool("/bin/x", [1, "2"])
    made.keep_folder("sha256-0", "ab/3")
    made.save()
    assert digests(tmp_path).tools == {"/bin/x": [1, "2"]}
    assert digests(tmp_path).folders == {"sha256-0": "ab/3"}


def test_many_threads_may_ask(tmp_path: Path) -> None:
    """All of them get the right answers while others save and forget."""
    for number in range(40):
        write(tmp_path, f"f{number}", f"text {number}")
    made, wrong = digests(tmp_path), []

    def ask() -> None:
        for number in range(40):
            if str(made.digest(f"f{number}")) != sha256(f"text {number}"):
                wrong.append(number)
            made.forget(f"f{number - 1}")
            made.save()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_neither_file_nor_link_has_no_digest(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """It is refused, and a pipe is not waited for."""
    make(tmp_path / "a")
    with pytest.raises(OSError, match=r"neither a file nor a link|Is a directory"):
        digests(tmp_path).digest("a")


STEPS = st.sampled_from(
    ["write", "rewrite in place", "replace", "touch", "set back", "mode", "remove", "look"]
)


@given(
    st.lists(st.tuples(STEPS, st.sampled_from("ab"), st.sampled_from(["one", "two", "longer"])), max_size=12)
)
@settings(max_examples=120, deadline=None)
def test_a_digest_is_right_whatever_happened_before(steps: list[tuple[str, str, str]]) -> None:
    """As fast as a program can write, with equal sizes and times that were set back."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = digests(folder)
        for step, file, text in steps:
            happen(step, folder / file, text)
            if step == "look":
                made.save()
                made = digests(folder)
            for each in ("a", "b"):
                if (folder / each).exists():
                    assert made.digest(each).hash == hashlib.sha256((folder / each).read_bytes()).hexdigest()


def happen(step: str, file: Path, text: str) -> None:
    """One thing that somebody may do to a file; nothing, if it needs one that is not there."""
    if step == "write":
        file.write_text(text)
    elif step == "replace":
        file.with_name("new").write_text(text)
        file.with_name("new").replace(file)
    elif file.exists():
        before = file.stat()
        if step in ("rewrite in place", "set back"):
            with file.open("r+") as opened:
                opened.write(text[: before.st_size])
        if step == "set back":
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        elif step == "touch":
            os.utime(file, ns=(OLD_NS, OLD_NS))
        elif step == "mode":
            file.chmod(0o755)
        elif step == "remove":
            file.unlink()
