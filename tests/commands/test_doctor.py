"""hpm doctor: one line for each thing, the way out where one is needed, and nothing changed."""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine, Ran
from tests.support.github_server import GithubServer
from tests.support.loopback_server import Reply

CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def healthy(own_shell: CommandLine) -> CommandLine:
    """A shell in a project that is installed, with a Hemlock on the PATH."""
    tools = own_shell.folder / "tools"
    tools.mkdir()
    hemlock = tools / "hemlock"
    hemlock.write_text("#!/bin/sh\necho hemlock 1.8.2\n")
    hemlock.chmod(0o755)
    own_shell.environ["PATH"] = f"{tools}{os.pathsep}{own_shell.environ['PATH']}"
    own_shell.require({"acme/a": "1.0.0"})
    assert own_shell.run("install").code == 0
    return own_shell


def told(ran: Ran, subject: str) -> dict[str, Any]:
    """What ``--json`` says of *subject*."""
    found = [each for each in ran.data["findings"] if each["subject"] == subject]
    assert len(found) == 1, ran.out
    return dict(found[0])


def test_all_is_well(healthy: CommandLine) -> None:
    """One line each, all of them good, exit 0, and the project and hpm's home are as they were."""
    before, home = healthy.everything(), sorted(healthy.home.rglob("*"))

    ran = healthy.run("doctor")

    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert [line for line in lines if not line.startswith("✓ ")] == []
    subjects = [line[2:].partition(":")[0] for line in lines]
    assert subjects == [
        "hpm", "git", "Hemlock", "certificates", "source", "source", "token",
        "cache", "locks", "links", "store", "package.json", "package-lock.json", "hem_modules",
    ]  # fmt: skip
    assert "Hemlock: 1.8.2 (" in ran.out
    assert "token: none; 59 of 60 requests to the REST API are left" in ran.out
    assert (healthy.everything(), sorted(healthy.home.rglob("*"))) == (before, home)


def test_data_say_the_same(healthy: CommandLine) -> None:
    """--json has each line in fields."""
    ran = healthy.run("doctor", "--json")
    assert ran.data["ok"] is True
    lines = healthy.run("doctor").out.splitlines()
    assert [f"✓ {each['subject']}" for each in ran.data["findings"]] == [
        line.partition(":")[0] for line in lines
    ]


def test_offline_asks_nobody(healthy: CommandLine, own_server: GithubServer) -> None:
    """No request goes out."""
    own_server.clear_log()
    ran = healthy.run("doctor", "--offline", "--json")
    assert ran.code == 0
    assert told(ran, "network")["told"] == "not asked, because of --offline"
    assert own_server.requests == []


def test_outside_of_a_project(shell: CommandLine) -> None:
    """The machine is looked at all the same, and no folder is made."""
    ran = shell.run("doctor", "--json")
    assert ran.code == 0
    assert "none here" in told(ran, "project")["told"]
    assert "can be made" in told(ran, "cache")["told"]
    assert not shell.home.exists()


def test_unreachable_server_is_broken(healthy: CommandLine) -> None:
    """Exit 4, and the rest is looked at nevertheless."""
    ran = healthy.run("doctor", "--json", HPM_GITHUB_SERVER_URL=CLOSED, HPM_GITHUB_API_URL=CLOSED)
    assert (ran.code, ran.data["ok"]) == (4, False)
    assert {each["status"] for each in ran.data["findings"] if each["subject"].startswith("source")} == {
        "broken"
    }
    assert told(ran, "hem_modules")["status"] == "ok"


@pytest.mark.parametrize(
    ("token", "code", "says"), [("good", 0, "valid; 4999 of 5000"), ("bad", 4, "does not accept it")]
)
def test_token(healthy: CommandLine, own_server: GithubServer, token: str, code: int, says: str) -> None:
    """Valid with what is left of its quota, or refused with a way out; never shown."""
    own_server.tokens.add("good")
    ran = healthy.run("doctor", "--json", GITHUB_TOKEN=token)
    assert ran.code == code
    assert told(ran, "token")["status"] == ("broken" if code else "ok")
    assert says in told(ran, "token")["told"]
    shown = healthy.run("doctor", GITHUB_TOKEN="s3cret" * 6)
    assert "s3cret" not in shown.out + shown.err


def test_exhausted_quota_is_a_warning(healthy: CommandLine, own_server: GithubServer) -> None:
    """Tags are read by git, so that nothing is broken."""
    own_server.exhaust()
    ran = healthy.run("doctor", "--json")
    assert ran.code == 0
    assert told(ran, "token")["status"] == "warning"
    assert "0 of 60" in told(ran, "token")["told"]
    assert "UTC" in told(ran, "token")["remedy"]


@pytest.mark.parametrize(
    ("date", "status", "says"),
    [
        (None, "ok", "within"),
        ("Tue, 01 Jan 2019 00:00:00 GMT", "warning", "ahead of"),
        ("Thu, 01 Jan 2099 00:00:00 GMT", "warning", "behind"),
    ],
    ids=["now", "past", "future"],
)
def test_clock(
    healthy: CommandLine, own_server: GithubServer, date: str | None, status: str, says: str
) -> None:
    """Compared with what the servers say."""
    date = date or formatdate(usegmt=True)
    own_server.fail("web /robots.txt", Reply(200, b"", {"Date": date}))
    ran = healthy.run("doctor", "--json")
    assert told(ran, "clock")["status"] == status
    assert says in told(ran, "clock")["told"]


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Jan 99999999 00:00:00 GMT"])
def test_clock_of_a_server_that_does_not_say(
    healthy: CommandLine, own_server: GithubServer, date: str
) -> None:
    """Nothing is made up."""
    own_server.fail("* /*", Reply(200, b"[]", {"Date": date, "X-RateLimit-Limit": "many"}), times=None)
    ran = healthy.run("doctor", "--json")
    assert ran.code == 0
    assert all(each["subject"] != "clock" for each in ran.data["findings"])
    assert "tells no limit" in told(ran, "token")["told"]


def test_proxy_is_named_without_its_password(healthy: CommandLine, own_server: GithubServer) -> None:
    """Each place says how it was reached."""
    proxy = own_server.server_url.replace("http://", "http://me:s3cret@")
    ran = healthy.run("doctor", HTTP_PROXY=proxy)
    assert f"by the proxy {own_server.server_url}" in ran.out
    assert "s3cret" not in ran.out


def test_sources_of_all_kinds(healthy: CommandLine, own_server: GithubServer) -> None:
    """Folders, git servers and other GitHubs are looked at, each once; ssh is not tried."""
    git = f"{own_server.server_url}/git/{{owner}}/{{repo}}.git"
    sources = (
        '[{"match": "a/*", "type": "directory", "path": "/nowhere/{owner}/{repo}"},'
        ' {"match": "b/*", "type": "directory", "path": "."},'
        ' {"match": "c/*", "type": "git", "url": "ssh://git@git.example/{owner}/{repo}"},'
        f' {{"match": "d/*", "type": "git", "url": "{git}"}}]'
    )
    ran = healthy.run("doctor", HPM_SOURCES=sources)
    assert ran.code == 0
    assert "! source: the folder /nowhere is not there. Make it, or change the source." in ran.out
    assert f"✓ source: the folder {healthy.project} is there" in ran.out
    assert "git.example is reached by git and ssh, which were not tried" in ran.out
    assert ran.out.count(own_server.server_url.removeprefix("http://")) == 2


# ---------------------------------------------------------------- programs and settings


def test_missing_programs_are_warnings(healthy: CommandLine) -> None:
    """hpm works without git and Hemlock, for most things."""
    ran = healthy.run("doctor", "--json", "--offline", PATH="")
    assert ran.code == 0
    assert (told(ran, "git")["status"], told(ran, "Hemlock")["status"]) == ("warning", "warning")


def test_program_that_does_not_answer(healthy: CommandLine) -> None:
    """Something that is called git and is none."""
    (healthy.folder / "tools/git").write_text("#!/bin/sh\nexit 1\n")
    (healthy.folder / "tools/git").chmod(0o755)
    assert "does not say its version" in told(healthy.run("doctor", "--offline", "--json"), "git")["told"]


def test_hemlock_that_the_project_does_not_want(healthy: CommandLine) -> None:
    """engines of the project are compared with what is there."""
    healthy.write("package.json", '{"name": "me/app", "version": "1.0.0", "engines": {"hemlock": "^2"}}')
    assert "wants Hemlock ^2, and 1.8.2" in told(healthy.run("doctor", "--json"), "engines")["told"]


def test_unusable_settings_are_broken(healthy: CommandLine) -> None:
    """Exit 5; what needs them is left out, the rest is looked at."""
    (healthy.home / "config.json").write_text("{")
    ran = healthy.run("doctor", "--json")
    assert ran.code == 5
    assert told(ran, "settings")["status"] == "broken"
    assert told(ran, "git")["status"] == "ok"


@pytest.mark.parametrize("environ", [{"SSL_CERT_FILE": "/nowhere"}, {"HTTP_PROXY": "ftp://x"}])
def test_unusable_network_settings_are_broken(healthy: CommandLine, environ: dict[str, str]) -> None:
    """Certificates and proxies that cannot be used are named, with exit 5."""
    ran = healthy.run("doctor", **environ)
    assert ran.code == 5
    assert next(iter(environ)).lower() in ran.out.lower()


def test_token_that_others_may_read(healthy: CommandLine) -> None:
    """A warning with the command that helps."""
    healthy.run("config", "set", "github_token", "x")
    assert told(healthy.run("doctor", "--json", "--offline"), "settings")["status"] == "ok"
    (healthy.home / "config.json").chmod(0o644)
    assert "chmod 600" in told(healthy.run("doctor", "--json", "--offline"), "settings")["remedy"]


# ---------------------------------------------------------------- cache


def test_cache_that_cannot_be(healthy: CommandLine) -> None:
    """A file in its place: exit 4."""
    ran = healthy.run("doctor", "--json", HPM_CACHE_DIR="/dev/null/x")
    assert ran.code == 4
    assert told(ran, "cache")["status"] == "broken"


def refusing(number: int) -> Any:
    """A call that the system refuses."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def test_file_system_without_locks_or_links(healthy: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are warnings: things go slower, or only once at a time."""
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", refusing(errno.ENOLCK))
        patch.setattr(os, "link", refusing(errno.EXDEV))
        ran = healthy.run("doctor", "--json", "--offline")
    assert ran.code == 0
    assert told(ran, "locks")["status"] == "warning"
    assert "another file system" in told(ran, "links")["told"]


def test_cache_that_may_not_be_written(healthy: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken, with the reason."""
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", refusing(errno.EROFS))
        ran = healthy.run("doctor", "--json", "--offline")
    assert ran.code == 4
    assert "cannot be written" in told(ran, "cache")["told"]


def test_damage_is_found_when_everything_is_read(healthy: CommandLine) -> None:
    """Only then; exit 6, and the remedy works."""
    archive = min((healthy.home / "cache/v1/archives").glob("*/*"))
    archive.unlink()
    archive.write_bytes(b"x")
    assert healthy.run("doctor", "--offline").code == 0
    ran = healthy.run("doctor", "--offline", "--deep", "--json")
    assert ran.code == 6
    assert "1 damaged (acme/" in told(ran, "store")["told"]
    assert healthy.run("cache", "verify", "--fix").code == 0
    assert healthy.run("doctor", "--offline", "--deep").code == 0


def test_record_that_cannot_be_read_is_a_warning(healthy: CommandLine) -> None:
    """It counts as no record, and is easily removed."""
    min((healthy.home / "cache/v1/packages").glob("*/*/*.json")).write_text("{")
    assert "1 records cannot be read" in told(healthy.run("doctor", "--offline", "--json"), "store")["told"]


# ---------------------------------------------------------------- project


def test_hem_modules_that_is_a_link(healthy: CommandLine) -> None:
    """An installation would refuse; so this is broken, with exit 4."""
    (healthy.project / "hem_modules").rename(healthy.folder / "elsewhere")
    (healthy.project / "hem_modules").symlink_to(healthy.folder / "elsewhere")
    ran = healthy.run("doctor", "--offline")
    assert ran.code == 4
    assert "is a link. Remove the link" in ran.out


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("package.json", "{", 5, "Invalid package.json"),
        ("package-lock.json", "{", 5, "Invalid package-lock.json"),
        (".hpm/state.json", "{", 0, "cannot be read and is ignored"),
    ],
)
def test_damaged_document(healthy: CommandLine, name: str, content: str, code: int, says: str) -> None:
    """A document is broken, with its exit code; the state can be done without."""
    healthy.write(name, content)
    ran = healthy.run("doctor", "--offline")
    assert ran.code == code
    assert says in ran.out


def test_what_is_not_installed_is_a_warning(healthy: CommandLine) -> None:
    """With the commands that tell more, and that help."""
    healthy.delete_modules()
    assert "'hpm install'" in told(healthy.run("doctor", "--offline", "--json"), "hem_modules")["remedy"]
    (healthy.project / "package-lock.json").unlink()
    assert "there is none" in told(healthy.run("doctor", "--offline", "--json"), "package-lock.json")["told"]


def test_moved_tag_is_a_warning(healthy: CommandLine, own_server: GithubServer) -> None:
    """Named with the command that shows more; nobody is asked while the network is down."""
    own_server.repository("acme/b").git("tag", "--force", "v1.2.0", "v1.0.0")
    ran = healthy.run("doctor", "--json")
    assert ran.code == 0
    assert told(ran, "tags")["remedy"].startswith("'hpm accept acme/b@1.2.0 --dry-run'")
    own_server.clear_log()
    healthy.run("doctor", HPM_GITHUB_API_URL=CLOSED)
    assert own_server.count("web /acme/*") == 0


# ---------------------------------------------------------------- how it is told


def test_first_broken_thing_decides(healthy: CommandLine) -> None:
    """In the order of the lines."""
    healthy.write("package.json", "{")
    assert healthy.run("doctor", HPM_GITHUB_SERVER_URL=CLOSED, HPM_GITHUB_API_URL=CLOSED).code == 4
    assert healthy.run("doctor", "--offline").code == 5


def test_plain_words_where_marks_cannot_be_shown(healthy: CommandLine) -> None:
    """On a terminal of another time."""
    ran = healthy.process("doctor", "--offline", PYTHONIOENCODING="ascii")
    assert ran.code == 0
    assert {line.split()[0] for line in ran.out.splitlines()} <= {"ok", "warning"}


def test_quiet_tells_only_what_is_not_well(healthy: CommandLine) -> None:
    """Nothing, if all is."""
    assert healthy.run("doctor", "--quiet").out == ""
    healthy.delete_modules()
    assert len(healthy.run("doctor", "--quiet").out.splitlines()) == 1


def test_python_that_runs_is_named(healthy: CommandLine) -> None:
    """The first line is what a bug report begins with."""
    assert sys.executable in healthy.run("doctor", "--offline").out.splitlines()[0]
