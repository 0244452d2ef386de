"""hpm diff: what an update would bring, before it is brought."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.git_repositories import Content
from tests.support.github_server import GithubServer
from tests.support.golden import Golden

OLD: dict[str, Content] = {
    "package.json": {"name": "acme/kit", "version": "1.0.0", "main": "src/index.hml"},
    "src/index.hml": "".join(f"let line{number} = {number};\n" for number in range(1, 13)),
    "src/old.hml": "let old = 1;\n",
    "logo.png": b"\x89PNG\0one",
    "run.sh": "#!/bin/sh\n",
}
NEW: dict[str, Content] = {
    "package.json": {"name": "acme/kit", "version": "1.1.0", "main": "src/index.hml"},
    "src/index.hml": "".join(f"let line{number} = {number * (number != 6)};\n" for number in range(1, 13)),
    "src/new.hml": "let new = 1;\nlet end = 2;",
    "logo.png": b"\x89PNG\0two",
    "run.sh": "#!/bin/sh\n",
}


@pytest.fixture
def shell(tmp_path: Path, github_server: GithubServer) -> Iterator[CommandLine]:
    """A shell in a project that locked acme/kit 1.0.0, of which there are two newer versions."""
    github_server.publish("acme/kit", "v1.0.0", OLD)
    with closing(CommandLine(tmp_path, github_server.environment())) as opened:
        opened.require({"acme/kit": "^1.0.0"})
        assert opened.run("install").code == 0
        github_server.publish("acme/kit", "v1.1.0", NEW, executable=["run.sh"])
        github_server.publish("acme/kit", "v2.0.0")
        yield opened


def test_locked_version_is_compared_with_the_newest_allowed(shell: CommandLine, golden: Golden) -> None:
    """Without a version: what an update within the requirements would bring, as a unified diff."""
    before = shell.everything()
    ran = shell.run("diff", "acme/kit")
    assert (ran.code, ran.err) == (0, "")
    golden.check("diff/newest.txt", ran.out)
    assert shell.everything() == before


def test_statistics_and_names(shell: CommandLine, golden: Golden) -> None:
    """--stat has a line for each file, --name-only the paths alone."""
    golden.check("diff/stat.txt", shell.run("diff", "acme/kit", "--stat").out)
    names = shell.run("diff", "acme/kit", "--name-only").out.split()
    assert names == ["logo.png", "package.json", "run.sh", "src/index.hml", "src/new.hml", "src/old.hml"]


@pytest.mark.parametrize(
    ("arguments", "versions"),
    [
        (["acme/kit"], ("1.0.0", "1.1.0")),
        (["acme/kit@2.0.0"], ("1.0.0", "2.0.0")),
        (["acme/kit@^1"], ("1.0.0", "1.1.0")),
        (["acme/kit@2.0.0", "@1.1.0"], ("2.0.0", "1.1.0")),
        (["acme/kit@1.1.0", "Acme/Kit@>=2"], ("1.1.0", "2.0.0")),
        (["acme/kit@1.0.0"], ("1.0.0", "1.0.0")),
    ],
)
def test_versions_that_are_compared(
    shell: CommandLine, arguments: list[str], versions: tuple[str, str]
) -> None:
    """Each of the four ways to ask says which two versions it compared."""
    told = shell.run("diff", *arguments, "--json").data
    assert (told["before"]["version"], told["after"]["version"]) == versions
    assert bool(told["files"]) == (versions[0] != versions[1])


def test_diff_as_data_holds_every_line(shell: CommandLine) -> None:
    """The lines stand under each file, and are left out with --stat."""
    files = {file["path"]: file for file in shell.run("diff", "acme/kit", "--json").data["files"]}
    assert files["src/old.hml"]["diff"] == "@@ -1 +0,0 @@\n-let old = 1;\n"
    assert files["logo.png"]["binary"]
    assert files["run.sh"]["status"] == "mode"
    assert all("diff" not in file for file in shell.run("diff", "acme/kit", "--stat", "--json").data["files"])


def test_git_can_apply_the_diff(shell: CommandLine, github_server: GithubServer) -> None:
    """Except for files that are not text, the output is a patch that leads to the other version."""
    github_server.publish("acme/kit", "v1.2.0", {**NEW, "logo.png": OLD["logo.png"]}, executable=["run.sh"])
    patch = shell.run("diff", "acme/kit").out.partition("\n")[2]
    target = shell.project / "hem_modules/acme/kit"
    subprocess.run(["git", "init", "-q", str(target)], check=True)
    for path in target.rglob("*.*"):
        path.chmod(0o644)
    subprocess.run(["git", "apply", "--whitespace=nowarn"], cwd=target, input=patch.encode(), check=True)
    assert (target / "src/index.hml").read_text() == NEW["src/index.hml"]
    assert (target / "src/new.hml").read_text() == NEW["src/new.hml"]
    assert (target / "run.sh").stat().st_mode & 0o100
    assert not (target / "src/old.hml").exists()


def test_what_was_fetched_once_is_compared_offline(shell: CommandLine) -> None:
    """Two versions whose tags must be asked for need the network; the store alone cannot name them."""
    assert shell.run("diff", "acme/kit").code == 0
    ran = shell.run("diff", "acme/kit", "--offline")
    assert (ran.code, ran.out) == (4, "")
    assert "--offline forbids the network" in ran.err


def test_locked_contents_are_checked(shell: CommandLine) -> None:
    """A tree that is not the locked one is not shown as if it were."""
    shell.edit_lock("acme/kit", tree=f"sha256-{'0' * 64}")
    assert shell.run("diff", "acme/kit").code == 6


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["acme/other"], 64, "acme/other is not locked here"),
        (["acme/kit@9"], 3, "No version of acme/kit matches constraint 9"),
        (["acme/kit", "@1.1.0"], 64, "acme/kit needs a version to be compared with @1.1.0"),
        (["acme/kit@1.0.0", "acme/other@1.0.0"], 64, "are two packages"),
        (["acme/kit@1.0.0", "acme/kit"], 64, "names no version"),
        (["kit"], 64, "is not a package"),
        (["acme/kit", "--stat", "--name-only"], 64, "give one of them"),
        ([], 64, "'hpm diff' needs"),
    ],
)
def test_what_cannot_be_compared(shell: CommandLine, arguments: list[str], code: int, said: str) -> None:
    """Each mistake has one sentence and the exit code of its kind."""
    ran = shell.run("diff", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_no_path_of_the_store_is_shown(shell: CommandLine) -> None:
    """What is printed speaks of the package's own paths alone."""
    assert str(shell.folder) not in shell.run("diff", "acme/kit").out
