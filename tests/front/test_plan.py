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
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.files.removal import remove_tree
from hpmtasks.files.sealed import seal
from hpmtasks.front import linking, plan, plan_file, stamp
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

    def restored(self, command: str = "install", **environ: str) -> str | None:
        """What the plan says to *command*; ``None`` if it left that to the graph."""
        with self.inside(**environ):
            return plan.answer(command)

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
    with project.inside():
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
    monkeypatch.setattr(linking, "_FILES_FOR_TWO", 1)
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
        content = plan_file.unsealed(path.read_bytes())
        path.write_bytes(plan_file.sealed({**content, "boot": "another"}))


def _plans_gone(project: Project) -> None:
    for path in project.plans:
        path.unlink()


def _stored_file_gone_of_another(project: Project) -> None:
    """What the files that are checked out need is not in the store; it is not what stands."""
    for path in project.store.glob("v1/trees/*/*/files/src/index.hml"):
        if path.read_text() == 'export let version = "a 1.1.0";\n':
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


def test_what_the_last_plan_has_is_not_read_from_the_store_again(project: Project) -> None:
    """The plan of a project that needs one package less, or more, reads only what came."""
    for index in project.store.glob("v1/trees/*/*/index.json"):
        index.unlink()
    project.require({"acme/a": "^1.0.0"})
    project.ran()
    project.without_modules()
    assert project.restored() is not None


def test_what_the_last_plan_had_wrong_is_made_anew(project: Project) -> None:
    """A stored file that became another one since is in the next plan, too, until that was tried."""
    _stored_content(project)
    project.require({"acme/a": "^1.0.0"})
    project.ran()
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


def test_a_tree_that_is_to_be_made_anew_is_left_to_the_graph(project: Project) -> None:
    """``hpm ci`` promises more of a tree that is there than that it looks as it was left."""
    assert project.restored("ci") is None
    project.without_modules()
    assert project.restored("ci") is not None


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

    def link(source: str, target: str, **folders: Any) -> None:
        if next(made) == number:
            raise OSError(errno.EXDEV, "not here")
        real(source, target, **folders)

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", link)
        assert project.restored() is None
    assert not project.modules.exists()
    assert not list(project.project.rglob(".tmp-*"))
    assert len(project.ran()) > 0


def test_an_interruption_leaves_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle, with a second process at work: no hem_modules, nothing temporary, no process."""
    monkeypatch.setattr(linking, "_FILES_FOR_TWO", 1)
    project.without_modules()
    parent = os.getpid()

    def link(source: str, target: str, **folders: Any) -> None:
        del source, target, folders
        if os.getpid() == parent:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(KeyboardInterrupt):
        project.restored()
    assert not project.modules.exists()
    assert not list(project.project.rglob(".tmp-*"))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, 0)


def test_a_second_process_that_fails_makes_it_the_graphs(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one of the two cannot link, neither of them has."""
    monkeypatch.setattr(linking, "_FILES_FOR_TWO", 1)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    project.without_modules()
    parent, real = os.getpid(), os.link

    def link(source: str, target: str, **folders: Any) -> None:
        if os.getpid() != parent:
            raise OSError(errno.ENOSPC, "full")
        real(source, target, **folders)

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
    assert plan_file.STORE == layout.VERSION
    assert Path(plan_file.path_of(str(tmp_path), "x")) == layout.Layout(tmp_path).plans / "x"


def test_what_killed_processes_began_is_gone(project: Project) -> None:
    """What was laid out by a process that is no more goes; what a living one makes stays."""
    own = plan._temporary_name().rsplit("-", 2)[0]
    dead, alive = (project.project / ".hpm" / f"{own}-{number}-ab" for number in (2**22 + 1, os.getppid()))
    for folder in (dead, alive):
        (folder / "acme/a").mkdir(parents=True)
    half = dead.with_name(f"{dead.name}c")
    half.write_text("half")
    project.without_modules()
    assert project.restored() is not None
    assert (dead.exists(), half.exists(), alive.exists()) == (False, False, True)


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
    "hpmtasks.front.linking",
    "hpmtasks.front.plan",
    "hpmtasks.front.plan_file",
    "hpmtasks.front.request",
    "hpmtasks.front.sources",
    "hpmtasks.front.stamp",
    "hpmtasks.front.standing",
    "hpmtasks.front.telling",
    "xxhash",
    "xxhash._xxhash",
    "xxhash.version",
    "zlib",
}


def test_restoring_imports_next_to_nothing(project: Project) -> None:
    """A restored installation loads these modules and no others but the interpreter's own."""
    project.without_modules()
    said = project.by_the_front("install")
    assert said.lines[-1].startswith("Installed 4 packages in ")
    assert said.modules <= ALLOWED_MODULES


# ---- another plan's packages


def _two_plans(project: Project) -> None:
    """Two branches were installed, and the files of the first are checked out; the second's tree stands."""
    first = project.documents()
    project.require({"acme/a": "1.0.0", "acme/c": "^1.0.0", "acme/b": "^1.0.0"})
    project.ran()
    for name, content in first.items():
        assert content is not None
        project.write(name, content)


def _twin(project: Project) -> Project:
    """A project as *project* is now, with the same store."""
    folder = project.folder / "twin"
    remove_tree(folder)
    shutil.copytree(project.project, folder / "project", symlinks=True, copy_function=os.link)
    for name in (".hpm/mutex", "package.json", "package-lock.json"):
        path = folder / "project" / name
        if path.exists():
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content)
    twin = Project(folder, project.environ)
    twin.environ["HPM_HOME"] = str(project.home)
    return twin


def _same_but_dead(made: dict[str, Any]) -> dict[str, Any]:
    """*made* without what is remembered of packages that are gone, and of how they came to the store."""
    packages = {
        key: each for key, each in made["packages"].items() if f"hem_modules/{each[0]}" in made["modules"]
    }
    wanted = {f"extract:{each[0]}" for each in packages.values()}
    tasks = {name: values for name, values in made["tasks"].items() if name in wanted}
    remembered = [name for name in made["remembered"] if name != "stamp"]
    return {**made, "packages": packages, "tasks": tasks, "remembered": remembered}


def test_packages_of_another_plan_are_exchanged(project: Project) -> None:
    """Tree, lock, state and words are those of the graph; afterwards it has nothing to do."""
    _two_plans(project)
    with closing(_twin(project)) as twin:
        graph = twin.run("install", HPM_FASTPATH="off")
        said = project.restored()
        assert said is not None
        assert "~ acme/a: 1.0.0 \u2192 1.1.0" in said
        assert "+ acme/d@1.1.0" in said or "acme/d" not in graph.out
        assert _timeless(f"{said}\n") == _timeless(graph.out)
        assert _same_but_dead(project.made()) == _same_but_dead(twin.made())
    assert project.ran() == []


def test_what_stays_is_not_touched(project: Project) -> None:
    """A package that both have keeps its folder, and what hpm did not make stays where it is."""
    _two_plans(project)
    inode = (project.modules / "acme/c").stat().st_ino
    (project.modules / "acme/mine").mkdir()
    (project.modules / "other").write_text("mine")
    assert project.restored() is not None
    assert (project.modules / "acme/c").stat().st_ino == inode
    assert (project.modules / "acme/mine").is_dir()
    assert (project.modules / "other").read_text() == "mine"
    assert list(project.project.rglob(".tmp-*")) == []


def test_files_that_were_only_checked_out_again_change_nothing(project: Project) -> None:
    """Where times differ and nothing else, there is a stamp again, and the state is as it was."""
    state = (project.project / ".hpm/state.json").read_bytes()
    for name in ("package.json", "package-lock.json"):
        os.utime(project.project / name, ns=(1, 1))
    assert project.restored() == "Everything is up to date (4 packages)."
    assert (project.project / ".hpm/state.json").read_bytes() == state
    assert project.run("install", HPM_FASTPATH="verify").code == 0


def _package_edited(project: Project) -> None:
    (project.modules / "acme/a/stray").write_text("x")


def _package_unknown(project: Project) -> None:
    remove_tree(project.modules / "acme/c")
    shutil.copytree(project.modules / "acme/b", project.modules / "acme/c")


def _package_linked(project: Project) -> None:
    remove_tree(project.modules / "acme/c")
    (project.modules / "acme/c").symlink_to(project.registry)


def _owner_linked(project: Project) -> None:
    (project.modules / "acme").rename(project.project / "elsewhere")
    (project.modules / "acme").symlink_to("../elsewhere")


def _modules_linked(project: Project) -> None:
    project.modules.rename(project.project / "elsewhere")
    project.modules.symlink_to("elsewhere")


def _going_edited(project: Project) -> None:
    project.require({"acme/c": "^1.0.0"})
    project.ran()
    _two_plans(project)
    remove_tree(project.modules / "acme/b")
    shutil.copytree(project.registry / "acme/b/v1.0.0", project.modules / "acme/b")
    project.require({"acme/c": "^1.0.0"})


def _state_gone(project: Project) -> None:
    (project.project / ".hpm/state.json").unlink()


def _state_flipped(project: Project) -> None:
    path = project.project / ".hpm/state.json"
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def _state_of_another_boot(project: Project) -> None:
    _state_with(project, boot="another")


def _state_with_shims(project: Project) -> None:
    tasks = {"imports:acme/a": {"_values_:": {"shims": {"hem_modules/x": "1"}}}}
    _state_with(project, tasks=tasks)


def _state_without_tasks(project: Project) -> None:
    _package_kept_only(project)
    _state_with(project, tasks={})


def _package_kept_only(project: Project) -> None:
    """The tree is that of the files that are checked out."""
    assert project.restored() is not None


def _state_with(project: Project, **fields: object) -> None:
    path = project.project / ".hpm/state.json"
    document = json.loads(path.read_bytes()) | fields
    del document["fingerprint"]
    path.write_bytes(seal(json.dumps(document, separators=(",", ":"))))


STANDING: list[Callable[[Project], None]] = [
    _package_edited,
    _package_unknown,
    _package_linked,
    _owner_linked,
    _modules_linked,
    _going_edited,
    _state_gone,
    _state_flipped,
    _state_of_another_boot,
    _state_with_shims,
    _state_without_tasks,
    _stored_file_gone_of_another,
]


@pytest.mark.parametrize("change", STANDING, ids=lambda change: change.__name__.strip("_"))
def test_what_is_not_as_it_was_left_is_the_graphs(
    project: Project, change: Callable[[Project], None]
) -> None:
    """What hpm did not leave so is neither taken for a package nor replaced; nothing has happened."""
    _two_plans(project)
    change(project)
    before = project.everything()
    assert project.restored() is None
    after = project.everything()
    assert {key: value for key, value in after.items() if key != ".hpm/mutex"} == {
        key: value for key, value in before.items() if key != ".hpm/mutex"
    }


def _failing_at(limit: int) -> Callable[[str, str], None]:
    """As ``os.rename``; the call of that number fails."""
    count, real = iter(range(100)), os.rename

    def rename(source: str, target: str) -> None:
        if next(count) == limit:
            raise OSError(errno.EIO, "no")
        real(source, target)

    return rename


def test_an_exchange_that_fails_in_the_middle_is_mended_by_the_graph(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the renames fails, each package is whole or missing, and an installation mends it."""
    wanted: dict[str, Any] = {}
    for failing in range(12):
        _two_plans(project)
        with monkeypatch.context() as patch:
            patch.setattr(os, "rename", _failing_at(failing))
            said = project.restored()
        leftovers = list(project.project.rglob(".tmp-*"))
        assert leftovers == []
        if said is not None:
            break
        project.ran()
        made = _same_but_dead(project.made())["modules"]
        assert wanted.setdefault("modules", made).keys() == made.keys()
    assert failing == 2, "not each rename was made to fail"


# ---- the property


def _nothing(project: Project) -> None:
    """Leave all as it is."""


def _other_requirements(project: Project, dice: random.Random) -> None:
    wanted = {f"acme/{name}": dice.choice(["^1.0.0", "1.0.0", "1.1.0"]) for name in NAMES}
    for name in dice.sample(sorted(wanted), dice.randrange(3)):
        del wanted[name]
    project.require(wanted)


def _switch(project: Project, dice: random.Random, seen: list[dict[str, bytes | None]]) -> None:
    """Check another branch out, as git does."""
    for name, content in dice.choice(seen).items():
        if content is not None:
            project.write(name, content)


def _stray(folder: Path) -> None:
    (folder / "stray").write_text("x")


def _change(project: Project, dice: random.Random, seen: list[dict[str, bytes | None]]) -> None:
    """What people, git and broken disks do; each installation that *seen* holds can be checked out again."""
    if dice.random() < 0.3:
        _other_requirements(project, dice)
        if dice.random() < 0.7:
            project.ran()
            seen.append(project.documents())
    elif dice.random() < 0.3:
        damage = dice.choice([_stored_content, _stored_file_gone, _plan_flipped, _plans_gone, _lock])
        with suppress(StopIteration, OSError):
            damage(project)
        project.without_modules()  # of what stands there, linked to the same files, a copy is read anew
    if dice.random() < 0.5:
        _switch(project, dice, seen)
    if dice.random() < 0.2:
        remove_tree(project.project / ".hpm")
    if dice.random() < 0.1:
        for folder in sorted(project.modules.glob("acme/*"))[: dice.randrange(1, 3)]:
            dice.choice([remove_tree, _stray])(folder)
    if dice.random() < 0.4:
        project.without_modules()


@pytest.mark.slow
def test_what_is_restored_is_what_the_graph_would_have_made(project: Project) -> None:
    """After random changes: where the plan answers, the graph makes the very same of the same."""
    dice = random.Random(20261122)  # noqa: S311  chance, not secrets
    answered, exchanged = 0, 0
    seen = [project.documents()]
    for _ in range(MUTATIONS):
        _change(project, dice, seen)
        is_exchange = project.modules.exists()
        with closing(_twin(project)) as twin:
            said = project.restored()
            if said is not None:
                answered += 1
                exchanged += is_exchange
                graph = twin.run("install", HPM_FASTPATH="off")
                assert _timeless(f"{said}\n") == _timeless(graph.out)
                assert _same_but_dead(project.made()) == _same_but_dead(twin.made())
        ran = project.ran()
        assert said is None or ran == []
    assert answered > MUTATIONS // 5, "a plan that never answers would pass this test"
    assert exchanged > MUTATIONS // 20, "a plan that never exchanges would pass this test"
