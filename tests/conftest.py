"""Fixtures of all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.support.faults.invariant", "tests.support.projects")

from tests.support.github_server import GithubServer, github  # noqa: E402  after what is said of others


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-goldens``: keep what is shown now; read the difference before committing it."""
    parser.addoption("--update-goldens", action="store_true", help="write tests/goldens anew")


def pytest_configure() -> None:
    """Let the tests be interrupted, and what they start.

    A run in the background of a script ignores SIGINT, and so would every process of the tests,
    by inheritance; those that press Ctrl-C would then wait for ever.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.name != "nt" and signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN:
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.fixture
def github_server(tmp_path: Path) -> Iterator[GithubServer]:
    """A GitHub of the test's own, on loopback."""
    with github(tmp_path / "github") as server:
        yield server
