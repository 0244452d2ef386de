"""Several processes on one project or one store, and processes that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import PATIENCE_SECONDS, REPOSITORY, CommandLine, gate
from tests.support.github_server import GithubServer
from tests.support.projects import ProjectFolder

INSTALLED = {"acme/a": "1.0.0", "acme/b": "1.1.0"}


@pytest.fixture
def shell(tmp_path: Path, github_server: GithubServer) -> Iterator[CommandLine]:
    """A project that requires ``acme/a``, which requires ``acme/b``; nothing is installed yet."""
    github_server.publish("acme/a", "v1.0.0", dependencies={"acme/b": "^1.0.0"})
    github_server.publish("acme/b", "v1.1.0")
    with closing(CommandLine(tmp_path, github_server.environment())) as opened:
        opened.require({"acme/a": "^1.0.0"})
        yield opened


def no_litter(shell: CommandLine) -> bool:
    """Whether nothing temporary is left in the project or the store."""
    return not [path for path in shell.folder.rglob(".tmp-*") if "github" not in path.parts]


def test_second_installation_waits_and_finds_all_done(
    shell: CommandLine, github_server: GithubServer
) -> None:
    """While one installs, another waits, says for whom, and then has nothing to do."""
    closed = gate(github_server, "codeload /acme/b/*")
    first = shell.start("install")
    assert closed.reached.wait(PATIENCE_SECONDS)
    second = shell.start("install", "--json")
    assert second.stderr is not None
    assert second.stderr.readline() == (
        f"Waiting for process {first.pid}, which is installing in this project ...\n"
    )
    closed.set()
    out, err = first.communicate(timeout=PATIENCE_SECONDS)
    assert (first.returncode, err) == (0, "")
    assert "acme/b@1.1.0" in out
    out, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 0
    assert '"tasks": []' in out
    assert shell.installed() == INSTALLED


def test_doit_that_waited_in_vain_says_to_run_again(shell: CommandLine, github_server: GithubServer) -> None:
    """doit looked at the project before it waited; what it saw is not what is there now."""
    shell.write("dodo.py", "from hpmtasks.dodo import DOIT_CONFIG, task_hpm\n")
    closed = gate(github_server, "codeload /acme/b/*")
    first = shell.start("install")
    assert closed.reached.wait(PATIENCE_SECONDS)
    second = subprocess.Popen(
        [sys.executable, "-m", "doit", "install"],
        cwd=shell.project,
        env={**shell.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert second.stdout is not None
    assert second.stdout.readline().startswith(".  ")  # its first task began: it waits for the mutex
    closed.set()
    assert first.wait(PATIENCE_SECONDS) == 0
    out, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 1
    assert "Another hpm process changed this project" in out
    assert shell.installed() == INSTALLED


@pytest.mark.parametrize("moment", ["web */git-upload-pack", "codeload /acme/a/*", "codeload /acme/b/*"])
def test_killed_installation_is_finished_by_the_next(
    shell: CommandLine, github_server: GithubServer, moment: str
) -> None:
    """kill -9: the mutex is free, the documents are as they were, each package is whole, no litter."""
    before = shell.documents()
    closed = gate(github_server, moment)
    started = shell.start("install")
    assert closed.reached.wait(PATIENCE_SECONDS)
    started.send_signal(signal.SIGKILL)
    started.wait(PATIENCE_SECONDS)
    closed.set()
    assert shell.documents() == before
    assert shell.installed().items() <= INSTALLED.items()
    assert shell.process("install").code == 0
    assert shell.installed() == INSTALLED
    assert no_litter(shell)


MOMENTS = {
    "first file in the store": "home/cache/*/*/*",
    "first folder half made": "project/hem_modules/*/.tmp-*",
    "first folder": "project/hem_modules/*/p*",
    "tenth folder": "project/hem_modules/*/p09",
    "resolution": "project/.hpm/resolution.json",
    "lock half made": "project/.tmp-*",
    "lock": "project/package-lock.json",
    "state": "project/.hpm/state.json",
}


@pytest.mark.parametrize("pattern", MOMENTS.values(), ids=MOMENTS)
def test_installation_killed_at_any_moment_is_finished_by_the_next(tmp_path: Path, pattern: str) -> None:
    """kill -9 when something has just appeared: whatever half was done, the next run makes it whole."""
    with closing(ProjectFolder(tmp_path)) as project:
        names = [f"acme/p{number:02}" for number in range(12)]
        for name in names:
            project.registry.publish(name, "1.0.0")
        project.require(dict.fromkeys(names, "*"))
        started = project.start("install")
        while started.poll() is None and not any(tmp_path.glob(pattern)):
            pass
        started.send_signal(signal.SIGKILL)
        started.wait(PATIENCE_SECONDS)
        for folder in project.project.glob("hem_modules/acme/p*"):
            assert sorted(path.name for path in folder.rglob("*")) == ["index.hml", "package.json", "src"]
        assert project.process("install").code == 0
        project.check_installed()
        assert project.tasks() == []
        assert no_litter(project)


def test_many_projects_fill_one_store(tmp_path: Path, github_server: GithubServer) -> None:
    """Six first installations at once on one cold store: all succeed, all are alike."""
    for name in ("a", "b", "c", "d"):
        github_server.publish(f"acme/{name}", "v1.0.0")
    shells = []
    for number in range(6):
        shell = CommandLine(tmp_path / str(number), github_server.environment())
        shell.environ["HPM_HOME"] = str(tmp_path / "home")
        shell.require({f"acme/{name}": "*" for name in ("a", "b", "c", "d")})
        shells.append(shell)
    started = [shell.start("install") for shell in shells]
    for each in started:
        _, err = each.communicate(timeout=PATIENCE_SECONDS)
        assert each.returncode == 0, err
    assert len({(shell.project / "package-lock.json").read_bytes() for shell in shells}) == 1
    assert all(len(shell.installed()) == 4 for shell in shells)
    for shell in shells:
        shell.close()


def test_many_installations_of_one_project(shell: CommandLine) -> None:
    """Five at once in one project: one works, all succeed, nobody deadlocks."""
    started = [shell.start("install") for _ in range(5)]
    for each in started:
        _, err = each.communicate(timeout=PATIENCE_SECONDS)
        assert each.returncode == 0, err
    assert shell.installed() == INSTALLED
    assert no_litter(shell)
