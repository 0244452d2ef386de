"""The stamp of scripts: it may only ever say what a run would say that finds every task fresh."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.files import sightings
from hpmtasks.front import leaving, runs
from hpmtasks.scripts.presumption import presume
from tests.support.command_line import PATIENCE_SECONDS, REPOSITORY, CommandLine, Ran, terminal

#: How many random mutations one run tries; a nightly run tries more.
MUTATIONS = int(os.environ.get("HPM_TEST_MUTATIONS", "100"))
#: What is asked for, and in which folder; all of it finds everything fresh after all of it has run.
ASKED = (
    (".", "run", "all"),
    (".", "run", "-q", "all"),
    (".", "run", "gen", "build"),
    (".", "run", "--output", "group", "build"),
    (".", "run", "-j", "2", "--keep-going", "lint"),
    (".", "test"),
    ("packages/lib", "run", "build"),
    ("packages/lib/src", "test"),
)
SCRIPTS = {
    "gen": "mkdir -p gen && cat schema/* > gen/out.txt && echo generated",
    "build": 'test -z "$FAIL" && mkdir -p dist/deep && cat src/*.txt gen/out.txt > dist/deep/out.txt'
    " && echo built; echo noted >&2",
    "lint": 'echo "$OPT_LEVEL $MODE" > lint.txt; cat config.txt >> lint.txt 2>&1; echo linted',
    "serve": "exec sleep 60",
    "test": "cat dist/deep/out.txt > report.txt",
}
TASKS: dict[str, Any] = {
    "gen": {"inputs": ["schema/**"], "outputs": ["gen/**"]},
    "build": {"dependsOn": ["gen"], "outputs": ["dist/**"], "passThroughEnv": ["FAIL"]},
    "lint": {"inputs": ["src/*.txt", "config.txt"], "outputs": ["lint.txt"], "env": ["MODE", "OPT_*"]},
    "serve": {"persistent": True},
    "test": {"dependsOn": ["build", "serve"], "inputs": ["src"], "outputs": ["report.txt"]},
    "all": {"dependsOn": ["build", "lint", "test", "acme/lib#build"]},
}
LIB = {
    "name": "acme/lib",
    "version": "1.0.0",
    "scripts": {"build": "mkdir -p out && cp src/lib.txt out/lib.txt", "test": "cp out/lib.txt tested"},
    "tasks": {
        "build": {"inputs": ["src", "//shared.txt"], "outputs": ["out"]},
        "test": {"dependsOn": ["build"], "inputs": [], "outputs": ["tested"]},
    },
}


class Project(CommandLine):
    """A workspace with scripts, a member, and a package from a folder."""

    def fill(self) -> None:
        """All of it is there, as if it was new."""
        shutil.rmtree(self.project)
        self.declare()
        for name in ("src/a.txt", "src/b.txt", "src/deep/c.txt", "schema/one", "shared.txt"):
            self.write(name, f"{name}\n")
        self.write("src/ignored.tmp", "1\n")
        self.write(".gitignore", "*.tmp\nlint.txt\nreport.txt\n")
        self.write("packages/lib/package.json", json.dumps(LIB))
        self.write("packages/lib/src/lib.txt", "lib\n")

    def declare(self, version: str = "^1.0.0", **scripts: str) -> None:
        """package.json has these *scripts*, and requires *version* of the package."""
        document = {
            "name": "me/app",
            "version": "1.0.0",
            "workspaces": ["packages/*"],
            "dependencies": {"acme/a": version},
            "scripts": {**SCRIPTS, **scripts},
            "tasks": TASKS,
        }
        self.write("package.json", json.dumps(document, indent=1))

    def publish(self, version: str) -> None:
        """There is that version of the package."""
        folder = self.folder / f"registry/acme/a/v{version}"
        (folder / "src").mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"name": "acme/a", "version": version}))
        (folder / "src/index.hml").write_text(f'export let version = "{version}";\n')

    def said(self, *asked: str, **environ: str) -> Ran | None:
        """What the stamp says to what is *asked*, the first of which is a folder; ``None``: nothing."""
        below, *arguments = asked
        written = io.BytesIO(), io.BytesIO()
        with self.inside(below, **environ) as patch:
            for name, stream in zip(("stdout", "stderr"), written, strict=True):
                patch.setattr(sys, name, io.TextIOWrapper(stream, encoding="utf-8"))
            code = runs.answer(arguments)
            out, err = (stream.getvalue().decode() for stream in written)
        if code is None:
            assert (out, err) == ("", "")
            return None
        return Ran(code, out, err)

    def presumed(self, *asked: str) -> set[str]:
        """The tasks that are fresh by what the stamp of what is *asked* still shows."""
        below, *arguments = asked
        member = "packages/lib" if below.startswith("packages/lib") else ""
        with self.inside(below):
            found = presume(str(self.project), member, arguments, self.environ)
        names = ["gen", "build", "lint", "test", "acme/lib#build", "acme/lib#test"]
        return {name for name in names if found is not None and found.of(name) is not None}

    def ran(self, *asked: str, **environ: str) -> Ran:
        """What a run by the graph does, where and what is *asked*."""
        self.below, *arguments = asked
        try:
            return self.run(*arguments, **environ)
        finally:
            self.below = "."

    def settle(self, *asked: str, **environ: str) -> None:
        """There is a stamp for what is *asked*: everything has run, and nothing was installed by the run."""
        for _ in range(3):
            if self.said(*asked, **environ) is not None:
                return
            ran = self.ran(*asked, **environ)
            assert ran.code == 0, ran.err
        assert self.said(*asked, **environ) is not None


def without_seconds(ran: Ran) -> tuple[int, str, str]:
    """*ran* with nothing that is another each time."""
    return ran.code, ran.out, re.sub(r"in \d+\.\ds", "in a while", ran.err)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """The project; nothing has run."""
    sources = [{"match": "*", "type": "directory", "path": str(tmp_path / "registry")}]
    with closing(Project(tmp_path, {"HPM_SOURCES": json.dumps(sources), "MODE": "plain"})) as opened:
        opened.publish("1.0.0")
        opened.publish("1.1.0")
        opened.fill()
        yield opened


@pytest.fixture
def settled(project: Project) -> Project:
    """Everything has run, and the stamp of ``hpm run all`` is there."""
    project.settle(".", "run", "all")
    return project


# ---- what it says


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_says_what_the_graph_says(settled: Project, asked: tuple[str, ...]) -> None:
    """Output of the tasks that were asked for, on their streams, their ends, and the line at the end."""
    settled.settle(*asked)
    said = settled.said(*asked)
    assert said is not None
    assert without_seconds(said) == without_seconds(settled.ran(*asked))


def test_speaks_right_after_the_run_that_did_the_work(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is installed on the way, the first run of all leaves it."""
    # The lock is older than the run, however little: on a fast machine it is not by a tick of the clock.
    monkeypatch.setattr(sightings, "TICK_NS", 0)
    project.ran(".", "install")
    assert "2 ran" in project.ran(".", "run", "build").err
    said = project.said(".", "run", "build")
    assert said is not None
    assert said.out == "build | built\n"
    assert said.err.startswith("build | noted\nbuild | fresh\n2 tasks: 2 fresh, in 0.")


def test_colours_names_where_a_run_does(settled: Project) -> None:
    """On a terminal, and where colour is forced."""
    settled.settle(".", "run", "gen", "build")
    said = settled.said(".", "run", "gen", "build", CLICOLOR_FORCE="1")
    assert said is not None
    ran = settled.ran(".", "run", "gen", "build", CLICOLOR_FORCE="1")
    assert "\x1b[36mgen\x1b[0m" in said.err
    assert without_seconds(said) == without_seconds(ran)


def test_speaks_on_a_terminal(settled: Project) -> None:
    """The whole of hpm, as a person calls it."""
    settled.settle(".", "run", "gen", "build")
    with terminal(settled, "run", "gen", "build") as opened:
        assert opened.end() == 0
        assert "2 tasks: 2 fresh" in opened.shown


def test_each_command_line_has_a_stamp_of_its_own_and_the_last_eight_stay(settled: Project) -> None:
    """As many are kept as a project is usually asked for, and no more."""
    folder = settled.project / runs.FOLDER
    for asked in ASKED:
        settled.settle(*asked)
    assert len(list(folder.iterdir())) == leaving.MOST == len(ASKED)
    for number in range(3):
        settled.ran(".", "run", "-j", str(number + 3), "lint")
    assert len(list(folder.iterdir())) == leaving.MOST
    assert settled.said(".", "run", "-j", "5", "lint") is not None
    assert settled.said(*ASKED[0]) is None


def test_a_run_of_one_does_not_silence_the_stamp_of_another(settled: Project) -> None:
    """Only what a run had to do with is looked at by its stamp."""
    settled.settle(".", "run", "gen", "build")
    settled.write("packages/lib/src/lib.txt", "other\n")
    assert "1 ran" in settled.ran("packages/lib", "run", "build").err
    assert settled.said(".", "run", "gen", "build") is not None
    assert settled.said(".", "run", "all") is None


ALLOWED_MODULES = {
    "hpmtasks",
    "hpmtasks.front",
    "hpmtasks.front.runs",
    "hpmtasks.front.stamp",
    "__future__",
    "fcntl",
}


def test_imports_nothing(settled: Project) -> None:
    """Tasks that are all fresh load these modules beyond what the interpreter has at its start."""
    said = settled.by_the_front("run", "all")
    assert said.modules <= ALLOWED_MODULES
    assert said.lines == []
    assert "5 tasks: 5 fresh" in said.err


# ---- when it is silent


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--force", "build"],
        ["run", "--json", "all"],
        ["run", "--verbose", "all"],
        ["run", "--dry-run", "all"],
        ["run", "--env-mode", "loose", "build"],
        ["run", "--filter", "acme/lib", "build"],
        ["run", "--no-install", "all"],
        ["run", "--color", "always", "all"],
        ["-q", "run", "all"],
        ["run"],
    ],
    ids=" ".join,
)
def test_other_ways_of_asking_are_the_graphs(settled: Project, arguments: list[str]) -> None:
    """Where more is asked for than that all is fresh, no stamp is left."""
    settled.ran(".", *arguments)
    settled.ran(".", *arguments)
    assert settled.said(".", *arguments) is None


@pytest.mark.parametrize(
    "script",
    [{"outputs": ["x"], "cache": False}, {"persistent": True}, {}],
    ids=["not kept", "service", "no outputs"],
)
def test_what_is_never_fresh_leaves_none(tmp_path: Path, script: dict[str, Any]) -> None:
    """A task that runs whenever it is asked for, too."""
    with closing(CommandLine(tmp_path)) as shell:
        document = {
            "name": "me/app",
            "version": "1.0.0",
            "scripts": {"x": "echo > x"},
            "tasks": {"x": script},
        }
        shell.write("package.json", json.dumps(document))
        shell.write(".hpm/there", "")
        assert shell.run("run", "x").code == shell.run("run", "x").code == 0
        assert not (shell.project / runs.FOLDER).exists()


def test_a_secret_that_counts_leaves_none(project: Project) -> None:
    """Its value must not stand in a file; where it is not set, there is nothing to hide."""
    tasks = {**TASKS, "gen": {**TASKS["gen"], "env": ["GEN_TOKEN"]}}
    document = json.loads((project.project / "package.json").read_text())
    project.write("package.json", json.dumps({**document, "tasks": tasks}))
    for environ in ({"GEN_TOKEN": "hush"}, {}):
        for _ in range(3):
            project.ran(".", "run", "gen", **environ)
        assert (project.said(".", "run", "gen", **environ) is None) == bool(environ)
        assert b"hush" not in b"".join(
            path.read_bytes() for path in (project.project / ".hpm").rglob("*") if path.is_file()
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "other"),
        ("OPT_LEVEL", "2"),
        ("HPM_HOME", "/elsewhere"),
        ("HPM_SOURCES", "[]"),
        ("HPM_REMOTE_CACHE", "http://127.0.0.1:1"),
        ("HPM_FASTPATH", "off"),
        ("HPM_FASTPATH", "verify"),
    ],
)
def test_another_environment_silences_it(settled: Project, name: str, value: str) -> None:
    """A variable that counts for a task, or for hpm, or that tells it to be silent."""
    assert settled.said(".", "run", "all", **{name: value}) is None
    assert settled.said(".", "run", "all", UNRELATED="2") is not None


def test_a_variable_that_is_gone_silences_it(settled: Project) -> None:
    """Not set differs from empty, and from what it was."""
    settled.settle(".", "run", "lint")
    del settled.environ["MODE"]
    assert settled.said(".", "run", "lint") is None


def test_a_copied_and_a_moved_project_are_the_graphs(settled: Project, tmp_path: Path) -> None:
    """Who stands elsewhere has other folders above."""
    settled.project.rename(tmp_path / "moved")
    (tmp_path / "project").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Project, "project", tmp_path / "moved")
        assert settled.said(".", "run", "all") is None


def test_a_workspace_around_it_silences_it(settled: Project) -> None:
    """A package.json above may make the project a member of something."""
    (settled.folder / "package.json").write_text('{"name": "a/b", "workspaces": ["project"]}')
    assert settled.said(".", "run", "all") is None


def test_while_another_process_installs_the_graph_is_asked(settled: Project) -> None:
    """Who holds the mutex may be changing packages."""
    import fcntl

    with (settled.project / ".hpm/mutex").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert settled.said(".", "run", "all") is None
    assert settled.said(".", "run", "all") is not None


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"1 2 3\n", b"x" * 99, b"0 " * 14 + b"0\n", b"-1 " * 15 + b"\n"],
    ids=["empty", "a line", "numbers", "text", "nothing", "less"],
)
def test_garbage_is_silence(settled: Project, content: bytes) -> None:
    """A file that is no stamp says nothing, and is replaced by the next run."""
    path = Path(runs.path_of(str(settled.project), "", ["run", "all"]))
    path.write_bytes(content)
    assert settled.said(".", "run", "all") is None
    settled.ran(".", "run", "all")
    assert settled.said(".", "run", "all") is not None


@pytest.mark.parametrize("at", range(11))
def test_a_torn_stamp_is_silence(settled: Project, at: int) -> None:
    """Wherever it ends."""
    path = Path(runs.path_of(str(settled.project), "", ["run", "all"]))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * at // 11])
    assert settled.said(".", "run", "all") is None


def test_a_reader_that_leaves_is_no_failure_of_its_own(settled: Project) -> None:
    """The exit code is that of a run whose reader leaves, and nothing is said of it."""
    program = "import sys; from hpmtasks.front import main; sys.exit(main())"
    settled.settle(".", "run", "gen", "build")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", program, "run", "gen", "build"],
        cwd=settled.project,
        env={**settled.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    os.close(write)
    assert (done.returncode, b"Traceback" in done.stderr) == (141, False)


# ---- HPM_FASTPATH=verify


def test_verify_agrees(settled: Project) -> None:
    """A run that is asked to compare finds what the stamp found."""
    for asked in ASKED:
        settled.settle(*asked)
        assert settled.ran(*asked, HPM_FASTPATH="verify").code == 0


def test_verify_tells_a_stamp_that_lies(settled: Project) -> None:
    """If a task was not fresh although the stamp vouched, that is a defect, loudly."""
    path = Path(runs.path_of(str(settled.project), "", ["run", "all"]))
    line, _, rest = path.read_bytes().partition(b"\n")
    sizes = [int(size) for size in line.split()]
    at = runs.SECTIONS.index("entries")
    sizes[at:] = [0] * len(sizes[at:])  # nothing is looked at
    path.write_bytes(b" ".join(b"%d" % size for size in sizes) + b"\n" + rest[: sum(sizes)])
    settled.write("schema/one", "changed\n")
    ran = settled.ran(".", "run", "all", HPM_FASTPATH="verify")
    assert ran.code == 70
    assert "gen" in ran.err


# ---- honesty: whatever is done to the project


Mutation = Callable[[Project, random.Random], None]
INPUTS = ["src/a.txt", "src/b.txt", "src/deep/c.txt", "schema/one", "shared.txt", "packages/lib/src/lib.txt"]
OUTPUTS = ["gen/out.txt", "dist/deep/out.txt", "lint.txt", "report.txt", "packages/lib/out/lib.txt"]


def _a_file(project: Project, dice: random.Random, names: list[str]) -> Path | None:
    path = project.project / dice.choice(names)
    return path if path.is_file() and not path.is_symlink() else None


def nothing(project: Project, dice: random.Random) -> None:
    """Leave all as it is."""


def touch(project: Project, dice: random.Random) -> None:
    path = _a_file(project, dice, [*INPUTS, *OUTPUTS, "package.json", "package-lock.json", ".gitignore"])
    if path:
        os.utime(path)


def rewrite_equal(project: Project, dice: random.Random) -> None:
    path = _a_file(project, dice, [*INPUTS, *OUTPUTS, "package.json", "packages/lib/package.json"])
    if path:
        path.write_bytes(path.read_bytes())


def edit(project: Project, dice: random.Random) -> None:
    path = _a_file(project, dice, [*INPUTS, *OUTPUTS, "src/ignored.tmp"])
    if path:
        path.write_text(f"{dice.randrange(3)}\n")


def edit_unseen(project: Project, dice: random.Random) -> None:
    path = _a_file(project, dice, [*INPUTS, *OUTPUTS])
    if path:
        status, data = path.stat(), path.read_bytes()
        path.write_bytes(bytes(dice.choice(b"xyz") for _ in data))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def remove(project: Project, dice: random.Random) -> None:
    path = _a_file(project, dice, [*INPUTS[:3], *OUTPUTS, ".gitignore", "config.txt", "src/ignored.tmp"])
    if path and path != project.project / "src/a.txt":
        path.unlink()


def add(project: Project, dice: random.Random) -> None:
    names = ["src/new.txt", "src/deep/new", "src/x.tmp", "schema/two", "schema/in/three", "config.txt", "top"]
    names += ["dist/stray", "gen/stray", "dist/empty/x", "packages/lib/new", "packages/lib/out/stray"]
    path = project.project / dice.choice(names)
    if not any(above.is_symlink() or above.is_file() for above in (path, *path.parents)):
        project.write(path.relative_to(project.project).as_posix(), f"{dice.randrange(2)}\n")


def remove_folder(project: Project, dice: random.Random) -> None:
    names = ["gen", "dist", "dist/deep", "src/deep", "schema/in", "packages/lib/out", "dist/empty"]
    shutil.rmtree(project.project / dice.choice(names), ignore_errors=True)


def add_folder(project: Project, dice: random.Random) -> None:
    path = project.project / dice.choice(["src/empty", "dist/empty", "gen/empty", "packages/other"])
    path.mkdir(parents=True, exist_ok=True)


def link(project: Project, dice: random.Random) -> None:
    path = _a_file(project, dice, [*INPUTS[:4], *OUTPUTS])
    if path:
        path.rename(path.with_name(f"moved {dice.randrange(2)}"))
        path.symlink_to(dice.choice(["moved 0", "moved 1", "nowhere"]))


def link_folder(project: Project, dice: random.Random) -> None:
    path = project.project / dice.choice(["src", "schema", "gen", "dist", "dist/deep", "src/deep"])
    aside = project.folder / f"aside {dice.randrange(1 << 30)}"
    if path.is_dir() and not path.is_symlink():
        path.rename(aside)
        path.symlink_to(aside)


def make_executable(project: Project, dice: random.Random) -> None:
    path = _a_file(project, dice, [*INPUTS, *OUTPUTS])
    if path:
        path.chmod(dice.choice([0o755, 0o644]))


def ignore(project: Project, dice: random.Random) -> None:
    path = project.project / dice.choice([".gitignore", "src/.gitignore"])
    if path.parent.is_dir():
        path.write_text(dice.choice(["*.tmp\n", "", "b.txt\n", "lint.txt\nreport.txt\n"]))


def configure(project: Project, dice: random.Random) -> None:
    name = dice.choice(["MODE", "OPT_LEVEL", "OPT_", "FAIL_NOT", "CI"])
    project.environ.pop(name, None)
    if dice.randrange(2):
        project.environ[name] = dice.choice(["", "1", "plain"])


def declare(project: Project, dice: random.Random) -> None:
    scripts = dice.choice([{}, {}, {"gen": SCRIPTS["gen"] + " # other"}, {"pregen": "echo first"}])
    project.declare(dice.choice(["^1.0.0", "^1.0.0", "1.0.0", "1.1.0"]), **scripts)


def declare_member(project: Project, dice: random.Random) -> None:
    version = dice.choice(["1.0.0", "1.0.1"])
    if (project.project / "packages/lib").is_dir():
        project.write("packages/lib/package.json", json.dumps({**LIB, "version": version}))


def lose_notes(project: Project, dice: random.Random) -> None:
    names = ["scripts", "scripts/gen.json", "digests.json", "state.json", "stamp", "runs", "resolution.json"]
    path = project.project / ".hpm" / dice.choice(names)
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def spoil_notes(project: Project, dice: random.Random) -> None:
    found = sorted(project.project.glob(".hpm/scripts/*.json"))
    if found:
        path = dice.choice(found)
        data = bytearray(path.read_bytes())
        data[dice.randrange(len(data))] ^= 1
        path.write_bytes(data)


def lose_packages(project: Project, dice: random.Random) -> None:
    path = project.project / dice.choice(["hem_modules", "hem_modules/acme/a", "package-lock.json"])
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def lose_results(project: Project, dice: random.Random) -> None:
    blobs = sorted(project.home.glob("cache/v1/results/*/*/*"))
    for blob in dice.sample(blobs, min(len(blobs), 3)):
        blob.unlink()


def run_another(project: Project, dice: random.Random) -> None:
    project.ran(".", "run", *dice.choice([("--force", "gen"), ("build",), ("lint",), ("build", "--", "x")]))


def fail(project: Project, dice: random.Random) -> None:
    project.ran(".", "run", "--force", "build", FAIL="1")


def link_package(project: Project, dice: random.Random) -> None:
    project.ran(
        ".", *dice.choice([("link", str(project.folder / "registry/acme/a/v1.1.0")), ("unlink", "acme/a")])
    )


MUTATIONS_OF: list[Mutation] = [
    nothing,
    nothing,
    touch,
    rewrite_equal,
    edit,
    edit_unseen,
    remove,
    add,
    remove_folder,
    add_folder,
    link,
    link_folder,
    make_executable,
    ignore,
    configure,
    declare,
    declare_member,
    lose_notes,
    spoil_notes,
    lose_packages,
    lose_results,
    run_another,
    fail,
    link_package,
]


def _mutated(project: Project, dice: random.Random, environ: dict[str, str]) -> tuple[tuple[str, ...], str]:
    """Something was asked for, and then something happened to the project; what, and how that is called."""
    asked = dice.choice(ASKED)
    if project.ran(*asked).code or dice.randrange(6) == 0:
        project.fill()
        project.environ = dict(environ)
        project.ran(*asked)
    mutations = dice.choices(MUTATIONS_OF, k=dice.choice([1, 1, 1, 2]))
    for mutate in mutations:
        mutate(project, dice)
    return asked, f"{' '.join(asked)}, after {', '.join(mutate.__name__ for mutate in mutations)}"


@pytest.mark.slow
def test_it_says_what_a_run_says_or_nothing(project: Project) -> None:
    """After random mutations, whenever the stamp speaks, a run finds all fresh and prints the same."""
    dice = random.Random(20261122)  # noqa: S311  chance, not secrets
    environ = dict(project.environ)
    spoke = 0
    for _ in range(MUTATIONS):
        asked, told = _mutated(project, dice, environ)
        said = project.said(*asked)
        if said is not None:
            ran = project.ran(*asked, HPM_FASTPATH="off")
            assert without_seconds(said) == without_seconds(ran), told
            spoke += 1
    assert spoke > MUTATIONS // 20, "a stamp that never speaks would pass this test"


@pytest.mark.slow
def test_what_is_presumed_to_be_fresh_is_fresh(project: Project) -> None:
    """After random mutations, whatever a stamp still shows of a task, a look at all of it finds the same."""
    dice = random.Random(20261123)  # noqa: S311  chance, not secrets
    environ = dict(project.environ)
    presumed = 0
    for _ in range(MUTATIONS):
        asked, told = _mutated(project, dice, environ)
        shown = project.presumed(*asked)
        foreseen = project.ran(asked[0], asked[1], "--dry-run=json", *asked[2:], HPM_FASTPATH="off")
        if shown and foreseen.code == 0:
            verdicts = {each["task"]: each["verdict"] for each in foreseen.data["tasks"]}
            stale = [task for task in shown & verdicts.keys() if verdicts[task] not in ("fresh", "depends")]
            assert not stale, told
            presumed += len(shown)
    assert presumed > MUTATIONS // 4, "who presumes nothing would pass this test"


def test_only_what_changed_and_what_needs_it_is_looked_at(settled: Project) -> None:
    """Of the tasks of a stamp that has become silent, those stay fresh whose files are as they were."""
    assert settled.presumed(".", "run", "all") == {"gen", "build", "lint", "test", "acme/lib#build"}
    settled.write("packages/lib/src/lib.txt", "other\n")
    assert settled.presumed(".", "run", "all") == {"gen", "build", "lint", "test"}
    (settled.project / "gen/out.txt").unlink()
    assert settled.presumed(".", "run", "all") == {"lint", "test"}
    settled.declare(gen="true")
    assert settled.presumed(".", "run", "all") == set()


def test_what_is_fresh_beside_what_never_is_is_presumed(settled: Project) -> None:
    """A run that always has something to do leaves no word for the next, but what is fresh for all that."""
    document = json.loads((settled.project / "package.json").read_text())
    document["scripts"]["see"] = "cat dist/deep/out.txt"
    document["tasks"]["see"] = {"dependsOn": ["build"]}
    settled.write("package.json", json.dumps(document))
    asked = (".", "run", "see")
    for _ in range(3):
        assert settled.ran(*asked).code == 0
    assert settled.said(*asked) is None
    assert settled.presumed(*asked) == {"gen", "build"}


def test_what_was_fresh_in_a_run_that_failed_is_presumed(settled: Project) -> None:
    """Who mends one task does not wait for the others to be looked at."""
    settled.write("src/deep/c.txt", "changed\n")
    for _ in range(2):
        assert settled.ran(".", "run", "all", FAIL="1").code != 0
    assert settled.said(".", "run", "all") is None
    assert "gen" in settled.presumed(".", "run", "all")
    assert "build" not in settled.presumed(".", "run", "all")


def test_what_needs_what_has_changed_is_looked_at(settled: Project) -> None:
    """Although nothing of its own was another when the run began."""
    settled.write("schema/one", "changed\n")
    assert "5 tasks: 3 ran, 2 fresh" in settled.ran(".", "run", "all").err
    assert "changed" in (settled.project / "report.txt").read_text()
    settled.write("schema/one", "schema/one\n")
    assert "5 tasks: 3 restored, 2 fresh" in settled.ran(".", "run", "all").err
    assert "changed" not in (settled.project / "report.txt").read_text()
