"""The container example: its Dockerfile is read, and what it lets hpm do is done, without containers."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hpmtasks.commands import find_command
from hpmtasks.commands.parser import Parser
from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/docker"
_STAGE = re.compile(r"FROM (?P<base>\S+) AS (?P<name>[\w-]+)")


@dataclass
class Stage:
    """One ``FROM`` with what follows it."""

    name: str
    base: str
    lines: list[str] = field(default_factory=list)


def stages() -> dict[str, Stage]:
    """The stages of the Dockerfile, in order."""
    found: dict[str, Stage] = {}
    for line in (EXAMPLE / "Dockerfile").read_text().splitlines():
        if not line or line.startswith(("#", "ARG HEMLOCK")):
            continue
        match = _STAGE.fullmatch(line)
        if match:
            found[match["name"]] = Stage(match["name"], match["base"])
        else:
            assert re.match(r"(?:ARG|RUN|COPY|WORKDIR|CMD|USER) \S", line), line
            list(found.values())[-1].lines.append(line)
    return found


def steps_to(name: str) -> list[str]:
    """The lines that lead to the stage *name*, those of its bases first."""
    stage = stages()[name]
    return [*(steps_to(stage.base) if stage.base in stages() else []), *stage.lines]


def hpm_words(line: str) -> list[str] | None:
    """The arguments of hpm in a ``RUN``; ``None`` if it runs something else."""
    words = [word for word in shlex.split(line)[1:] if not word.startswith("--mount=")]
    return words[1:] if line.startswith("RUN ") and words[0] == "hpm" else None


@pytest.fixture
def builder(tmp_path: Path, github_server: GithubServer) -> Iterator[CommandLine]:
    """An empty build folder, and the GitHub that the example's lock was made from."""
    github_server.publish("hemlang/greeting", "v1.0.0")
    github_server.publish("hemlang/spec", "v2.0.0")
    with closing(CommandLine(tmp_path, github_server.environment())) as opened:
        yield opened


def build(builder: CommandLine, name: str) -> None:
    """What the stage *name* copies from the context and lets hpm do is done, in order."""
    for line in steps_to(name):
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                shutil.copy(EXAMPLE / source, builder.project)
        elif (words := hpm_words(line)) is not None:
            ran = builder.run(*words)
            assert ran.code == 0, ran.err


def test_every_stage_builds_on_one_before_it() -> None:
    """``FROM`` and ``COPY --from`` name earlier stages, or an image from outside."""
    known: list[str] = []
    for stage in stages().values():
        assert stage.base in known or stage.base in {"python:3.12-slim", "$HEMLOCK"}
        for line in stage.lines:
            if source := re.search(r"--from=(\S+)", line):
                assert source[1] in known
        known.append(stage.name)
    assert {"development", "production"} <= set(known)


def test_hpm_understands_what_it_is_told() -> None:
    """Every ``RUN hpm`` is a command with options that exist."""
    told = [words for stage in stages().values() for line in stage.lines if (words := hpm_words(line))]
    assert len(told) == 3
    for words in told:
        Parser(find_command(words[0])).parse(words[1:])


def test_what_downloads_depends_on_the_lock_alone() -> None:
    """Before the store is filled nothing but the lock was copied, and nothing after it needs a network."""
    lines = steps_to("store")
    assert [line for line in lines if line.startswith("COPY")] == ["COPY package-lock.json ./"]
    for name in ("packages", "packages-for-development"):
        (words,) = (found for line in stages()[name].lines if (found := hpm_words(line)))
        assert "--offline" in words


@pytest.mark.parametrize(
    ("target", "installed"),
    [
        ("production", {"hemlang/greeting": "1.0.0"}),
        ("development", {"hemlang/greeting": "1.0.0", "hemlang/spec": "2.0.0"}),
    ],
)
def test_each_target_gets_its_packages(
    builder: CommandLine, github_server: GithubServer, target: str, installed: dict[str, str]
) -> None:
    """What is copied into the target is what it needs; after the store is filled nothing is asked."""
    (copied,) = (line for line in stages()[target].lines if "--from" in line)
    source = copied.split()[1].removeprefix("--from=")
    build(builder, "store")
    github_server.clear_log()
    build(builder, source)
    assert github_server.requests == []
    assert builder.installed() == installed


def test_what_is_made_here_does_not_get_into_the_image() -> None:
    """``COPY . .`` must not replace the packages of the image with those of the machine."""
    ignored = (EXAMPLE / ".dockerignore").read_text().split()
    assert {"hem_modules", ".hpm", ".git"} <= set(ignored)
    for name in ("development", "production"):
        lines = stages()[name].lines
        assert lines[-1].startswith("CMD ")
        program = json.loads(lines[-1].removeprefix("CMD "))[1]
        assert (EXAMPLE / program).is_file()


def test_lock_of_the_example_is_up_to_date(builder: CommandLine) -> None:
    """It is what hpm would write for its package.json."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(EXAMPLE / name, builder.project)
    assert builder.run("lock", "--check").code == 0
