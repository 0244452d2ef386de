"""What strace writes is read as it was meant, call by call."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hpmtasks.scripts.footprint import Footprint
from hpmtasks.scripts.strace import OPTIONS, read_footprint

# Each: what is special; the recorded lines; what was read, written, removed. Everything began in /p.
RECORDED: dict[str, tuple[str, str, str, str]] = {
    "a file is read": ('7  openat(AT_FDCWD</p>, "a", O_RDONLY|O_CLOEXEC) = 3</p/a>', "/p/a", "", ""),
    "without -y a relative path is told from where it began": (
        '7  open("src/../a", O_RDONLY) = 3',
        "/p/a",
        "",
        "",
    ),
    "what is not there is not told": (
        '7  openat(AT_FDCWD</p>, "a", O_RDONLY) = -1 ENOENT (No such file or directory)',
        "",
        "",
        "",
    ),
    "a folder is no file": ('7  openat(AT_FDCWD</p>, ".", O_RDONLY|O_DIRECTORY) = 3</p>', "", "", ""),
    "a folder may be open": ('7  openat(5</p/sub>, "a", O_RDONLY) = 3</p/sub/a>', "/p/sub/a", "", ""),
    "an open folder that is not named is not guessed": ('7  openat(5, "a", O_RDONLY) = 3', "", "", ""),
    "an absolute path needs no folder": ('7  openat(5, "/p/a", O_RDONLY) = 3', "/p/a", "", ""),
    "a link is told, and what it leads to": (
        '7  openat(AT_FDCWD</p>, "link", O_RDONLY) = 3</p/real>',
        "/p/link /p/real",
        "",
        "",
    ),
    "a file is written": ('7  creat("/p/out", 0666) = 3</p/out>', "", "/p/out", ""),
    "a file is changed in place": (
        '7  openat(AT_FDCWD</p>, "db", O_RDWR) = 3</p/db>',
        "/p/db",
        "/p/db",
        "",
    ),
    "a file is made anew": (
        '7  openat(AT_FDCWD</p>, "db", O_RDWR|O_CREAT|O_TRUNC, 0666) = 3</p/db>',
        "",
        "/p/db",
        "",
    ),
    "what it wrote itself is no input": (
        (
            '7  openat(AT_FDCWD</p>, "o", O_WRONLY|O_CREAT, 0666) = 3</p/o>\n'
            '7  openat(AT_FDCWD</p>, "o", O_RDONLY) = 3</p/o>'
        ),
        "",
        "/p/o",
        "",
    ),
    "a temporary file is nothing": (
        '7  openat(AT_FDCWD</p>, "t", O_WRONLY|O_CREAT, 0666) = 3</p/t>\n7  unlink("t") = 0',
        "",
        "",
        "",
    ),
    "a file that was there is removed": ('7  unlinkat(AT_FDCWD</p>, "a", 0) = 0', "", "", "/p/a"),
    "folders that go are not told": ('7  unlinkat(AT_FDCWD</p>, "d", AT_REMOVEDIR) = 0', "", "", ""),
    "a temporary name is renamed": (
        '7  openat(AT_FDCWD</p>, "t", O_WRONLY|O_CREAT, 0666) = 3</p/t>\n7  rename("t", "o") = 0',
        "",
        "/p/o",
        "",
    ),
    "a file that was there is renamed": (
        '7  renameat2(AT_FDCWD</p>, "a", 5</p/sub>, "b", RENAME_NOREPLACE) = 0',
        "",
        "/p/sub/b",
        "/p/a",
    ),
    "two files change places": (
        '7  renameat2(AT_FDCWD</p>, "a", AT_FDCWD</p>, "b", RENAME_EXCHANGE) = 0',
        "",
        "/p/a /p/b",
        "",
    ),
    "a folder is renamed with all that was made in it": (
        '7  openat(AT_FDCWD</p>, "t/x/y", O_WRONLY|O_CREAT, 0666) = 3</p/t/x/y>\n7  rename("t", "dist") = 0',
        "",
        "/p/dist/x/y",
        "",
    ),
    "a hard link": ('7  linkat(AT_FDCWD</p>, "a", AT_FDCWD</p>, "b", 0) = 0', "/p/a", "/p/b", ""),
    "a symbolic link": ('7  symlinkat("a", AT_FDCWD</p>, "b") = 0', "", "/p/b", ""),
    "a mode counts": ('7  fchmodat(AT_FDCWD</p>, "a", 0755) = 0', "", "/p/a", ""),
    "a program is read": (
        '7  execve("./run", ["./run", "a, \\"b)"], 0x7ff /* 3 vars */) = 0',
        "/p/run",
        "",
        "",
    ),
    "quotes, brackets and letters of others": (
        '7  openat(AT_FDCWD</p>, "a \\"b\\" (c), \\303\\251\\n\\\\[1]", O_RDONLY) = 3</p/x>',
        '/p/a|"b"|(c),|é\n\\[1] /p/x'.replace("|", "\xa0"),
        "",
        "",
    ),
    "a sharp bracket in a folder's name": (
        '7  openat(4</p/a\\74b\\76>, "c", O_RDONLY) = 5</p/a\\74b\\76/c>',
        "/p/a<b>/c",
        "",
        "",
    ),
    "chdir is followed": ('7  chdir("sub") = 0\n7  open("a", O_RDONLY) = 3', "/p/sub/a", "", ""),
    "chdir that fails is not": (
        '7  chdir("sub") = -1 ENOENT (x)\n7  open("a", O_RDONLY) = 3',
        "/p/a",
        "",
        "",
    ),
    "fchdir is followed": ('7  fchdir(3</p/sub>) = 0\n7  open("a", O_RDONLY) = 3', "/p/sub/a", "", ""),
    "a child begins where its parent is, and goes its own way": (
        (
            '7  chdir("sub") = 0\n7  clone(child_stack=NULL, flags=SIGCHLD) = 8\n8  chdir("deep") = 0\n'
            '7  open("a", O_RDONLY) = 3\n8  open("b", O_RDONLY) = 3'
        ),
        "/p/sub/a /p/sub/deep/b",
        "",
        "",
    ),
    "a thread takes its process along": (
        (
            "7  clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, stack=0x7f}, 88) = 8\n"
            '8  chdir("sub") = 0\n7  open("a", O_RDONLY) = 3'
        ),
        "/p/sub/a",
        "",
        "",
    ),
    "a child is heard of before its parent says so": (
        (
            '7  chdir("sub") = 0\n7  vfork( <unfinished ...>\n8  open("a", O_RDONLY <unfinished ...>\n'
            "7  <... vfork resumed>)              = 8\n8  <... open resumed>) = 3"
        ),
        "/p/sub/a",
        "",
        "",
    ),
    "two halves of a call": (
        (
            '7  openat(AT_FDCWD</p>, "a", O_RDONLY <unfinished ...>\n8  exit_group(0) = ?\n'
            "7  <... openat resumed>) = 3</p/a>"
        ),
        "/p/a",
        "",
        "",
    ),
    "a process with brackets, as on a terminal": ('[pid  7] open("a", O_RDONLY) = 3', "/p/a", "", ""),
    "what is no call": (
        "strace: Process 8 attached\n7  --- SIGCHLD {si_signo=SIGCHLD} ---\n7  +++ exited 0 +++\n7  open(",
        "",
        "",
        "",
    ),
}


def shown(footprint: Footprint) -> tuple[str, str, str]:
    read, written, removed = (
        " ".join(path.replace(" ", "\xa0") for path in sorted(paths))
        for paths in (footprint.read, footprint.written, footprint.removed)
    )
    return read, written, removed


@pytest.mark.parametrize("case", RECORDED)
def test_recorded_lines_are_read_as_they_were_meant(case: str) -> None:
    """The files that were read, written and removed are those of the row."""
    text, *expected = RECORDED[case]
    footprint = read_footprint(text.split("\n"), "/p")
    assert shown(footprint) == tuple(expected)


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("strace"), reason="there is no strace here")
def test_a_real_script_is_followed(tmp_path: Path) -> None:
    """Of a real shell and its children, what they left and read in the folder is known."""
    (tmp_path / "in put").write_text("1")
    script = 'mkdir -p d; (cd d; cat "../in put" >t; mv t o); rm -f gone; cat d/o >"sum é"; : >t; rm t'
    command = ["strace", *OPTIONS, "-o", str(tmp_path / "trace"), "sh", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    if b"ptrace" in done.stderr:
        pytest.skip("this machine lets nobody trace")
    with open(tmp_path / "trace", encoding="utf-8", errors="surrogateescape") as lines:
        footprint = read_footprint(lines, os.path.realpath(tmp_path))
    root = f"{os.path.realpath(tmp_path)}/"
    inside = [
        {path.removeprefix(root) for path in paths if path.startswith(root)}
        for paths in (footprint.read, footprint.written, footprint.removed)
    ]
    assert inside == [{"in put"}, {"d/o", "sum é"}, set()]
