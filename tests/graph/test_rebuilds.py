"""What was touched, and exactly which tasks ran: the table that an incremental tool stands by.

Twenty packages are required, ``acme/p00`` to ``acme/p19``; each exists as 1.0.0, 1.1.0 and
2.0.0, and ``acme/p00`` needs ``acme/base``. Everything comes from a folder, so that a row
takes a fraction of a second. ``p03`` in the third column stands for ``acme/p03``.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.projects import DODO, ProjectFolder

NUMBERS = [f"p{number:02}" for number in range(20)]
EVERY = [*NUMBERS, "base"]


class Project(ProjectFolder):
    """A project that requires the twenty packages; the owner ``acme`` goes without saying."""

    def ran(self) -> list[str]:
        """The tasks that an installation runs."""
        return [task.replace("acme/", "") for task in self.tasks()]

    def module(self, name: str) -> Path:
        return super().module(f"acme/{name}")

    def change(self, **constraints: str | None) -> None:
        """package.json has these constraints; ``None`` takes the line away."""
        self.change_requirements({f"acme/{name}": text for name, text in constraints.items()})

    def offer(self, name: str, version: str, needs: str | None = None) -> None:
        """The registry has that version."""
        self.registry.publish(f"acme/{name}", version, {f"acme/{needs}": "^1.0.0"} if needs else None)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """The project, installed, and found fresh by a second run."""
    with closing(Project(tmp_path)) as opened:
        for name in EVERY:
            for version in ("1.0.0", "1.1.0", "2.0.0"):
                opened.offer(name, version, needs="base" if name == "p00" else None)
        opened.require({f"acme/{name}": "~1.0.0" for name in NUMBERS})
        opened.ran()
        assert opened.ran() == []
        yield opened


def tasks(pattern: str) -> list[str]:
    """``"tags:p03 resolve extract:*"`` as a sorted list; ``*`` is every package."""
    found = []
    for word in pattern.split():
        stage, colon, name = word.partition(":")
        found += [f"{stage}:{each}" for each in EVERY] if name == "*" else [f"{stage}{colon}{name}"]
    return sorted(found)


# ---- what is touched


def nothing(project: Project) -> None:
    """Leave all as it is."""


def touch_documents(project: Project) -> None:
    for path in (project.project / "package.json", project.project / "package-lock.json"):
        os.utime(path, ns=(1, 1))


def reformat_manifest(project: Project) -> None:
    project.write("package.json", json.dumps(project.manifest(), indent="\t") + "\n\n")


def add_script(project: Project) -> None:
    project.write("package.json", json.dumps({**project.manifest(), "scripts": {"x": "true"}}))


def change_one(project: Project) -> None:
    project.change(p03="~1.1.0")


def widen_one(project: Project) -> None:
    project.change(p03=">=1.0.0")


def change_two(project: Project) -> None:
    project.change(p03="~1.1.0", p04="2.0.0")


def remove_one(project: Project) -> None:
    project.change(p05=None)


def remove_one_with_orphan(project: Project) -> None:
    project.change(p00=None)


def require_the_transitive(project: Project) -> None:
    project.change(base="^1.0.0")


def add_one(project: Project) -> None:
    project.offer("extra", "1.0.0")
    project.change(extra="*")


def add_one_that_needs_a_present_one(project: Project) -> None:
    project.offer("extra", "1.0.0", needs="p07")
    project.change(extra="*")


def to_development(project: Project) -> None:
    document = project.manifest()
    document["devDependencies"] = {"acme/p06": document["dependencies"].pop("acme/p06")}
    project.write("package.json", json.dumps(document))


def spell_differently(project: Project) -> None:
    document = project.manifest()
    document["dependencies"]["acme/p03"] = ">=1.0.0 <1.1.0-0"
    project.write("package.json", json.dumps(document))


def delete_one_folder(project: Project) -> None:
    shutil.rmtree(project.module("p08"))


def delete_modules(project: Project) -> None:
    project.delete_modules()


def delete_state(project: Project) -> None:
    shutil.rmtree(project.project / ".hpm")


def delete_modules_and_state(project: Project) -> None:
    project.delete_modules()
    delete_state(project)


def delete_lock(project: Project) -> None:
    (project.project / "package-lock.json").unlink()


def reformat_lock(project: Project) -> None:
    project.write("package-lock.json", json.dumps(project.lock()))


def drop_lock_entry(project: Project) -> None:
    document = project.lock()
    del document["dependencies"]["acme/p09"]
    project.write("package-lock.json", json.dumps(document, indent=2) + "\n")


def delete_store(project: Project) -> None:
    shutil.rmtree(project.home)


def delete_store_and_one_folder(project: Project) -> None:
    delete_store(project)
    delete_one_folder(project)


def publish_newer(project: Project) -> None:
    project.offer("p03", "1.0.9")


def link_in_place_of_folder(project: Project) -> None:
    delete_one_folder(project)
    elsewhere = project.folder / "elsewhere"
    elsewhere.mkdir()
    project.module("p08").symlink_to(elsewhere)


def stray_file(project: Project) -> None:
    (project.module("p08") / "stray.txt").write_text("not of the package")


def same_folder_again(project: Project) -> None:
    copy = project.folder / "copy"
    shutil.copytree(project.module("p08"), copy)
    shutil.rmtree(project.module("p08"))
    copy.rename(project.module("p08"))


def link_to_equal_contents(project: Project) -> None:
    elsewhere = project.folder / "elsewhere"
    shutil.copytree(project.module("p08"), elsewhere)
    delete_one_folder(project)
    project.module("p08").symlink_to(elsewhere)


def file_in_place_of_folder(project: Project) -> None:
    delete_one_folder(project)
    project.module("p08").write_text("a file")


def deleted_file(project: Project) -> None:
    (project.module("p08") / "package.json").unlink()


def touch_folder(project: Project) -> None:
    os.utime(project.module("p08"), ns=(1, 1))


def restore_modules(project: Project) -> None:
    modules = project.project / "hem_modules"
    shutil.copytree(modules, project.folder / "copy", copy_function=shutil.copy)
    shutil.rmtree(modules)
    (project.folder / "copy").rename(modules)


def deep_edit(project: Project) -> None:
    deep = project.module("p08") / "src/index.hml"
    text = deep.read_text()
    deep.unlink()
    deep.write_text(text)


def delete_stamp(project: Project) -> None:
    (project.project / ".hpm/stamp").unlink()


def delete_resolution(project: Project) -> None:
    (project.project / ".hpm/resolution.json").unlink()


def delete_state_and_store(project: Project) -> None:
    delete_state(project)
    delete_store(project)


def delete_state_and_remove_one(project: Project) -> None:
    delete_state(project)
    remove_one(project)


def in_store(project: Project, kind: str, name: str) -> list[Path]:
    """The files that the store has of ``acme/<name>``: its archive, or what was unpacked of it."""
    mark = f"acme/{name}".encode()
    files = [path for path in project.home.glob(f"**/{kind}/**/*") if path.is_file()]
    return [path for path in files if mark in path.read_bytes()]


def flip(paths: list[Path]) -> None:
    """The last byte of each file is another one; what has a name in hem_modules keeps its content there."""
    assert paths
    for path in paths:
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def flip_archive(project: Project) -> None:
    flip(in_store(project, "archives", "p08"))


def flip_archive_and_delete_folder(project: Project) -> None:
    flip_archive(project)
    delete_one_folder(project)


def flip_tree_and_delete_folder(project: Project) -> None:
    flip(in_store(project, "trees", "p08"))
    delete_one_folder(project)


def flip_all_and_delete_folder(project: Project) -> None:
    flip_archive(project)
    flip_tree_and_delete_folder(project)


def other_case(project: Project) -> None:
    document = project.manifest()
    document["dependencies"]["Acme/P03"] = document["dependencies"].pop("acme/p03")
    project.write("package.json", json.dumps(document))


def sort_requirements_backwards(project: Project) -> None:
    document = project.manifest()
    document["dependencies"] = dict(reversed(document["dependencies"].items()))
    project.write("package.json", json.dumps(document))


def move_registry(project: Project) -> None:
    moved = project.folder / "moved"
    project.registry.folder.rename(moved)
    project.environ["HPM_SOURCES"] = json.dumps([{"match": "*", "type": "directory", "path": str(moved)}])


def remove_one_and_its_folder(project: Project) -> None:
    project.change(p05=None)
    shutil.rmtree(project.module("p05"))


def forget_resolve(project: Project) -> None:
    project.write("dodo.py", DODO)
    assert project.doit("forget", "resolve").code == 0


def forget_one_extraction(project: Project) -> None:
    project.write("dodo.py", DODO)
    assert project.doit("forget", "extract:acme/p08").code == 0


def garbage_in_state(project: Project) -> None:
    project.write(".hpm/state.json", b'{"format": 1, "tasks": []}')


def garbage_in_resolution(project: Project) -> None:
    project.write(".hpm/resolution.json", b"{")


def there_and_back(project: Project) -> None:
    project.change(p03="~1.1.0")
    assert project.ran() == ["tags:p03", "resolve", "download:p03", "verify:p03", "extract:p03", "lock"]
    project.change(p03="~1.0.0")


OF_P03 = "tags:p03 resolve download:p03 verify:p03 extract:p03 lock"
TABLE: list[tuple[Callable[[Project], None], str]] = [
    (nothing, ""),
    (touch_documents, ""),
    (reformat_manifest, ""),
    (add_script, ""),
    (publish_newer, ""),
    (delete_store, ""),
    (same_folder_again, ""),
    (restore_modules, ""),
    (touch_folder, ""),
    (deep_edit, ""),
    (delete_stamp, ""),
    (sort_requirements_backwards, ""),
    (flip_archive, ""),
    (flip_archive_and_delete_folder, "extract:p08"),
    (flip_tree_and_delete_folder, "verify:p08 extract:p08"),
    (flip_all_and_delete_folder, "verify:p08 extract:p08"),
    (other_case, "resolve download:Acme/P03 verify:Acme/P03 extract:Acme/P03 lock"),
    (move_registry, "resolve"),
    (remove_one_and_its_folder, "resolve lock"),
    (link_to_equal_contents, "extract:p08"),
    (file_in_place_of_folder, "extract:p08"),
    (deleted_file, "extract:p08"),
    (delete_resolution, "resolve"),
    (forget_resolve, "resolve"),
    (forget_one_extraction, "extract:p08"),
    (delete_state_and_store, "resolve extract:*"),
    (
        delete_state_and_remove_one,
        f"resolve {' '.join(f'extract:{name}' for name in EVERY if name != 'p05')} prune lock",
    ),
    (delete_lock, f"{' '.join(f'tags:{name}' for name in NUMBERS)} resolve lock"),
    (change_one, OF_P03),
    (there_and_back, OF_P03),
    (change_two, f"{OF_P03} tags:p04 download:p04 verify:p04 extract:p04"),
    (widen_one, "resolve"),
    (spell_differently, "resolve"),
    (remove_one, "resolve prune lock"),
    (remove_one_with_orphan, "resolve prune lock"),
    (require_the_transitive, "resolve"),
    (add_one, "tags:extra resolve download:extra verify:extra extract:extra lock"),
    (
        add_one_that_needs_a_present_one,
        "tags:extra resolve download:extra verify:extra extract:extra lock",
    ),
    (to_development, "resolve lock"),
    (delete_one_folder, "extract:p08"),
    (delete_modules, "extract:*"),
    (link_in_place_of_folder, "extract:p08"),
    (stray_file, "extract:p08"),
    (delete_store_and_one_folder, "download:p08 verify:p08 extract:p08"),
    (delete_state, "resolve extract:*"),
    (delete_modules_and_state, "resolve download:* verify:* extract:*"),
    (garbage_in_state, "resolve extract:*"),
    (garbage_in_resolution, "resolve"),
    (reformat_lock, "resolve lock"),
    (drop_lock_entry, "tags:p09 resolve lock"),
]


@pytest.mark.parametrize(("touch", "expected"), TABLE, ids=lambda value: getattr(value, "__name__", ""))
def test_exactly_these_tasks_run(project: Project, touch: Callable[[Project], None], expected: str) -> None:
    """What was touched decides which tasks run; afterwards everything is right, and nothing is left to do."""
    touch(project)
    assert sorted(project.ran()) == tasks(expected)
    assert project.ran() == []
    locked = {name: entry["version"] for name, entry in project.lock()["dependencies"].items()}
    assert project.installed() == locked


UNDISTURBED = {
    "files rewritten alike": reformat_manifest,
    "state gone": delete_state,
    "state and store gone": delete_state_and_store,
    "lock gone": delete_lock,
    "registry elsewhere": move_registry,
    "folders touched": touch_folder,
}


@pytest.mark.parametrize("touch", UNDISTURBED.values(), ids=UNDISTURBED)
def test_right_folders_are_not_made_anew(project: Project, touch: Callable[[Project], None]) -> None:
    """Where the right files stand already, not one of them is written again, whatever had to be found out."""
    before = project.inodes()
    touch(project)
    project.ran()
    assert project.inodes() == before


def test_package_that_is_spelled_otherwise_is_renamed(project: Project) -> None:
    """A name in other letters is the same package: its folder is called anew, and no second one is made."""
    inode = project.module("p03").stat().st_ino
    other_case(project)
    project.ran()
    renamed = project.project / "hem_modules/Acme/P03"
    assert renamed.stat().st_ino == inode
    assert not project.module("p03").exists() or project.module("p03").samefile(renamed)


def test_one_change_makes_one_folder_anew(project: Project) -> None:
    """The other nineteen packages keep every file."""
    before = project.inodes()
    project.change(p03="~1.1.0")
    project.ran()
    anew = {path for path, inode in project.inodes().items() if before.get(path) != inode}
    assert anew == {f"acme/p03{below}" for below in ("", "/package.json", "/src", "/src/index.hml")}


def test_state_and_store_gone_need_no_network(project: Project) -> None:
    """What stands in hem_modules as it is locked has not to be fetched, not even to be looked at."""
    delete_state_and_store(project)
    project.registry.folder.rename(project.folder / "unreachable")
    assert project.ran() == ["resolve", *(f"extract:{name}" for name in sorted(EVERY))]
    assert sorted(project.installed()) == [f"acme/{name}" for name in sorted(EVERY)]


def test_link_in_place_of_a_package_is_removed_and_never_followed(project: Project) -> None:
    """The folder that a link points to keeps what is in it."""
    delete_one_folder(project)
    precious = project.folder / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    project.module("p08").symlink_to(precious)
    assert project.ran() == ["extract:p08"]
    assert not project.module("p08").is_symlink()
    assert (precious / "file").read_text() == "mine"


def test_link_in_place_of_an_owner_is_removed_and_never_followed(project: Project) -> None:
    """Nothing is written through a link that stands for a whole owner."""
    precious = project.folder / "precious"
    precious.mkdir()
    shutil.rmtree(project.project / "hem_modules/acme")
    (project.project / "hem_modules/acme").symlink_to(precious)
    assert project.ran() == [f"extract:{name}" for name in sorted(EVERY)]
    assert list(precious.iterdir()) == []


def test_nothing_is_removed_through_a_link(project: Project) -> None:
    """A package that is no longer required is not looked for behind a link that took its owner's place."""
    precious = project.folder / "precious"
    (project.project / "hem_modules/acme").rename(precious)
    (project.project / "hem_modules/acme").symlink_to(precious)
    project.require({})
    project.ran()
    assert sorted(path.name for path in precious.iterdir()) == sorted(EVERY)


def test_link_in_place_of_full_hem_modules_is_refused(project: Project) -> None:
    """That the right packages stand behind the link makes it no better."""
    modules = project.project / "hem_modules"
    modules.rename(project.folder / "elsewhere")
    modules.symlink_to(project.folder / "elsewhere")
    assert project.run("install").code == 4


def test_link_in_place_of_hem_modules_is_refused(project: Project) -> None:
    """Writing inside the project is not writing through a link: one sentence, and nothing is touched."""
    elsewhere = project.folder / "elsewhere"
    elsewhere.mkdir()
    project.delete_modules()
    (project.project / "hem_modules").symlink_to(elsewhere)
    done = project.run("install")
    assert done.code == 4
    assert "is a link" in done.err
    assert list(elsewhere.iterdir()) == []


def test_what_hpm_did_not_install_is_left_alone(project: Project) -> None:
    """A folder that a user put into hem_modules stays, whatever is removed beside it."""
    mine = project.project / "hem_modules/me/mine"
    mine.mkdir(parents=True)
    project.change(p05=None)
    assert project.ran() == ["resolve", "prune", "lock"]
    assert mine.is_dir()
    assert not project.module("p05").exists()
