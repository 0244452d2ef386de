"""git_process: git as a child process that asks nobody, runs no hook and ends in time."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hpmtasks.errors import NetworkFailure

if TYPE_CHECKING:
    import threading

#: Seconds that one git process may take.
LONGEST_RUN = 900.0
#: The most that is read from git, in bytes.
LARGEST_OUTPUT = 1024 * 1024 * 1024
_PIECE = 1 << 16

# What the user says about *how* to connect and log in is kept; what would point git at
# another repository (GIT_DIR ...), trace secrets or open a dialog is not.
_KEPT = re.compile(
    r"(?!GIT_|SSH_ASKPASS).*"
    r"|GIT_(SSH|SSH_COMMAND|SSH_VARIANT|SSL_\w+|HTTP_\w+|PROXY_\w+|EXEC_PATH)"
    r"|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)",
    re.DOTALL,
)
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}
# Contents must be the same for everybody: no line-ending, filter or attribute setting of the user counts.
_ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1"}
_SECRET = re.compile(r"://[^/@\s]+@")


class GitFailed(Exception):
    """git ended with an error.

    Attributes:
        told: What it printed, without secrets and control characters.
    """

    def __init__(self, told: str) -> None:
        super().__init__(told)
        self.told = told


def connecting(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a git that talks to servers: the user's own settings, and no questions."""
    kept = {name: value for name, value in environ.items() if _KEPT.fullmatch(name)}
    if "SSL_CERT_FILE" in environ:
        kept.setdefault("GIT_SSL_CAINFO", environ["SSL_CERT_FILE"])
    return kept | _QUIET


def alone(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a git that only reads a repository: no settings but its own."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("GIT_", "SSH_"))}
    return kept | _QUIET | _ALONE


def options(protocols: Sequence[str]) -> list[str]:
    """Options that leave git these *protocols* and nothing that runs another program's code."""
    settings = [
        "protocol.allow=never",
        *(f"protocol.{protocol}.allow=always" for protocol in protocols),
        f"core.hooksPath={os.devnull}",
        "core.fsmonitor=false",
        "core.askPass=",
        "gc.auto=0",
        "maintenance.auto=false",
        "http.lowSpeedLimit=1000",
        "http.lowSpeedTime=30",
    ]
    return [word for setting in settings for word in ("-c", setting)]


def git_output(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """What git prints. See :func:`run_git` for what it raises."""
    pieces: list[bytes] = []
    run_git(arguments, environment, pieces.append)
    return b"".join(pieces).decode("utf-8", "replace")


def run_git(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    take: Callable[[bytes], object],
    *,
    seconds: float = LONGEST_RUN,
    limit_bytes: int = LARGEST_OUTPUT,
    remarks: list[str] | None = None,
) -> None:
    """Git ran with *arguments* and ended well; *take* was given what it printed, piece by piece.

    What it said on standard error is added to *remarks*.

    It has a session of its own, so it has no terminal to ask a question on; it is killed with
    all its children when this call is left early, be it by Ctrl-C.

    Raises:
        GitFailed: It ended with an error.
        NetworkFailure: There is no git, it took longer than *seconds*, or printed more than *limit_bytes*.
    """
    import subprocess
    import tempfile
    import threading

    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                ["git", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                bufsize=0,
                stderr=errors,
                env=dict(environment),
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError):
            raise NetworkFailure(
                "A package comes from a git source, and there is no git on the PATH.\n\n"
                "Please install git and try again."
            ) from None
        late = threading.Event()
        timer = threading.Timer(seconds, _end, (process.pid, late))
        timer.daemon = True
        timer.start()
        try:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            _drain(process.stdout, take, limit_bytes)
            status = process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                _kill(process.pid)
                process.wait()
            if process.stdout:
                process.stdout.close()
        if late.is_set():
            raise NetworkFailure(f"Network error: git took longer than {seconds:.0f} seconds, given up.")
        if status != 0:
            # A helper of git may still be writing there, so the common position is left alone.
            raise GitFailed(_printable(os.pread(errors.fileno(), _PIECE, 0)))
        if remarks is not None:
            remarks.append(_printable(os.pread(errors.fileno(), _PIECE, 0)))


def make_bare(folder: Path, *, sha256: bool) -> None:
    """*folder* is an empty bare repository, without the hooks and settings of a template."""
    (folder / "objects").mkdir()
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="ascii")
    extension = "\tbare = true\n[extensions]\n\tobjectFormat = sha256\n" if sha256 else "\tbare = true\n"
    (folder / "config").write_text(
        f"[core]\n\trepositoryFormatVersion = {int(sha256)}\n{extension}", encoding="ascii"
    )


def _drain(output: IO[bytes], take: Callable[[bytes], object], limit_bytes: int) -> None:
    left = limit_bytes
    while piece := output.read(_PIECE):
        left -= len(piece)
        if left < 0:
            raise NetworkFailure(f"Network error: git sends more than {limit_bytes} bytes, given up.")
        take(piece)


def _end(group: int, late: threading.Event) -> None:
    late.set()
    _kill(group)


def _kill(group: int) -> None:
    import signal
    from contextlib import suppress

    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _printable(told: bytes) -> str:
    text = _SECRET.sub("://***@", told.decode("utf-8", "replace"))
    return "".join(character for character in text if character.isprintable() or character == "\n").strip()
