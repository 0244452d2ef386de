"""The stamp: it may only ever say "up to date", and never when the graph would run something."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks import __version__
from hpmtasks.front import stamp
from hpmtasks.project.settings import VARIABLES
from tests.support.command_line import CommandLine
from tests.support.compiled_fronts import make_if_possible

NAMES = ["a", "b", "c", "d"]
#: How many random mutations one run tries; a nightly run tries more.
MUTATIONS = int(os.environ.get("HPM_TEST_MUTATIONS", "300"))


class Project(CommandLine):
    """A project with four packages from a folder."""

    @property
    def registry(self) -> Path:
        """Where the packages are."""
        return self.folder / "registry"

    @property
    def stamp_path(self) -> Path:
        """The stamp."""
        return self.project / ".hpm/stamp"

    def claims(self, **environ: str) -> str | None:
        """What the stamp says to ``hpm install``."""
        with self.inside(**environ):
            return stamp.answer()

    def ran(self) -> list[str]:
        """The tasks that the graph runs."""
        done = self.run("install", "--json")
        assert done.code == 0, done.err
        return [str(task) for task in done.data["tasks"]]

    def module(self, name: str) -> Path:
        """The folder of ``acme/<name>`` in hem_modules."""
        return self.project / "hem_modules/acme" / name


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """The project, installed; its stamp says so."""
    sources = [{"match": "*", "type": "directory", "path": str(tmp_path / "registry")}]
    with closing(Project(tmp_path, {"HPM_SOURCES": json.dumps(sources)})) as opened:
        for name in NAMES:
            for version in ("1.0.0", "1.1.0"):
                folder = opened.registry / "acme" / name / f"v{version}"
                (folder / "src").mkdir(parents=True)
                manifest = {"name": f"acme/{name}", "version": version}
                (folder / "package.json").write_text(json.dumps(manifest))
                (folder / "src/index.hml").write_text(f'export let version = "{version}";\n')
        opened.require({f"acme/{name}": "^1.0.0" for name in NAMES})
        opened.ran()
        yield opened


def test_stamp_speaks_right_after_an_installation(project: Project) -> None:
    """The very next run needs no graph, and says what the graph would say."""
    assert project.claims() == "Everything is up to date (4 packages)."
    assert project.run("install").out == "Everything is up to date (4 packages).\n"


def test_stamp_speaks_from_a_folder_below(project: Project) -> None:
    """The project is found upwards, as by every command."""
    project.below = "src/deep"
    project.cwd.mkdir(parents=True)
    assert project.claims() == "Everything is up to date (4 packages)."


def _nothing_differs(project: Project) -> None:
    del project


def _lock_has_a_space(project: Project) -> None:
    path = project.project / "package-lock.json"
    path.write_text(path.read_text() + " ")


LEAVING: list[tuple[str, Callable[[Project], None]]] = [
    ("install", _nothing_differs),
    ("install --locked", _nothing_differs),
    ("install --frozen", _nothing_differs),
    ("install --offline", _nothing_differs),
    ("ci", _nothing_differs),
    ("update", _nothing_differs),
    ("update acme/a", _nothing_differs),
    ("update --latest", _nothing_differs),
    ("uninstall acme/d", _nothing_differs),
    ("install acme/a@1.0.0", _nothing_differs),
    ("install", _lock_has_a_space),
]


@pytest.mark.parametrize(("line", "change"), LEAVING, ids=lambda each: str(getattr(each, "__name__", each)))
def test_who_leaves_everything_in_place_leaves_a_stamp(
    project: Project, line: str, change: Callable[[Project], None]
) -> None:
    """The installation after any of these commands is answered by the stamp, and rightly so."""
    change(project)
    project.stamp_path.unlink()
    assert project.run(*line.split()).code == 0
    claimed = project.claims()
    assert claimed is not None
    assert project.run("install", HPM_FASTPATH="verify").out == f"{claimed}\n"


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ("install --prod", _nothing_differs),
        ("install --dry-run", _nothing_differs),
        ("install --frozen", _lock_has_a_space),
        ("ci", _lock_has_a_space),
    ],
    ids=lambda each: str(getattr(each, "__name__", each)),
)
def test_who_leaves_something_to_do_leaves_none(
    project: Project, line: str, change: Callable[[Project], None]
) -> None:
    """What an installation would still bring, or write more neatly, is not answered for."""
    project.require({"acme/a": "^1.0.0"}, dev={"acme/b": "^1.0.0"})
    project.ran()
    change(project)
    project.stamp_path.unlink()
    assert project.run(*line.split()).code == 0
    assert project.claims() is None


def test_a_link_silences_it_until_it_ends(project: Project) -> None:
    """A linked folder is deeper than the stamp looks; who unlinks it leaves everything in place."""
    shutil.copytree(project.registry / "acme/a/v1.0.0", project.folder / "mine")
    assert project.run("link", str(project.folder / "mine")).code == 0
    assert project.claims() is None
    assert project.run("unlink", "acme/a").code == 0
    assert project.claims() == "Everything is up to date (4 packages)."
    assert project.run("install", HPM_FASTPATH="verify").code == 0


def test_who_is_to_be_warned_is_warned_each_time(project: Project) -> None:
    """A warning that the graph gives with nothing to do is not swallowed by a stamp."""
    manifest = json.loads((project.project / "package.json").read_text())
    project.write("patches/x.patch", "")
    manifest["hpm"] = {"patches": {"acme/z@1.0.0": "patches/x.patch"}}
    project.write("package.json", json.dumps(manifest))
    for _ in range(2):
        assert "acme/z" in project.run("install").err
        assert project.claims() is None


@pytest.mark.parametrize("name", ["HPM_HOME", "HPM_CACHE_DIR"])
def test_folders_that_depend_on_where_one_stands_leave_none(project: Project, name: str) -> None:
    """From a folder below, the same word names another folder."""
    assert project.run("install", **{name: "here"}).code == 0
    assert project.claims(**{name: "here"}) is None


def test_stamp_is_silent_while_another_process_installs(project: Project) -> None:
    """Who holds the mutex may be changing everything."""
    import fcntl

    with (project.project / ".hpm/mutex").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert project.claims() is None
    assert project.claims() is not None


def test_stamp_of_a_copied_project_is_not_believed(project: Project, tmp_path: Path) -> None:
    """A copy brings its stamp along, and is judged by its own files, not by the original's."""
    shutil.copytree(project.project, tmp_path / "copy/project", symlinks=True)
    shutil.rmtree(tmp_path / "copy/project/hem_modules/acme/a")
    with closing(Project(tmp_path / "copy", project.environ)) as copy:
        assert copy.claims() is None


@pytest.mark.parametrize("name", [name for name in stamp.VARIABLES if name != "HOME"])
def test_another_environment_silences_it(project: Project, name: str) -> None:
    """A variable that could change the outcome makes the graph decide."""
    assert project.claims(**{name: "other"}) is None


def test_verify_tells_a_stamp_that_lies(project: Project) -> None:
    """If the graph had to run something although the stamp vouched, that is a defect, loudly."""
    text = project.stamp_path.read_bytes()
    shutil.rmtree(project.module("a"))
    fields = text.split(b"\0")
    header = 2 + len(stamp.environment_now({}))
    kept = fields[:header]
    for then, path in zip(fields[header:-1:2], fields[header + 1 : -1 : 2], strict=True):
        if not path.startswith(b"hem_modules"):
            kept += [then, path]
    project.stamp_path.write_bytes(b"\0".join([*kept, fields[-1]]))
    ran = project.run("install", HPM_FASTPATH="verify")
    assert ran.code == 70
    assert "extract:acme/a" in ran.err


@pytest.mark.parametrize("content", [b"", b"\0", b"4", b"nonsense", b"4\0" * 40, b"\xff\xfe\0" * 30])
def test_garbage_is_silence(project: Project, content: bytes) -> None:
    """A stamp that is not one says nothing, and is replaced by the next run."""
    project.stamp_path.write_bytes(content)
    assert project.claims() is None
    assert project.ran() == []
    assert project.claims() is not None


def test_nothing_of_the_stamp_is_printed(project: Project) -> None:
    """Whoever can write the file cannot put words, or control characters, into hpm's mouth."""
    fields = project.stamp_path.read_bytes().split(b"\0")
    project.stamp_path.write_bytes(b"\0".join([b"\x1b[31m4", *fields[1:]]))
    assert project.claims() is None


def test_variables_are_those_that_are_read() -> None:
    """Every variable that decides what an installation does is looked at; the others are named here."""
    harmless = {
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NO_COLOR",
        "CI",
        "USER",
        "HPM_FASTPATH",
        "HPM_HTTP_CLIENT",
        "HPM_WORKERS",
        "HPM_SPECULATION",
        "HPM_MINIMUM_RELEASE_AGE",  # what is locked may be of any age
        "HPM_REMOTE_CACHE",
        "HPM_REMOTE_CACHE_TOKEN",
        "HPM_REMOTE_WRITE",
        "HPM_AUDIT_DATABASE",
        "HPM_OSV_URL",
        "SOURCE_DATE_EPOCH",
        "CLICOLOR_FORCE",
        "TERM",
    }
    assert set(VARIABLES) - harmless <= set(stamp.VARIABLES)


def test_format_names_this_version() -> None:
    """The stamp of another hpm is not recognised."""
    assert f"hpm {__version__}," in stamp.FORMAT


ALLOWED_MODULES = {
    "hpmtasks",
    "hpmtasks.front",
    "hpmtasks.front.request",
    "hpmtasks.front.stamp",
    "__future__",
    "fcntl",
}


def test_saying_nothing_to_do_imports_nothing(project: Project) -> None:
    """A no-op loads these modules and no others beyond what the interpreter has at its start."""
    said = project.by_the_front("install")
    assert said.lines == ["Everything is up to date (4 packages)."]
    assert said.modules <= ALLOWED_MODULES


# ---- honesty: whatever is done to the project


Mutation = Callable[[Project, random.Random], None]


def _are_folders(*paths: Path) -> bool:
    return all(path.is_dir() and not path.is_symlink() for path in paths)


def touch(project: Project, dice: random.Random) -> None:
    path = project.project / dice.choice(["package.json", "package-lock.json", "hem_modules", ".hpm"])
    if path.exists():
        os.utime(path)


def rewrite_equal(project: Project, dice: random.Random) -> None:
    path = project.project / dice.choice(["package.json", "package-lock.json", ".hpm/state.json"])
    if path.exists():
        path.write_bytes(path.read_bytes())


def change_requirement(project: Project, dice: random.Random) -> None:
    wanted = {f"acme/{name}": dice.choice(["^1.0.0", "1.0.0", "1.1.0", "~1.1.0"]) for name in NAMES}
    for name in dice.sample(sorted(wanted), dice.randrange(3)):
        del wanted[name]
    project.require(wanted)


def same_size_edit(project: Project, dice: random.Random) -> None:
    path = project.project / "package.json"
    stat = path.stat()
    text = path.read_text()
    path.write_text(text.replace("1.0.0", dice.choice(["1.0.1", "1.1.0"]), 1))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def edit_lock(project: Project, dice: random.Random) -> None:
    path = project.project / "package-lock.json"
    if path.exists():
        path.write_text(path.read_text() + dice.choice(["", " ", "\n"]))


def delete_something(project: Project, dice: random.Random) -> None:
    name = dice.choice(
        ["package-lock.json", "hem_modules", ".hpm", ".hpm/state.json", ".hpm/resolution.json"]
    )
    path = project.project / name
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)


def delete_package(project: Project, dice: random.Random) -> None:
    shutil.rmtree(project.module(dice.choice(NAMES)), ignore_errors=True)


def replace_package(project: Project, dice: random.Random) -> None:
    folder, other = (project.module(name) for name in dice.sample(NAMES, 2))
    if _are_folders(folder, other):
        shutil.rmtree(folder)
        shutil.copytree(other, folder)


def swap_packages(project: Project, dice: random.Random) -> None:
    folder, other = (project.module(name) for name in dice.sample(NAMES, 2))
    if _are_folders(folder, other):
        folder.rename(folder.with_name("tmp"))
        other.rename(folder)
        folder.with_name("tmp").rename(other)


def stray_entry(project: Project, dice: random.Random) -> None:
    folder = project.module(dice.choice(NAMES))
    if _are_folders(folder):
        (folder / "stray").write_text("x")


def link_package(project: Project, dice: random.Random) -> None:
    folder = project.module(dice.choice(NAMES))
    if _are_folders(folder):
        shutil.rmtree(folder)
        folder.symlink_to(project.registry)


def configure(project: Project, dice: random.Random) -> None:
    project.home.mkdir(exist_ok=True)
    (project.home / "config.json").write_text(dice.choice(["{}", '{"github_token": "x"}', '{"sources": []}']))


def use_hpm(project: Project, dice: random.Random) -> None:
    lines = (
        "install --frozen",
        "install --locked",
        "install --prod",
        "ci",
        "update",
        "lock",
        "update acme/a",
    )
    project.run(*dice.choice(lines).split())


def require_by_hpm(project: Project, dice: random.Random) -> None:
    name = f"acme/{dice.choice(NAMES)}"
    project.run(*dice.choice([["install", name], ["install", f"{name}@1.0.0"], ["uninstall", name]]))


def nothing(project: Project, dice: random.Random) -> None:
    """Leave all as it is."""


MUTATIONS_OF: list[Mutation] = [
    nothing,
    touch,
    rewrite_equal,
    change_requirement,
    same_size_edit,
    edit_lock,
    delete_something,
    delete_package,
    replace_package,
    swap_packages,
    stray_entry,
    link_package,
    configure,
    use_hpm,
    require_by_hpm,
]


@pytest.mark.slow
def test_stamp_never_vouches_for_what_the_graph_would_change(project: Project, tmp_path: Path) -> None:
    """After random mutations, whenever the stamp says "up to date" the graph runs nothing.

    The compiled front, where there is a compiler, says the same each time.
    """
    compiled = make_if_possible(tmp_path)
    dice = random.Random(20261121)  # noqa: S311  chance, not secrets
    vouched = 0
    for _ in range(MUTATIONS):
        mutations = dice.choices(MUTATIONS_OF, k=dice.choice([1, 1, 1, 2]))
        for mutate in mutations:
            mutate(project, dice)
        claimed = project.claims()
        assert compiled is None or compiled.says(project.cwd, project.environ, "install") == claimed
        try:
            ran = project.ran()
        except AssertionError:
            assert claimed is None
            project.require({f"acme/{name}": "^1.0.0" for name in NAMES})
            ran = project.ran()
        told = ", ".join(mutate.__name__ for mutate in mutations)
        assert claimed is None or not ran, f"after {told} the stamp vouched, and {ran} ran"
        vouched += claimed is not None
    assert vouched > MUTATIONS // 20, "a stamp that never vouches would pass this test"


def test_what_killed_processes_began_is_gone(project: Project) -> None:
    """A stamp that was never finished is swept by the next run that changes something; the stamp is there."""
    for number in (4, 99999):
        (project.stamp_path.parent / f"stamp.{number}").write_bytes(b"half")
    shutil.rmtree(project.module("a"))
    assert project.ran() != []
    assert [path.name for path in project.stamp_path.parent.glob("stamp*")] == ["stamp"]
