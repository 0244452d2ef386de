"""Workers: with them an installation comes to the same, whatever becomes of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.front.plan_file import unsealed
from hpmtasks.session.planning import planned_files
from hpmtasks.store.store import Store
from tests.support.command_line import PATIENCE_SECONDS, CommandLine, gate
from tests.support.github_server import GithubServer
from tests.support.loopback_server import Reply

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are workers on Linux only")

NAMES = [f"acme/p{number}" for number in range(6)]


@pytest.fixture
def shell(tmp_path: Path, github_server: GithubServer) -> Iterator[CommandLine]:
    """A project that requires six packages; nothing is installed yet. There are two workers."""
    for name in NAMES:
        github_server.publish(name, "v1.0.0")
    with closing(CommandLine(tmp_path, {**github_server.environment(), "HPM_WORKERS": "2"})) as opened:
        opened.require(dict.fromkeys(NAMES, "^1.0.0"))
        yield opened


def _asked(server: GithubServer) -> Counter[tuple[str, str]]:
    """How often each thing was asked for; not by their links, of which one shows the way for the rest."""
    return Counter(
        (request.method, request.path) for request in server.requests if "/archive/" not in request.path
    )


def _children(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _is_gone(process: int) -> bool:
    """Whether *process* has ended; one that nobody has waited for has."""
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True


def test_an_installation_comes_to_the_same_by_the_same_requests(
    shell: CommandLine, github_server: GithubServer
) -> None:
    """With and without workers: one lock, one tree, and each thing asked for once."""
    assert shell.process("install").code == 0
    lock, asked = (shell.project / "package-lock.json").read_bytes(), _asked(github_server)
    with closing(CommandLine(shell.folder / "other", github_server.environment())) as alone:
        alone.require(dict.fromkeys(NAMES, "^1.0.0"))
        github_server.clear_log()
        assert alone.process("install", HPM_WORKERS="0").code == 0
        assert (alone.project / "package-lock.json").read_bytes() == lock
        assert alone.installed() == shell.installed() == dict.fromkeys(NAMES, "1.0.0")
    assert _asked(github_server) == asked
    assert set(asked.values()) == {1}


def test_a_plan_has_files_as_workers_told_of_them(shell: CommandLine) -> None:
    """What workers say of the files that they wrote is what the store says, so nobody reads that."""
    assert shell.process("install").code == 0
    store = Store(shell.home / "cache")
    (path,) = store.layout.plans.iterdir()
    planned = unsealed(path.read_bytes())["packages"]
    assert len(planned) == len(NAMES)
    for _, digest, _, files, _ in planned:
        tree = store.recorded_tree(f"sha256-{digest}")
        assert tree is not None
        assert files == planned_files(tree)


def test_what_a_worker_cannot_do_is_told_as_ever(shell: CommandLine, github_server: GithubServer) -> None:
    """The failure, its exit code and its words are those of an installation without workers."""
    github_server.fail("codeload /acme/p3/*", Reply(200, b"<html>login</html>"), times=None)
    without = shell.process("install", HPM_WORKERS="0")
    with_workers = shell.process("install")
    assert (with_workers.code, with_workers.err) == (without.code, without.err)
    assert with_workers.code != 0


def test_workers_that_are_killed_are_not_missed(shell: CommandLine, github_server: GithubServer) -> None:
    """What they had in hand is done by who asked for it."""
    closed = gate(github_server, "codeload /acme/p1/*")
    started = shell.start("install")
    assert closed.reached.wait(PATIENCE_SECONDS)
    workers = _children(started.pid)
    assert len(workers) == 2
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    closed.set()
    _, err = started.communicate(timeout=PATIENCE_SECONDS)
    assert (started.returncode, err) == (0, "")
    assert shell.installed() == dict.fromkeys(NAMES, "1.0.0")


def _forget_all(shell: CommandLine) -> None:
    """Nothing but package.json and the lock is left."""
    for folder in (shell.project / "hem_modules", shell.project / ".hpm", shell.home / "cache"):
        shutil.rmtree(folder)


def _temporary(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".tmp-*")]


def _await_laid_out(shell: CommandLine, packages: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(_temporary(shell.project / ".hpm")) < packages:
        assert time.monotonic() < deadline
        os.sched_yield()


def test_a_lock_that_promises_something_else_is_told_and_nothing_of_it_is_laid_out(
    shell: CommandLine, github_server: GithubServer
) -> None:
    """Workers compare with the lock, too; the task that verifies says so, and nothing half done is left."""
    assert shell.process("install").code == 0
    lock = shell.project / "package-lock.json"
    locked = json.loads(lock.read_bytes())
    locked["dependencies"][NAMES[3]]["tree"] = "sha256-" + "0" * 64
    lock.write_text(json.dumps(locked))
    _forget_all(shell)
    ran = shell.process("install")
    assert ran.code == 6
    assert NAMES[3] in ran.err
    assert not (shell.project / "hem_modules" / NAMES[3]).exists()
    assert _temporary(shell.folder) == []


@pytest.mark.parametrize("is_locked", [True, False])
def test_what_a_killed_run_had_laid_out_is_gone_after_the_next(
    shell: CommandLine, github_server: GithubServer, *, is_locked: bool
) -> None:
    """What was prepared and not put into place has temporary names, which the next run sweeps.

    Without a lock it is prepared, too, before anything is chosen.
    """
    if is_locked:
        assert shell.process("install").code == 0
        _forget_all(shell)
    closed = gate(github_server, "codeload /acme/p0/*")
    started = shell.start("install")
    assert closed.reached.wait(PATIENCE_SECONDS)
    _await_laid_out(shell, len(NAMES) - 1)
    started.kill()
    started.wait(PATIENCE_SECONDS)
    closed.set()
    assert shell.process("install").code == 0
    assert shell.installed() == dict.fromkeys(NAMES, "1.0.0")
    assert _temporary(shell.folder) == []


def test_what_was_laid_out_and_is_not_chosen_is_gone(shell: CommandLine, github_server: GithubServer) -> None:
    """A version that was probable, and that another package forbids, leaves nothing."""
    github_server.publish(NAMES[0], "v1.1.0")
    github_server.publish("acme/strict", "v1.0.0", dependencies={NAMES[0]: "1.0.0"})
    shell.require({**dict.fromkeys(NAMES, "^1.0.0"), "acme/strict": "^1.0.0"})
    closed = gate(github_server, "codeload /acme/strict/*")
    started = shell.start("install")
    _await_laid_out(shell, len(NAMES))
    closed.set()
    assert started.wait(PATIENCE_SECONDS) == 0
    assert shell.installed() == {**dict.fromkeys(NAMES, "1.0.0"), "acme/strict": "1.0.0"}
    assert _temporary(shell.folder) == []


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_process(
    shell: CommandLine, github_server: GithubServer, ending: signal.Signals
) -> None:
    """However it ends, and whatever they are waiting for."""
    closed = gate(github_server, "codeload /acme/p1/*")
    started = shell.start("install")
    assert closed.reached.wait(PATIENCE_SECONDS)
    workers = _children(started.pid)
    started.send_signal(ending)
    assert started.wait(PATIENCE_SECONDS) != 0
    for worker in workers:
        while not _is_gone(worker):
            os.sched_yield()
    closed.set()
    assert len(workers) == 2


def test_a_number_that_is_none_is_named(shell: CommandLine) -> None:
    """HPM_WORKERS is a number from 0 to 16."""
    ran = shell.run("install", HPM_WORKERS="many")
    assert ran.code == 5
    assert "HPM_WORKERS" in ran.err
