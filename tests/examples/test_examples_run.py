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
IGNORED = shutil.ignore_patterns("hem_modules", ".hpm", "banner.txt", "bundle.txt", "__pycache__", "dist")


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


def outcomes(example: Example, *arguments: str) -> dict[str, str]:
    """What ``hpm run`` did with each task."""
    ran = example.process("run", "--json", *arguments)
    assert ran.code == 0, ran.err
    return {task["task"]: task["outcome"] for task in ran.data["tasks"]}


def test_workspace_installs_for_all_its_members(example: Example) -> None:
    """One lock, one hem_modules, and what each member requires."""
    example.name = "workspace"
    before = example.documents()
    assert example.process("install").code == 0
    assert example.process("install").out == "Everything is up to date (3 packages).\n"
    assert example.process("list", "--depth", "0").out == (
        "acme/stationery@1.0.0\n"
        "(no dependencies)\n"
        "\n"
        "acme/wall@0.1.0 (apps/wall)\n"
        "├── acme/cards@1.0.0 (workspace member)\n"
        "└── acme/greet@1.2.1 (dev)\n"
        "\n"
        "acme/cards@1.0.0 (packages/cards)\n"
        "├── acme/frame@1.0.0\n"
        "└── acme/words@1.0.0 (workspace member)\n"
        "\n"
        "acme/words@1.0.0 (packages/words)\n"
        "(no dependencies)\n"
    )
    assert example.documents() == before, "the committed lock is what an installation would write"


@pytest.mark.skipif(sys.platform == "win32", reason="the scripts of the example are for a POSIX shell")
def test_workspace_builds_in_order_and_only_what_changed(example: Example) -> None:
    """As its README promises: each member finds what the one before it has just made."""
    example.name = "workspace"
    builds = ["acme/words#build", "acme/cards#build", "acme/wall#build"]
    assert outcomes(example, "build") == dict.fromkeys(builds, "ran")
    assert outcomes(example, "build") == dict.fromkeys(builds, "fresh")
    words = example.project / "packages/words/words.txt"
    words.write_text(words.read_text() + "goodbye\n")
    assert outcomes(example, "build") == dict.fromkeys(builds, "ran")
    assert "[ goodbye ]" in (example.project / "apps/wall/dist/wall.txt").read_text()
    assert outcomes(example, "--filter", "acme/cards...", "test") == {
        "acme/words#build": "fresh",
        "acme/cards#build": "fresh",
        "acme/cards#test": "ran",
    }


def test_workspace_adds_to_the_member_one_stands_in(example: Example) -> None:
    """The other package.json files stay as they are."""
    example.name = "workspace"
    before = {path: path.read_bytes() for path in example.project.rglob("package.json")}
    example.below = "packages/cards"
    assert example.run("install", "acme/greet@~1.2.0").code == 0
    (changed,) = (path for path, data in before.items() if path.read_bytes() != data)
    assert changed == example.project / "packages/cards/package.json"
    assert '"acme/greet": "~1.2.0"' in changed.read_text()


def test_scripts_run_once_and_beside_a_service(example: Example) -> None:
    """As its README promises: generated, built, tested by asking a service that is gone afterwards."""
    example.name = "scripts"

    def outcomes(task: str) -> dict[str, str]:
        done = example.process("run", "--json", task)
        assert done.code == 0, done.err
        return {each["task"]: each["outcome"] for each in done.data["tasks"]}

    first = example.process("run", "all")
    assert first.code == 0, first.err
    assert "serve | ready to answer from 3 words\n" in first.out
    assert {"test | cat: chat", "test | dog: chien", "codegen | 3 words"} <= set(first.out.splitlines())
    assert "\n4 tasks: 4 ran, in " in first.err
    assert outcomes("build") == {"codegen": "fresh", "build": "fresh"}
    assert example.process("run", "-q", "build").out == "build | sorted\n"
    with (example.project / "words/plants.csv").open("a") as file:
        file.write("house,maison\n")
    again = outcomes("all")
    assert (again["codegen"], again["build"], again["serve"], again["test"]) == (
        "ran",
        "ran",
        "service",
        "ran",
    )
    shutil.rmtree(example.project / "dist")
    assert outcomes("build") == {"codegen": "fresh", "build": "restored"}


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
    example.name = "workspace"
    assert example.process("run", "build").code == 0
    example.name = "dodo-project"
    example.doit()
    example.name = "scripts"
    assert example.run("run", "all").code == 0

    assert git("status", "--porcelain", "--untracked-files=all", "--", "examples") == ""
