"""hpm init: a package.json from defaults, or from answers on a terminal."""

from __future__ import annotations

import json
import os
import re

import pytest

from hpmtasks.model.manifest import parse_manifest
from tests.support.command_line import CommandLine, Terminal, terminal
from tests.support.golden import Golden


@pytest.mark.parametrize("option", [(), ("-y",), ("--yes",)])
def test_defaults_are_taken_away_from_a_terminal(
    shell: CommandLine, golden: Golden, option: tuple[str, ...]
) -> None:
    """Without a terminal nothing is asked; the file has the documented fields."""
    ran = shell.run("init", *option)

    assert (ran.code, ran.out, ran.err) == (0, "Created package.json\n", "")
    golden.check("init/package.json", (shell.project / "package.json").read_text())
    assert shell.run("install").code == 0


def test_init_as_data(shell: CommandLine) -> None:
    """--json has the document that was written, and where."""
    data = shell.run("init", "--json").data
    assert data["manifest"] == shell.manifest()
    assert data["path"] == str(shell.project / "package.json")


@pytest.mark.parametrize("there", ["file", "broken link", "folder"])
def test_what_is_there_is_never_touched(shell: CommandLine, there: str) -> None:
    """Whatever is called package.json stays what it is."""
    path = shell.project / "package.json"
    if there == "file":
        path.write_text("mine")
    elif there == "folder":
        path.mkdir()
    else:
        path.symlink_to("elsewhere")
    before = os.lstat(path)

    ran = shell.run("init", "-y")

    assert ran.code == 64
    assert "exists already; it was not touched" in ran.err
    assert os.lstat(path) == before
    assert not (shell.project / "elsewhere").exists()


@pytest.mark.parametrize(
    "user", ["hpm", "stdlib", "", "Ada Lovelace", "-", "漢字", "x" * 300, "a" * 99 + "--b"]
)
@pytest.mark.parametrize("folder", ["My App_X", "...", "漢字", "y" * 200, "--help", "a\nb"])
def test_default_name_is_one_whatever_user_and_folder_are_called(
    shell: CommandLine, user: str, folder: str
) -> None:
    """The defaults are valid for every user and folder."""
    (shell.project / folder).mkdir()

    assert shell.run(f"--dir={folder}", "init", USER=user).code == 0

    written = shell.project / folder / "package.json"
    parse_manifest(written.read_bytes(), str(written))


def answer(screen: Terminal, *answers: str, after: int = 0) -> int:
    """Type each answer once its question is asked."""
    for keys in answers:
        after = screen.read_until(": ", after=after)
        screen.type(keys)
    return after


def begin(screen: Terminal) -> int:
    """The position behind the line that explains the keys."""
    return screen.read_until("write nothing.")


def test_answers_are_written(shell: CommandLine) -> None:
    """On a terminal each field is asked for; Enter takes what stands in brackets."""
    with terminal(shell, "init") as screen:
        answer(
            screen,
            "me/tool\n",
            "\n",
            'Größe & "more"\n',
            "Ada\n",
            "\n",
            "src/main.hml\n",
            after=begin(screen),
        )
        assert screen.end() == 0
        assert "Package name (owner/repo) [ada/project]: " in screen.shown
        assert screen.shown.endswith("Created package.json\r\n")

    manifest = shell.manifest()
    assert (manifest["name"], manifest["version"], manifest["license"]) == ("me/tool", "1.0.0", "MIT")
    assert manifest["description"] == 'Größe & "more"'
    assert (manifest["author"], manifest["main"]) == ("Ada", "src/main.hml")


def test_invalid_answer_is_asked_again(shell: CommandLine) -> None:
    """A wrong answer is explained, and the same question comes again."""
    with terminal(shell, "init") as screen:
        at = answer(screen, "Me\n", after=begin(screen))
        at = screen.read_until("  Invalid package name. Must be in owner/repo format.", after=at)
        at = answer(screen, "me/tool\n", "1.0\n", after=at)
        at = screen.read_until('  Invalid version "1.0". Must be semver format (X.Y.Z).', after=at)
        at = answer(screen, "0.1.0\n", "\n", "\n", "\n", "../out.hml\n", after=at)
        at = screen.read_until("must be a path inside the package", after=at)
        answer(screen, "\n", after=at)
        assert screen.end() == 0

    assert (shell.manifest()["name"], shell.manifest()["version"]) == ("me/tool", "0.1.0")
    assert shell.manifest()["main"] == "src/index.hml"


def test_end_of_input_takes_the_defaults_that_are_left(shell: CommandLine) -> None:
    """Ctrl-D ends the questions, not the command."""
    with terminal(shell, "init") as screen:
        answer(screen, "me/tool\n", "\x04", after=begin(screen))
        assert screen.end() == 0

    assert (shell.manifest()["name"], shell.manifest()["version"]) == ("me/tool", "1.0.0")


def test_ctrl_c_in_a_question_writes_nothing(shell: CommandLine) -> None:
    """An interrupt is exit 130, told on a line of its own."""
    with terminal(shell, "init", NO_COLOR="1") as screen:
        at = answer(screen, "me/tool\n", after=begin(screen))
        screen.read_until("Version", after=at)
        assert screen.interrupt() == 130
        assert re.search(r"\n(\x1b\[\?2004l\r?)?Error: Interrupted. Nothing was written.\r\n$", screen.shown)

    assert list(shell.project.iterdir()) == []


@pytest.mark.parametrize("quietly", [("--yes",), ("--json",)])
def test_nothing_is_asked_on_a_terminal_when_it_is_not_wanted(
    shell: CommandLine, quietly: tuple[str, ...]
) -> None:
    """--yes and --json ask nothing."""
    with terminal(shell, "init", *quietly) as screen:
        assert screen.end() == 0
        assert "Package name" not in screen.shown
    assert json.loads((shell.project / "package.json").read_text())["name"] == "ada/project"


def test_nothing_is_asked_in_ci(shell: CommandLine) -> None:
    """Where CI is set nobody sits at the terminal."""
    with terminal(shell, "init", CI="true") as screen:
        assert screen.end() == 0
        assert screen.shown == "Created package.json\r\n"
