"""forked: hpm as a process, made by forking one that has imported everything: many runs in little time.

``python -m tests.support.faults.forked`` reads one JSON object a line and answers with one: see
:class:`Forks`, which is the other end.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self

from tests.support.command_line import REPOSITORY, Ran
from tests.support.faults.inject import Fault

#: A run that takes longer hangs.
PATIENCE_SECONDS = 60


class Forks:
    """The process that forks; a context."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.faults.forked"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _pipe(self._process.stdin).close()
        self._process.wait(PATIENCE_SECONDS)
        _pipe(self._process.stdout).close()

    def run(
        self,
        *arguments: str,
        cwd: Path,
        environ: Mapping[str, str],
        fault: Mapping[str, Any] | None = None,
        **circumstances: Any,
    ) -> Ran:
        """Run hpm; the code is negative where a signal ended it.

        Args:
            fault: Fields of a :class:`Fault`.
            circumstances: ``limits`` (of ``resource``, by name), ``boot`` (the name of another one),
                ``clock`` (seconds that it is ahead), ``umask``.
        """
        wanted = {
            "arguments": arguments,
            "cwd": os.fspath(cwd),
            "environ": dict(environ),
            "fault": dict(fault or {}),
            **circumstances,
        }
        pipe = _pipe(self._process.stdin)
        pipe.write(json.dumps(wanted) + "\n")
        pipe.flush()
        answer = _pipe(self._process.stdout).readline()
        assert answer, "the forking process has ended"
        return Ran(**json.loads(answer))


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream
    return stream


def _serve() -> None:
    import hpmtasks.cli
    import hpmtasks.commands.install
    import hpmtasks.engine
    import hpmtasks.front.plan  # noqa: F401 - all of them are imported for the children

    for line in sys.stdin:
        print(json.dumps(_forked(json.loads(line))), flush=True)


def _forked(wanted: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _become(wanted, out.fileno(), err.fileno())
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > ends:
                os.kill(child, 9)
                os.waitpid(child, 0)
                return {"code": 1000, "out": "", "err": "it hangs"}
            time.sleep(0.002)
        code = os.waitstatus_to_exitcode(status)
        texts = [os.pread(stream.fileno(), 1 << 20, 0).decode(errors="replace") for stream in (out, err)]
        return {"code": code, "out": texts[0], "err": texts[1]}


def _become(wanted: dict[str, Any], out: int, err: int) -> None:
    """This process is hpm, and ends with its exit code."""
    code = 99
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(wanted["cwd"])
        os.environ.clear()
        os.environ.update(wanted["environ"])
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the process ends
        _arrange(wanted)
        fault = Fault(**wanted["fault"])
        if wanted["fault"]:
            fault.install()
        sys.argv = ["hpm", *wanted["arguments"]]
        from hpmtasks.front import main

        code = main()
        sys.stdout.flush()
        sys.stderr.flush()
        fault.number = -1
        fault.tell()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - told, whatever it is
        traceback.print_exc()
        sys.stderr.flush()
        code = 98
    finally:
        os._exit(code)


def _arrange(wanted: dict[str, Any]) -> None:
    for name, value in wanted.get("limits", {}).items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    if "boot" in wanted:
        for name, module in list(sys.modules.items()):
            if name.startswith("hpmtasks.") and callable(getattr(module, "boot", None)):
                module.boot = lambda: str(wanted["boot"])  # type: ignore[attr-defined]
    if "clock" in wanted:
        now, now_ns, ahead = time.time, time.time_ns, wanted["clock"]
        time.time = lambda: now() + ahead
        time.time_ns = lambda: now_ns() + int(ahead * 1e9)
    if "umask" in wanted:
        os.umask(wanted["umask"])


if __name__ == "__main__":
    _serve()
