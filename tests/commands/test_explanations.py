"""hpm help CODE: every failure is explained, offline, by a code of its own."""

from __future__ import annotations

import json

import pytest

from hpmtasks.commands.explanations import EXPLANATIONS
from hpmtasks.errors import HpmError
from tests.support.command_line import CommandLine
from tests.support.failure_kinds import failures
from tests.support.golden import Golden

FAILURES = sorted(failures(), key=lambda failure: failure.code)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
def test_failure_has_a_code_that_tells_its_exit_code(failure: type[HpmError]) -> None:
    """The code is HPM, the exit code and one digit, and an explanation of that exit code stands under it."""
    assert failure.code == f"HPM{failure.exit_code:02}{failure.code[-1]}"
    explanation = EXPLANATIONS[failure.code]
    assert explanation.exit_code == failure.exit_code
    assert explanation.causes
    assert explanation.ways_out


def test_every_code_belongs_to_one_failure() -> None:
    """No two failures share a code, and nothing is explained that cannot happen."""
    assert [failure.code for failure in FAILURES] == sorted(EXPLANATIONS)


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_page_of_a_code(shell: CommandLine, golden: Golden, code: str) -> None:
    """The page fits 80 columns, and needs neither a project nor a network nor a folder of hpm's own."""
    ran = shell.run("help", code.lower())
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    golden.check(f"explanations/{code}.txt", ran.out)
    assert not shell.home.exists()


def test_page_as_data(shell: CommandLine) -> None:
    """--json has the same in fields."""
    data = shell.run("help", "HPM011", "--json").data
    assert (data["code"], data["exitCode"]) == ("HPM011", 1)
    assert data["waysOut"] == list(EXPLANATIONS["HPM011"].ways_out)


@pytest.mark.parametrize("code", ["HPM000", "hpm9", "HPM" + "9" * 50])
def test_code_that_is_none(shell: CommandLine, code: str) -> None:
    """Wrong usage, and the codes that there are."""
    ran = shell.run("help", code)
    assert (ran.code, ran.out) == (64, "")
    assert "HPM011" in ran.err


def test_failure_ends_with_the_way_to_its_explanation(shell: CommandLine) -> None:
    """The last line on stderr is a command that works; under --json the code is a field."""
    ran = shell.run("list")
    last = ran.err.splitlines()[-1]
    assert last == "hpm help HPM051 explains."
    assert shell.run(*last.split()[1:3]).code == 0
    assert json.loads(shell.run("list", "--json").out)["error"]["code"] == "HPM051"
