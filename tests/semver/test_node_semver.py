"""Constraints are those of the npm package semver itself, wherever that is at hand."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from hpmtasks.semver.constraint import InvalidConstraint, max_satisfying, parse_constraint, satisfies
from hpmtasks.semver.version import Level, Version, compare, increment

#: Names a node_modules folder that holds semver 7.
VARIABLE: Final = "HPM_TEST_NODE_SEMVER"

_PROGRAM = """
const semver = require(process.argv[1] + '/semver');
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const answers = {
  constraints: asked.constraints.map(([text, versions]) => semver.validRange(text) === null ? null : {
    satisfying: versions.filter(version => semver.satisfies(version, text)),
    max: semver.maxSatisfying(versions, text),
  }),
  comparisons: asked.comparisons.map(([a, b]) => semver.compare(a, b)),
  increments: asked.increments.map(([version, level]) => semver.inc(version, level)),
};
process.stdout.write(JSON.stringify(answers));
"""


@pytest.fixture(scope="module")
def modules() -> Path:
    """The node_modules folder that holds semver: the named one, else the one that npm brings along."""
    if not shutil.which("node"):
        pytest.skip("node is not on the PATH")
    named = os.environ.get(VARIABLE)
    npm = shutil.which("npm")
    folder = Path(named) if named else Path(npm or ".").resolve().parents[1] / "node_modules"
    if not (folder / "semver/package.json").is_file():
        pytest.skip(f"{folder} holds no semver; {VARIABLE} can name a node_modules folder that does")
    return folder


def _ask(modules: Path, **asked: list[Any]) -> dict[str, list[Any]]:
    question = {"constraints": [], "comparisons": [], "increments": [], **asked}
    done = subprocess.run(
        ["node", "-e", _PROGRAM, str(modules.resolve())],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: dict[str, list[Any]] = json.loads(done.stdout)
    return answers


class _Author:
    """Writes versions and constraints, as people do and as they mistype."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  a repeatable test, no secret

    def version(self) -> str:
        """A version; about half are prereleases."""
        numbers = ".".join(str(self.random.choice([0, 0, 1, 1, 2, 3, 10])) for _ in range(3))
        build = self.random.choice(["", "", "", "+b", "+1.b-2"])
        return numbers + self.prerelease() + build

    def prerelease(self) -> str:
        """What may follow three numbers."""
        if self.random.random() < 0.5:
            return ""
        identifiers = self.random.choices(
            ["0", "1", "2", "10", "a", "b", "rc", "-", "a-0", "1a"], k=self.random.choice([1, 1, 2, 3])
        )
        return "-" + ".".join(identifiers)

    def partial(self) -> str:
        """A version of which the end may be missing or a wildcard."""
        if self.random.random() < 0.5:
            version = self.version()
            # The package reads >=0.0.0 as *, but overlooks >=v0.0.0; we read them alike.
            return self.random.choice(["", "", "", "v" * (not version.startswith("0.0.0"))]) + version
        given = self.random.choice([0, 1, 1, 2, 2])
        parts = [str(self.random.choice([0, 1, 2, 3])) for _ in range(given)]
        parts += [self.random.choice("xX*") for _ in range(self.random.randint(not given, 3 - given))]
        tail = self.prerelease() if len(parts) == 3 else ""
        return self.random.choice(["", "", "", "v"]) + ".".join(parts) + tail

    def comparator(self) -> str:
        """An operator and a partial version."""
        symbol = self.random.choice(["", "", "=", "^", "^", "~", "~>", ">", ">=", ">=", "<", "<", "<="])
        return symbol + self.random.choice(["", "", "", " "]) * bool(symbol) + self.partial()

    def constraint(self) -> str:
        """A constraint of every shape."""
        alternatives = []
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            if self.random.random() < 0.15:
                alternatives.append(f"{self.partial()} - {self.partial()}")
            else:
                comparators = [self.comparator() for _ in range(self.random.choice([0, 1, 1, 1, 2, 2, 3]))]
                alternatives.append(self.random.choice([" ", " ", "  ", "\t"]).join(comparators))
        return self.random.choice([" || ", "||", " ||"]).join(alternatives)

    def mistyped(self) -> str:
        """A constraint with a character too many, too few, or another."""
        text = self.constraint()
        for _ in range(self.random.choice([1, 1, 2])):
            place = self.random.randint(0, len(text))
            insert = self.random.choice(["", *"0 1.x*-+v=<>^~|,a_"])
            text = text[:place] + insert + text[place + self.random.randint(0, 1) :]
        return text

    def near(self, text: str) -> list[str]:
        """Versions, most of them close to the borders that a constraint draws."""
        versions = [self.version() for _ in range(12)]
        for word in text.replace("|", " ").split():
            try:
                border = Version.parse(word.lstrip("v=<>^~"))
            except ValueError:
                continue
            levels: list[Level] = ["major", "minor", "patch", "prerelease"]
            beside = [border, *(increment(border, level) for level in levels)]
            beside += [Version(*other.release, (0,)) for other in beside]
            beside += [Version(*border.release, (*border.prerelease, "a")), Version(*border.release)]
            versions += map(str, beside)
        return list(dict.fromkeys(versions))


def _answer(text: str, versions: list[str]) -> dict[str, Any] | None:
    try:
        parse_constraint(text)
    except InvalidConstraint:
        return None
    highest = max_satisfying(versions, text)
    return {
        "satisfying": [version for version in versions if satisfies(version, text)],
        "max": None if highest is None else str(highest),
    }


def test_constraints_accept_what_node_semver_accepts(modules: Path) -> None:
    """For thousands of constraints, semver reads each of them, and finds the same versions satisfying."""
    author = _Author(1)
    asked = [(text, author.near(text)) for text in (author.constraint() for _ in range(3000))]
    answers = _ask(modules, constraints=asked)["constraints"]
    assert sum(bool(answer["satisfying"]) for answer in answers) > 1000
    for (text, versions), answer in zip(asked, answers, strict=True):
        assert _answer(text, versions) == answer, text


def test_canonical_texts_mean_the_same_to_node_semver(modules: Path) -> None:
    """The package finds the same versions satisfying a constraint and the canonical text of its meaning."""
    author = _Author(2)
    asked = [(text, author.near(text)) for text in (author.constraint() for _ in range(1500))]
    canonical = [(str(parse_constraint(text).versions), versions) for text, versions in asked]
    answers = _ask(modules, constraints=[*asked, *canonical])["constraints"]
    for (text, _), written, printed in zip(asked, answers, answers[len(asked) :], strict=False):
        assert printed == written, text


def test_no_more_is_accepted_than_node_semver_reads(modules: Path) -> None:
    """A mistyped constraint that is accepted all the same is one for semver too, with the same meaning."""
    author = _Author(3)
    asked = [(text, author.near(text)) for text in (author.mistyped() for _ in range(3000))]
    answers = _ask(modules, constraints=asked)["constraints"]
    refused = 0
    for (text, versions), answer in zip(asked, answers, strict=True):
        ours = _answer(text, versions)
        refused += ours is None
        assert ours in (None, answer), text
    assert 300 < refused < 2700


def test_order_and_increments_are_those_of_node_semver(modules: Path) -> None:
    """Versions compare and count up as semver has it."""
    author = _Author(4)
    pairs = [(author.version(), author.version()) for _ in range(2000)]
    steps: list[tuple[str, Level]] = [
        (author.version(), level) for level in ("major", "minor", "patch", "prerelease") for _ in range(300)
    ]
    answers = _ask(modules, comparisons=pairs, increments=steps)
    assert [compare(a, b) for a, b in pairs] == answers["comparisons"]
    assert [str(increment(version, level)) for version, level in steps] == answers["increments"]
