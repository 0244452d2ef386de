"""Imports: shims that let the interpreter find packages, made once, and gone when nobody needs them."""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from hpmtasks.hemlock.shims import MARK
from tests.support.git_repositories import Content, package
from tests.support.interpreter import HEMLOCK, hemlock, needs_hemlock, path_with
from tests.support.projects import DirectoryRegistry, ProjectFolder

BETA = "let n = 0;\nexport fn bump() { n = n + 1; return n; }\nexport const SIZE = 3;\n"
ALPHA = 'import { bump } from "acme/beta";\nexport fn up() { return bump(); }\n'
MAIN = """\
import { up } from "acme/alpha";
import { bump } from "acme/beta";
import * as beta from "acme/beta";
print(up());
print(bump());
print(beta.bump());
print(beta.SIZE);
"""
OWN_SHIMS = ["src/hem_modules/acme/alpha/src/index.hml", "src/hem_modules/acme/beta/src/index.hml"]
IN_ALPHA = "hem_modules/acme/alpha/src/hem_modules/acme/beta/src/index.hml"


def source(name: str, text: str, **dependencies: str) -> dict[str, Content]:
    """A package whose main module is *text*; a dependency ``beta`` is ``acme/beta``."""
    needs = {f"acme/{repo}": constraint for repo, constraint in dependencies.items()}
    return {**package(name, "1.0.0", needs), "src/index.hml": text}


def publish(registry: DirectoryRegistry) -> None:
    """``acme/alpha``, which imports ``acme/beta``; ``acme/plain``, which nobody imports."""
    registry.publish("acme/alpha", "1.0.0", files=source("acme/alpha", ALPHA, beta="^1.0.0"))
    registry.publish("acme/beta", "1.0.0", files=source("acme/beta", BETA))
    registry.publish("acme/plain", "1.0.0")


def require(project: ProjectFolder, mode: str | None = "shims", **more: object) -> None:
    """package.json requires the packages, and has ``hpm.imports``."""
    document = {"name": "me/app", "version": "1.0.0", "dependencies": {"acme/alpha": "*", "acme/plain": "*"}}
    policy = {} if mode is None else {"hpm": {"imports": mode}}
    project.write("package.json", json.dumps({**document, **policy, **more}))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """A project whose ``src/main.hml`` imports packages; shims are asked for."""
    with closing(ProjectFolder(tmp_path)) as opened:
        publish(opened.registry)
        require(opened)
        opened.write("src/main.hml", MAIN)
        yield opened


def shims(project: ProjectFolder) -> list[str]:
    """Every file of the project that is a shim."""
    return [
        path.relative_to(project.project).as_posix()
        for path in sorted(project.project.rglob("*.hml"))
        if MARK in path.read_text(errors="replace")
    ]


def seen(project: ProjectFolder) -> dict[str, tuple[int, int]]:
    """Inode and mtime of everything in the project but hpm's own notes."""
    found = {}
    for path in project.project.rglob("*"):
        if ".hpm" not in path.parts:
            status = path.lstat()
            found[str(path)] = (status.st_ino, status.st_mtime_ns)
    return found


# ---- what is made, and when


def test_beside_each_importing_source(project: ProjectFolder) -> None:
    """In the project and in packages; whoever imports nothing gets nothing."""
    ran = project.tasks()
    assert [name for name in ran if name.startswith("imports")] == [
        "imports:acme/alpha",
        "imports:acme/beta",
        "imports:acme/plain",
        "imports:.",
    ]
    assert ran[-1] == "lock"
    assert shims(project) == [IN_ALPHA, *OWN_SHIMS]
    assert (project.project / "src/hem_modules/.gitignore").read_text().splitlines()[1] == "*"


def test_a_second_time_nothing_is_written(project: ProjectFolder) -> None:
    """By the stamp, by the graph, and by doit; the lock and the packages' digests know nothing of shims."""
    require(project, "off")
    project.tasks()
    lock = project.lock()
    require(project)
    project.tasks()
    assert project.lock() == lock
    before = seen(project)
    assert project.tasks() == []
    assert project.install().ran == []
    (project.project / ".hpm/stamp").unlink(missing_ok=True)
    assert project.process("install", HPM_FASTPATH="verify").code == 0
    project.write_dodo()
    assert "imports:." in project.doit("list", "--all").out
    project.doit("install")
    assert {path: seen(project)[path] for path in before} == before
    project.check_installed()
    assert project.run("check", "--content").code == 0


def test_the_stamp_looks_at_sources(project: ProjectFolder) -> None:
    """A new import in a source that was known, or in a new one, in a new folder too, is noticed."""
    project.tasks()
    project.process("install")
    assert (project.project / ".hpm/stamp").exists()
    for path in ("src/main.hml", "src/new.hml", "lib/deep/new.hml"):
        project.write(path, 'import { version } from "acme/plain";\n')
        assert project.process("install").code == 0
        assert f"{os.path.dirname(path)}/hem_modules/acme/plain/src/index.hml" in shims(project)


def test_an_import_that_goes_takes_its_shim_along(project: ProjectFolder) -> None:
    """And the last one its folder."""
    project.tasks()
    project.write("src/main.hml", 'import { bump } from "acme/beta";\n')
    assert project.tasks() == ["imports:."]
    assert shims(project) == [IN_ALPHA, OWN_SHIMS[1]]
    project.write("src/main.hml", "print(1);\n")
    project.tasks()
    assert shims(project) == [IN_ALPHA]
    assert os.listdir(project.project / "src") == ["main.hml"]


def test_only_what_changed_is_done_again(project: ProjectFolder) -> None:
    """An edit that changes no import leaves every shim; one in a package's exports reaches who imports it."""
    project.tasks()
    before = seen(project)
    project.write("src/main.hml", MAIN + "print(4);\n")
    assert project.tasks() == ["imports:."]
    after = seen(project)
    assert {path for path in before if before[path] != after[path]} == {str(project.project / "src/main.hml")}

    new = {**package("acme/beta", "1.1.0"), "src/index.hml": BETA + "export fn more() {}\n"}
    project.registry.publish("acme/beta", "1.1.0", files=new)
    assert project.run("update", "acme/beta").code == 0
    assert all("more" in (project.project / path).read_text() for path in (IN_ALPHA, OWN_SHIMS[1]))
    assert "more" not in (project.project / OWN_SHIMS[0]).read_text()
    assert project.tasks() == []


@pytest.mark.parametrize("victim", [IN_ALPHA, *OWN_SHIMS])
@pytest.mark.parametrize("how", ["edit", "remove", "folder"])
def test_a_shim_is_put_back(project: ProjectFolder, victim: str, how: str) -> None:
    """Edited, removed, or with everything around it; also where the stamp answers."""
    project.process("install")
    path = project.project / victim
    text = path.read_text()
    if how == "edit":
        path.write_text("export let wrong = 1;")
    elif how == "remove":
        path.unlink()
    else:
        shutil.rmtree(path.parents[3])
    assert project.process("install").code == 0
    assert path.read_text() == text


def test_they_go_when_they_are_not_wanted(project: ProjectFolder) -> None:
    """``off`` removes all of them, ``doit clean`` too; packages stay what they were."""
    project.tasks()
    require(project, "off")
    project.tasks()
    assert shims(project) == []
    assert not (project.project / "src/hem_modules").exists()
    project.check_installed()
    assert project.tasks() == []

    require(project)
    project.tasks()
    project.write_dodo()
    assert project.doit("clean", "imports:.", "imports:acme/alpha").code == 0
    assert shims(project) == []
    project.doit("install")
    assert shims(project) == [IN_ALPHA, *OWN_SHIMS]


def test_after_the_notes_are_lost(project: ProjectFolder) -> None:
    """Without ``.hpm`` shims are recognised, kept, and removed when their import is gone."""
    project.tasks()
    before = seen(project)
    shutil.rmtree(project.project / ".hpm")
    project.tasks()
    assert {path: seen(project)[path] for path in before} == before
    shutil.rmtree(project.project / ".hpm")
    project.write("src/main.hml", "print(1);")
    project.tasks()
    assert shims(project) == [IN_ALPHA]


def test_folders_of_others_are_left_alone(project: ProjectFolder) -> None:
    """A hem_modules that the user made, and one that leads elsewhere."""
    project.write("src/hem_modules/acme/alpha/src/index.hml", "mine")
    project.write("lib/x.hml", MAIN)
    elsewhere = project.folder / "elsewhere"
    elsewhere.mkdir()
    (project.project / "lib/hem_modules").symlink_to(elsewhere)
    project.tasks()
    assert shims(project) == [IN_ALPHA]
    assert (project.project / "src/hem_modules/acme/alpha/src/index.hml").read_text() == "mine"
    assert list(elsewhere.iterdir()) == []
    (elsewhere / ".gitignore").write_text("x")
    shutil.rmtree(project.project / "src/hem_modules")
    assert "imports:." in project.tasks()
    assert shims(project) == [IN_ALPHA, *OWN_SHIMS]


def test_sources_at_the_root_of_a_package(project: ProjectFolder) -> None:
    """The package's own folder gets a hem_modules, and still counts as laid out."""
    gamma = {**package("acme/gamma", "1.0.0", {"acme/beta": "*"}), "main.hml": ALPHA}
    project.registry.publish("acme/gamma", "1.0.0", files=gamma)
    require(project, dependencies={"acme/gamma": "*"})
    project.tasks()
    assert "hem_modules/acme/gamma/hem_modules/acme/beta/src/index.hml" in shims(project)
    assert project.tasks() == []
    assert project.install().ran == []
    project.check_installed()
    assert project.run("check", "--content").code == 0


def test_a_folder_without_its_mark_is_still_known(project: ProjectFolder) -> None:
    """Whoever removes the .gitignore gets it back, and no shim was anybody else's meanwhile."""
    project.tasks()
    before = seen(project)
    (project.project / "src/hem_modules/.gitignore").unlink()
    assert project.tasks() == ["imports:."]
    assert shims(project) == [IN_ALPHA, *OWN_SHIMS]
    own = str(project.project / OWN_SHIMS[0])
    assert seen(project)[own] == before[own]


def test_a_wrong_mode_is_told(project: ProjectFolder) -> None:
    """With what would be right."""
    require(project, "always")
    ran = project.run("install")
    assert ran.code == 5
    assert 'hpm.imports: "always" is none of auto, shims, off.' in ran.err + ran.out


# ---- auto


def fake_interpreter(folder: Path, *, finds_above: bool) -> Path:
    """A ``hemlock`` that resolves imports as an interpreter does, as far as hpm asks; it counts its runs."""
    program = folder / "hemlock"
    folder.mkdir(parents=True, exist_ok=True)
    search = 'while [ ! -e "$d/hem_modules" ] && [ "$d" != / ]; do d=$(dirname "$d"); done' * finds_above
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> "{folder}/runs"\n'
        'if [ "$1" = --version ]; then echo "Hemlock version 1.6.7"; exit; fi\n'
        f'd=$(dirname "$1")\n{search or ":"}\n'
        'f="$d/hem_modules/probe/package/src/index.hml"\n'
        '[ -e "$f" ] && sed -n \'s/.*return "\\(.*\\)".*/\\1/p\' "$f" || exit 1\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_auto_asks_the_interpreter_once(project: ProjectFolder) -> None:
    """One that looks above needs no shims; another one in its place is asked again, also past the stamp."""
    require(project, None)
    project.tasks()
    assert shims(project) == []
    place = project.folder / "bin"
    project.environ["PATH"] = path_with(place / "hemlock")
    fake_interpreter(place, finds_above=True)
    assert project.process("install").code == 0
    assert shims(project) == []
    fake_interpreter(place, finds_above=False)
    assert project.process("install").code == 0
    assert shims(project) == [IN_ALPHA, *OWN_SHIMS]
    asked = len((place / "runs").read_text().splitlines())
    project.install()
    assert project.process("install").code == 0
    assert len((place / "runs").read_text().splitlines()) == asked
    fake_interpreter(place, finds_above=True)
    assert project.process("install").code == 0
    assert shims(project) == []


def test_auto_trusts_no_interpreter_that_is_none(project: ProjectFolder) -> None:
    """What cannot import at all tells nothing."""
    require(project, None)
    place = project.folder / "bin"
    project.environ["PATH"] = path_with(place / "hemlock")
    fake_interpreter(place, finds_above=False).write_text("#!/bin/sh\necho whatever\n")
    project.tasks()
    assert shims(project) == []


# ---- whatever happens


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a registry."""
    folder = tmp_path_factory.mktemp("world")
    publish(DirectoryRegistry(folder / "registry"))
    return folder


def edit_source(project: ProjectFolder, dice: random.Random) -> None:
    imports = [f'import {{ x }} from "{name}";\n' for name in ("acme/alpha", "acme/beta", "acme/gone")]
    path = dice.choice(["main.hml", "src/main.hml", "src/deep/x.hml", "tests/t.hml"])
    project.write(path, "".join(dice.sample(imports, dice.randrange(4))))


def delete_source(project: ProjectFolder, dice: random.Random) -> None:
    shutil.rmtree(project.project / dice.choice(["src", "src/deep", "tests"]), ignore_errors=True)


def spoil_shim(project: ProjectFolder, dice: random.Random) -> None:
    found = shims(project)
    if found:
        path = project.project / dice.choice(found)
        if dice.random() < 0.3:
            shutil.rmtree(path.parent)
        elif dice.random() < 0.5:
            path.unlink()
        else:
            path.write_text("spoiled")


def change_mode(project: ProjectFolder, dice: random.Random) -> None:
    require(project, dice.choice(["shims", "off"]))


def spoil_package(project: ProjectFolder, dice: random.Random) -> None:
    shutil.rmtree(project.module(dice.choice(["acme/alpha", "acme/beta"])), ignore_errors=True)


def lose_notes(project: ProjectFolder, dice: random.Random) -> None:
    shutil.rmtree(project.project / ".hpm", ignore_errors=True)


Mutation = Callable[[ProjectFolder, random.Random], None]
MUTATIONS: list[Mutation] = [edit_source, delete_source, spoil_shim, change_mode, spoil_package, lose_notes]


@given(
    rounds=st.lists(st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=3), max_size=4),
    dice=st.randoms(use_true_random=False),
)
@settings(max_examples=int(os.environ.get("HPM_TEST_MUTATIONS", "300")) // 10, deadline=None)
def test_shims_are_those_of_a_fresh_installation(
    rounds: list[list[Mutation]], dice: random.Random, world: Path
) -> None:
    """And when the stamp says that there is nothing to do, the graph finds nothing to do."""
    environ = {"HPM_SOURCES": DirectoryRegistry(world / "registry").rule()}
    project = ProjectFolder(Path(tempfile.mkdtemp(dir=world)), environ)
    require(project)
    edit_source(project, dice)
    project.tasks()
    for mutations in rounds:
        for mutate in mutations:
            mutate(project, dice)
        ran = project.run("install", HPM_FASTPATH="verify")
        assert ran.code == 0, ran.err
        left = {path: (project.project / path).read_bytes() for path in shims(project)}
        assert project.install().ran == []
        fresh = ProjectFolder(Path(tempfile.mkdtemp(dir=world)), environ)
        for path in ("package.json", "main.hml", "src/main.hml", "src/deep/x.hml", "tests/t.hml"):
            if (project.project / path).exists():
                fresh.write(path, (project.project / path).read_bytes())
        fresh.tasks()
        if project.manifest()["hpm"]["imports"] == "shims":
            assert left == {path: (fresh.project / path).read_bytes() for path in shims(fresh)}


# ---- with the real interpreter


@needs_hemlock
def test_a_program_below_the_root_runs(project: ProjectFolder) -> None:
    """Its package imports another one, and there is one instance of that; nothing but ``auto`` is said."""
    require(project, None)
    project.environ["PATH"] = path_with(Path(HEMLOCK or ""))
    project.tasks()
    for cwd in (project.project, project.folder):
        ran = hemlock(project.project / "src/main.hml", cwd=cwd)
        assert (ran.stdout.split(), ran.returncode) == (["1", "2", "3", "3"], 0), ran.stderr


@needs_hemlock
def test_members_of_a_workspace_find_each_other(project: ProjectFolder) -> None:
    """A member's program imports another member, which imports a package."""
    project.environ["PATH"] = path_with(Path(HEMLOCK or ""))
    require(project, None, workspaces=["parts/*"], dependencies={})
    manifest = {"name": "me/lib", "version": "1.0.0", "dependencies": {"acme/beta": "*"}}
    project.write("parts/lib/package.json", json.dumps(manifest))
    project.write("parts/lib/src/index.hml", ALPHA)
    manifest = {"name": "me/web", "version": "1.0.0", "dependencies": {"me/lib": "*", "acme/beta": "*"}}
    project.write("parts/web/package.json", json.dumps(manifest))
    project.write("parts/web/src/main.hml", MAIN.replace("acme/alpha", "me/lib"))
    project.tasks()
    ran = hemlock("parts/web/src/main.hml", cwd=project.project)
    assert (ran.stdout.split(), ran.returncode) == (["1", "2", "3", "3"], 0), ran.stderr
    assert project.tasks() == []
    assert project.install().ran == []


@needs_hemlock
def test_a_linked_package_finds_its_own(project: ProjectFolder) -> None:
    """Also after an edit, which makes its folder anew."""
    project.environ["PATH"] = path_with(Path(HEMLOCK or ""))
    require(project, None)
    project.tasks()
    shutil.copytree(project.registry.folder / "acme/alpha/v1.0.0", project.folder / "dev")
    assert project.run("link", "../dev").code == 0
    (project.folder / "dev/src/index.hml").write_text(ALPHA.replace("bump();", "bump() + 10;"))
    project.tasks()
    ran = hemlock("src/main.hml", cwd=project.project)
    assert ran.stdout.split() == ["11", "2", "3", "3"], ran.stderr


def test_no_plan_forgets_the_sources(project: ProjectFolder) -> None:
    """hem_modules may go, and sources change meanwhile: what comes back has the shims for them."""
    project.write("src/main.hml", "print(1);\n")
    require(project, dependencies={"acme/plain": "*"})
    assert project.process("install").code == 0
    project.delete_modules()
    project.write("src/main.hml", 'import { version } from "acme/plain";\n')
    assert project.process("install").code == 0
    assert project.process("install", HPM_FASTPATH="verify").code == 0
    assert shims(project) == ["src/hem_modules/acme/plain/src/index.hml"]
