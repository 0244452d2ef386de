"""The compiled client: how it is loaded, and whom it trusts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hpmtasks.net.retry import Patience
from hpmtasks.net.wire import Trouble, WireFailure
from tests.support.command_line import REPOSITORY

VARIABLE = "MIMALLOC_ARENA_EAGER_COMMIT"


@pytest.mark.parametrize("before", [None, "1"])
def test_loading_it_leaves_the_environment_alone(before: str | None) -> None:
    """No script that hpm runs sees the variable; whoever has set it himself is not overruled."""
    pytest.importorskip("pyreqwest", reason="the compiled client is not installed")
    environ = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if before is not None:
        environ[VARIABLE] = before
    program = f"import os, hpmtasks.net.by_reqwest; print(os.environ.get({VARIABLE!r}))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(before)


@pytest.mark.parametrize("url", ["https://127.0.0.1:1/", "HTTPS://127.0.0.1:1/"])
def test_the_wire_for_http_is_not_used_for_https(url: str) -> None:
    """It knows no authorities, and so would trust anybody: it refuses before it connects."""
    pytest.importorskip("pyreqwest", reason="the compiled client is not installed")
    from hpmtasks.net.by_reqwest import ReqwestWire

    wire = ReqwestWire(Patience(), secure=False)
    with pytest.raises(WireFailure) as caught, wire.open("GET", url, {}, None, Patience()):
        pass
    assert caught.value.trouble is Trouble.ADDRESS
    wire.close()
