"""Every project in examples/ does what its README says, in a copy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import PATIENCE_SECONDS, REPOSITORY, CommandLine

EXAMPLES = REPOSITORY / "examples"
IGNORED = shutil.ignore_patterns("hem_modules", ".hpm", "banner.txt", "bundle.txt", "__pycache__")


class Example(CommandLine):
    """A copy of examples/, and a shell in one of its projects."""

    name = ""

    @property
    def project(self) -> Path:
        return self.folder / "examples" / self.name

    def doit(self) -> str:
        """Run doit; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "doit"],
            cwd=self.project,
            env={**self.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Example]:
    """The copy; no project is chosen yet."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=IGNORED)
    with closing(Example(tmp_path)) as opened:
        yield opened


def test_hello_installs_and_has_nothing_to_do_then(example: Example) -> None:
    """The main job: three packages, the tree, and "up to date" the second time."""
    example.name = "hello"
    before = example.documents()
    first = example.process("install")
    assert first.code == 0, first.err
    assert "  + acme/text@1.1.0 (dependency of acme/frame, acme/greet)\n" in first.out
    assert example.process("install").out == "Everything is up to date (3 packages).\n"
    assert example.process("list").out == (
        "acme/hello@1.0.0\n"
        "├── acme/frame@1.0.0\n"
        "│   └── acme/text@1.1.0\n"
        "└── acme/greet@1.2.1\n"
        "    └── acme/text@1.1.0\n"
    )
    assert example.documents() == before, "the committed lock is what an installation would write"


def test_hello_reprocesses_one_package_when_one_requirement_changes(example: Example) -> None:
    """As its README promises."""
    example.name = "hello"
    example.run("install")
    text = (example.project / "package.json").read_text().replace('"~1.2.0"', '"1.2.0"')
    example.write("package.json", text)
    ran = json.loads(example.run("install", "--json").out)["tasks"]
    assert ran == [f"{stage}:acme/greet" for stage in ("tags",)] + ["resolve"] + [
        f"{stage}:acme/greet" for stage in ("download", "verify", "extract")
    ] + ["lock"]


def test_dodo_project_installs_before_its_own_task(example: Example) -> None:
    """doit runs the repository's own tasks after hpm's, then nothing; hpm agrees."""
    example.name = "dodo-project"
    before = example.documents()
    assert ".  bundle" in example.doit()
    assert "Hello" in (example.project / "bundle.txt").read_text()
    assert ".  " not in example.doit()
    assert json.loads(example.run("install", "--json").out)["tasks"] == []
    assert example.documents() == before


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*/package.json")))
def test_each_example_has_a_readme(name: str) -> None:
    """A newcomer is told what an example shows."""
    assert (EXAMPLES / name / "README.md").read_text().startswith("# ")


def test_running_the_examples_leaves_a_clean_checkout(example: Example, tmp_path: Path) -> None:
    """What they make is ignored, and what is committed is what they would make."""

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        return subprocess.run(
            ["git", *identity, *arguments],
            cwd=tmp_path / "checkout",
            env=example.environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    (tmp_path / "checkout").mkdir()
    shutil.move(tmp_path / "examples", tmp_path / "checkout/examples")
    shutil.copy(REPOSITORY / ".gitignore", tmp_path / "checkout")
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Everything")
    example.folder = tmp_path / "checkout"
    example.name = "hello"
    assert example.run("install").code == 0
    example.name = "dodo-project"
    example.doit()

    assert git("status", "--porcelain", "--untracked-files=all", "--", "examples") == ""
