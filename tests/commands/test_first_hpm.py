"""Projects go back and forth between the first hpm and this one."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer

# Of the compiled first hpm: the digest of the first three bytes of any gzip file.
OF_NOTHING = "sha256-baa89858c7e545390273530ba63c61b94c2e09d38c28b0a0311bfa7bde396181"


def entry(name: str, version: str, integrity: str, **dependencies: str) -> dict[str, Any]:
    """An entry as the first hpm writes it: neither commit nor tree, no key for what is empty."""
    url = f"https://github.com/{name}/archive/refs/tags/v{version}.tar.gz"
    written: dict[str, Any] = {"version": version, "resolved": url, "integrity": integrity}
    if dependencies:
        written["dependencies"] = {f"acme/{key}": text for key, text in dependencies.items()}
    return written


@pytest.fixture
def inherited(own_shell: CommandLine, own_server: GithubServer) -> CommandLine:
    """A project as the first hpm left it: unsorted lock, no state, a package that was dropped long ago."""
    own_shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "^1.0.0"})
    entries = {
        "acme/new": entry("acme/new", "1.0.0", "sha256-unknown"),
        "acme/b": entry("acme/b", "1.0.0", OF_NOTHING),
        "acme/a": entry("acme/a", "1.0.0", "sha256-unknown", b="^1.0.0"),
    }
    lock = {"lockVersion": 1, "hemlock": "1.0.0", "dependencies": entries}
    own_shell.write("package-lock.json", json.dumps(lock, indent=2) + "\n")
    for name, version in (("a", "1.0.0"), ("b", "1.0.0"), ("new", "1.0.0"), ("dropped", "0.1.0")):
        folder = f"hem_modules/acme/{name}"
        own_shell.write(f"{folder}/package.json", json.dumps({"name": f"acme/{name}", "version": version}))
        own_shell.write(f"{folder}/tests/run.hml", "the first hpm installed everything")
    own_server.publish("acme/b", "v1.3.0")
    return own_shell


def test_it_is_listed_and_explained(inherited: CommandLine) -> None:
    """The lock alone is enough for list and why, and nothing is written."""
    before = inherited.everything()
    assert inherited.run("list").out.splitlines() == [
        "me/app@1.0.0",
        "├── acme/a@1.0.0",
        "│   └── acme/b@1.0.0",
        "└── acme/new@1.0.0 (dev)",
    ]
    assert "    └── acme/b@1.0.0 (^1.0.0)" in inherited.run("why", "acme/b").out
    assert inherited.everything() == before


def test_it_is_compared(inherited: CommandLine) -> None:
    """outdated reads tags; check says what cannot be judged, and what is left over."""
    rows = inherited.run("outdated", "--all", "--json").data["packages"]
    assert [(row["name"], row["current"], row["wanted"]) for row in rows] == [
        ("acme/a", "1.0.0", "1.1.0"),
        ("acme/b", "1.0.0", "1.3.0"),
    ]
    findings = inherited.run("check", "--json").data["findings"]
    assert [(each["kind"], each["name"]) for each in findings] == [
        ("unverified", "acme/a"),
        ("unverified", "acme/b"),
        ("unverified", "acme/new"),
        ("foreign", "acme/dropped"),
    ]
    assert inherited.run("lock", "--check").code == 9


def test_it_is_installed_as_locked(inherited: CommandLine) -> None:
    """Versions stay; the lock gets what it lacked; folders hold exactly their packages."""
    assert inherited.run("install").code == 0
    shutil.rmtree(inherited.project / "hem_modules/acme/dropped")

    assert inherited.installed() == {"acme/a": "1.0.0", "acme/b": "1.0.0", "acme/new": "1.0.0"}
    entries = inherited.lock()["dependencies"]
    assert [(name, each["version"]) for name, each in entries.items()] == [
        ("acme/a", "1.0.0"),
        ("acme/b", "1.0.0"),
        ("acme/new", "1.0.0"),
    ]
    assert all(each["commit"] and each["tree"] for each in entries.values())
    assert inherited.run("check", "--content").code == 0


def test_it_is_installed_by_ci(inherited: CommandLine) -> None:
    """The locked versions are found by their tags; the lock is not touched, and nothing is left over."""
    before = inherited.documents()
    assert inherited.run("ci").code == 0
    assert inherited.documents() == before
    assert inherited.installed() == {"acme/a": "1.0.0", "acme/b": "1.0.0", "acme/new": "1.0.0"}


@pytest.mark.parametrize(
    ("arguments", "versions"),
    [
        (("update",), {"acme/a": "1.1.0", "acme/b": "1.3.0", "acme/new": "1.0.0"}),
        (("update", "acme/b"), {"acme/a": "1.0.0", "acme/b": "1.3.0", "acme/new": "1.0.0"}),
        (("uninstall", "acme/a"), {"acme/new": "1.0.0"}),
        (("lock",), {"acme/a": "1.0.0", "acme/b": "1.0.0", "acme/new": "1.0.0"}),
    ],
)
def test_it_is_changed(inherited: CommandLine, arguments: tuple[str, ...], versions: dict[str, str]) -> None:
    """What is named changes, the rest stays as the first hpm locked it."""
    assert inherited.run(*arguments).code == 0
    entries = inherited.lock()["dependencies"]
    assert {name: each["version"] for name, each in entries.items()} == versions


def test_it_is_fetched_and_vendored(inherited: CommandLine) -> None:
    """The lock alone is enough, although it names no commits."""
    (inherited.project / "package.json").unlink()
    assert inherited.run("fetch").code == 0
    assert inherited.run("vendor").code == 0
    assert (inherited.project / "vendor/acme/b/v1.0.0/package.json").exists()


def test_integrity_of_the_first_hpm_is_checked(inherited: CommandLine) -> None:
    """A digest that is one is believed: other bytes are refused, by every command that needs them."""
    inherited.edit_lock("acme/b", integrity=f"sha256-{'0' * 64}")
    for command in ("install", "ci", "fetch", "lock", "vendor"):
        assert inherited.run(command).code == 6, command


@pytest.mark.parametrize(
    "arguments", [("update",), ("uninstall", "acme/new"), ("update", "--latest", "acme/new"), ("lock",)]
)
def test_what_the_first_hpm_needs_is_kept(shell: CommandLine, arguments: tuple[str, ...]) -> None:
    """Both sections stay, and each entry has the four fields that it reads, in the form that it writes."""
    shell.require({"acme/a": "1.0.0"}, dev={"acme/new": "1.0.0"})
    shell.run("install")
    shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "1.0.0"})

    assert shell.run(*arguments).code == 0

    assert {"dependencies", "devDependencies"} <= shell.manifest().keys()
    lock = shell.lock()
    assert list(lock) == ["lockVersion", "hemlock", "dependencies"]
    assert (lock["lockVersion"], lock["hemlock"]) == (1, "1.0.0")
    for name, each in lock["dependencies"].items():
        assert list(each)[:3] == ["version", "resolved", "integrity"]
        tag = f"v{each['version']}.tar.gz"
        assert each["resolved"] == f"https://github.com/{name}/archive/refs/tags/{tag}"
        assert each["integrity"].startswith("sha256-")
        assert each.get("dependencies", {"some": "thing"}) != {}
    assert lock["dependencies"]["acme/a"]["dependencies"] == {"acme/b": "^1.0.0"}
