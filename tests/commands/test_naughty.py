"""Whatever stands in an argument or a document: a sentence, never a traceback, and no file elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support import naughty_strings
from tests.support.command_line import CommandLine, Ran

#: What a terminal would obey.
COMMANDING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
CLOSED = "http://127.0.0.1:9"


def listing(folder: Path) -> list[str]:
    """Everything below *folder*, less what is below the project and hpm's home."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if not {"project", "home"} & set(path.relative_to(folder).parts[:1])
    )


@pytest.fixture
def watched(shell: CommandLine) -> CommandLine:
    """A shell in a project beside which nothing may appear, and without a network."""
    shell.environ |= {"HPM_GITHUB_SERVER_URL": CLOSED, "HPM_GITHUB_API_URL": CLOSED, "HPM_RETRY_DELAYS": ""}
    shell.require({})
    assert shell.run("install").code == 0
    return shell


def is_fit_to_be_shown(ran: Ran) -> bool:
    """Whether no character of *ran* does something to a terminal."""
    return not COMMANDING.search(ran.out + ran.err)


@pytest.mark.parametrize("text", naughty_strings.ALL, ids=range(len(naughty_strings.ALL)))
def test_naughty_string_is_refused_with_a_sentence(watched: CommandLine, text: str) -> None:
    """As a package, a constraint, a folder, a command, a field of a document: none is a defect."""
    before, beside = watched.documents(), listing(watched.folder)

    for arguments in (
        ("install", text),
        ("install", f"acme/b@{text}"),
        ("install", f"acme/{text}"),
        ("list", "--depth", text),
        ("-C", text, "list"),
        ("cache", text),
        (text,),
        ("help", text),
    ):
        ran = watched.run(*arguments)
        assert ran.code in {0, 4, 5, 64}, (arguments, ran)
        assert is_fit_to_be_shown(ran), (arguments, ran)
        assert "Traceback" not in ran.err
        assert watched.documents() == before, arguments
    assert listing(watched.folder) == beside


FIELDS = (
    "name",
    "version",
    "main",
    "package",
    "constraint",
    "script",
    "files",
    "override",
    "library",
    "source",
)


def manifest_with(text: str, field: str) -> dict[str, object]:
    """A package.json that has *text* as *field*."""
    fields: dict[str, object] = {
        "name": {"name": text},
        "version": {"version": text},
        "main": {"main": text},
        "package": {"dependencies": {text: "*"}},
        "constraint": {"dependencies": {"acme/b": text}},
        "script": {"scripts": {text: text}},
        "files": {"files": [text]},
        "override": {"overrides": {text: text}},
        "library": {"native": {"requires": [text]}},
        "source": {"hpm": {"sources": [{"match": text, "type": "directory", "path": text}]}},
    }
    chosen = fields[field]
    assert isinstance(chosen, dict)
    return {"name": "me/app", "version": "1.0.0", **chosen}


@pytest.mark.parametrize("field", FIELDS)
def test_naughty_string_in_package_json(watched: CommandLine, field: str) -> None:
    """Whatever a field holds, installing succeeds or says what is wrong, and the file keeps its bytes."""
    beside = listing(watched.folder)
    for text in naughty_strings.ALL:
        written = json.dumps(manifest_with(text, field)).encode()
        watched.write("package.json", written)
        ran = watched.run("install")
        assert ran.code in {0, 1, 2, 3, 4, 5}, (text, ran)
        assert is_fit_to_be_shown(ran), (text, ran)
        assert (watched.project / "package.json").read_bytes() == written
    assert listing(watched.folder) == beside


@pytest.mark.parametrize(
    "field", ["name", "version", "resolved", "integrity", "commit", "tree", "dependency", "constraint"]
)
def test_naughty_string_in_the_lock(watched: CommandLine, field: str) -> None:
    """A lock that somebody tampered with is refused or chosen anew; nothing is written elsewhere."""
    watched.require({"acme/b": "*"})
    beside = listing(watched.folder)
    for text in naughty_strings.ALL:
        entry: dict[str, object] = {"version": "1.0.0", "resolved": "", "commit": "0" * 40}
        name = "acme/b"
        match field:
            case "name":
                name = text
            case "dependency":
                entry["dependencies"] = {text: "*"}
            case "constraint":
                entry["dependencies"] = {"acme/c": text}
            case _:
                entry[field] = text
        watched.write("package-lock.json", json.dumps({"lockVersion": 1, "dependencies": {name: entry}}))
        for arguments in (("install",), ("list",)):
            ran = watched.run(*arguments)
            assert ran.code in {0, 4, 5}, (arguments, text, ran)
            assert is_fit_to_be_shown(ran), (text, ran)
    assert listing(watched.folder) == beside


@pytest.mark.parametrize(
    "arguments",
    [
        ("install", "acme/\x1b[2J"),
        ("install", "../../pwned/x"),
        ("install", "\udcff"),
        ("install", "$(touch pwned)/x"),
        ("-C", "a\udcffb", "list"),
        ("\u202e",),
    ],
)
def test_naughty_string_given_to_a_process(watched: CommandLine, arguments: tuple[str, ...]) -> None:
    """The same holds for bytes that no encoding has, on real streams."""
    beside = listing(watched.folder)
    ran = watched.process(*arguments)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith("Error: ")
    assert is_fit_to_be_shown(ran)
    assert listing(watched.folder) == beside


def test_naughty_name_in_data_is_json(watched: CommandLine) -> None:
    """--json is JSON whatever it has to say, and says the same text."""
    for text in ("\x1b[2J", "\u202e", "\udcff", 'a"b', "a\\b", "漢字"):
        ran = watched.run("install", text, "--json")
        assert is_fit_to_be_shown(ran)
        assert ran.data["error"]["message"].startswith(f"{text!r} is not a package")
