"""What a command may import: each module costs every run that imports it, whether it is used or not."""

from __future__ import annotations

import shutil

import pytest

from tests.support.command_line import CommandLine

#: What no installation needs unless something is wrong.
NEVER = {
    "argparse", "asyncio", "concurrent.futures", "difflib", "email", "gettext", "httpx", "importlib.metadata",
    "inspect", "locale", "logging", "multiprocessing", "pdb", "pickle", "pydantic", "rich", "textwrap",
    "watchfiles", "dataclasses", "doit.doit_cmd", "doit.cmd_base", "doit.tools",
    "hpmtasks.commands.help_page", "hpmtasks.commands.parser", "hpmtasks.model.json_text",
    "hpmtasks.model.wire", "hpmtasks.resolver.explain", "hpmtasks.scripts",
    "hpmtasks.supply", "hpmtasks.hemlock.bundle", "hpmtasks.sources.git", "hpmtasks.sources.directory",
}  # fmt: skip
#: What asks somebody, chooses versions, or unpacks.
WORK = {
    "datetime", "hashlib", "pyreqwest", "random", "shutil", "socket", "ssl", "subprocess", "tempfile",
    "hpmtasks.net.http", "hpmtasks.resolver.solve", "hpmtasks.session.catalogue", "hpmtasks.session.patching",
    "hpmtasks.session.workers", "hpmtasks.sources.github", "hpmtasks.sources.git_process",
    "hpmtasks.stages.resolve.action", "hpmtasks.store.extract", "hpmtasks.store.inventory",
    "hpmtasks.hemlock.shims", "hpmtasks.model.contents", "hpmtasks.store.comparison",
}  # fmt: skip


@pytest.fixture
def installed(shell: CommandLine) -> CommandLine:
    """acme/a, which needs acme/b, is installed."""
    shell.require({"acme/a": "^1.0.0"})
    assert shell.run("install").code == 0
    return shell


def test_nothing_to_do(installed: CommandLine) -> None:
    """The graph finds that nothing is stale without the modules of those who would work."""
    loaded = installed.modules_of("install", HPM_FASTPATH="off")
    assert loaded & (NEVER | WORK) == set()
    assert "hpmtasks.engine" in loaded


@pytest.mark.parametrize("workers", ["0", "2"])
def test_from_a_lock(installed: CommandLine, workers: str) -> None:
    """Neither git nor shims, nor what removes and compares folders: a lock says what there is to be."""
    shutil.rmtree(installed.project / "hem_modules")
    shutil.rmtree(installed.project / ".hpm")
    loaded = installed.modules_of(
        "install", "--locked", HPM_CACHE_DIR=str(installed.folder / "empty"), HPM_WORKERS=workers
    )
    assert loaded & NEVER == set()
    for unasked in (
        "subprocess", "shutil", "hpmtasks.sources.clone", "hpmtasks.hemlock.shims",
        "hpmtasks.resolver.search", "hpmtasks.session.trust", "hpmtasks.session.moved",
    ):  # fmt: skip
        assert unasked not in loaded
    assert "hpmtasks.net.http" in loaded


def test_one_package_added(installed: CommandLine) -> None:
    """Versions are chosen without what explains why they cannot be."""
    installed.require({"acme/a": "^1.0.0", "acme/new": "1"})
    loaded = installed.modules_of("install")
    assert loaded & NEVER == set()
    assert "hpmtasks.resolver.solve" in loaded
