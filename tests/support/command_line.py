"""command_line: hpm as a user runs it: as a process, or for speed within this one."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.cli import main
from tests.support.github_server import GithubServer
from tests.support.loopback_server import Fault

REPOSITORY = Path(__file__).resolve().parents[2]
#: Longer than any of these processes takes; who reaches it hangs.
PATIENCE_SECONDS = 60
#: Set to a token by :mod:`tests.support.canary`: every command then has it in its environment.
CANARY_VARIABLE = "HPM_TEST_CANARY"


def _canary() -> dict[str, str]:
    canary = os.environ.get(CANARY_VARIABLE)
    return dict.fromkeys(("GITHUB_TOKEN", "GH_TOKEN", "HPM_REMOTE_CACHE_TOKEN"), canary) if canary else {}


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class SaidByTheFront:
    """What hpm said by way of its front, and what it had to load for it.

    Attributes:
        lines: The lines on stdout.
        err: What is on stderr.
        modules: The modules that were loaded beyond what the interpreter has at its start.
    """

    lines: list[str]
    err: str
    modules: set[str]


@dataclass
class CommandLine:
    """A shell that stands in a project of its own.

    Attributes:
        folder: Where the project, hpm's home and everything else of the test is.
        environ: The whole environment of every command.
        below: The current folder of every command, below the project's root.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    below: str = "."
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.project.mkdir(parents=True, exist_ok=True)
        self.environ = {
            "PATH": _without_interpreter(os.environ.get("PATH", "")),
            "HOME": str(self.folder / "user"),
            "HPM_HOME": str(self.home),
            "USER": "ada",
            "COLUMNS": "80",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **_canary(),
            **self.environ,
        }

    @property
    def project(self) -> Path:
        """The project's root."""
        return self.folder / "project"

    @property
    def cwd(self) -> Path:
        """The current folder of every command."""
        return self.project / self.below

    @property
    def home(self) -> Path:
        """``HPM_HOME``."""
        return self.folder / "home"

    @contextlib.contextmanager
    def inside(self, below: str | None = None, /, **environ: str) -> Iterator[pytest.MonkeyPatch]:
        """Within, this process has a command's environment and current folder, or that *below* the root.

        What is changed by the patch that it yields is put back with them.
        """
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ:
                patch.delenv(name)
            for name, value in {**self.environ, **environ}.items():
                patch.setenv(name, value)
            patch.chdir(self.cwd if below is None else self.project / below)
            yield patch

    def run(self, *arguments: str, **environ: str) -> Ran:
        """Run hpm within this process."""
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        handler = signal.getsignal(signal.SIGTERM)
        # Without workers: they are forks of this process.
        with self.inside(**{"HPM_WORKERS": "0", **self.environ, **environ}) as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "stdin", io.StringIO())
            try:
                code = main(arguments)
            finally:
                signal.signal(signal.SIGTERM, handler)
        out.flush()
        err.flush()
        return self._heard(Ran(code, _written(out), _written(err)))

    def _heard(self, ran: Ran) -> Ran:
        """*ran*; if a token was printed, that is noted in a file, as :mod:`tests.support.canary` wants it."""
        canary = os.environ.get(CANARY_VARIABLE)
        if canary and canary in ran.out + ran.err:
            (self.folder / "printed").write_text(ran.out + ran.err, encoding="utf-8", errors="replace")
        return ran

    def process(self, *arguments: str, **environ: str) -> Ran:
        """Run hpm as a process of its own."""
        started = self.start(*arguments, **environ)
        out, err = started.communicate(timeout=PATIENCE_SECONDS)
        return self._heard(Ran(started.returncode, out, err))

    def process_into(self, out: int, *arguments: str, **environ: str) -> tuple[int, str]:
        """The exit code of hpm as a process that prints into *out*, and what it says on stderr."""
        done = subprocess.run(
            [sys.executable, "-m", "hpmtasks", *arguments],
            cwd=self.cwd,
            env={**self.environ, "PYTHONPATH": str(REPOSITORY), **environ},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return done.returncode, done.stderr

    def by_the_front(self, *arguments: str) -> SaidByTheFront:
        """What hpm says to *arguments* as a process of its own, and what it had to load for it."""
        done = self._done_by(
            f"import sys; before = set(sys.modules); sys.argv = ['hpm', *{arguments!r}];"
            f"sys.path.insert(0, {str(REPOSITORY)!r});"
            "from hpmtasks.front import main; code = main();"
            "print(*sorted(set(sys.modules) - before)); sys.exit(code)"
        )
        *lines, modules = done.stdout.splitlines()
        return SaidByTheFront(lines, done.stderr, set(modules.split()))

    def modules_of(self, *arguments: str, **environ: str) -> set[str]:
        """The modules that hpm has in the end as a process of its own; its workers may have others."""
        done = self._done_by(
            f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); sys.argv = ['hpm', *{arguments!r}];"
            "from hpmtasks.cli import main; code = main(); print(*sys.modules); sys.exit(code)",
            **environ,
        )
        return set(done.stdout.splitlines()[-1].split())

    def _done_by(self, program: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """What *program* did, in an interpreter that has nothing of this one's paths and settings."""
        return subprocess.run(
            [sys.executable, "-I", "-c", program],
            cwd=self.project,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=True,
        )

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Hpm as a process that is running; :meth:`close` ends it if nothing else does."""
        started = subprocess.Popen(
            [sys.executable, "-m", "hpmtasks", *arguments],
            cwd=self.cwd,
            env={**self.environ, "PYTHONPATH": str(REPOSITORY), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._started.append(started)
        return started

    def close(self) -> None:
        """No process that was started is left."""
        for started in self._started:
            if started.poll() is None:
                started.kill()
            started.wait(PATIENCE_SECONDS)
            for stream in (started.stdout, started.stderr):
                if stream:
                    stream.close()

    # ---- the project

    def write(self, name: str, content: str | bytes) -> Path:
        """The file *name* in the project holds *content*."""
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def require(
        self, dependencies: Mapping[str, str] | None = None, *, dev: Mapping[str, str] | None = None
    ) -> None:
        """package.json requires *dependencies*, and *dev* for development."""
        document: dict[str, Any] = {"name": "me/app", "version": "1.0.0"}
        if dependencies is not None:
            document["dependencies"] = dict(dependencies)
        if dev is not None:
            document["devDependencies"] = dict(dev)
        self.write("package.json", json.dumps(document, indent=2) + "\n")

    def documents(self) -> dict[str, bytes | None]:
        """The bytes of package.json and package-lock.json."""
        paths = (self.project / "package.json", self.project / "package-lock.json")
        return {path.name: path.read_bytes() if path.exists() else None for path in paths}

    def manifest(self) -> Any:
        """package.json, read."""
        return json.loads((self.project / "package.json").read_text("utf-8-sig"))

    def lock(self) -> Any:
        """package-lock.json, read."""
        return json.loads((self.project / "package-lock.json").read_text())

    def edit_lock(self, name: str, **fields: str | None) -> None:
        """The lock's entry *name* has *fields*; those of ``None`` are gone."""
        document = self.lock()
        entry = document["dependencies"][name]
        for key, value in fields.items():
            entry.pop(key, None)
            if value is not None:
                entry[key] = value
        self.write("package-lock.json", json.dumps(document, indent=2) + "\n")

    def installed(self) -> dict[str, str]:
        """The version of each package in hem_modules; each is complete, and there is nothing else."""
        found = {}
        for folder in sorted(self.project.glob("hem_modules/*/*")):
            assert sorted(path.name for path in folder.iterdir()) == ["package.json", "src"], folder
            version = json.loads((folder / "package.json").read_text())["version"]
            assert (folder / "src/index.hml").read_text() == f'export let version = "{version}";\n'
            found[f"{folder.parent.name}/{folder.name}"] = version
        return found

    def delete_modules(self) -> None:
        """There is no hem_modules."""
        shutil.rmtree(self.project / "hem_modules")

    def everything(self) -> dict[str, bytes | None]:
        """Every file in the project with its bytes, and every folder."""
        return {
            path.relative_to(self.project).as_posix(): path.read_bytes() if path.is_file() else None
            for path in sorted(self.project.rglob("*"))
        }

    def plain(self, text: str) -> str:
        """*text* with what differs from run to run replaced: folders, ports, durations, digests."""
        text = text.replace(str(self.folder), "DIR")
        text = re.sub(r"127\.0\.0\.1:\d+", "HOST", text)
        text = re.sub(r"\b\d+\.\d+s\b", "N.Ns", text)
        return re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)


def _written(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


# ---------------------------------------------------------------- a server that lets one wait


class Gate(threading.Event):
    """Closed until it is set; *reached* is set once somebody waits before it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the gate to be set."""
        self.reached.set()
        return super().wait(timeout)


def gate(server: GithubServer, pattern: str) -> Gate:
    """The next request to *server* that matches *pattern* waits before the gate."""
    closed = Gate()
    server._faults.append(Fault(pattern, 1, until=closed))
    return closed


# ---------------------------------------------------------------- a terminal

_ON_A_TERMINAL = (
    "import os, sys; os.login_tty(0); from hpmtasks.cli import main; sys.argv[0] = 'hpm'; sys.exit(main())"
)
_SEQUENCE = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\x1b\][^\x07]*\x07|(\r)|(\n)|([^\x1b\r\n]+)")


class Terminal:
    """A process whose stdin, stdout and stderr are a terminal, and what it has shown."""

    def __init__(self, shell: CommandLine, *arguments: str, columns: int = 80, **environ: str) -> None:
        self._master, slave = os.openpty()
        termios.tcsetwinsize(slave, (24, columns))
        own = {key: value for key, value in shell.environ.items() if key != "COLUMNS"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ON_A_TERMINAL, *arguments],
            cwd=shell.project,
            env={**own, "TERM": "xterm", "PYTHONPATH": str(REPOSITORY), **environ},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self.shown = ""

    def read_until(self, text: str, *, after: int = 0) -> int:
        """Wait until *text* was shown after the position *after*; the position behind it."""
        while text not in self.shown[after:]:
            assert self._read(), f"ended without showing {text!r}: {self.shown!r}"
        return self.shown.index(text, after) + len(text)

    def type(self, keys: str) -> None:
        """Press *keys*."""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Wait for the end; the exit code."""
        while self._read():
            pass
        return self._process.wait(PATIENCE_SECONDS)

    def interrupt(self) -> int:
        """Press Ctrl-C until the process ends; the exit code.

        Once is nearly always enough. CPython's input waits on when the signal comes in the
        moment before it begins to wait, as it would for a person, who then presses again.
        """
        while self._process.poll() is None:
            self.type("\x03")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        return self.end()

    def close(self) -> None:
        """The terminal is gone, and the process too."""
        os.close(self._master)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE_SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE_SECONDS)
        assert ready, f"nothing more was shown: {self.shown!r}"
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)

    def screen(self) -> list[str]:
        """The lines as they stand in the end, as a terminal of endless height would have them."""
        lines, row, column = [""], 0, 0
        for found in _SEQUENCE.finditer(self.shown):
            count, command, carriage, feed, text = found.groups()
            if carriage:
                column = 0
            elif feed:
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif command == "A":
                row = max(0, row - int(count or 1))
            elif command == "K":
                lines[row] = "" if count == "2" else lines[row][:column]
            elif text:
                old = lines[row].ljust(column)
                lines[row] = old[:column] + text + old[column + len(text) :]
                column += len(text)
        return lines


@contextlib.contextmanager
def terminal(shell: CommandLine, *arguments: str, columns: int = 80, **environ: str) -> Iterator[Terminal]:
    """Hpm on a terminal of *columns*."""
    opened = Terminal(shell, *arguments, columns=columns, **environ)
    try:
        yield opened
    finally:
        opened.close()


def _without_interpreter(path: str) -> str:
    """*path* without folders that hold nothing but Hemlock: what hpm does must not depend on the machine."""
    return os.pathsep.join(
        folder
        for folder in path.split(os.pathsep)
        if not os.path.exists(f"{folder}/hemlock") or os.path.exists(f"{folder}/sh")
    )
