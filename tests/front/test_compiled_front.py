"""The front as a program: it says what the stamp says, or leaves everything to hpm."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks import __version__
from hpmtasks.front import request, stamp
from hpmtasks.session import compiled_front
from tests.support.command_line import REPOSITORY, CommandLine
from tests.support.compiled_fronts import LEFT, StubbedFront, make

SAID = "Everything is up to date (1 package)."


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> StubbedFront:
    """The program."""
    return make(tmp_path_factory.mktemp("front"))


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[CommandLine]:
    """A project with a package, installed."""
    folder = tmp_path / "registry/acme/a/v1.0.0"
    (folder / "src").mkdir(parents=True)
    (folder / "package.json").write_text('{"name": "acme/a", "version": "1.0.0"}')
    sources = [{"match": "*", "type": "directory", "path": str(tmp_path / "registry")}]
    with closing(CommandLine(tmp_path, {"HPM_SOURCES": json.dumps(sources)})) as opened:
        opened.require({"acme/a": "^1.0.0"})
        assert opened.run("install").code == 0
        yield opened


@pytest.mark.parametrize(
    "line",
    [
        "install",
        "i",
        "add --locked --frozen",
        "--offline install --parallel",
        "install -q",
        "--quiet install",
        "-C {} install",
        "install --dir {} -q",
    ],
)
def test_it_says_what_the_stamp_says(shell: CommandLine, compiled: StubbedFront, line: str) -> None:
    """For each way of saying it, from a folder in the project and with -C from anywhere."""
    words = line.format(shell.project).split()
    shell.below = "src" if "-C" not in line and "--dir" not in line else ".."
    shell.cwd.mkdir(exist_ok=True)
    assert request.request(words) is not None
    assert compiled.says(shell.cwd, shell.environ, *words) == (
        "" if "q" in line.rsplit(maxsplit=1)[-1] + words[0] else SAID
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "list",
        "install acme/a",
        "install install",
        "install --json",
        "install --prod",
        "install --verbose",
        "install -C",
        "install -C -q",
        "install -C nowhere",
        "install -C . -C .",
        "install --color never",
        "ci",
        "ci -q",
        "--help",
        "completion --complete packages a",
    ],
)
def test_what_it_is_not_sure_of_is_left_to_hpm(shell: CommandLine, compiled: StubbedFront, line: str) -> None:
    """With the same words and in the same folder, whatever was looked at before."""
    assert compiled.says(shell.project, shell.environ, *line.split()) is None
    assert compiled.says(shell.project, shell.environ, "install", "a  b", "", "*") is None


def test_switched_off_it_says_nothing(shell: CommandLine, compiled: StubbedFront) -> None:
    """``HPM_FASTPATH`` means for it what it means for hpm."""
    for mode, said in (("off", None), ("verify", None), ("", None), ("on", SAID)):
        assert compiled.says(shell.project, {**shell.environ, "HPM_FASTPATH": mode}, "install") == said


@pytest.mark.parametrize("name", stamp.VARIABLES)
def test_another_environment_silences_it(shell: CommandLine, compiled: StubbedFront, name: str) -> None:
    """A variable that could change the outcome makes hpm decide, be it set, changed or gone."""
    without = {key: value for key, value in shell.environ.items() if key != name}
    for environ in ({**without, name: "other"}, {**without, name: ""}, without):
        claimed = SAID if environ == shell.environ else None
        assert compiled.says(shell.project, environ, "install") == claimed


def test_another_interpreter_silences_it(shell: CommandLine, compiled: StubbedFront) -> None:
    """The hemlock on the PATH is looked at as the stamp looks at it."""
    hemlock = shell.folder / "bin/hemlock"
    hemlock.parent.mkdir()
    path = f"/nowhere::{hemlock.parent}:{shell.environ['PATH']}"
    for make_one in (lambda: hemlock.write_text("#!/bin/sh\necho 1\n"), lambda: hemlock.chmod(0o755)):
        make_one()
        claimed = compiled.says(shell.project, {**shell.environ, "PATH": path}, "install")
        assert claimed == (None if os.access(hemlock, os.X_OK) else SAID)
    shell.environ["PATH"] = path
    assert shell.run("install").code == 0
    assert compiled.says(shell.project, shell.environ, "install") == SAID


def test_it_is_silent_while_another_process_installs(shell: CommandLine, compiled: StubbedFront) -> None:
    """Who holds the mutex may be changing everything."""
    with (shell.project / ".hpm/mutex").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert compiled.says(shell.project, shell.environ, "install") is None
    assert compiled.says(shell.project, shell.environ, "install") == SAID


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"4", b"1\0", b"1" * 5000, b"nonsense", b"4\0" * 40, b"\xff\xfe\0" * 30],
    ids=["empty", "nul", "number", "count", "long", "text", "numbers", "bytes"],
)
def test_garbage_is_left_to_hpm(shell: CommandLine, compiled: StubbedFront, content: bytes) -> None:
    """A stamp that is not one, or is cut anywhere, says nothing."""
    path = shell.project / ".hpm/stamp"
    whole = path.read_bytes()
    path.write_bytes(content)
    assert compiled.says(shell.project, shell.environ, "install") is None
    for size in {*range(0, len(whole), 7), *range(len(whole) - 9, len(whole))}:
        path.write_bytes(whole[:size])
        assert compiled.says(shell.project, shell.environ, "install") is None
    path.write_bytes(b"\x1b[31m" + whole)
    assert compiled.says(shell.project, shell.environ, "install") is None


def test_a_link_to_a_project_is_left_to_hpm(shell: CommandLine, compiled: StubbedFront) -> None:
    """By the way that was given the project may lie in another one."""
    (shell.folder / "link").symlink_to(shell.project)
    for folder in ("link", "project/", "./project", "project/../project"):
        assert compiled.says(shell.folder, shell.environ, "-C", folder, "install") is None
    assert compiled.says(shell.folder, shell.environ, "-C", "project", "install") == SAID


def test_a_reader_that_left_is_told_by_the_exit_code(shell: CommandLine, compiled: StubbedFront) -> None:
    """As by hpm itself."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run(
            [compiled.path, "install"], cwd=shell.project, env=shell.environ, stdout=out, check=False
        )
    assert done.returncode == 141


def test_what_cannot_be_printed_is_left_to_hpm(shell: CommandLine, compiled: StubbedFront) -> None:
    """A full disk is a failure that hpm knows how to tell."""
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with Path("/dev/full").open("wb") as out:
        done = subprocess.run(
            [compiled.path, "install"], cwd=shell.project, env=shell.environ, stdout=out, check=False
        )
    assert done.returncode == LEFT


def test_an_hpm_that_is_gone_is_missed_in_one_sentence(shell: CommandLine, tmp_path: Path) -> None:
    """The exit code is that of a shell that finds no command."""
    gone = make(tmp_path)
    (tmp_path / "stub").unlink()
    code, out = gone.run(shell.project, shell.environ, "list")
    assert code == 127
    assert out == (
        f"hpm: {tmp_path}/stub, for which this program was made, cannot be run with /bin/sh any more;"
        f" remove {gone.path}, or let another hpm make it anew by 'front install'.\n"
    )


def test_after_an_upgrade_everything_is_left_to_hpm(
    shell: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another stamp.py, be it only touched, may mean something else by the same stamp."""
    installed = tmp_path / "stamp.py"
    shutil.copy(stamp.__file__, installed)
    monkeypatch.setattr(stamp, "__file__", str(installed))
    made = make(tmp_path)
    assert made.says(shell.project, shell.environ, "install") == SAID
    os.utime(installed)
    assert made.says(shell.project, shell.environ, "install") is None


# ---- made, looked at and removed by hpm


def test_made_by_hpm_it_stands_first_and_leads_to_it(shell: CommandLine, compiled: StubbedFront) -> None:
    """It passes on to the hpm that made it, not to itself, and goes when it is told to."""
    del compiled  # there is a compiler
    made = shell.home / "bin/hpm"
    status = shell.process("front", "--json")
    assert (status.data["status"], status.data["isFirst"]) == ("absent", False)
    first = shell.process("front", "install")
    assert first.out == f"Made {made}, for {sys.executable} -P -m hpmtasks\n"
    assert f'export PATH="{made.parent}:$PATH"' in first.err
    assert [path.name for path in made.parent.iterdir()] == ["hpm"]
    environ = {"PATH": f"{made.parent}:{shell.environ['PATH']}", "PYTHONPATH": str(REPOSITORY)}
    assert shell.process("front", "--json", **environ).data == {
        "schemaVersion": 1,
        "path": str(made),
        "status": "current",
        "isFirst": True,
    }
    front_ = StubbedFront(made)
    world = {**shell.environ, **environ}
    assert front_.run(shell.project, world, "--version") == (0, f"hpm {__version__}\n")
    assert front_.run(shell.project, world, "nonsense")[0] == 64
    assert shell.process("front", "remove").out == f"Removed {made}\n"
    assert shell.process("front", "remove").out == f"There is no {made}\n"
    assert not made.exists()


def test_another_hpm_makes_it_anew(
    shell: CommandLine, compiled: StubbedFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was made for another hpm is told from one that was made for this one."""
    del compiled  # there is a compiler
    assert shell.process("front", "install", "-q").out == ""
    monkeypatch.setattr(stamp, "FORMAT", "another")
    assert shell.run("front", "--json").data["status"] == "outdated"
    assert "'hpm front install' makes it anew" in shell.run("front").out
    assert "'hpm front install'" in shell.run("doctor", "--offline").out


def test_what_hpm_did_not_make_is_not_touched(shell: CommandLine) -> None:
    """A program of that name, or a folder, is refused."""
    place = shell.home / "bin/hpm"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("#!/bin/sh\n")
    assert shell.run("front", "--json").data["status"] == "foreign"
    for action in ("install", "remove"):
        assert shell.run("front", action).code == 64
    assert place.read_text() == "#!/bin/sh\n"
    place.unlink()
    place.mkdir()
    assert shell.run("front", "install").code == 64


@pytest.mark.parametrize(
    ("compiler", "told"),
    [
        (None, "cc, a C compiler, is not on the PATH"),
        ("echo no such header >&2; exit 1", "no such header"),
        ('printf \'#!/bin/sh\\necho hpm 9\\n\' > "$7"; chmod +x "$7"', "does not lead to this hpm"),
        ("exit 0", "does not run"),
    ],
    ids=["none", "broken", "another program", "nothing made"],
)
def test_without_a_good_compiler_nothing_is_made(shell: CommandLine, compiler: str | None, told: str) -> None:
    """One sentence says what is missing, and nothing is left."""
    bin_ = shell.folder / "bin"
    bin_.mkdir()
    for name in ("sh", "chmod"):
        (bin_ / name).symlink_to(shutil.which(name) or "")
    if compiler is not None:
        (bin_ / "cc").write_text(f"#!/bin/sh\n{compiler}\n")
        (bin_ / "cc").chmod(0o755)
    ran = shell.run("front", "install", PATH=str(bin_), PYTHONPATH=str(REPOSITORY))
    assert ran.code == 64
    assert told in ran.err
    assert not (shell.home / "bin").exists()


def test_the_script_that_was_run_is_what_it_leads_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A console script, or one file; for a module the interpreter is asked for it, away from any folder."""
    for name in ("hpm", "hpm.pyz"):
        (tmp_path / name).write_text("")
        monkeypatch.setattr(sys, "argv", [str(tmp_path / name)])
        assert compiled_front.own_program() == (sys.executable, str(tmp_path / name))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "__main__.py")])
    assert compiled_front.own_program() == (sys.executable, "-P", "-m", "hpmtasks")
