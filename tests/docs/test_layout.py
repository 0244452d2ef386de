""".cache-layout.md names every path that hpm writes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hpmtasks.model.package import PackageName
from hpmtasks.store.layout import Layout, tree_files, tree_index
from tests.support.pages import ROOT, blocks

PAGE = ROOT / ".cache-layout.md"
_DRAWN = re.compile(r"(?P<margin>(?:│   |    )*)(?:[├└]── )?(?P<path>\S+?)(?:  .*)?")
_PARTS = {"<ab>": "[0-9a-f]{2}", "<sha256>": "[0-9a-f]{64}", "<commit>": "[0-9a-f]{40}", "…": ".+"}


def drawn(text: str) -> Iterator[str]:
    """The paths of a tree drawn with lines, each in full; folders end with a slash."""
    above: list[str] = []
    for line in text.splitlines():
        match = _DRAWN.fullmatch(line)
        assert match, f"not a line of a drawn tree: {line!r}"
        depth = len(match["margin"]) // 4 + (("├" in line) or ("└" in line))
        del above[depth:]
        yield "".join(above) + match["path"]
        above.append(match["path"])


def pattern(path: str) -> re.Pattern[str]:
    """What *path* stands for, its ``<words>`` replaced."""
    pieces = re.split(r"(<\w+>|…)", path)
    return re.compile(
        "".join(_PARTS.get(piece, "[^/]+") if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
    )


def documented(index: int) -> list[str]:
    """The paths of the page's drawing number *index*: the cache, the project."""
    return list(drawn(blocks(PAGE)[index].text))


def files_in(folder: Path) -> list[str]:
    """Every file below *folder*, relative."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a cache, and a project: a package is imported, patched, vendored, edited; a script runs."""
    home = tmp_path_factory.mktemp("home")
    project = home / "project"
    project.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "USER": "you",
        "HPM_SOURCES": f'[{{"match": "*", "type": "directory", "path": "{ROOT}/examples/registry"}}]',
    }
    readme = project / ".hpm/patches-edit/acme/greet/README.md"
    for arguments in (
        ["init", "--yes"],
        ["install", "acme/greet"],
        ["patch", "acme/greet"],
        ["patch-commit", "acme/greet"],
        ["patch", "acme/greet"],
        ["install"],
        ["vendor"],
        ["run", "x"],
        ["run", "x"],
    ):
        if arguments[0] == "patch-commit":
            readme.write_text("patched\n")
        command = [sys.executable, "-m", "hpmtasks", *arguments]
        subprocess.run(command, cwd=project, env={**environment, "PYTHONPATH": str(ROOT)}, check=True)
        if arguments[0] == "patch-commit":
            manifest = json.loads((project / "package.json").read_text())
            task = {"scripts": {"x": "echo made > made"}, "tasks": {"x": {"inputs": [], "outputs": ["made"]}}}
            (project / "package.json").write_text(
                json.dumps({**manifest, **task, "hpm": {"imports": "shims"}})
            )
            (project / "src").mkdir()
            (project / "src/main.hml").write_text('import { greet } from "acme/greet";')
    for own in ("src/main.hml", "made"):
        (project / own).unlink()
    return home


def test_every_file_in_the_cache_is_documented(installed: Path) -> None:
    """What an installation leaves in the cache stands in the drawing of the cache."""
    known = [pattern(path) for path in documented(0)]
    written = files_in(installed / ".hpm" / "cache")
    assert written
    assert [path for path in written if not any(each.fullmatch(path) for each in known)] == []


def test_every_file_in_the_project_is_documented(installed: Path) -> None:
    """What an installation leaves in the project stands in the drawing of the project."""
    ends = ("<repo>/", "<version>/")
    known = [pattern(f"{path}…" if path.endswith(ends) else path) for path in documented(1)]
    written = files_in(installed / "project")
    assert [path for path in written if not any(each.fullmatch(path) for each in known)] == []


def test_what_is_documented_is_written(installed: Path) -> None:
    """No path of the drawings is made up, but for those of a moment and of the first hpm.

    With links there is no stamp, so this project has none.
    """
    momentary = {
        ".hpm/package.json",
        ".hpm/<folder>+package.json",
        ".hpm/links.json",
        ".hpm/watch.<pid>",
        "<Owner>/<Repo>/<version>.tar.gz",
    }
    for index, folder in ((0, installed / ".hpm" / "cache"), (1, installed / "project")):
        written = files_in(folder)
        for path in documented(index):
            if path.endswith("/") or ".tmp-" in path or path in momentary:
                continue
            assert any(pattern(path).fullmatch(each) for each in written), path


def test_every_path_of_the_store_is_documented() -> None:
    """Each path that the layout joins, also those of another time, stands in the drawing of the cache."""
    layout = Layout(Path("/cache"))
    name = PackageName.parse("Acme/Greet")
    tree = layout.tree("sha256-" + "b" * 64)
    paths = [
        layout.archive("a" * 64),
        layout.record(name, "c" * 40),
        tree_files(tree) / "src" / "index.hml",
        tree_index(tree),
        layout.legacy(name, "1.0.0"),
        layout.blob("d" * 64),
        layout.result("e" * 64),
        layout.temporary / ".tmp-machine-1-random",
    ]
    known = [pattern(path) for path in documented(0)]
    for path in paths:
        relative = path.relative_to(layout.cache).as_posix()
        assert any(each.fullmatch(relative) for each in known), relative
