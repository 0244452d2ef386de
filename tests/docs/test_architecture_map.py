"""The architecture page: every home that it names exists, works, and is tested."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.pages import ROOT

PAGE = ROOT / "docs" / "architecture.md"
_NAME = re.compile(r"`(hpmtasks\.[\w.]+)`")
#: What the first hpm's documentation names, module by module.
FIRST_HPM = re.findall(
    r"\w+",
    """
    main cmd_init cmd_install cmd_uninstall cmd_update cmd_list cmd_outdated cmd_run cmd_why cmd_cache
    shortcuts create_default read_manifest write_manifest validate get_all_dependencies add_dependency
    remove_dependency parse_specifier split_name create_empty read_lockfile write_lockfile create_entry
    get_locked set_locked remove_locked prune needs_update parse stringify compare gt gte lt lte eq
    parse_constraint satisfies max_satisfying sort constraints_overlap resolve resolve_version
    detect_cycles build_tree find_why get_token github_request get_tags get_package_json
    download_tarball repo_exists get_repo_info install_package install_all uninstall_package
    get_installed verify_integrity prefetch_packages get_cache_dir get_config_dir is_cached
    get_cached_path store_tarball_file list_cached clear_cache get_cache_size read_config write_config
    """,
)


def section(title: str) -> str:
    """The section of the page with that heading, up to the next heading."""
    text = PAGE.read_text(encoding="utf-8")
    return re.split(r"^#+ ", text.partition(f" {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def rows(title: str) -> Iterator[tuple[str, str]]:
    """The rows of the table in that section: first cell, second cell."""
    for line in section(title).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 2 and not cells[0].startswith(("---", "First hpm")):
            yield cells[0], cells[1]


def find(name: str) -> object:
    """What *name* leads to, as ``module.attribute.attribute``."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AssertionError(name)


HOMES = sorted({name for _, here in rows("The map of the first hpm") for name in _NAME.findall(here)})


def test_everything_the_first_hpm_documents_is_on_the_map() -> None:
    """No module or function of the first hpm's documentation is forgotten."""
    text = "".join(first for first, _ in rows("The map of the first hpm"))
    assert [name for name in FIRST_HPM if f"`{name}`" not in text and f"**{name}**" not in text] == []


@pytest.mark.parametrize("name", HOMES)
def test_home_is_callable(name: str) -> None:
    """What the map leads to can be imported and called."""
    assert callable(find(name))


@pytest.mark.parametrize("name", HOMES)
def test_home_is_tested(name: str) -> None:
    """Some test uses what the map leads to, together with the module or class that it belongs to."""
    *above, leaf = name.split(".")
    if name.startswith("hpmtasks.commands.") and leaf == "run":
        uses = rf"\"{above[-1]}\"|hpm {above[-1]}\b"
        assert any(re.search(uses, text) for text in texts()), f"no test runs hpm {above[-1]}"
        return
    if above[-1][0].isupper():
        is_used = [leaf in words(text) and above[-1] in words(text) for text in texts()]
    else:
        is_used = [".".join(above) in text and leaf in words(text) for text in texts()]
    assert any(is_used), f"no test uses {name}"


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`((?:hpmtasks|doit)\.[\w.]+)`", section("doit's corners"))))
)
def test_corner_of_doit_exists(name: str) -> None:
    """What the page names of doit, and of hpm against it, is there."""
    find(name)


@pytest.mark.parametrize(
    "name",
    [
        "doit.task.Task",
        "doit.task.DelayedLoader",
        "doit.dependency.Dependency.get_status",
        "doit.control.TaskControl",
        "doit.control.TaskDispatcher._gen_node",
        "doit.runner.Runner.run_all",
        "doit.globals.Globals",
    ],
)
def test_semi_private_part_of_doit_exists(name: str) -> None:
    """The parts of doit that hpm uses without being promised them are still there."""
    assert callable(find(name))
    assert f"{name.rpartition('.')[2]}" in PAGE.read_text("utf-8") or name.startswith("doit.runner")


def test_every_floor_and_room_is_on_the_page() -> None:
    """Each part of hpmtasks and each stage stands under "Floors"."""
    floors = section("Floors")
    parts = [path for path in (ROOT / "hpmtasks").iterdir() if not path.name.startswith("_")]
    assert [path.name for path in parts if f"hpmtasks/{path.name}" not in floors] == []
    stages = [path.parent.name for path in (ROOT / "hpmtasks" / "stages").glob("*/__init__.py")]
    assert [name for name in stages if name not in floors] == [], (
        "name it under Floors, and add its tasks to Fresh"
    )


@cache
def texts() -> tuple[str, ...]:
    """The text of every test but this one."""
    return tuple(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)
    )


@cache
def words(text: str) -> frozenset[str]:
    """The words of *text*."""
    return frozenset(re.findall(r"\w+", text))
