"""Commands of tasks as real processes: what they print, how they end, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hpmtasks.errors import StorageFailure
from hpmtasks.scripts.children import Children
from hpmtasks.scripts.events import Stream
from hpmtasks.scripts.execution import Command, Execution
from hpmtasks.scripts.guardian import Guardian
from hpmtasks.scripts.process import TIMED_OUT, Captured, Exit, Launch, run_captured, run_in_foreground
from hpmtasks.scripts.shells import argv_of
from tests.support.command_line import PATIENCE_SECONDS, REPOSITORY
from tests.support.processes import await_end, has_ended


class Heard:
    """A sink that remembers, and can be waited for."""

    def __init__(self) -> None:
        self.chunks: list[tuple[Stream, bytes]] = []
        self._changed = threading.Condition()

    def __call__(self, stream: Stream, data: bytes) -> None:
        with self._changed:
            self.chunks.append((stream, data))
            self._changed.notify_all()

    def of(self, stream: Stream) -> bytes:
        return b"".join(data for each, data in self.chunks if each == stream)

    def await_line(self) -> bytes:
        with self._changed:
            assert self._changed.wait_for(lambda: b"\n" in self.of("stdout"), PATIENCE_SECONDS)
            return self.of("stdout").split(b"\n")[0]


@pytest.fixture
def children() -> Iterator[Children]:
    """The children of a run; none is left afterwards."""
    made = Children(grace_seconds=5.0)
    yield made
    made.close()


@pytest.fixture
def launch(tmp_path: Path) -> Callable[[str], Launch]:
    """A line for the shell, to be started in the test's folder."""
    return lambda line: Launch(argv_of("sh", line), tmp_path, dict(os.environ))


# ---------------------------------------------------------------- captured


def test_output_is_passed_on_by_stream_and_without_loss(
    children: Children, launch: Callable[[str], Launch]
) -> None:
    """Bytes that are no text, more than any pipe holds; there is nothing to read."""
    heard = Heard()
    code = "import os, sys; sys.stdout.buffer.write(bytes(range(256)) * 4000); os.write(2, b'e')"
    ended = run_captured(launch(f'cat; {sys.executable} -c "{code}"; exit 3'), children, heard)
    assert (ended, heard.of("stdout"), heard.of("stderr")) == (Exit(3), bytes(range(256)) * 4000, b"e")


@pytest.mark.parametrize(
    ("line", "code"), [("true", 0), ("exit 255", 255), ("kill -9 $$", 137), ("no-such-program 2>&1", 127)]
)
def test_exit_code_is_the_commands(
    children: Children, launch: Callable[[str], Launch], line: str, code: int
) -> None:
    """Also when a signal ended it, or there is no such program."""
    assert run_captured(launch(line), children, Heard()) == Exit(code)


def test_command_without_a_shell(children: Children, tmp_path: Path) -> None:
    """Its words are split, and mean nothing more."""
    heard = Heard()
    argv = argv_of("none", "printf '<%s>' 'a  b' $HOME ;")
    run_captured(Launch(argv, tmp_path, dict(os.environ)), children, heard)
    assert heard.of("stdout") == b"<a  b><$HOME><;>"
    assert argv_of("none", "say 'what") == ["say 'what"]


def test_shell_that_is_not_there(children: Children, tmp_path: Path) -> None:
    """It is named, and the code is the one that shells have for that."""
    heard = Heard()
    launch = Launch(argv_of("no-such-shell", "true"), tmp_path, dict(os.environ))
    assert run_captured(launch, children, heard) == Exit(127)
    assert b"no-such-shell" in heard.of("stderr")


def test_folder_that_is_not_there(children: Children, tmp_path: Path) -> None:
    """That is a failure of the file system, not a defect."""
    with pytest.raises(StorageFailure, match="nowhere"):
        run_captured(Launch(["true"], tmp_path / "nowhere", {}), children, Heard())


def test_command_that_takes_too_long_is_stopped(children: Children, launch: Callable[[str], Launch]) -> None:
    """With all that it started, and with the code that timeout(1) has."""
    heard = Heard()
    ended = run_captured(launch("sleep 1000 & echo $!; wait"), children, heard, timeout=0.05)
    assert ended == Exit(TIMED_OUT, is_timed_out=True)
    if heard.of("stdout"):
        assert has_ended(int(heard.of("stdout")))


def test_deaf_command_is_killed_after_the_grace(launch: Callable[[str], Launch]) -> None:
    """Who does not end in time after SIGTERM is killed, and so is what it started."""
    children = Children(grace_seconds=0.05)
    heard = Heard()
    line = "trap '' TERM; (trap '' TERM; echo $$; sleep 1000) & wait; sleep 1000"
    assert run_captured(launch(line), children, heard, timeout=0.05).code == TIMED_OUT
    children.close()


def test_what_a_command_leaves_running_ends_with_it(
    children: Children, launch: Callable[[str], Launch]
) -> None:
    """Although it holds the pipes, or has let go of them."""
    heard = Heard()
    line = "sleep 1000 & echo $!; sleep 1000 >/dev/null 2>&1 & echo $!; exit 7"
    assert run_captured(launch(line), children, heard) == Exit(7)
    for process_id in heard.of("stdout").split():
        assert has_ended(int(process_id))


def test_who_left_the_group_does_not_hold_up_the_end(
    children: Children, launch: Callable[[str], Launch]
) -> None:
    """A daemon that keeps the pipes open is not waited for."""
    heard = Heard()
    code = "import os; os.setsid(); print(os.getpid(), flush=True); os.execvp('sleep', ['sleep', '1000'])"
    line = f'{sys.executable} -c "{code}" & read -r never < {"fifo"}'
    os.mkfifo(launch("").folder / "fifo")

    def open_when_it_has_gone() -> None:
        heard.await_line()
        (launch("").folder / "fifo").write_text("now\n")

    opener = threading.Thread(target=open_when_it_has_gone)
    opener.start()
    assert run_captured(launch(line), children, heard).code == 0
    opener.join()
    os.kill(int(heard.await_line()), signal.SIGKILL)


def test_commands_run_up_to_the_first_that_fails(children: Children, launch: Callable[[str], Launch]) -> None:
    """Each is announced before it begins."""
    heard, announced = Heard(), list[str]()
    commands = [Command(line, launch(line)) for line in ("echo 1", "echo 2; exit 5", "echo 3")]
    assert Execution(commands, children, announced.append).run(heard) == Exit(5)
    assert (heard.of("stdout"), announced) == (b"1\n2\n", ["echo 1", "echo 2; exit 5"])


def test_stopped_execution_begins_no_other_command(
    children: Children, launch: Callable[[str], Launch]
) -> None:
    """The one that runs is asked to end, even if it then succeeds."""
    heard, announced = Heard(), list[str]()
    lines = ("trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done", "echo never")
    execution = Execution([Command(line, launch(line)) for line in lines], children, announced.append)

    def stop() -> None:
        heard.await_line()
        execution.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    assert execution.run(heard) == Exit(0)
    stopper.join()
    assert len(announced) == 1


# ---------------------------------------------------------------- signals


def test_signal_is_passed_on_to_all(children: Children, launch: Callable[[str], Launch]) -> None:
    """Each child gets what hpm was sent, and whoever wants to know of it is told."""
    told: list[str] = []
    children.on_ask(lambda: told.append("asked"))
    heard = [Heard(), Heard()]
    line = "trap 'exit 9' INT; echo ready; while :; do sleep 0.01; done"
    running = [Captured(launch(line), children, each) for each in heard]
    codes: list[Exit] = []
    threads = [threading.Thread(target=lambda each=each: codes.append(each.wait())) for each in running]
    for thread in threads:
        thread.start()
    for each in heard:
        each.await_line()
    with children.take_signals():
        os.kill(os.getpid(), signal.SIGINT)
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
    assert (codes, told, children.asked) == ([Exit(9), Exit(9)], ["asked"], [signal.SIGINT])


def test_second_signal_kills(children: Children, launch: Callable[[str], Launch]) -> None:
    """Who asks twice does not want to wait for the grace."""
    heard = Heard()
    running = Captured(
        launch("trap 'echo no' INT; echo ready; while :; do sleep 0.01; done"), children, heard
    )

    def ask() -> None:
        heard.await_line()
        children.ask(signal.SIGINT)
        children.ask(signal.SIGINT)

    asking = threading.Thread(target=ask)
    asking.start()
    assert running.wait() == Exit(137)
    asking.join()


def test_child_that_starts_after_the_signal_gets_it_too(
    children: Children, launch: Callable[[str], Launch]
) -> None:
    """It would run on otherwise."""
    children.ask(signal.SIGTERM)
    assert run_captured(launch("sleep 1000"), children, Heard()).code == 128 + signal.SIGTERM


def test_handlers_are_as_before_afterwards(children: Children) -> None:
    """And outside the main thread none are touched."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    before = [signal.getsignal(number) for number in numbers]
    during: list[object] = []

    def enter() -> None:
        with children.take_signals():
            during.extend(signal.getsignal(number) for number in numbers)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert during == before
    enter()
    assert during[4:] != before
    assert [signal.getsignal(number) for number in numbers] == before


def test_deaf_script_in_the_foreground_is_killed_after_the_grace(
    launch: Callable[[str], Launch], capfd: pytest.CaptureFixture[str]
) -> None:
    """It has our streams, and no longer than the others."""
    children = Children(grace_seconds=0.05)
    line = f"echo heard; trap '' TERM; kill -TERM {os.getpid()}; sleep 1000"
    with children.take_signals():
        assert run_in_foreground(launch(line), children) == Exit(137)
    assert capfd.readouterr().out == "heard\n"
    children.close()


# ---------------------------------------------------------------- hpm is killed

_KILLED = """
import os, sys, threading
from pathlib import Path
from hpmtasks.scripts.children import Children
from hpmtasks.scripts.process import Launch, run_captured, run_in_foreground

class Telling(Children):
    def add(self, child):
        super().add(child)
        os.write(1, b"watched\\n")

run = run_captured if sys.argv[1] == "captured" else run_in_foreground
more = [lambda stream, data: os.write(1, data)] if sys.argv[1] == "captured" else []
run(Launch(["/bin/sh", "-c", sys.argv[2]], Path("/"), dict(os.environ)), Telling(0.5), *more)
"""


@pytest.mark.parametrize("deaf", ["", "trap '' TERM; "], ids=["obedient", "deaf"])
@pytest.mark.parametrize("kind", ["captured", "foreground"])
def test_killed_hpm_leaves_no_orphan(kind: str, deaf: str) -> None:
    """SIGKILL gives hpm no time; its scripts, and what they started, end all the same."""
    line = f"{deaf}sleep 1000 & echo $$ $!; wait; sleep 1000"
    started = subprocess.Popen(
        [sys.executable, "-c", _KILLED, kind, line],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert started.stdout
    lines = [started.stdout.readline(), started.stdout.readline()]
    process_ids = [int(word) for each in lines if each != b"watched\n" for word in each.split()]
    assert len(process_ids) == 2

    started.kill()
    started.wait(PATIENCE_SECONDS)

    for process_id in process_ids:
        await_end(process_id)
    started.stdout.close()


def test_guardian_ends_only_what_still_runs(launch: Callable[[str], Launch]) -> None:
    """What was released is not its business any more: the number may mean another by then."""
    guardian = Guardian(1.0)
    processes = [
        subprocess.Popen(["sleep", "1000"], cwd=launch("").folder, process_group=0) for _ in range(2)
    ]
    for process in processes:
        guardian.watch(process.pid, is_group=True)
    guardian.release(processes[0].pid, is_group=True)
    closing = threading.Thread(target=guardian.close)
    closing.start()
    assert processes[1].wait(PATIENCE_SECONDS) == -signal.SIGTERM
    closing.join(PATIENCE_SECONDS)
    assert processes[0].poll() is None
    processes[0].kill()
    processes[0].wait(PATIENCE_SECONDS)
