"""hpm completion: real shells complete command lines of hpm by the scripts that it prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from hpmtasks.commands import all_commands
from hpmtasks.commands.completion_scripts import SHELLS, general, verbs
from hpmtasks.front.completion import KINDS
from tests.support.command_line import REPOSITORY, CommandLine

_BASH = """
source "$1"; shift
COMP_LINE=$1; COMP_POINT=${#COMP_LINE}
read -ra COMP_WORDS <<< "$COMP_LINE"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_hpm hpm
printf '%s\\n' "${COMPREPLY[@]}"
"""
_ZSH = """
compdef() { : }
source "$1"
compadd() {
    local each; shift
    for each in "$@"; do [[ $each == ${words[CURRENT]}* ]] && print -r -- $each; done; :
}
_files() { print -r -- FILES "$@" }
words=("${(@s: :)2}"); CURRENT=$#words
_hpm
"""
_FISH = 'source $argv[1]; complete -C "$argv[2]"'


@pytest.fixture
def project(shell: CommandLine) -> CommandLine:
    """A shell in an installed project with scripts, with ``hpm`` on the PATH."""
    tools = shell.folder / "tools"
    tools.mkdir()
    hpm = tools / "hpm"
    hpm.write_text(f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} -m hpmtasks "$@"\n')
    hpm.chmod(0o755)
    shell.environ["PATH"] = f"{tools}{os.pathsep}{shell.environ['PATH']}"
    shell.require({"acme/a": "1.0.0"})
    assert shell.run("install").code == 0
    shell.write(
        "package.json",
        '{"name": "me/app", "version": "1.0.0", "dependencies": {"acme/a": "1.0.0"},'
        ' "scripts": {"build": "x", "build:fast": "x", "$(touch pwned)": "x", "b`touch pwned`": "x"}}',
    )
    return shell


def completed(shell: CommandLine, name: str, line: str) -> list[str]:
    """What the shell *name* offers at the end of *line*."""
    if shutil.which(name) is None:
        pytest.skip(f"there is no {name} here")
    script = shell.folder / f"completion.{name}"
    script.write_text(shell.run("completion", name).out)
    command = {
        "bash": ["bash", "--norc", "-c", _BASH, "bash", str(script), line],
        "zsh": ["zsh", "-f", "-c", _ZSH, "zsh", str(script), line],
        "fish": ["fish", "--no-config", "-c", _FISH, str(script), line],
    }[name]
    done = subprocess.run(
        command,
        cwd=shell.project,
        env=shell.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.stderr == "", done.stderr
    return [each.partition("\t")[0] for each in done.stdout.splitlines() if each]


EVERYWHERE = pytest.mark.parametrize("name", SHELLS)


@EVERYWHERE
def test_commands(project: CommandLine, name: str) -> None:
    """The first word is a command; options before it make no difference."""
    assert completed(project, name, "hpm unin") == ["uninstall"]
    assert {"install", "doctor", "completion"} <= set(completed(project, name, "hpm "))
    assert completed(project, name, "hpm --json doct") == ["doctor"]


@EVERYWHERE
def test_options(project: CommandLine, name: str) -> None:
    """Those of the command and those of every command."""
    assert completed(project, name, "hpm install --lo") == ["--locked"]
    assert completed(project, name, "hpm doctor --qu") == ["--quiet"]
    assert completed(project, name, "hpm list --lock") == []


@EVERYWHERE
def test_words_that_hpm_knows(project: CommandLine, name: str) -> None:
    """Actions, shells, and the values of options."""
    assert set(completed(project, name, "hpm cache p")) == {"path", "prune"}
    assert completed(project, name, "hpm completion f") == ["fish"]
    assert set(completed(project, name, "hpm install --resolution low")) == {"lowest", "lowest-direct"}
    assert completed(project, name, "hpm --color nev") == ["never"]


@EVERYWHERE
def test_packages_and_scripts_of_the_project(project: CommandLine, name: str) -> None:
    """From its own files; what a shell would obey is not offered, and not obeyed."""
    assert completed(project, name, "hpm uninstall acme/") == ["acme/a", "acme/b"]
    assert completed(project, name, "hpm why acme/b") == ["acme/b"]
    assert completed(project, name, "hpm run buil") in (["build", "build:fast"], ["build:fast", "build"])
    if name != "fish":  # it offers its variables
        assert completed(project, name, "hpm run $") == []
    assert completed(project, name, "hpm run b`") == []
    assert not list(project.folder.rglob("pwned"))


@EVERYWHERE
def test_versions(project: CommandLine, name: str) -> None:
    """Of tags that were read once; bash wants only what stands behind the last @ or colon."""
    found = completed(project, name, "hpm install acme/b@1")
    whole = [each if each.startswith("acme/b@") else f"acme/b@{each}" for each in found]
    assert sorted(whole) == ["acme/b@1.0.0", "acme/b@1.2.0"]
    assert all(each.startswith("acme") for each in found) is (name != "bash")
    scripts = completed(project, name, "hpm run build:")
    assert scripts == (["fast"] if name == "bash" else ["build:fast"])


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_another_folder(project: CommandLine, name: str) -> None:
    """-C counts while completing, too."""
    other = project.project / "other"
    other.mkdir()
    (other / "package.json").write_text('{"scripts": {"elsewhere": "x"}}')
    assert completed(project, name, "hpm -C other run else") == ["elsewhere"]
    shown = completed(project, name, "hpm -C oth")
    assert shown == (["other"] if name == "bash" else ["FILES -/"])


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_files(project: CommandLine, name: str) -> None:
    """Where a program is meant, and what is made of it."""
    project.write("program.hml", "")
    for line in ("hpm bundle prog", "hpm bundle program.hml -o prog"):
        assert completed(project, name, line) == (["program.hml"] if name == "bash" else ["FILES"])


@EVERYWHERE
def test_where_nothing_is_known(shell: CommandLine, name: str) -> None:
    """Without hpm on the PATH and outside of a project nothing is offered, and nothing is said."""
    assert completed(shell, name, "hpm run b") == []
    assert completed(shell, name, "hpm init b") == []
    assert completed(shell, name, "hpm nonsense b") == []


def test_every_kind_is_known_to_all() -> None:
    """What a script asks hpm for is something that hpm answers."""
    kinds = {kind for verb in verbs(all_commands()) for kind in verb.places}
    kinds |= {option.value for verb in verbs(all_commands()) for option in verb.options if option.value}
    kinds |= {option.value for option in general() if option.value}
    known = {*KINDS, "directories", "files", "nothing"}
    assert {kind for kind in kinds if not kind.startswith("=")} <= known
    assert kinds >= set(KINDS)


def test_scripts_quote_what_they_hold() -> None:
    """No summary or help text ends a string: each script is of one piece, without loose quotes."""
    for name, write in SHELLS.items():
        if shutil.which(name):
            done = subprocess.run(
                [name, "-n"], input=write(all_commands()), capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, ""), name


def test_unknown_shell(shell: CommandLine) -> None:
    """Named with those that there are."""
    ran = shell.run("completion", "tcsh")
    assert (ran.code, ran.out) == (64, "")
    assert "cannot be 'tcsh'; it is bash, zsh or fish." in ran.err
    assert shell.run("completion", "bash", "--json").data["script"] == shell.run("completion", "bash").out


# ---------------------------------------------------------------- between two keys


@pytest.mark.parametrize(
    "arguments", [(), ("scripts",), ("unknown", ""), ("scripts", "", "/nowhere"), ("scripts", "", "a", "b")]
)
def test_trouble_is_silent(shell: CommandLine, arguments: tuple[str, ...]) -> None:
    """Whatever is asked, nothing is printed and nothing has failed."""
    ran = shell.process("completion", "--complete", *arguments)
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_nothing_heavy_is_imported(shell: CommandLine) -> None:
    """Between two keys there is no time for the command line of hpm."""
    shell.write("package.json", '{"scripts": {"build": "x"}}')
    ran = shell.process("completion", "--complete", "scripts", "b", PYTHONPROFILEIMPORTTIME="1")
    assert ran.out == "build\n"
    assert "hpmtasks.front.completion" in ran.err
    for heavy in ("hpmtasks.cli", "hpmtasks.commands", "argparse", "doit", "pydantic"):
        assert heavy not in ran.err
