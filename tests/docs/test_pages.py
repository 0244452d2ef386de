"""The documentation is complete, and names nothing that does not exist."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

import hpmtasks
from docs.generate import PAGE as COMMANDS_PAGE, commands_page
from hpmtasks.commands import all_commands
from hpmtasks.commands.pack import FINDINGS
from hpmtasks.commands.parser import Parser
from hpmtasks.front import stamp
from hpmtasks.model import wire
from hpmtasks.model.lockfile import parse_lockfile
from hpmtasks.model.manifest import parse_manifest
from hpmtasks.project.settings import VARIABLES
from hpmtasks.scripts.environment import TOLD
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.sources.routing import SOURCES, parse_rules
from tests.docs.test_architecture_map import find, rows
from tests.support.failure_kinds import failures
from tests.support.pages import PAGES, ROOT, anchors, blocks, codes, prose

DOCS = ROOT / "docs"
PAGE_IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# hpm where a command begins: at the start, or behind a prompt, a list mark, another command, a variable.
_HPM = re.compile(r"(?:^\s*|\$ |run: |- |&& |RUN |\w=\S+ )hpm((?: +[^\s`|;&#)]+)+)")
_PATH = re.compile(r"(?<![\w/~])(?:hpmtasks|tests|docs|examples)/[\w./-]*\w")
_DODO = re.compile(r"python3 dodo\.py ([\w:]+)")


def text_of(name: str) -> str:
    """A page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


# ---------------------------------------------------------------- nothing made up


@EVERY_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a page or a heading of this repository leads to one."""
    broken = []
    for link in _LINK.findall(prose(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@EVERY_PAGE
def test_commands_and_options_exist(page: Path) -> None:
    """``hpm xyz --option`` in code is understood by hpm, unless its section says that it is planned."""
    parsers = {name: Parser(each) for each in all_commands() for name in (each.name, *each.aliases)}
    general = {option for action in Parser()._actions for option in action.option_strings}
    unknown = []
    for line, code, planned in codes(page):
        for words in [] if planned else [match[1].split(" -- ")[0].split() for match in _HPM.finditer(code)]:
            verb = next((word for word in words if not word.startswith("-")), None)
            if verb is not None and not re.fullmatch("[a-z][a-z-]*", verb):
                continue  # `hpm COMMAND`
            parser = parsers.get(verb or "")
            if verb is not None and parser is None:
                unknown.append(f"line {line}: hpm {verb}")
            known = {
                option for action in (parser._actions if parser else ()) for option in action.option_strings
            }
            given = {word.partition("=")[0].rstrip(",.:") for word in words if word.startswith("-")}
            unknown += [f"line {line}: hpm {verb} {option}" for option in sorted(given - known - general)]
    assert unknown == []


@EVERY_PAGE
def test_named_files_exist(page: Path) -> None:
    """A path of the repository in code is there; ``NAME`` stands for one to be made."""
    named = {(line, path) for line, code, _ in codes(page) for path in _PATH.findall(code)}
    assert [
        (line, path) for line, path in sorted(named) if "NAME" not in path and not (ROOT / path).exists()
    ] == []


@EVERY_PAGE
def test_named_modules_exist(page: Path) -> None:
    """A dotted name of hpmtasks in code can be imported, unless its section says that it is planned."""
    for _, code, planned in codes(page):
        for name in re.findall(r"\bhpmtasks\.[\w.]*\w", code):
            if not planned:
                find(name)


@EVERY_PAGE
def test_named_tasks_exist(page: Path) -> None:
    """``python3 dodo.py xyz`` is a task of the repository's dodo.py."""
    tasks = {"list", *dodo_tasks()}
    assert {task for _, code, _ in codes(page) for task in _DODO.findall(code)} <= tasks


@EVERY_PAGE
def test_named_variables_exist(page: Path) -> None:
    """A variable of hpm that a page names is one that hpm reads, or that it gives to scripts."""
    named = set(re.findall(r"\bHPM_[A-Z_]+\b", page.read_text(encoding="utf-8")))
    assert named <= {*VARIABLES, *TOLD}


@EVERY_PAGE
def test_json_and_python_examples_can_be_read(page: Path) -> None:
    """A ``json`` block is JSON, and is used as what it looks like; a ``python`` block is Python."""
    for block in blocks(page):
        if block.kind == "python":
            ast.parse(block.text)
        if block.kind == "json":
            document = json.loads(block.text)
            if isinstance(document, list):
                assert parse_rules(document, origin="the page", base=ROOT, trusted=True)
            elif "lockVersion" in document:
                parse_lockfile(block.text.encode(), "the page")
            elif "name" in document:
                manifest = parse_manifest(block.text.encode(), "the page")
                parse_rules(list(manifest.sources), origin="the page", base=ROOT, trusted=False)
            else:
                parse_rules(document["sources"], origin="the page", base=ROOT, trusted=True)


# ---------------------------------------------------------------- complete


def test_every_page_can_be_reached() -> None:
    """Each page of docs/ is linked from the README or from a page that is."""
    seen = {ROOT / "README.md"}
    waiting = list(seen)
    while waiting:
        page = waiting.pop()
        for link in _LINK.findall(prose(page)):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target not in seen and target.exists():
                seen.add(target)
                waiting.append(target)
    assert [page.name for page in PAGES if page not in seen] == []


def test_commands_page_is_fresh() -> None:
    """docs/commands.md is what the table of commands says now."""
    assert COMMANDS_PAGE.read_text(encoding="utf-8") == commands_page(), "run: python3 dodo.py docs"


@pytest.mark.parametrize("command", all_commands(), ids=lambda command: command.name)
def test_command_is_documented_with_all_it_takes(command: Any) -> None:
    """The page has the command's name, aliases and each of its options."""
    section = commands_page().partition(f"\n## hpm {command.name}\n")[2].partition("\n## ")[0]
    options = [option for action in Parser(command)._actions for option in action.option_strings]
    assert [alias for alias in command.aliases if f"`hpm {alias}`" not in section] == []
    assert [option for option in options if not re.search(rf"`{option}[` ]", commands_page())] == []


@pytest.mark.parametrize("variable", VARIABLES)
def test_variable_is_documented(variable: str) -> None:
    """Each variable has a row in docs/configuration.md."""
    assert re.search(rf"^\|.*`{variable}`.*\|", text_of("configuration.md"), re.MULTILINE)


def test_every_variable_that_is_read_is_listed() -> None:
    """What the code reads from the environment by name stands in VARIABLES; git's own and PATH aside."""
    read: set[str] = set()
    for path in (ROOT / "hpmtasks").rglob("*.py"):
        for pattern in (r"environ\.get\(\s*\"(\w+)\"", r"environ\[\"(\w+)\"\]", r"\"(\w+)\" in environ"):
            read |= set(re.findall(pattern, path.read_text(encoding="utf-8")))
    assert {"HPM_HOME", "SSL_CERT_DIR"} <= read
    assert read | set(stamp.VARIABLES) <= {*VARIABLES, "PATH"}


@pytest.mark.parametrize("kind", SOURCES)
def test_source_is_documented(kind: str) -> None:
    """Each kind of source has a heading and an example in docs/configuration.md."""
    assert kind in anchors(DOCS / "configuration.md")
    assert f'"type": "{kind}"' in text_of("configuration.md")


def test_exit_codes_are_documented() -> None:
    """The table has each code with each kind of failure that gives it; 0 and 10 are of no failure."""
    table = {
        int(match[1]): match[2]
        for match in re.finditer(r"^\| (\d+) \|(.*)\|$", text_of("exit-codes.md"), re.MULTILINE)
    }
    for failure in failures():
        assert f"`{failure.kind}` ({failure.code})" in table[failure.exit_code], failure
    assert set(table) == {0, FINDINGS, *(failure.exit_code for failure in failures())}


def test_manifest_fields_are_documented() -> None:
    """Each field of package.json that hpm knows has a row in docs/manifest.md, and no other."""
    fields = {field.alias or name for name, field in wire.PackageJson.model_fields.items()}
    cells = re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \|", text_of("manifest.md").partition("## ")[0], re.MULTILINE
    )
    assert {name for cell in cells for name in re.findall(r"\w+", cell)} == fields


def test_lock_fields_are_documented_in_their_order() -> None:
    """Each field of a lock entry has a row in docs/lockfile.md, in the order in which it is written."""
    fields = [field.alias or name for name, field in wire.LockEntryWire.model_fields.items()]
    assert re.findall(r"^\| `(\w+)` \|", text_of("lockfile.md"), re.MULTILINE) == fields


def test_constraints_mean_what_the_table_says() -> None:
    """Each constraint in docs/manifest.md that is given as ``>=a <b`` means just that."""
    checked = 0
    for written, means in re.findall(
        r"`([\^~][\d.]+|\d[\d. -]+)`(?: \|| is) `(>=[^`]+)`", text_of("manifest.md")
    ):
        assert parse_constraint(written) == parse_constraint(means), written
        checked += 1
    assert checked >= 5


def test_every_task_is_named() -> None:
    """Each task of dodo.py stands in CONTRIBUTING.md, but the demo, which the README opens with."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tasks = [task for task in dodo_tasks() if not task.startswith("test:") and task != "demo"]
    assert [task for task in tasks if f"dodo.py {task}" not in text] == []


def test_the_version_is_one() -> None:
    """pyproject.toml, the package, the stamp and the changelog tell the same version."""
    version = hpmtasks.__version__
    assert f'\nversion = "{version}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"hpm {version}," in stamp.FORMAT
    assert version in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_map_is_not_empty_by_mistake() -> None:
    """The tables of the architecture page are found by their headings."""
    assert len(list(rows("The map of the first hpm"))) > 40


def dodo_tasks() -> list[str]:
    """The tasks of the repository's dodo.py."""
    spec = importlib.util.spec_from_file_location("dodo", ROOT / "dodo.py")
    assert spec
    assert spec.loader
    dodo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dodo)
    made = {
        name.removeprefix("task_"): make() for name, make in vars(dodo).items() if name.startswith("task_")
    }
    return [
        each.get("basename", name)
        for name, tasks in made.items()
        for each in ([tasks] if isinstance(tasks, dict) else tasks)
    ]
