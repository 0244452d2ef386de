"""pages: the project's documentation as data: its blocks, links and words, and its examples, run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.github_server import GithubServer, Quota

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".cache-layout.md")),
    *sorted((ROOT / "docs").glob("*.md")),
)

_FENCE = re.compile(r"```(\w*)\s*")
_DIRECTIVE = re.compile(r"<!-- (setup|github|fresh)(?:: (.*?))? -->")
_PLANNED = re.compile(r"^#+ .*\b(?:planned|not there yet)\b", re.IGNORECASE)
_HEADING = re.compile(r"^(#+) (.*)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        line: The line of its fence, from 1.
        kind: The word behind the fence: ``console``, ``json`` ...; may be empty.
        text: What stands in it.
        directives: The comments right above it, as (word, argument).
        planned: Whether it stands in a section about what does not exist yet.
    """

    line: int
    kind: str
    text: str
    directives: tuple[tuple[str, str], ...] = ()
    planned: bool = False


def blocks(page: Path) -> list[Block]:
    """Every fenced block of *page*."""
    return [piece for piece in _pieces(page) if isinstance(piece, Block)]


def codes(page: Path) -> Iterator[tuple[int, str, bool]]:
    """Whatever stands in *page* as code, in blocks and between backticks: line, text, whether planned.

    Without the examples, whose words are proved by running them.
    """
    for piece in _pieces(page):
        if isinstance(piece, Block):
            if piece.kind == "console":
                continue
            for offset, line in enumerate(piece.text.splitlines(), start=1):
                yield piece.line + offset, line, piece.planned
        else:
            number, line, planned = piece
            for code in re.findall(r"`([^`]+)`", line):
                yield number, code, planned


def prose(page: Path) -> str:
    """*page* without its blocks."""
    return "\n".join(piece[1] for piece in _pieces(page) if not isinstance(piece, Block))


def _pieces(page: Path) -> Iterator[Block | tuple[int, str, bool]]:
    """The page in order: each fenced block, and each line outside of them."""
    directives: list[tuple[str, str]] = []
    planned_below = 0  # the level of the heading that says so; 0: none
    opened: tuple[int, str] | None = None
    inside: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.fullmatch(line.strip())
        if opened is not None:
            if line.strip() == "```":
                yield Block(opened[0], opened[1], "\n".join(inside), tuple(directives), planned_below > 0)
                opened, inside, directives = None, [], []
            else:
                inside.append(line)
            continue
        if fence:
            opened = (number, fence[1])
            continue
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive:
            directives.append((directive[1], directive[2] or ""))
        elif line.strip():
            directives = []
        heading = _HEADING.match(line)
        if heading and len(heading[1]) <= (planned_below or 9):
            planned_below = len(heading[1]) if _PLANNED.match(line) else 0
        yield number, line, planned_below > 0
    assert opened is None, f"{page}: the block of line {opened} is not closed"


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of *page*."""
    found = set()
    for line in prose(page).splitlines():
        heading = _HEADING.match(line)
        if heading:
            kept = re.sub(r"[^\w\- ]", "", heading[2].lower())
            found.add(kept.replace(" ", "-"))
    return found


# ---------------------------------------------------------------- examples, run


@dataclass(frozen=True, slots=True)
class Step:
    """One command line of an example, and what should be printed."""

    command: str
    expected: str


def steps(block: Block) -> list[Step]:
    """The command lines of a ``console`` block; what follows each is its output."""
    found: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            assert found, f"a console block begins with a command, not with {line!r}"
            found[-1][1].append(line)
    return [Step(command, "\n".join(lines)) for command, lines in found]


def is_as_told(expected: str, printed: str) -> bool:
    """Whether *printed* is what *expected* says.

    In *expected* a line ``...`` stands for any number of lines and ``[..]`` for anything within
    one. Seconds such as ``0.4s`` stand for any number of seconds, and a digest for any digest of
    its length: how an archive is compressed depends on the machine.
    """
    pattern = ""
    for line in expected.rstrip().splitlines():
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
            continue
        escaped = re.escape(line.rstrip()).replace(re.escape("[..]"), ".*")
        escaped = re.sub(r"[0-9]+\\\.[0-9]+s\b", r"[0-9]+\\.[0-9]+s", escaped)
        escaped = re.sub(r"[0-9a-f]{40,}", lambda digest: f"[0-9a-f]{{{len(digest[0])}}}", escaped)
        pattern += escaped + r"[ ]*\n"
    return re.fullmatch(pattern, printed.rstrip() + "\n" if printed.rstrip() else "") is not None


def accept(page: Path, block: Block, printed: list[str]) -> None:
    """*page* shows below the commands of *block* what they *printed*, where it shows something else."""
    told: list[str] = []
    for step, output in zip(steps(block), printed, strict=True):
        is_right = is_as_told(step.expected, output)
        told += [f"$ {step.command}", *(step.expected if is_right else output.rstrip()).splitlines()]
    page.write_text(page.read_text("utf-8").replace(block.text, "\n".join(told), 1), "utf-8")


class Terminal:
    """A home folder with a shell, hpm, and a GitHub; what an example needs and nothing more.

    Directives, in comments right above a block: ``<!-- setup: COMMAND -->`` runs a command
    that the page does not show, ``<!-- github: exhausted -->`` and ``<!-- github: unreachable -->``
    hold for that block, ``<!-- fresh -->`` goes on in a new empty project.
    """

    def __init__(self, home: Path, server: GithubServer) -> None:
        self.home = home
        self._server = server
        self._projects = 0
        self._folder = self._new_project()
        programs = home / ".bin"
        programs.mkdir()
        (programs / "hpm").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hpmtasks "$@"\n')
        (programs / "hpm").chmod(0o755)
        shutil.copytree(
            ROOT / "examples", home / "examples", ignore=shutil.ignore_patterns("hem_modules", ".hpm")
        )
        self._environment = {
            "PATH": os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "USER": "you",
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **server.environment(),
        }

    def run(self, block: Block) -> list[str]:
        """What each command line of *block* printed, to whichever stream, as the page would show it."""
        mark = "=== end of a command ==="
        environment = dict(self._environment)
        script = ["set -o pipefail"]
        for word, argument in block.directives:
            if word == "fresh":
                self._folder = self._new_project()
            elif word == "github":
                environment |= self._trouble(argument)
            else:
                script.append(f"{{ {argument}\n}} >&2 || exit 99")
        script.insert(1, f'cd "{self._folder}"')
        for step in steps(block):
            script += [
                f"{{ {step.command}\n}} 2>&1",
                "code=$?",
                f"printf '\\n%s\\n' '{mark}'",
                "(exit $code)",
            ]
        script.append("pwd")
        bash = shutil.which("bash") or "bash"
        done = subprocess.run(
            [bash, "-c", "\n".join(script)], env=environment, capture_output=True, text=True, check=False
        )
        self._server.limits.anonymous = Quota(60)
        assert done.returncode == 0, f"the setup failed: {done.stderr}"
        *printed, folder = done.stdout.split(f"\n{mark}\n")
        self._folder = Path(folder.strip())
        return [self._as_shown(output) for output in printed]

    def _new_project(self) -> Path:
        self._projects += 1
        folder = self.home / f"{self._projects}" / "my-app"
        folder.mkdir(parents=True)
        return folder

    def _trouble(self, kind: str) -> dict[str, str]:
        if kind == "exhausted":
            self._server.exhaust()
            return {"HPM_GITHUB_TRANSPORT": "api"}
        assert kind == "unreachable", kind
        nobody = "http://127.0.0.1:9"
        return {"HPM_GITHUB_SERVER_URL": nobody, "HPM_GITHUB_API_URL": nobody}

    def _as_shown(self, output: str) -> str:
        for number in range(1, self._projects + 1):
            output = output.replace(f"{self.home}/{number}/", "~/")
        output = output.replace(str(self.home), "~")
        return re.sub(r"(?:http://)?127\.0\.0\.1:\d+", "github.com", output)
