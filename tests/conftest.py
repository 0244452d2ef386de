"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.github_server import GithubServer, github


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-goldens``: keep what is shown now; read the difference before committing it."""
    parser.addoption("--update-goldens", action="store_true", help="write tests/goldens anew")


@pytest.fixture
def github_server(tmp_path: Path) -> Iterator[GithubServer]:
    """A GitHub of the test's own, on loopback."""
    with github(tmp_path / "github") as server:
        yield server
