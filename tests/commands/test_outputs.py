"""What every command prints, to people and as data, kept in tests/goldens/outputs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest

from hpmtasks.commands import TABLE
from tests.support.advisories import advisory, write_database
from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.golden import Golden

Prepare = Callable[[CommandLine, GithubServer], object]


def nothing(shell: CommandLine, server: GithubServer) -> None:
    """The project as it is: acme/a, acme/b and, for development, acme/new are installed."""


def bare(shell: CommandLine, server: GithubServer) -> None:
    (shell.project / "package.json").unlink()


def newer(shell: CommandLine, server: GithubServer) -> None:
    server.publish("acme/b", "v1.3.0")


def moved(shell: CommandLine, server: GithubServer) -> None:
    """The tag of acme/new points at another commit."""
    server.publish("acme/new", "v1.0.1")
    repository = server.repository_path("acme/new")
    git = ["git", "--git-dir", str(repository), "tag", "-f", "v1.0.0", "v1.0.1^{commit}"]
    subprocess.run(git, check=True, capture_output=True)


def linked(shell: CommandLine, server: GithubServer) -> None:
    shell.write("../working/package.json", '{"name": "acme/b", "version": "9.0.0"}')
    assert shell.run("link", "../working").code == 0


def working(shell: CommandLine, server: GithubServer) -> None:
    shell.write("../working/package.json", '{"name": "acme/b", "version": "9.0.0"}')


def edited(shell: CommandLine, server: GithubServer) -> None:
    assert shell.run("patch", "acme/b").code == 0
    shell.write(".hpm/patches-edit/acme/b/src/index.hml", "patched\n")


def scripted(shell: CommandLine, server: GithubServer) -> None:
    manifest = shell.manifest() | {"scripts": {"build": "true", "test": "true"}}
    shell.write("package.json", repr(manifest).replace("'", '"'))


def committed(shell: CommandLine, server: GithubServer) -> None:
    scripted(shell, server)
    shell.write(".gitignore", "hem_modules/\n.hpm/\n")
    shell.write("src/index.hml", "export let x = 1;\n")
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*author, "commit", "-q", "-m", "first"]):
        moment = {"GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z"}
        subprocess.run(["git", *words], cwd=shell.project, env=shell.environ | moment, check=True)


def advised(shell: CommandLine, server: GithubServer) -> None:
    write_database(shell.project / "db", advisory("HEM-1", "acme/b", fixed="2.0.0"))


#: For each verb: what is prepared, and the words after it.
def programmed(shell: CommandLine, server: GithubServer) -> None:
    """There is a program that imports a package."""
    del server
    shell.write("src/main.hml", 'import { version } from "acme/a";\nprint(version);\n')


CASES: dict[str, tuple[Prepare, tuple[str, ...]]] = {
    "init": (bare, ("--yes",)),
    "install": (nothing, ("acme/curl",)),
    "uninstall": (nothing, ("acme/a",)),
    "update": (newer, ()),
    "outdated": (newer, ("--all",)),
    "accept": (moved, ("acme/new@1.0.0",)),
    "list": (nothing, ()),
    "why": (nothing, ("acme/b",)),
    "lock": (nothing, ()),
    "ci": (nothing, ()),
    "fetch": (nothing, ()),
    "check": (nothing, ()),
    "audit": (advised, ("--db", "db")),
    "licenses": (nothing, ("--allow", "MIT")),
    "sbom": (nothing, ("--output", "bom.json")),
    "verify": (nothing, ()),
    "vendor": (nothing, ()),
    "diff": (nothing, ("acme/b@1.0.0", "acme/b@1.2.0")),
    "link": (working, ("../working",)),
    "unlink": (linked, ("acme/b",)),
    "patch": (nothing, ("acme/b",)),
    "patch-commit": (edited, ("acme/b",)),
    "run": (scripted, ()),
    "test": (scripted, ()),
    "explain": (scripted, ("build", "acme/b")),
    "graph": (scripted, ()),
    "bundle": (programmed, ("src/main.hml", "--output", "app.hml")),
    "pack": (committed, ("--list",)),
    "release": (committed, ("minor", "--dry-run")),
    "cache": (nothing, ("list",)),
    "config": (nothing, ("list", "--show-origin")),
    "completion": (nothing, ("bash",)),
    "front": (nothing, ()),
    "help": (nothing, ("why",)),
}


def test_every_command_has_a_page() -> None:
    """Only doctor has none: it tells of the machine, and is tested by what it tells."""
    assert set(TABLE) - set(CASES) == {"doctor"}


@pytest.mark.parametrize("way", ["people", "data"])
@pytest.mark.parametrize("verb", CASES)
def test_output_is_as_kept(
    own_shell: CommandLine, own_server: GithubServer, golden: Golden, verb: str, way: str
) -> None:
    """Each command has a kept page of what it prints, on both streams; a change of it is seen in review."""
    own_shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "^1.0.0"})
    assert own_shell.run("install").code == 0
    prepare, words = CASES[verb]
    prepare(own_shell, own_server)
    ran = own_shell.run(verb, *words, *(["--json"] if way == "data" else []))
    shown = f"exit {ran.code}\n--- out\n{ran.out}--- err\n{ran.err}"
    golden.check(f"outputs/{verb}.{'json' if way == 'data' else 'txt'}", steady(own_shell.plain(shown)))


def steady(text: str) -> str:
    """*text* without what differs from one machine or moment to the next."""
    text = re.sub(r'"seconds": [\d.]+', '"seconds": 0.1', text)
    text = re.sub(r"(me/app@1\.0\.0, commit |\"commit\": \")[0-9a-f]{12,40}", r"\1COMMIT", text)
    text = re.sub(r"\d+(\.\d+)? (GB|MB|KB|B)\b", "N MB", text)
    text = re.sub(r'"(size|freed|free)": \d+', r'"\1": 0', text)
    return re.sub(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?Z?)?", "DATE", text)
