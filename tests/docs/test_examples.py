"""Every example in the documentation does what the page says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.github_server import GithubServer, github
from tests.support.pages import PAGES, ROOT, Terminal, accept, blocks, is_as_told, steps

PAGES_WITH_EXAMPLES = [page for page in PAGES if any(block.kind == "console" for block in blocks(page))]

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the examples are for bash")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GithubServer]:
    """A GitHub with the packages that the pages speak of."""
    with github(tmp_path_factory.mktemp("github")) as server:
        server.publish("hemlang/router", "v1.4.0")
        server.publish("hemlang/router", "v1.5.0")
        for version in ("1.0.0", "1.2.3", "2.0.0"):
            server.publish("hemlang/json", f"v{version}")
        server.publish("hemlang/sprout", "v2.0.0", dependencies={"hemlang/router": "^1.4.0"})
        server.publish("hemlang/sprout", "v2.1.0", dependencies={"hemlang/router": "^1.4.0"})
        server.publish("hemlang/forms", "v1.0.0", dependencies={"hemlang/json": "^2.0.0"})
        server.publish("hemlang/ping", "v1.0.0", dependencies={"hemlang/pong": "^1.0.0"})
        server.publish("hemlang/pong", "v1.0.0", dependencies={"hemlang/ping": "^1.0.0"})
        yield server


@pytest.mark.parametrize("page", PAGES_WITH_EXAMPLES, ids=lambda page: page.name)
def test_examples_print_what_the_page_shows(page: Path, world: GithubServer, tmp_path: Path) -> None:
    """Each ``console`` block, run in order in one home folder, prints what stands below its commands."""
    terminal = Terminal(tmp_path, world)
    for block in blocks(page):
        if block.kind != "console":
            continue
        printed = terminal.run(block)
        if os.environ.get("ACCEPT_EXAMPLES"):
            accept(page, block, printed)
            continue
        for step, output in zip(steps(block), printed, strict=True):
            assert is_as_told(step.expected, output), (
                f"{page.relative_to(ROOT)}, block of line {block.line}, prints otherwise:\n"
                f"$ {step.command}\n{output}\n"
                "If that is right: ACCEPT_EXAMPLES=1 python3 dodo.py test:docs, and read the diff."
            )


@pytest.mark.parametrize(
    ("expected", "printed", "fits"),
    [
        ("Installed in 0.4s", "Installed in 12.1s\n", True),
        ("Installed in 0.4s", "Installed in a while\n", False),
        ("a\n...\nc", "a\nb\nb\nc\n", True),
        ("a\n...\nc", "a\nb\n", False),
        ("Total: [..] KB", "Total: 10.7 KB", True),
        ("", "", True),
        ("", "Warning: something\n", False),
        ("1 package", "1 packages", False),
        ("sha256-" + "ab" * 32, "sha256-" + "0f" * 32, True),
        ("sha256-" + "ab" * 32, "sha256-" + "0f" * 31, False),
    ],
)
def test_the_comparison_can_fail(expected: str, printed: str, fits: bool) -> None:
    """Wildcards stand for what they should and for no more."""
    assert is_as_told(expected, printed) is fits
