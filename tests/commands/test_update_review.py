"""hpm update --review: first the sources, then the question, then the update."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine, terminal
from tests.support.git_repositories import package
from tests.support.github_server import GithubServer
from tests.support.golden import Golden


@pytest.fixture
def shell(tmp_path: Path, github_server: GithubServer) -> Iterator[CommandLine]:
    """A shell in a project that locked acme/kit 1.0.0 and acme/low 1.0.0; 1.1.0 of kit needs acme/new."""
    github_server.publish("acme/kit", "v1.0.0", dependencies={"acme/low": "^1.0.0"})
    github_server.publish("acme/low", "v1.0.0")
    with closing(CommandLine(tmp_path, github_server.environment())) as opened:
        opened.require({"acme/kit": "^1.0.0"})
        assert opened.run("install").code == 0
        github_server.publish("acme/new", "v1.0.0")
        files = package("acme/kit", "1.1.0", {"acme/new": "*"})
        github_server.publish("acme/kit", "v1.1.0", {**files, "extra.hml": "let extra = 1;\n"})
        yield opened


def test_review_shows_every_line_and_goes_on_when_told_so(shell: CommandLine, golden: Golden) -> None:
    """A package that changes and one that comes are shown whole; of one that goes, its name."""
    ran = shell.run("update", "--review", "--yes")
    assert (ran.code, ran.err) == (0, "")
    golden.check("update/review.txt", shell.plain(ran.out))
    assert set(shell.lock()["dependencies"]) == {"acme/kit", "acme/new"}


def test_review_in_a_preview_only_shows(shell: CommandLine) -> None:
    """Nobody is asked, and nothing is written."""
    before = shell.everything()
    ran = shell.run("update", "--review", "--dry-run")
    assert ran.code == 0
    assert "+let extra = 1;" in ran.out
    assert "Would update:" in ran.out
    assert shell.everything() == before


def test_review_needs_somebody_to_ask(shell: CommandLine) -> None:
    """Without a terminal and without --yes nothing is begun."""
    before = shell.everything()
    ran = shell.run("update", "--review")
    assert (ran.code, ran.out) == (64, "")
    assert "--yes" in ran.err
    assert shell.everything() == before


@pytest.mark.parametrize("keys", ["n\r", "\r", "\x04", "nonsense\r"])
def test_anything_but_yes_changes_nothing(shell: CommandLine, keys: str) -> None:
    """No, nothing, the end of the input: the documents and the folders are as they were."""
    before, installed = shell.documents(), (shell.project / "hem_modules").stat()
    with terminal(shell, "update", "--review") as shown:
        shown.read_until("Take these 3 packages? [y/N] ")
        shown.type(keys)
        assert shown.end() == 130
        assert "Not taken. Nothing was changed." in shown.shown
    assert shell.documents() == before
    assert (shell.project / "hem_modules").stat() == installed


def test_yes_takes_what_was_shown(shell: CommandLine) -> None:
    """The differences come before the question, the update after it."""
    with terminal(shell, "update", "--review") as shown:
        shown.read_until("let extra = 1;")
        shown.read_until("[y/N] ")
        shown.type("y\r")
        assert shown.end() == 0
    assert shell.lock()["dependencies"]["acme/kit"]["version"] == "1.1.0"


def test_nothing_to_review_asks_nothing(shell: CommandLine) -> None:
    """Where nothing would change there is no question, and it is said once."""
    shell.run("update")
    with terminal(shell, "update", "--review") as shown:
        assert shown.end() == 0
        assert "Nothing to update" in shown.shown
        assert "[y/N]" not in shown.shown


def test_review_beside_json_stays_beside_it(shell: CommandLine) -> None:
    """stdout holds one object; the differences are on stderr."""
    ran = shell.run("update", "--review", "--yes", "--json")
    assert len(ran.data["lock"]) == 3
    assert "+let extra = 1;" in ran.err


def test_review_of_the_latest_shows_what_package_json_will_allow(
    shell: CommandLine, github_server: GithubServer
) -> None:
    """With --latest what would come is reviewed, and package.json waits for the answer too."""
    github_server.publish("acme/kit", "v2.0.0", package("acme/kit", "2.0.0"))
    before = shell.documents()
    ran = shell.run("update", "--latest", "--review", "--dry-run")
    assert "acme/kit 1.0.0 → 2.0.0" in ran.out
    assert shell.documents() == before


def test_warnings_are_told_once(shell: CommandLine, github_server: GithubServer) -> None:
    """Resolving twice, for the review and for the update, doubles none."""
    files = package("acme/kit", "1.2.0")
    manifest = files["package.json"]
    assert isinstance(manifest, dict)
    github_server.publish(
        "acme/kit", "v1.2.0", {**files, "package.json": {**manifest, "retracted": ["1.2.0"]}}
    )
    ran = shell.run("update", "--review", "--yes")
    assert ran.err.count("acme/kit@1.2.0 was retracted") == 1
