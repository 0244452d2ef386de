"""Which command lines stamp and plan may answer, and that they say what the graph would."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks import front
from hpmtasks.commands import TABLE, load_command
from hpmtasks.commands.parser import Parser
from hpmtasks.files.removal import remove_tree
from hpmtasks.front import request
from tests.support.command_line import CommandLine

PLAIN = ("install", "", False)
QUIET = ("install", "", True)
ELSEWHERE = ("install", "x", False)
CI = ("ci", "", False)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("install", PLAIN),
        ("i", PLAIN),
        ("add", PLAIN),
        ("install --locked", PLAIN),
        ("install --frozen --offline --parallel", PLAIN),
        ("--locked install", PLAIN),
        ("install -q", QUIET),
        ("--quiet i --locked", QUIET),
        ("-C x install", ELSEWHERE),
        ("install --dir x", ELSEWHERE),
        ("ci", CI),
        ("clean-install --offline", CI),
    ],
)
def test_whole_installations_are_understood(line: str, asked: tuple[str, str, bool]) -> None:
    """Options that come to the same are passed over, wherever they stand; the command takes them, too."""
    assert request.request(line.split()) == asked
    words = line.split()
    verb = next(word for word in words if word in request.COMMANDS)
    words.remove(verb)
    Parser(load_command(request.COMMANDS[verb])).parse(words)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "list",
        "install acme/a",
        "install install",
        "install --json",
        "install --prod",
        "install --dev-only",
        "install --dry-run",
        "install --verbose",
        "install --color always",
        "install --resolution lowest",
        "install --",
        "install -C",
        "install -C --locked",
        "install -C x -C y",
        "install -Cx",
        "install --help",
        "i -D",
        "ci --locked",
        "ci --prod",
        "ci -q --json",
        "--version",
    ],
)
def test_anything_else_is_for_the_command_line(line: str) -> None:
    """Whatever wants more, less or something else than an installation in words."""
    assert request.request(line.split()) is None


def test_its_words_are_those_of_the_table() -> None:
    """Each other name of a command is known here as well, and no name that it has not."""
    known = {word: verb for verb in ("install", "ci") for word in (verb, *TABLE[verb][2])}
    assert known == request.COMMANDS


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[CommandLine]:
    """A project with a package, installed."""
    folder = tmp_path / "registry/acme/a/v1.0.0"
    (folder / "src").mkdir(parents=True)
    (folder / "package.json").write_text('{"name": "acme/a", "version": "1.0.0"}')
    (folder / "src/index.hml").write_text("export let a = 1;\n")
    sources = [{"match": "*", "type": "directory", "path": str(tmp_path / "registry")}]
    environ = {"HPM_SOURCES": json.dumps(sources), "HPM_CACHE_DIR": str(tmp_path / "cache")}
    with closing(CommandLine(tmp_path, environ)) as opened:
        opened.require({"acme/a": "^1.0.0"})
        assert opened.run("install").code == 0
        yield opened


def answered(shell: CommandLine, capsys: pytest.CaptureFixture[str], *arguments: str) -> str | None:
    """What is said to *arguments* without the graph, on both streams; ``None``: nothing is."""
    with shell.inside():
        code = front.answer(list(arguments))
    said = capsys.readouterr()
    assert code in {0, None}
    assert code == 0 or said.out + said.err == ""
    return said.out + said.err if code == 0 else None


LINES = [
    "install",
    "add --offline",
    "install --locked",
    "install --frozen",
    "install -q",
    "-q -C ../project install",
    "install --dir .",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("is_missing", [False, True], ids=["in place", "tree missing"])
def test_it_says_what_the_graph_says(
    shell: CommandLine, capsys: pytest.CaptureFixture[str], line: str, is_missing: bool
) -> None:
    """Where there is nothing to do, and where the tree is missing: the same words on both ways."""
    told = []
    for is_graph in (True, False):
        if is_missing:
            remove_tree(shell.project / "hem_modules")
        if is_graph:
            ran = shell.run(*line.split(), HPM_FASTPATH="off")
            told.append(ran.out + ran.err)
        else:
            told.append(answered(shell, capsys, *line.split()) or "nothing")
    assert _timeless(told[0]) == (_timeless(told[1]) if "-q" not in line else "")
    assert (shell.project / "hem_modules/acme/a/src/index.hml").exists()


def test_a_tree_made_anew_is_never_promised_by_the_stamp(
    shell: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    """``hpm ci`` replaces what somebody edited deep in a package, where the stamp does not look."""
    edited = shell.project / "hem_modules/acme/a/src/index.hml"
    edited.chmod(0o644)
    edited.unlink()
    edited.write_text("mine\n")
    assert answered(shell, capsys, "install") is not None or not edited.exists()
    assert answered(shell, capsys, "ci") is None


def test_a_missing_tree_is_made_anew_by_a_plan(
    shell: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    """``hpm ci`` without a tree is what a build server runs, and comes to what the plan has."""
    remove_tree(shell.project / "hem_modules")
    assert "+ acme/a@1.0.0" in (answered(shell, capsys, "ci") or "")
    assert (shell.project / "hem_modules/acme/a/src/index.hml").read_text() == "export let a = 1;\n"


@pytest.mark.parametrize("folder", ["nowhere", "package.json", "../link", "../link/."])
def test_no_folder_is_guessed(shell: CommandLine, capsys: pytest.CaptureFixture[str], folder: str) -> None:
    """A folder that is none, or that a link leads to, is for the command line; nobody has moved there."""
    (shell.folder / "link").symlink_to(shell.project)
    here = Path.cwd()
    assert answered(shell, capsys, "-C", folder, "install") is None
    assert Path.cwd() == here


def test_switched_off_it_answers_nothing(shell: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    """``HPM_FASTPATH=off`` and ``verify`` go to the graph."""
    for mode in ("off", "verify", ""):
        shell.environ["HPM_FASTPATH"] = mode
        assert answered(shell, capsys, "install") is None
    shell.environ["HPM_FASTPATH"] = "on"
    assert answered(shell, capsys, "install") == "Everything is up to date (1 package).\n"


def test_a_reader_that_left_is_no_defect(shell: CommandLine) -> None:
    """The exit code is that of the command line, and nothing is complained of."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = shell.process_into(writer, "install")
    finally:
        os.close(writer)
    assert done == (141, "")


def test_nobody_need_listen(shell: CommandLine) -> None:
    """A missing tree is restored where stdout is closed, too."""
    remove_tree(shell.project / "hem_modules")
    with shell.inside() as patch:
        patch.setattr(sys, "stdout", None)
        code = front.answer(["install"])
    assert code == 0
    assert (shell.project / "hem_modules/acme/a/src/index.hml").read_text() == "export let a = 1;\n"


def _timeless(text: str) -> str:
    return re.sub(r"[0-9.]+s$", "s", text, flags=re.MULTILINE)
