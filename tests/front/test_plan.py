"""The plan: it restores exactly what the graph would make, or does nothing at all."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import random
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.files.removal import remove_tree
from hpmtasks.front import plan, stamp
from hpmtasks.project.state import State
from hpmtasks.session import planning
from hpmtasks.store import layout
from tests.support.command_line import CommandLine

NAMES = ["a", "b", "c", "d"]
#: How many random mutations one run tries; a nightly run tries more.
MUTATIONS = int(os.environ.get("HPM_TEST_MUTATIONS", "300")) // 3


class Project(CommandLine):
    """A project with four packages from a folder, two of which need others."""

    @property
    def registry(self) -> Path:
        """Where the packages are."""
        return self.folder / "registry"

    @property
    def modules(self) -> Path:
        """``hem_modules``."""
        return self.project / "hem_modules"

    @property
    def plans(self) -> list[Path]:
        """The plans that the store has."""
        return sorted(self.store.glob("v1/plans/*"))

    @property
    def store(self) -> Path:
        """The cache folder."""
        return Path(self.environ["HPM_CACHE_DIR"])

    def stored(self, name: str) -> Path:
        """The file of the store that ``acme/<name>`` was made of."""
        inode = (self.modules / "acme" / name / "src/index.hml").stat().st_ino
        return next(
            path for path in self.store.glob("v1/trees/*/*/files/src/*") if path.stat().st_ino == inode
        )

    def restored(self, **environ: str) -> str | None:
        """What the plan says to ``hpm install``; ``None`` if it left that to the graph."""
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ:
                patch.delenv(name)
            for name, value in {**self.environ, **environ}.items():
                patch.setenv(name, value)
            patch.chdir(self.cwd)
            return plan.answer()

    def ran(self) -> list[str]:
        """The tasks that the graph runs."""
        done = self.run("install", "--json")
        assert done.code == 0, done.err
        return [str(task) for task in done.data["tasks"]]

    def without_modules(self) -> None:
        """``hem_modules`` is gone."""
        remove_tree(self.modules)

    def made(self) -> dict[str, Any]:
        """Everything that an installation leaves, but for times, inodes, and how a folder was found."""
        state = State(self.project / ".hpm/state.json")
        tasks = {name: state.values_of(name) for name in state.tasks if not name.startswith("tags:")}
        return {
            "modules": {
                path.relative_to(self.project).as_posix(): (
                    path.stat().st_mode,
                    path.stat().st_ino if path.is_file() else 0,
                )
                for path in sorted(self.modules.rglob("*"))
            },
            "lock": (self.project / "package-lock.json").read_bytes(),
            "resolution": (self.project / ".hpm/resolution.json").read_bytes(),
            "tasks": {
                name: {key: value for key, value in values.items() if key != "method"}
                for name, values in sorted(tasks.items())
            },
            "packages": {key: (each.name, each.version, each.tree) for key, each in state.packages.items()},
            "around": sorted(path.name for path in self.project.iterdir()),
            "remembered": sorted(path.name for path in (self.project / ".hpm").iterdir()),
        }


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """The project, installed; the store has its plan."""
    sources = [{"match": "*", "type": "directory", "path": str(tmp_path / "registry")}]
    environ = {"HPM_SOURCES": json.dumps(sources), "HPM_CACHE_DIR": str(tmp_path / "cache")}
    with closing(Project(tmp_path, environ)) as opened:
        for name in NAMES:
            for version in ("1.0.0", "1.1.0"):
                folder = opened.registry / "acme" / name / f"v{version}"
                (folder / "src/deep/er").mkdir(parents=True)
                manifest: dict[str, Any] = {"name": f"acme/{name}", "version": version}
                if name in {"a", "b"}:
                    manifest["dependencies"] = {"acme/d": "^1.0.0"}
                (folder / "package.json").write_text(json.dumps(manifest))
                (folder / "src/index.hml").write_text(f'export let version = "{name} {version}";\n')
                (folder / "src/deep/er/tool.sh").write_text("true\n")
                (folder / "src/deep/er/tool.sh").chmod(0o755)
        opened.require({f"acme/{name}": "^1.0.0" for name in NAMES})
        opened.ran()
        yield opened


def test_a_missing_tree_is_restored_with_its_state(project: Project) -> None:
    """Tree, modes, inodes, lock, records: as the graph had made them; afterwards it has nothing to do."""
    before = project.made()
    project.without_modules()
    assert project.restored() is not None
    assert project.made() == before
    assert project.ran() == []


def test_what_it_says_is_what_the_graph_says(project: Project) -> None:
    """The same lines, but for the seconds; with colours where the graph has colours."""
    for environ in ({}, {"CLICOLOR_FORCE": "1"}):
        project.without_modules()
        graph = project.run("install", HPM_FASTPATH="off", **environ).out
        project.without_modules()
        said = project.restored(**environ)
        assert said is not None
        assert _timeless(f"{said}\n") == _timeless(graph)


def _timeless(text: str) -> str:
    return re.sub(r"[0-9.]+s$", "s", text, flags=re.MULTILINE)


def test_the_stamp_speaks_after_it(project: Project) -> None:
    """The run after a restored installation is answered by the stamp."""
    project.without_modules()
    assert project.restored() is not None
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            patch.delenv(name)
        for name, value in project.environ.items():
            patch.setenv(name, value)
        patch.chdir(project.cwd)
        assert stamp.answer() == "Everything is up to date (4 packages)."


def test_a_fresh_clone_is_restored(project: Project) -> None:
    """Manifest and lock are enough: neither state nor times of the first project count."""
    made = project.made()
    for name in (".hpm", "hem_modules"):
        remove_tree(project.project / name)
    for name in ("package.json", "package-lock.json"):
        os.utime(project.project / name, ns=(1, 1))
    assert project.restored() is not None
    assert project.made()["modules"] == made["modules"]
    assert project.ran() == []


def test_two_processes_make_what_one_makes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large trees are linked by two processes; nothing is missing."""
    before = project.made()
    monkeypatch.setattr(plan, "_FILES_FOR_TWO", 1)
    project.without_modules()
    assert project.restored() is not None
    assert project.made() == before


def test_native_libraries_are_told_again(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """The note that the first installation gave is given by the plan too."""
    folder = project.registry / "acme/c/v1.2.0"
    shutil.copytree(project.registry / "acme/c/v1.1.0", folder)
    manifest = {"name": "acme/c", "version": "1.2.0", "native": {"requires": ["libpq"]}}
    (folder / "package.json").write_text(json.dumps(manifest))
    first = project.run("update")
    assert "libpq" in first.err
    project.without_modules()
    assert project.restored() is not None
    assert capsys.readouterr().err.endswith("\nNote: acme/c requires native libraries:\n  - libpq\n")


# ---- whatever is not as it was


def _edit(path: Path, text: str) -> None:
    path.chmod(0o644)
    path.write_text(text)


def _manifest(project: Project) -> None:
    project.require({"acme/a": "^1.0.0"})


def _lock(project: Project) -> None:
    path = project.project / "package-lock.json"
    path.write_text(path.read_text() + " ")


def _config(project: Project) -> None:
    project.home.mkdir(exist_ok=True)
    (project.home / "config.json").write_text('{"sources": []}')


def _stored_content(project: Project) -> None:
    _edit(project.stored("a"), "EVIL")


def _stored_content_with_old_time(project: Project) -> None:
    path = project.stored("a")
    found = path.stat()
    content = path.read_text()
    path.unlink()
    path.write_text(content.replace("a", "e"))
    path.chmod(0o444)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def _stored_mode(project: Project) -> None:
    project.stored("b").chmod(0o555)


def _stored_link(project: Project) -> None:
    path = project.stored("b")
    path.unlink()
    path.symlink_to("/etc/passwd")


def _stored_file_gone(project: Project) -> None:
    project.stored("d").unlink()


def _plan_cut(project: Project) -> None:
    for path in project.plans:
        path.write_bytes(path.read_bytes()[:-1])


def _plan_flipped(project: Project) -> None:
    for path in project.plans:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


def _plan_empty(project: Project) -> None:
    for path in project.plans:
        path.write_bytes(b"")


def _plan_of_another_boot(project: Project) -> None:
    for path in project.plans:
        content = plan._unsealed(path.read_bytes())
        path.write_bytes(plan.sealed({**content, "boot": "another"}))


def _plans_gone(project: Project) -> None:
    for path in project.plans:
        path.unlink()


def _trees_gone(project: Project) -> None:
    remove_tree(project.store / "v1/trees")


def _workspace_above(project: Project) -> None:
    (project.project.parent / "package.json").write_text('{"workspaces": ["project"]}')


CHANGES: list[Callable[[Project], None]] = [
    _manifest,
    _lock,
    _config,
    _stored_content,
    _stored_content_with_old_time,
    _stored_mode,
    _stored_link,
    _stored_file_gone,
    _plan_cut,
    _plan_flipped,
    _plan_empty,
    _plan_of_another_boot,
    _plans_gone,
    _trees_gone,
    _workspace_above,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_what_differs_is_left_to_the_graph(project: Project, change: Callable[[Project], None]) -> None:
    """The plan does nothing, and leaves nothing of itself behind."""
    change(project)
    project.without_modules()
    before = sorted(path.name for path in project.project.iterdir())
    assert project.restored() is None
    assert sorted(path.name for path in project.project.iterdir()) == before


@pytest.mark.parametrize(
    "change", [_stored_content, _stored_file_gone, _plan_cut], ids=["content", "gone", "cut"]
)
def test_a_plan_that_could_not_be_used_is_made_anew(
    project: Project, change: Callable[[Project], None]
) -> None:
    """What the graph had to mend is in the next plan."""
    change(project)
    project.without_modules()
    assert project.restored() is None
    project.ran()
    project.without_modules()
    assert project.restored() is not None


@pytest.mark.parametrize("name", [name for name in stamp.VARIABLES if name not in {"HOME", "HPM_HOME"}])
def test_another_environment_is_left_to_the_graph(project: Project, name: str) -> None:
    """A variable that could change the outcome makes another plan."""
    project.without_modules()
    assert project.restored(**{name: "other"}) is None


def test_a_tree_that_is_there_is_left_to_the_graph(project: Project) -> None:
    """The plan replaces nothing."""
    assert project.restored() is None
    remove_tree(project.modules / "acme/a")
    assert project.restored() is None


def test_it_waits_for_nobody(project: Project) -> None:
    """While somebody installs here, or collects garbage in the store, it is the graph that waits."""
    project.without_modules()
    for path in (project.project / ".hpm/mutex", project.store / "v1/mutex"):
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert project.restored() is None
    assert project.restored() is not None


@pytest.mark.parametrize("number", range(1, 13))
def test_a_disk_that_refuses_leaves_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Whichever of the links fails, there is no hem_modules, and the graph installs."""
    project.without_modules()
    real, made = os.link, iter(range(1, 1000))

    def link(source: str, target: str) -> None:
        if next(made) == number:
            raise OSError(errno.EXDEV, "not here")
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", link)
        assert project.restored() is None
    assert not project.modules.exists()
    assert not list(project.project.glob(".tmp-*"))
    assert len(project.ran()) > 0


def test_an_interruption_leaves_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle, with a second process at work: no hem_modules, nothing temporary, no process."""
    monkeypatch.setattr(plan, "_FILES_FOR_TWO", 1)
    project.without_modules()
    parent = os.getpid()

    def link(source: str, target: str) -> None:
        del source, target
        if os.getpid() == parent:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(KeyboardInterrupt):
        project.restored()
    assert not project.modules.exists()
    assert not list(project.project.glob(".tmp-*"))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, 0)


def test_a_second_process_that_fails_makes_it_the_graphs(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one of the two cannot link, neither of them has."""
    monkeypatch.setattr(plan, "_FILES_FOR_TWO", 1)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    project.without_modules()
    parent, real = os.getpid(), os.link

    def link(source: str, target: str) -> None:
        if os.getpid() != parent:
            raise OSError(errno.ENOSPC, "full")
        real(source, target)

    monkeypatch.setattr(os, "link", link)
    assert project.restored() is None
    assert not project.modules.exists()


def test_only_what_links_can_make_is_planned(project: Project) -> None:
    """With a linked folder, or a part left out, a run leaves no plan."""
    _plans_gone(project)
    project.without_modules()
    assert project.run("install", "--prod").code == 0
    assert project.plans == []
    shutil.copytree(project.registry / "acme/a/v1.0.0", project.folder / "mine")
    assert project.run("link", str(project.folder / "mine")).code == 0
    assert project.plans == []


def test_a_linked_folder_is_the_graphs(project: Project) -> None:
    """A plan of the time before the link knows nothing of it."""
    shutil.copytree(project.registry / "acme/a/v1.0.0", project.folder / "mine")
    assert project.run("link", str(project.folder / "mine")).code == 0
    project.without_modules()
    assert project.restored() is None
    assert project.run("unlink", "acme/a").code == 0
    project.without_modules()
    assert project.restored() is not None


def test_plans_stand_where_the_store_has_them(tmp_path: Path) -> None:
    """The front knows the folder of the store, and the place of a plan in it, as the store does."""
    assert plan.STORE == layout.VERSION
    assert Path(plan.plan_path(str(tmp_path), "x")) == layout.Layout(tmp_path).plans / "x"


def test_the_oldest_plans_go(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store keeps those that were used last, so many and no more."""
    monkeypatch.setattr(planning, "MOST_PLANS", 2)
    first = project.plans
    for name in NAMES[:3]:
        for path in project.plans:
            os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns - 10**9))
        project.require({f"acme/{name}": "^1.0.0"})
        project.ran()
    assert len(project.plans) == 2
    assert not set(first) & set(project.plans)


ALLOWED_MODULES = {
    "__future__",
    "fcntl",
    "hpmtasks",
    "hpmtasks.front",
    "hpmtasks.front.plan",
    "hpmtasks.front.stamp",
    "xxhash",
    "xxhash._xxhash",
    "xxhash.version",
    "zlib",
}


def test_restoring_imports_next_to_nothing(project: Project) -> None:
    """A restored installation loads these modules and no others but the interpreter's own."""
    project.without_modules()
    said, modules = project.installed_by_the_front()
    assert said[-1].startswith("Installed 4 packages in ")
    assert modules <= ALLOWED_MODULES


# ---- the property


def _nothing(project: Project) -> None:
    """Leave all as it is."""


def _other_requirements(project: Project, dice: random.Random) -> None:
    wanted = {f"acme/{name}": dice.choice(["^1.0.0", "1.0.0", "1.1.0"]) for name in NAMES}
    for name in dice.sample(sorted(wanted), dice.randrange(3)):
        del wanted[name]
    project.require(wanted)


@pytest.mark.slow
def test_what_is_restored_is_what_the_graph_would_have_made(project: Project) -> None:
    """After random changes: where the plan answers, the graph makes the very same of the same."""
    dice = random.Random(20261122)  # noqa: S311  chance, not secrets
    answered = 0
    for _ in range(MUTATIONS):
        if dice.random() < 0.3:
            _other_requirements(project, dice)
            if dice.random() < 0.7:
                project.ran()
        elif dice.random() < 0.3:
            with_damage = dice.choice([_stored_content, _stored_file_gone, _plan_flipped, _plans_gone, _lock])
            try:
                with_damage(project)
            except (StopIteration, OSError):
                continue
        if dice.random() < 0.3:
            remove_tree(project.project / ".hpm")
        project.without_modules()
        said = project.restored()
        if said is None:
            project.ran()
            continue
        answered += 1
        restored = project.made()
        assert project.ran() == []
        project.without_modules()
        assert project.run("install", HPM_FASTPATH="off").code == 0
        assert _but_mutex(project.made()) == _but_mutex(restored)
    assert answered > MUTATIONS // 5, "a plan that never answers would pass this test"


def _but_mutex(made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "remembered": [name for name in made["remembered"] if name != "stamp"]}
