"""A package as people publish it: a web server out of hemlang/sprout answers, imported from ``src/``.

Needs the interpreter, and in ``HPM_TEST_SPROUT`` a git repository of hemlang/sprout, which the tests
do not fetch: ``git clone --bare https://github.com/hemlang/sprout``, and its path.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import PATIENCE_SECONDS
from tests.support.interpreter import HEMLOCK, needs_hemlock, path_with
from tests.support.projects import ProjectFolder

SPROUT = os.environ.get("HPM_TEST_SPROUT", "")
pytestmark = [
    needs_hemlock,
    pytest.mark.slow,
    pytest.mark.skipif(not SPROUT, reason="HPM_TEST_SPROUT names no git repository of hemlang/sprout"),
]
SERVER = """\
import {{ App }} from "hemlang/sprout";
let app = App({{}});
app.get("/hello", fn(req, res, next) {{ res.send("hello from src"); }});
app.listen({port}, fn() {{ print("ready"); }});
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """An installed project with the package, from git."""
    rule = {"match": "hemlang/sprout", "type": "git", "url": Path(SPROUT).absolute().as_uri()}
    with closing(ProjectFolder(tmp_path, {"HPM_SOURCES": json.dumps([rule])})) as opened:
        opened.environ["PATH"] = path_with(Path(HEMLOCK or ""))
        opened.require({"hemlang/sprout": "^1.0.0"})
        yield opened


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def answer(arguments: list[str], folder: Path, port: int) -> str:
    """What the server that *arguments* start says to ``/hello``."""
    with subprocess.Popen(arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while server.poll() is None and time.monotonic() < deadline:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/hello", timeout=5) as reply:
                        text: str = reply.read().decode()
                        return text
                except (urllib.error.URLError, ConnectionError):
                    select.select([server.stdout or 0], [], [], 0.05)  # what it says is an error, or nothing
        finally:
            server.kill()
        return server.communicate()[0].decode()


def test_a_server_answers(project: ProjectFolder) -> None:
    """As modules, as one source, and compiled."""
    port = free_port()
    project.write("src/main.hml", SERVER.format(port=port))
    project.tasks()
    assert project.run("check", "--imports").code == 0
    programs = ["src/main.hml", "app.hml", "app.hmlc"]
    for program in programs[1:]:
        assert project.run("bundle", "src/main.hml", "-o", program).code == 0
    said = {each: answer([HEMLOCK or "", each], project.project, port) for each in programs}
    assert said == dict.fromkeys(programs, "hello from src")
