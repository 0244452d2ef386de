"""Plans where shims are laid: they are written as they were, if the project's sources are."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.files.removal import remove_tree
from hpmtasks.front import plan, sources
from hpmtasks.hemlock.sources import Sources
from hpmtasks.project.state import State
from tests.support.git_repositories import Content, package
from tests.support.projects import ProjectFolder

BETA = "export fn bump() { return 1; }\n"
ALPHA = 'import { bump } from "acme/beta";\nexport fn up() { return bump(); }\n'
MAIN = 'import { up } from "acme/alpha";\nimport { bump } from "acme/beta";\nprint(up() + bump());\n'
IN_ALPHA = "hem_modules/acme/alpha/src/hem_modules/acme/beta/src/index.hml"
OWN = "src/hem_modules/acme/alpha/src/index.hml"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """A project whose ``src/main.hml`` imports packages, one of which imports another; it is installed."""

    def source(name: str, text: str, **needs: str) -> dict[str, Content]:
        wanted = {f"acme/{repo}": constraint for repo, constraint in needs.items()}
        return {**package(name, "1.0.0", wanted), "src/index.hml": text}

    with closing(ProjectFolder(tmp_path)) as opened:
        opened.registry.publish("acme/alpha", "1.0.0", files=source("acme/alpha", ALPHA, beta="^1.0.0"))
        opened.registry.publish("acme/beta", "1.0.0", files=source("acme/beta", BETA))
        document = {
            "name": "me/app",
            "version": "1.0.0",
            "dependencies": {"acme/alpha": "*", "acme/beta": "*"},
        }
        opened.write("package.json", json.dumps({**document, "hpm": {"imports": "shims"}}))
        opened.write("src/main.hml", MAIN)
        opened.write("src/other/plain.hml", "let a = 1;\n")
        assert opened.run("install").code == 0
        yield opened


def restored(project: ProjectFolder) -> str | None:
    """What the plan says to ``hpm install``; ``None`` if it left that to the graph."""
    with project.inside():
        return plan.answer()


def made(project: ProjectFolder) -> dict[str, Any]:
    """Everything in the project but hpm's notes, with modes and contents; what is remembered of imports."""
    state = State(project.project / ".hpm/state.json")
    files = {
        path.relative_to(project.project).as_posix(): (
            path.stat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(project.project.rglob("*"))
        if ".hpm" not in path.parts
    }
    imports = {name: state.values_of(name) for name in state.tasks if name.startswith("imports:")}
    return {"files": files, "imports": imports, "tools": dict(state.tools)}


def tasks(project: ProjectFolder) -> list[str]:
    """The tasks that the graph runs."""
    done = project.run("install", "--json", HPM_FASTPATH="off")
    assert done.code == 0, done.err
    return [str(each) for each in done.data["tasks"]]


@pytest.mark.parametrize(
    "gone", [["hem_modules"], ["hem_modules", ".hpm"], ["hem_modules", ".hpm", "src/hem_modules"]]
)
def test_shims_are_as_the_graph_makes_them(project: ProjectFolder, gone: list[str]) -> None:
    """Where the tree is missing, the notes too, or all that is not committed; the graph has nothing to do."""
    before = made(project)
    assert {IN_ALPHA, OWN} <= before["files"].keys()
    for name in gone:
        remove_tree(project.project / name)
    assert restored(project) is not None
    assert made(project) == before
    assert tasks(project) == []


def _edited(project: ProjectFolder) -> None:
    project.write("src/main.hml", 'import { bump } from "acme/beta";\n')


def _added(project: ProjectFolder) -> None:
    project.write("src/more/new.hml", MAIN)


def _removed(project: ProjectFolder) -> None:
    (project.project / "src/other/plain.hml").unlink()


def _folder_added(project: ProjectFolder) -> None:
    (project.project / "docs").mkdir()


def _shim_edited(project: ProjectFolder) -> None:
    project.write(OWN, "// mine\n")


def _shim_gone(project: ProjectFolder) -> None:
    (project.project / OWN).unlink()


def _shim_linked(project: ProjectFolder) -> None:
    (project.project / OWN).unlink()
    (project.project / OWN).symlink_to("elsewhere")


def _other_packages_beside(project: ProjectFolder) -> None:
    project.write("src/other/hem_modules/acme/mine/index.hml", "")


CHANGES: list[Callable[[ProjectFolder], None]] = [
    _edited,
    _added,
    _removed,
    _folder_added,
    _shim_edited,
    _shim_gone,
    _shim_linked,
    _other_packages_beside,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_other_sources_are_the_graphs(
    project: ProjectFolder, change: Callable[[ProjectFolder], None]
) -> None:
    """Whatever could need other shims, or have some already; nothing has happened."""
    remove_tree(project.project / "hem_modules")
    change(project)
    before = project.everything()
    assert restored(project) is None
    after = project.everything()
    assert after.pop(".hpm/mutex") is not None
    assert after == {key: value for key, value in before.items() if key != ".hpm/mutex"}


def test_where_only_times_differ_there_is_nothing_to_do(project: ProjectFolder) -> None:
    """Documents, sources and shims that are as they were are seen by what they hold."""
    before = made(project)
    for name in ("package.json", "src/main.hml", IN_ALPHA):
        os.utime(project.project / name, ns=(1, 1))
    assert restored(project) == "Everything is up to date (2 packages)."
    assert made(project) == before
    assert tasks(project) == []


def _package_shim_edited(project: ProjectFolder) -> None:
    project.write(IN_ALPHA, "// mine\n")


@pytest.mark.parametrize(
    "change", [*CHANGES, _package_shim_edited], ids=lambda change: change.__name__.strip("_")
)
def test_shims_that_stand_are_looked_at(
    project: ProjectFolder, change: Callable[[ProjectFolder], None]
) -> None:
    """Where anything else differs the graph is asked, and nothing has happened."""
    os.utime(project.project / "package.json", ns=(1, 1))
    change(project)
    before = project.everything()
    assert restored(project) is None
    assert project.everything() == before | {".hpm/mutex": project.everything()[".hpm/mutex"]}


def test_shims_are_not_exchanged(project: ProjectFolder) -> None:
    """Of packages that stay others may be imported now, so the graph looks at all of them."""
    first = project.documents()
    document = project.manifest()
    del document["dependencies"]["acme/alpha"]
    project.write("package.json", json.dumps(document))
    tasks(project)
    for name, content in first.items():
        assert content is not None
        project.write(name, content)
    assert restored(project) is None


def _by_the_rules(root: Path) -> Sources:
    """The project's folders and sources, each judged by its whole path."""

    def is_own(folder: Path) -> bool:
        parts = folder.relative_to(root).parts
        steps = [root.joinpath(*parts[: depth + 1]) for depth in range(len(parts))]
        return not any(
            step.name in {"hem_modules", "node_modules"}
            or step.name.startswith(".")
            or os.path.lexists(step / "package.json")
            for step in steps
        )

    walked = [(Path(folder), names) for folder, _, names in os.walk(root) if is_own(Path(folder))]
    files = [folder / name for folder, names in walked for name in names if name.endswith(".hml")]
    return Sources(
        tuple(sorted("" if folder == root else folder.relative_to(root).as_posix() for folder, _ in walked)),
        tuple(sorted(path.relative_to(root).as_posix() for path in files if not path.is_symlink())),
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_walk_is_that_of_the_language(tmp_path: Path, seed: int) -> None:
    """Folders and sources of random trees, with links, hidden folders, packages and other projects."""
    dice = random.Random(seed)  # noqa: S311  chance, not secrets
    folders = [tmp_path]
    names = ("a", "b.hml", ".hidden", "hem_modules", "node_modules", "src")
    for _ in range(30):
        folder = dice.choice(folders) / dice.choice(names)
        if not folder.exists():
            folder.mkdir()
            folders.append(folder)
    for _ in range(60):
        path = dice.choice(folders) / dice.choice(("x.hml", "y.hml", "z.txt", "package.json", "link.hml"))
        if not os.path.lexists(path):
            if path.name == "link.hml":
                path.symlink_to(dice.choice(folders))
            else:
                path.write_text("")
    expected = _by_the_rules(tmp_path)
    found, files, beside = sources.walk(str(tmp_path))
    assert (found, files) == (list(expected.folders), list(expected.files))
    assert beside == [
        f"{folder}/hem_modules" for folder in found if folder and (tmp_path / folder / "hem_modules").exists()
    ]
