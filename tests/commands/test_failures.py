"""Every way to fail has its exit code, one clear message, and leaves everything as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.golden import Golden
from tests.support.loopback_server import Reply

CLOSED = "http://127.0.0.1:9"
DOWN = {"HPM_GITHUB_SERVER_URL": CLOSED, "HPM_GITHUB_API_URL": CLOSED}
WRONG = f"sha256-{'0' * 64}"


def install_first(shell: CommandLine) -> None:
    """acme/a 1.0.0 and acme/b 1.2.0 are installed and locked."""
    shell.require({"acme/a": "1.0.0"})
    assert shell.run("install").code == 0


def requiring(**dependencies: str) -> Callable[[CommandLine], None]:
    """package.json requires, after an installation, acme's *dependencies*."""

    def prepare(shell: CommandLine) -> None:
        install_first(shell)
        shell.require({f"acme/{name}": constraint for name, constraint in dependencies.items()})

    return prepare


def holding(name: str, content: str) -> Callable[[CommandLine], None]:
    """The file *name* holds *content*, after an installation."""

    def prepare(shell: CommandLine) -> None:
        install_first(shell)
        shell.write(name, content)

    return prepare


def locking(**fields: str | None) -> Callable[[CommandLine], None]:
    """The lock says *fields* of acme/b, after an installation, on a machine that has nothing yet."""

    def prepare(shell: CommandLine) -> None:
        install_first(shell)
        shell.edit_lock("acme/b", **fields)
        shell.delete_modules()
        shell.environ["HPM_CACHE_DIR"] = str(shell.folder / "fresh")

    return prepare


def without_lock(shell: CommandLine) -> None:
    """Nothing was ever installed."""
    shell.require({"acme/a": "*"})


def without_anything(shell: CommandLine) -> None:
    """There is no package.json."""


@dataclass(frozen=True)
class Case:
    """One way to fail.

    Attributes:
        name: Of the case, and of its golden.
        code: The exit code.
        kind: As ``--json`` names it.
        prepare: Makes the project.
        arguments: Of hpm.
    """

    name: str
    code: int
    kind: str
    prepare: Callable[[CommandLine], None]
    arguments: tuple[str, ...] = ("install",)
    environ: dict[str, str] = field(default_factory=dict)


CONFLICT_MARKS = """{
  "lockVersion": 1,
  "dependencies": {
<<<<<<< HEAD
    "acme/a": {"version": "1.0.0"}
=======
    "acme/a": {"version": "1.1.0"}
>>>>>>> theirs
  }
}
"""
TWICE = '{"name": "me/app", "version": "1.0.0", "dependencies": {"acme/a": "1", "acme/a": "2"}}'

CASES = [
    Case("conflict", 1, "conflict", requiring(a="^1.0.0", b="^2.0.0")),
    Case("conflict-by-adding", 1, "conflict", install_first, ("install", "acme/b@^2")),
    Case("package-not-found", 2, "package-not-found", requiring(nothing="^1.0.0")),
    Case("package-not-found-by-adding", 2, "package-not-found", install_first, ("install", "acme/nothing")),
    Case("version-not-found", 3, "version-not-found", requiring(b="^9.0.0")),
    Case("version-not-found-by-adding", 3, "version-not-found", install_first, ("install", "acme/b@^9")),
    Case("no-versions", 3, "version-not-found", install_first, ("install", "acme/empty")),
    Case("network", 4, "network", requiring(a="^1.1.0"), environ=DOWN),
    Case("offline-tags", 4, "offline", requiring(a="^1.1.0"), ("install", "--offline")),
    Case("offline-archive", 4, "offline", locking(), ("install", "--offline")),
    Case("manifest-not-json", 5, "invalid-manifest", holding("package.json", '{"name": "me/app",\n}')),
    Case("manifest-empty", 5, "invalid-manifest", holding("package.json", "")),
    Case("manifest-without-name", 5, "invalid-manifest", holding("package.json", "{}")),
    Case(
        "manifest-wrong-version",
        5,
        "invalid-manifest",
        holding("package.json", '{"name": "Me/App", "version": "1.0"}'),
    ),
    Case("manifest-key-twice", 5, "invalid-manifest", holding("package.json", TWICE)),
    Case("manifest-wrong-constraint", 5, "invalid-manifest", requiring(a="^one", b=">= 1.0.0,")),
    Case("manifest-missing", 5, "invalid-manifest", without_anything),
    Case("lock-conflict-marks", 5, "invalid-lockfile", holding("package-lock.json", CONFLICT_MARKS)),
    Case("lock-newer", 5, "invalid-lockfile", holding("package-lock.json", '{"lockVersion": 2}')),
    Case("setting", 5, "invalid-setting", install_first, environ={"HPM_SOURCES": "[{]"}),
    Case("integrity-tree", 6, "integrity", locking(tree=WRONG)),
    Case("integrity-of-first-hpm", 6, "integrity", locking(tree=None, commit=None, integrity=WRONG)),
    Case("circular", 8, "circular", requiring(c="*")),
    Case("locked-out-of-date", 9, "out-of-date", requiring(a="1.1.0"), ("install", "--locked")),
    Case("frozen-out-of-date", 9, "out-of-date", requiring(a="1.1.0"), ("install", "--frozen")),
    Case("frozen-without-lock", 9, "out-of-date", without_lock, ("install", "--frozen")),
    Case("list-without-lock", 9, "out-of-date", without_lock, ("list",)),
    Case("usage-command", 64, "usage", install_first, ("instal",)),
    Case("usage-option", 64, "usage", install_first, ("install", "--dry-rum")),
    Case("usage-value", 64, "usage", install_first, ("list", "--depth")),
    Case("usage-no-value", 64, "usage", install_first, ("list", "--verbose=yes")),
    Case("usage-argument", 64, "usage", install_first, ("list", "acme/a")),
    Case("usage-specifier", 64, "usage", install_first, ("install", "acme")),
    Case("usage-constraint", 64, "usage", install_first, ("install", "acme/a@^one")),
    Case("usage-depth", 64, "usage", install_first, ("list", "--depth", "two")),
    Case("usage-folder", 64, "usage", install_first, ("-C", "nowhere", "install")),
    Case("usage-adding-locked", 64, "usage", install_first, ("install", "acme/new", "--locked")),
    Case("usage-init-again", 64, "usage", install_first, ("init", "--yes")),
    Case("usage-cache", 64, "usage", install_first, ("cache", "clear")),
]
#: What a process of its own may show that cli.main does not: one of each exit code.
AS_PROCESS = {
    "conflict",
    "package-not-found",
    "version-not-found-by-adding",
    "network",
    "manifest-not-json",
    "integrity-tree",
    "circular",
    "locked-out-of-date",
    "usage-command",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_failure_is_told_clearly_and_changes_nothing(shell: CommandLine, golden: Golden, case: Case) -> None:
    """A failure has its exit code and its message, and neither documents nor packages change."""
    case.prepare(shell)
    documents, installed = shell.documents(), shell.installed()
    run = shell.process if case.name in AS_PROCESS else shell.run

    ran = run(*case.arguments, **case.environ)

    assert (ran.code, ran.out) == (case.code, ""), ran.err
    golden.check(f"failures/{case.name}.txt", shell.plain(ran.err))
    assert shell.documents() == documents
    # Others may be there by now, and complete; what failed is not.
    assert shell.installed().get("acme/b") == installed.get("acme/b")
    assert not list(shell.project.glob("**/.tmp*"))
    assert not (shell.project / ".hpm/package.json").exists()

    as_json = shell.run(*case.arguments, "--json", **case.environ)

    assert (as_json.code, as_json.err) == (case.code, "")
    error = as_json.data["error"]
    assert (error["kind"], error["exitCode"]) == (case.kind, case.code)
    assert ran.err == f"Error: {error['message']}\n\nhpm help {error['code']} explains.\n"
    assert shell.documents() == documents


def test_failure_carries_its_facts_as_data(shell: CommandLine) -> None:
    """What a message tells in words, --json tells in fields."""
    shell.require({"acme/b": "^9.0.0"})

    error = shell.run("install", "--json").data["error"]

    assert error["name"] == "acme/b"
    assert error["constraint"] == "^9.0.0"
    assert sorted(error["available"]) == ["1.0.0", "1.2.0", "2.0.0"]


def test_network_down_with_many_packages_gives_up_after_a_few(shell: CommandLine) -> None:
    """Twenty packages and no network are one network error, told once."""
    shell.require({f"acme/p{number}": "^1.0.0" for number in range(20)})

    ran = shell.process("install", **DOWN)

    assert ran.code == 4
    assert ran.err.count("could not connect") == 1


def test_changed_archive_of_a_locked_commit_is_refused(
    own_shell: CommandLine, own_server: GithubServer, golden: Golden
) -> None:
    """Other contents under the locked commit are an integrity error, and are not installed."""
    install_first(own_shell)
    own_shell.delete_modules()
    documents = own_shell.documents()
    other = own_server.repository("acme/new").git("archive", "--format=tar.gz", "--prefix=b/", "v1.0.0")
    own_server.fail("codeload /acme/b/*", Reply(200, other), times=None)

    ran = own_shell.run("install", HPM_CACHE_DIR=str(own_shell.folder / "fresh"))

    assert (ran.code, ran.out) == (6, "")
    golden.check("failures/integrity-archive-changed.txt", own_shell.plain(ran.err))
    assert own_shell.documents() == documents
    assert "acme/b" not in own_shell.installed()


def test_rate_limit_tells_when_and_how_it_ends(
    own_shell: CommandLine, own_server: GithubServer, golden: Golden
) -> None:
    """A rate limit is exit 7, with the time of its reset and a way out."""
    install_first(own_shell)
    documents = own_shell.documents()
    own_server.exhaust()

    ran = own_shell.process("install", "acme/new", HPM_GITHUB_TRANSPORT="api")

    assert (ran.code, ran.out) == (7, "")
    golden.check("failures/rate-limit.txt", own_shell.plain(ran.err))
    assert own_shell.documents() == documents
    as_json = own_shell.run("install", "acme/new", "--json", HPM_GITHUB_TRANSPORT="api")
    assert as_json.data["error"]["reset"] == 4_102_444_800


def test_auto_falls_back_to_the_api_where_git_is_refused(
    own_shell: CommandLine, own_server: GithubServer
) -> None:
    """By default the API answers when git is refused; both refused is exit 7."""
    own_shell.require({"acme/new": "*"})
    own_server.fail("web *", Reply(429), times=None)
    assert own_shell.run("install").code == 0
    assert own_server.count("api *") > 0

    own_server.exhaust()

    assert own_shell.run("install", "acme/b").code == 7


def test_defect_is_said_to_be_one(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody foresaw is exit 70 with a request to report it; a traceback only if asked for."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("hpmtasks.commands.list.read_lockfile", fail)
    shell.require({})

    quiet, verbose = shell.run("list"), shell.run("list", "--verbose")

    assert (quiet.code, verbose.code) == (70, 70)
    assert "ZeroDivisionError: by nothing" in quiet.err
    assert "Traceback" not in quiet.err
    assert "Traceback" in verbose.err


def test_reader_that_leaves_is_no_failure_to_speak_of(shell: CommandLine) -> None:
    """When the reader of a pipe is gone, nothing is printed about it."""
    shell.require({f"acme/p{number}": "*" for number in range(5)})
    entries = {f"acme/p{number}": {"version": "1.0.0"} for number in range(5)}
    shell.write("package-lock.json", json.dumps({"lockVersion": 1, "dependencies": entries}))
    started = shell.start("list")
    assert started.stdout
    assert started.stderr
    started.stdout.close()

    assert started.stderr.read() == ""
    started.stderr.close()
    assert started.wait() == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["at the end", "at once"])
def test_output_that_cannot_be_written_is_told_of(shell: CommandLine, unbuffered: str) -> None:
    """Whoever keeps what hpm says on a full disk learns that it is full, and not of a defect."""
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "hpmtasks", "--version"],
            cwd=shell.project,
            env={**shell.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert process.returncode == 4
    assert process.stderr.startswith(
        "Error: Cannot write the output: the disk is full. Free some space there"
    )
