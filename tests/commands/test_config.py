"""hpm config: what is set, by whom, and how it is changed without harm."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable

import pytest

from hpmtasks.session import configuration
from hpmtasks.session.configuration import KEYS
from tests.support import naughty_strings
from tests.support.command_line import REPOSITORY, CommandLine

TOKEN = "ghp_0123456789abcdef"
SOURCES = '[{"match": "acme/*", "type": "git", "url": "https://git.example.org/{owner}/{repo}.git"}]'


def config_of(shell: CommandLine) -> object:
    """config.json, read."""
    return json.loads((shell.home / "config.json").read_text())


def test_what_is_set_is_there_and_for_nobody_else(shell: CommandLine) -> None:
    """The value stands in config.json, which only its owner may read; no project is needed."""
    ran = shell.run("config", "set", "github_token", TOKEN)
    assert (ran.code, ran.err) == (0, "")
    assert config_of(shell) == {"github_token": TOKEN}
    assert stat.S_IMODE((shell.home / "config.json").stat().st_mode) == 0o600
    assert shell.run("config", "set", "sources", SOURCES).code == 0
    assert config_of(shell) == {"github_token": TOKEN, "sources": json.loads(SOURCES)}
    assert sorted(path.name for path in shell.home.iterdir()) == ["config.json", "config.json.mutex"]


def test_a_change_waits_for_another(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """From reading config.json to writing it nobody else may change it: of two changes none is lost."""
    seen = []

    def looked_at(what: str, call: Callable[..., object]) -> Callable[..., object]:
        def look(*arguments: object) -> object:
            descriptor = os.open(shell.home / "config.json.mutex", os.O_RDONLY | os.O_CREAT)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                seen.append((what, "free"))
            except BlockingIOError:
                seen.append((what, "held"))
            finally:
                os.close(descriptor)
            return call(*arguments)

        return look

    shell.home.mkdir()
    for what in ("read_config", "write_config"):
        whole = getattr(configuration, what)
        monkeypatch.setattr(configuration, what, looked_at(what, whole))
    assert shell.run("config", "set", "github_token", TOKEN).code == 0
    assert [each for each in seen if each[1] == "held"] == [("read_config", "held"), ("write_config", "held")]
    seen.clear()
    assert shell.run("config", "unset", "github_token").code == 0
    assert [each for each in seen if each[1] == "held"] == [("read_config", "held"), ("write_config", "held")]


def test_what_hpm_does_not_know_stays(shell: CommandLine) -> None:
    """Other keys survive, in their order, whatever is set and unset."""
    shell.home.mkdir()
    (shell.home / "config.json").write_text(
        '{"zeta": [1, {"a": null}], "github_token": "x", "alpha": "\\ud800"}'
    )
    shell.run("config", "set", "sources", SOURCES)
    shell.run("config", "unset", "github_token")
    assert json.dumps(config_of(shell)) == json.dumps(
        {"zeta": [1, {"a": None}], "alpha": "\ud800", "sources": json.loads(SOURCES)}
    )


def test_token_is_never_shown(shell: CommandLine) -> None:
    """Neither by list nor by get, nor in data, nor in a refusal."""
    shell.run("config", "set", "github_token", TOKEN)
    refused = shell.run("config", "set", "github_token", TOKEN + " " + TOKEN)
    assert refused.code == 5
    shown = (("list",), ("list", "--show-origin"), ("get", "github_token"), ("list", "--json"))
    ran = [refused, *(shell.run("config", *arguments, GH_TOKEN=TOKEN) for arguments in shown)]
    assert all(TOKEN not in each.out + each.err for each in ran)
    assert shell.run("config", "get", "github_token").out == "***\n"


@pytest.mark.parametrize(("typed", "code"), [(f"{TOKEN}\n".encode(), 0), (b"\xff", 64), (b"", 5)])
def test_token_from_standard_input(shell: CommandLine, typed: bytes, code: int) -> None:
    """``-`` keeps it out of the history of the shell; the line break at its end is none of it."""
    ran = subprocess.run(
        [sys.executable, "-m", "hpmtasks", "config", "set", "github_token", "-"],
        input=typed,
        env={**shell.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8:strict"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == code, ran
    assert not code or not shell.home.exists()
    assert code or config_of(shell) == {"github_token": TOKEN}


def test_environment_goes_first_and_is_named(shell: CommandLine) -> None:
    """A token of the environment overrules the one in the file; sources of both count."""
    shell.run("config", "set", "github_token", TOKEN)
    shell.run("config", "set", "sources", SOURCES)
    environ = {"GITHUB_TOKEN": "a", "GH_TOKEN": "b", "HPM_SOURCES": '[{"match": "*", "type": "github"}]'}
    path = shell.home / "config.json"

    assert shell.run("config", "list", "--show-origin", **environ).out == (
        "github_token = ***  (GITHUB_TOKEN)\n"
        "github_token = ***  (GH_TOKEN, overruled)\n"
        f"github_token = ***  ({path}, overruled)\n"
        'sources = [{"match": "*", "type": "github"}]  (HPM_SOURCES)\n'
        f"sources = {SOURCES}  ({path})\n"
    )
    assert shell.run("config", **environ).out.count("github_token") == 1
    data = shell.run("config", "--json", **environ).data["settings"]
    assert [each["counts"] for each in data] == [True, False, False, True, True]
    warned = shell.run("config", "set", "github_token", TOKEN, **environ)
    assert "GITHUB_TOKEN is set in the environment and goes before it" in warned.err


def test_what_was_set_is_used(shell: CommandLine) -> None:
    """A source that was set is asked."""
    shell.run("config", "set", "sources", json.dumps([{"match": "*", "type": "directory", "path": "here"}]))
    shell.require({})
    ran = shell.run("install", "acme/a")
    assert ran.code == 2
    assert str(shell.home / "here") in ran.err


@pytest.mark.parametrize("name", KEYS)
def test_unset_says_whether_there_was_anything(shell: CommandLine, name: str) -> None:
    """Without a file none is made."""
    assert shell.run("config", "unset", name, "--json").data["removed"] is False
    assert shell.run("config", "get", name).out == ""
    assert shell.run("config").out == ""
    assert not shell.home.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lst",), "Did you mean 'hpm config list'?"),
        (("get",), "takes a KEY"),
        (("set", "sources"), "takes a KEY and a VALUE"),
        (("list", "sources"), "takes no key"),
        (("get", "github-token"), "Did you mean github_token?"),
        (("set", "cache_dir", "/x"), "There is no setting 'cache_dir'"),
    ],
)
def test_what_cannot_be_asked(shell: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    """Wrong usage, with the keys that there are."""
    ran = shell.run("config", *arguments)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{}",
        "[1]",
        '[{"match": "acme/*"}]',
        '[{"match": "acme/*", "type": "github", "url": "http://example.org"}]',
        '[{"match": "acme/*", "type": "git", "url": "https://me:secret@example.org/{repo}"}]',
        "[" * 100_000,
    ],
)
def test_value_that_cannot_be_used_is_not_written(shell: CommandLine, value: str) -> None:
    """The file keeps its bytes, and the sentence names the setting."""
    shell.run("config", "set", "sources", SOURCES)
    before = (shell.home / "config.json").read_bytes()
    ran = shell.run("config", "set", "sources", value)
    assert ran.code == 5
    assert "sources" in ran.err
    assert "secret" not in ran.err
    assert (shell.home / "config.json").read_bytes() == before


def test_damaged_file_is_not_overwritten(shell: CommandLine) -> None:
    """What cannot be read is not replaced; exit 5."""
    shell.home.mkdir()
    (shell.home / "config.json").write_text("{")
    for arguments in (("set", "sources", "[]"), ("unset", "sources"), ("list",)):
        assert shell.run("config", *arguments).code == 5
    assert (shell.home / "config.json").read_text() == "{"


@pytest.mark.parametrize("text", naughty_strings.ALL, ids=range(len(naughty_strings.ALL)))
def test_naughty_key_or_value(shell: CommandLine, text: str) -> None:
    """Refused, or written and usable; never a defect, never a file elsewhere."""
    for arguments in (
        ("set", text, text),
        ("get", text),
        ("set", "github_token", text),
        ("set", "sources", text),
        ("set", "sources", json.dumps([{"match": "*", "type": "directory", "path": text}])),
        (text, "sources"),
    ):
        ran = shell.run("config", *arguments)
        assert ran.code in {0, 5, 64}, (arguments, ran)
        assert shell.run("config", "list", "--json").code == 0
        assert shell.run("cache", "--json").code == 0
    assert {path.name for path in shell.folder.iterdir()} <= {"project", "home"}
    names = {path.name for path in shell.home.iterdir()} if shell.home.exists() else set()
    assert names <= {"config.json", "config.json.mutex"}
