"""What was touched, and exactly which scripts ran or were restored: the table that a script runner stands by.

A workspace of three members. ``lib`` generates and builds, and needs ``acme/b``; ``app`` needs
``lib`` and ``acme/a``, its build comes after that of what it needs; ``site`` needs nobody. Each
row touches something in a workspace in which everything is fresh, runs ``build`` of all, and says
what ran and what was restored; everything else was fresh.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.projects import ProjectFolder

LIB: dict[str, Any] = {
    "name": "me/lib",
    "version": "1.0.0",
    "dependencies": {"acme/b": "^1.0.0"},
    "scripts": {
        "codegen": "mkdir -p gen && cat src/*.txt | tr a-z A-Z > gen/lib.txt && echo generated",
        "build": "mkdir -p dist && cat gen/lib.txt > dist/lib.txt && echo built && echo warned >&2",
    },
    "tasks": {
        "codegen": {"inputs": ["src/**"], "outputs": ["gen/**"], "env": ["LIB_MODE"]},
        "build": {"dependsOn": ["codegen"], "inputs": ["gen/**"], "outputs": ["dist/**"]},
    },
}
APP: dict[str, Any] = {
    "name": "me/app",
    "version": "1.0.0",
    "dependencies": {"me/lib": "*", "acme/a": "^1.0.0"},
    "scripts": {
        "build": "mkdir -p dist/deep && cat src/*.txt > dist/deep/app.txt && ln -s deep/app.txt dist/link"
        " && printf '#!/bin/sh\\n' > dist/run && chmod +x dist/run && echo app $FLAVOUR"
    },
    "tasks": {"build": {"dependsOn": ["^build"], "inputs": ["src/**"], "outputs": ["dist/**"]}},
}
SITE: dict[str, Any] = {
    "name": "me/site",
    "version": "1.0.0",
    "scripts": {
        "build": "mkdir -p out && cat page.txt > out/index.html && test ! -e broken",
        "always": "mkdir -p made && echo always > made/always",
    },
    "tasks": {
        "build": {"outputs": ["out/**"]},
        "always": {"outputs": ["made/**"], "cache": False},
    },
}
ALL = "lib#codegen lib#build app#build site#build"


class Copy(ProjectFolder):
    """The workspace, with an interpreter of its own on the PATH; ``lib`` stands for ``packages/lib``."""

    def at(self, path: str) -> Path:
        return self.project / "packages" / path

    def change(self, member: str, document: dict[str, Any]) -> None:
        self.write(f"packages/{member}/package.json", json.dumps(document, indent=2) + "\n")

    def task(self, member: str, script: str, **fields: object) -> None:
        """The task *script* of *member* has these *fields*, too."""
        document = json.loads(self.at(f"{member}/package.json").read_text())
        document["tasks"][script].update(fields)
        self.change(member, document)

    def script(self, member: str, **scripts: str) -> None:
        document = json.loads(self.at(f"{member}/package.json").read_text())
        document["scripts"].update(scripts)
        self.change(member, document)

    def hemlock(self, says: str) -> None:
        binary = self.folder / "bin/hemlock"
        binary.parent.mkdir(exist_ok=True)
        binary.unlink(missing_ok=True)
        binary.write_text(f"#!/bin/sh\necho '{says}'\n")
        binary.chmod(0o755)

    def outcomes(self, *arguments: str, **environ: str) -> dict[str, str]:
        """How each task of ``hpm run`` with *arguments* ended; ``lib#build`` is that of ``me/lib``."""
        done = self.run("run", "--json", *(arguments or ("build",)), **environ)
        tasks = done.data.get("tasks", done.data)
        assert isinstance(tasks, list), done.out
        return {each["task"].removeprefix("me/"): each["outcome"] for each in tasks}

    def told(self, *arguments: str, **environ: str) -> tuple[str, str]:
        """What ran, and what was restored; the rest was fresh."""
        found = self.outcomes(*arguments, **environ)
        assert set(found.values()) <= {"ran", "restored", "fresh"}, found
        return (
            " ".join(name for name, how in found.items() if how == "ran"),
            " ".join(name for name, how in found.items() if how == "restored"),
        )

    def made(self) -> dict[str, bytes | str | None]:
        """What the scripts left: contents, where links lead, what may be executed."""
        found: dict[str, bytes | str | None] = {}
        for folder in ("lib/gen", "lib/dist", "app/dist", "site/out"):
            for path in sorted(self.at(folder).rglob("*")):
                name = path.relative_to(self.project).as_posix()
                if path.is_symlink():
                    found[name] = os.readlink(path)
                elif path.is_file():
                    found[f"{name}{'*' if os.access(path, os.X_OK) else ''}"] = path.read_bytes()
                else:
                    found[name] = None
        return found


def lay_out(project: Copy) -> None:
    """The workspace as somebody would check it out."""
    project.write("package.json", '{"name": "me/root", "version": "1.0.0", "workspaces": ["packages/*"]}')
    for name, document in (("lib", LIB), ("app", APP), ("site", SITE)):
        project.change(name, document)
    project.write(".gitignore", "hem_modules\n.hpm\nout\nmade\ngen\ndist\n*.log\n")
    project.write("packages/lib/src/lib.txt", "lib\n")
    project.write("packages/app/src/app.txt", "app\n")
    project.write("packages/site/page.txt", "page\n")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Copy]:
    """The workspace, built, and found fresh by a second run."""
    with closing(Copy(tmp_path)) as opened:
        opened.registry.publish("acme/a", "1.0.0")
        opened.registry.publish("acme/b", "1.0.0")
        opened.environ["PATH"] = f"{tmp_path}/bin{os.pathsep}{opened.environ['PATH']}"
        opened.hemlock("hemlock 2.0.0")
        lay_out(opened)
        assert opened.told() == (ALL, "")
        assert opened.told() == ("", "")
        yield opened


# ---- what is touched


def nothing(project: Copy) -> None:
    """Leave all as it is."""


def touch_input(project: Copy) -> None:
    os.utime(project.at("lib/src/lib.txt"), ns=(1, 1))


def rewrite_input_alike(project: Copy) -> None:
    path = project.at("lib/src/lib.txt")
    text = path.read_bytes()
    path.unlink()
    path.write_bytes(text)


def change_mode_of_input(project: Copy) -> None:
    project.at("app/src/app.txt").chmod(0o755)


def edit_input(project: Copy) -> None:
    project.write("packages/app/src/app.txt", "another\n")


def edit_input_below_others(project: Copy) -> None:
    project.write("packages/lib/src/lib.txt", "another\n")


def edit_input_so_that_its_output_stays(project: Copy) -> None:
    project.write("packages/site/page.txt", "page\n")
    project.script("site", build="mkdir -p out && echo page > out/index.html")


def edit_input_so_that_others_see_the_same(project: Copy) -> None:
    project.write("packages/lib/src/lib.txt", "LIB\n")


def add_input(project: Copy) -> None:
    project.write("packages/app/src/more.txt", "more\n")


def add_file_that_no_pattern_takes(project: Copy) -> None:
    project.write("packages/app/notes.md", "notes\n")


def add_file_without_patterns(project: Copy) -> None:
    project.write("packages/site/deep/more.txt", "more\n")


def add_ignored_file(project: Copy) -> None:
    project.write("packages/site/debug.log", "more\n")


def add_and_remove_input(project: Copy) -> None:
    add_input(project)
    assert project.told() == ("app#build", "")
    project.at("app/src/more.txt").unlink()


def rename_input(project: Copy) -> None:
    project.at("app/src/app.txt").rename(project.at("app/src/renamed.txt"))


def there_and_back(project: Copy) -> None:
    before = project.made()
    edit_input(project)
    assert project.told() == ("app#build", "")
    assert project.made() != before
    project.write("packages/app/src/app.txt", "app\n")


def change_command(project: Copy) -> None:
    project.script("site", build="mkdir -p out && cat page.txt page.txt > out/index.html")


def change_command_and_back(project: Copy) -> None:
    change_command(project)
    assert project.told() == ("site#build", "")
    project.change("site", SITE)


def add_pre_script(project: Copy) -> None:
    project.script("site", prebuild="true")


def change_another_command(project: Copy) -> None:
    project.script("site", unrelated="true")


def reformat_manifests(project: Copy) -> None:
    # That of lib is a file of a package that app reaches.
    for path in (project.at("app/package.json"), project.at("site/package.json")):
        path.write_text(json.dumps(json.loads(path.read_text()), indent="\t"))


def declare_places_and_patience(project: Copy) -> None:
    project.task("site", "build", pool="net", weight=2, timeout=60)


def declare_other_outputs(project: Copy) -> None:
    project.task("site", "build", outputs=["out/*"])


def declare_inputs_that_are_the_same(project: Copy) -> None:
    project.task("app", "build", inputs=["src/*.txt"])


def declare_a_variable_that_is_not_set(project: Copy) -> None:
    project.task("app", "build", env=["FLAVOUR"])


def another_version_of_a_member(project: Copy) -> None:
    project.change("site", {**SITE, "version": "1.0.1"})


def delete_output(project: Copy) -> None:
    project.at("app/dist/deep/app.txt").unlink()


def delete_all_outputs(project: Copy) -> None:
    for folder in ("lib/gen", "lib/dist", "app/dist", "site/out"):
        shutil.rmtree(project.at(folder))


def edit_output(project: Copy) -> None:
    project.write("packages/site/out/index.html", "vandal\n")


def change_mode_of_output(project: Copy) -> None:
    project.at("app/dist/run").chmod(0o644)


def lead_output_elsewhere(project: Copy) -> None:
    project.at("app/dist/link").unlink()
    project.at("app/dist/link").symlink_to("run")


def add_to_outputs(project: Copy) -> None:
    project.write("packages/site/out/stray.txt", "stray\n")


def touch_output(project: Copy) -> None:
    os.utime(project.at("site/out/index.html"), ns=(1, 1))


def link_in_place_of_outputs(project: Copy) -> None:
    project.at("site/out").rename(project.folder / "elsewhere")
    project.at("site/out").symlink_to(project.folder / "elsewhere")


def edit_output_that_others_read(project: Copy) -> None:
    project.write("packages/lib/gen/lib.txt", "vandal\n")


def newer_hemlock(project: Copy) -> None:
    project.hemlock("hemlock 2.1.0")


def same_hemlock_again(project: Copy) -> None:
    project.hemlock("hemlock 2.0.0")


def no_hemlock(project: Copy) -> None:
    (project.folder / "bin/hemlock").unlink()


def newer_hemlock_and_back(project: Copy) -> None:
    newer_hemlock(project)
    assert project.told() == (ALL, "")
    project.hemlock("hemlock 2.0.0")


def tag_with_the_same_tree(project: Copy) -> None:
    source = project.registry.folder / "acme/b"
    shutil.copytree(source / "v1.0.0", source / "v1.0.1")
    assert project.run("update", "acme/b").code == 0
    assert project.lock()["dependencies"]["acme/b"]["version"] == "1.0.1"


def package_of_one_member(project: Copy) -> None:
    project.registry.publish("acme/a", "1.1.0")
    assert project.run("update", "acme/a").code == 0


def package_of_two_members(project: Copy) -> None:
    project.registry.publish("acme/b", "1.1.0")
    assert project.run("update", "acme/b").code == 0


def package_there_and_back(project: Copy) -> None:
    before = project.documents()["package-lock.json"]
    assert before is not None
    package_of_one_member(project)
    assert project.told() == ("app#build", "")
    project.write("package-lock.json", before)


def packages_deleted(project: Copy) -> None:
    project.delete_modules()


def file_of_a_package_edited(project: Copy) -> None:
    folder = project.module("acme/a")
    (folder / "stray.txt").write_text("not of the package")


def results_pruned(project: Copy) -> None:
    for folder in project.home.glob("**/results"):
        shutil.rmtree(folder)


def results_and_an_output_gone(project: Copy) -> None:
    results_pruned(project)
    delete_output(project)


def a_blob_damaged_and_its_output_gone(project: Copy) -> None:
    content = project.at("app/dist/deep/app.txt").read_bytes()
    delete_output(project)
    found = [path for path in project.home.glob("**/results/cas/*/*") if path.read_bytes() == content]
    assert found
    for path in found:
        path.chmod(0o644)
        path.write_bytes(content[:-1] + b"?")


def record_deleted(project: Copy) -> None:
    for path in (project.project / ".hpm/scripts").glob("*site*"):
        path.unlink()


def record_altered(project: Copy) -> None:
    for path in (project.project / ".hpm/scripts").glob("*site*"):
        path.write_bytes(path.read_bytes().replace(b"ran", b"run", 1))


def all_that_hpm_remembers_deleted(project: Copy) -> None:
    shutil.rmtree(project.project / ".hpm")


def digests_deleted(project: Copy) -> None:
    (project.project / ".hpm/digests.json").unlink()


def fail_and_mend(project: Copy) -> None:
    project.write("packages/site/broken", "")
    assert project.outcomes()["site#build"] == "failed"
    assert project.outcomes()["site#build"] == "failed"
    project.at("site/broken").unlink()


def fail_by_edit_and_mend_otherwise(project: Copy) -> None:
    project.at("site/page.txt").unlink()
    assert project.outcomes()["site#build"] == "failed"
    project.write("packages/site/page.txt", "mended\n")


def declare_what_is_not_left(project: Copy) -> None:
    project.task("site", "build", outputs=["out/**", "map.json"])
    assert project.outcomes()["site#build"] == "failed"
    project.change("site", SITE)


#: What is touched, what runs then, and what is restored.
TABLE: list[tuple[Callable[[Copy], None], str, str]] = [
    (nothing, "", ""),
    (touch_input, "", ""),
    (rewrite_input_alike, "", ""),
    (change_mode_of_input, "app#build", ""),
    (edit_input, "app#build", ""),
    (edit_input_below_others, "lib#codegen lib#build app#build", ""),
    (edit_input_so_that_its_output_stays, "site#build", ""),
    (edit_input_so_that_others_see_the_same, "lib#codegen app#build", ""),
    (add_input, "app#build", ""),
    (add_file_that_no_pattern_takes, "", ""),
    (add_file_without_patterns, "site#build", ""),
    (add_ignored_file, "", ""),
    (add_and_remove_input, "", "app#build"),
    (rename_input, "app#build", ""),
    (there_and_back, "", "app#build"),
    (change_command, "site#build", ""),
    (change_command_and_back, "", "site#build"),
    (add_pre_script, "site#build", ""),
    (change_another_command, "", ""),
    (reformat_manifests, "", ""),
    (declare_places_and_patience, "", ""),
    (declare_other_outputs, "site#build", ""),
    (declare_inputs_that_are_the_same, "", ""),
    (declare_a_variable_that_is_not_set, "", ""),
    (another_version_of_a_member, "site#build", ""),
    (delete_output, "", "app#build"),
    (delete_all_outputs, "", ALL),
    (edit_output, "", "site#build"),
    (change_mode_of_output, "", "app#build"),
    (lead_output_elsewhere, "", "app#build"),
    (add_to_outputs, "", "site#build"),
    (touch_output, "", ""),
    (edit_output_that_others_read, "", "lib#codegen"),
    (newer_hemlock, ALL, ""),
    (same_hemlock_again, "", ""),
    (no_hemlock, ALL, ""),
    (newer_hemlock_and_back, "", ALL),
    (tag_with_the_same_tree, "", ""),
    (package_of_one_member, "app#build", ""),
    (package_of_two_members, "lib#codegen lib#build app#build", ""),
    (package_there_and_back, "", "app#build"),
    (packages_deleted, "", ""),
    (file_of_a_package_edited, "", ""),
    (results_pruned, "", ""),
    (results_and_an_output_gone, "app#build", ""),
    (a_blob_damaged_and_its_output_gone, "app#build", ""),
    (record_deleted, "", "site#build"),
    (record_altered, "", "site#build"),
    (all_that_hpm_remembers_deleted, "", ALL),
    (digests_deleted, "", ""),
    (fail_and_mend, "", "site#build"),
    (fail_by_edit_and_mend_otherwise, "site#build", ""),
    (declare_what_is_not_left, "", "site#build"),
]


@pytest.mark.parametrize(
    ("touch", "ran", "restored"), TABLE, ids=lambda value: getattr(value, "__name__", "")
)
def test_exactly_these_scripts_run(
    project: Copy, touch: Callable[[Copy], None], ran: str, restored: str
) -> None:
    """What was touched decides; afterwards everything is fresh, and a restored output is as it was made."""
    made = project.made()
    touch(project)
    assert project.told() == (ran, restored)
    assert project.told() == ("", "")
    if not ran:
        assert project.made() == made


#: What hpm run is told, what is in the environment, what runs then, and what is restored.
ASKED: dict[str, tuple[tuple[str, ...], dict[str, str], str, str]] = {
    "declared variable": ((), {"LIB_MODE": "fast"}, "lib#codegen", ""),
    "declared variable, set to nothing": ((), {"LIB_MODE": ""}, "lib#codegen", ""),
    "undeclared variable": ((), {"FLAVOUR": "sweet"}, "", ""),
    "loose environment": (("--env-mode", "loose", "build"), {}, ALL, ""),
    "by force": (("--force", "build"), {}, ALL, ""),
    "one at a time": (("-j", "1", "build"), {}, "", ""),
    "one member by name": (("me/site#build",), {}, "", ""),
    "one member by filter": (("--filter", "site", "build"), {}, "", ""),
    "arguments": (("me/site#build", "--", "-a", "x"), {}, "site#build", ""),
    "never kept": (("me/site#always",), {}, "site#always", ""),
}


@pytest.mark.parametrize(("arguments", "environ", "ran", "restored"), ASKED.values(), ids=ASKED)
def test_what_is_asked_decides_too(
    project: Copy, arguments: tuple[str, ...], environ: dict[str, str], ran: str, restored: str
) -> None:
    """And what was asked before is restored when it is asked again."""
    assert project.told(*arguments, **environ) == (ran, restored)
    ran_otherwise = "" if "--force" in arguments or "always" in ran else ran
    assert project.told() == ("", ran_otherwise)


def test_same_arguments_are_fresh_and_none_are_restored(project: Copy) -> None:
    """They are a part of the command."""
    asked = ("me/site#build", "--", "-a", "x")
    assert project.told(*asked) == ("site#build", "")
    assert project.told(*asked) == ("", "")
    assert project.told("me/site#build") == ("", "site#build")


def test_script_that_is_never_kept_runs_each_time(project: Copy) -> None:
    """Although it declares what it leaves."""
    assert [project.told("me/site#always") for _ in range(2)] == [("site#always", "")] * 2


def test_undeclared_variable_does_not_reach_a_task_unless_all_do(project: Copy) -> None:
    """Strict and loose runs have results of their own, because they may print something else."""
    strict = project.run("run", "--force", "me/app#build", FLAVOUR="sweet")
    loose = project.run("run", "--env-mode", "loose", "me/app#build", FLAVOUR="sweet")
    assert "app\n" in strict.out.replace("me/app#build | ", "").splitlines(keepends=True)
    assert "app sweet" in loose.out


def test_another_checkout_shares_the_results(project: Copy, tmp_path: Path) -> None:
    """At another path, with the same store, nothing has to run; outputs and log are the same bytes."""
    log = project.run("run", "--force", "--output", "group", "-q", "-j", "1", "build")
    with closing(Copy(tmp_path / "other")) as other:
        other.environ = {**project.environ}
        lay_out(other)
        assert other.told() == ("", ALL)
        assert other.made() == project.made()
        shutil.rmtree(other.at("app/dist"))
        shutil.rmtree(other.at("site/out"))
        shutil.rmtree(other.at("lib/dist"))
        shutil.rmtree(other.at("lib/gen"))
        again = other.run("run", "--output", "group", "-q", "-j", "1", "build")
    assert sorted(again.out.splitlines()) == sorted(log.out.splitlines())
    assert again.err.count("warned\n") == log.err.count("warned\n") == 1


def test_nothing_of_a_result_names_the_folder(project: Copy) -> None:
    """Unless a script wrote it there, nothing of what is stored says where the project is."""
    stored = [path.read_bytes() for path in project.home.glob("**/results/**/*") if path.is_file()]
    assert stored
    assert not [each for each in stored if str(project.folder).encode() in each]


def test_result_of_a_run_whose_input_was_edited_meanwhile_is_not_kept(project: Copy) -> None:
    """What it was made from is not known; so it runs again, and only that result is kept."""
    edit = "test -e twice || { touch twice; echo new > page.txt; }"
    command = f"mkdir -p out && cat page.txt > out/index.html; {edit}"
    project.write(".gitignore", "hem_modules\n.hpm\nout\ngen\ndist\nmade\ntwice\n")
    project.script("site", build=command)
    first = project.run("run", "me/site#build")
    assert first.code == 0
    assert "its result is not kept: while it ran, the input packages/site/page.txt changed" in first.err
    assert project.told("me/site#build") == ("site#build", "")
    assert project.told("me/site#build") == ("", "")
    assert project.made()["packages/site/out/index.html"] == b"new\n"
    project.write("packages/site/page.txt", "page\n")
    assert project.told("me/site#build") == ("site#build", "")


def test_missing_output_is_a_failure_that_says_so(project: Copy) -> None:
    """A script that ended well and left nothing has not done what it declares."""
    project.task("site", "build", outputs=["out/**", "map.json"])
    done = project.run("run", "me/site#build")
    assert done.code == 1
    assert 'left nothing that its output "map.json" names' in done.err


def test_what_a_script_no_longer_makes_is_no_output(project: Copy) -> None:
    """A file of the run before is gone when the next one begins."""
    project.script("site", build="mkdir -p out && echo 1 > out/old.html")
    assert project.told("me/site#build") == ("site#build", "")
    project.script("site", build="mkdir -p out && echo 2 > out/new.html")
    assert project.told("me/site#build") == ("site#build", "")
    assert sorted(path.name for path in project.at("site/out").iterdir()) == ["new.html"]


@pytest.mark.parametrize(
    "arguments", [("run", "--dry-run", "build"), ("explain",), ("graph", "--format", "json")], ids=" ".join
)
def test_what_is_only_asked_writes_nothing(project: Copy, arguments: tuple[str, ...]) -> None:
    """Not even the copy of a member that has changed; but what it would be is what counts."""
    project.write("packages/lib/README.md", "a file that is published\n")
    before = _everything(project.project)
    done = project.run(*arguments)
    assert done.code == 0, done.err
    assert "app#build" in done.out
    assert _everything(project.project) == before
    if arguments[0] == "run":
        would_run = done.out.splitlines()
        assert any("me/app#build" in line and "run" in line for line in would_run), done.out
    assert project.told()[0].split()[-1] == "app#build"


def _everything(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[path.relative_to(folder).as_posix()] = (status.st_mtime_ns, status.st_ino, content)
    return found


@pytest.mark.parametrize("inputs", [["src/**"], None], ids=["named", "default"])
def test_sources_that_a_script_changes_in_place_are_never_taken_back(
    project: Copy, inputs: list[str] | None
) -> None:
    """What stood among the outputs before the first run is somebody's: it is not restored, nor removed."""
    project.script("site", tidy="sed -i.old 's/ *$//' notes/*.txt && rm notes/*.old")
    document = json.loads(project.at("site/package.json").read_text())
    document["tasks"]["tidy"] = {"outputs": ["notes/**"], **({"inputs": inputs} if inputs else {})}
    project.change("site", document)
    project.write("packages/site/notes/a.txt", "first  \n")
    for edit in ("second  \n", "third \n", "first\n"):
        assert project.outcomes("me/site#tidy") == {"site#tidy": "ran"}
        project.write("packages/site/notes/a.txt", edit)
        project.write(f"packages/site/notes/{edit.strip()}.txt", "new ")
    done = project.run("run", "me/site#tidy")
    assert "notes/a.txt was there before its first run" in done.out + done.err
    assert project.at("site/notes/a.txt").read_text() == "first\n"
    left = sorted(path.name for path in project.at("site/notes").iterdir())
    assert left == ["a.txt", "first.txt", "second.txt", "third.txt"]


def test_what_stands_among_outputs_at_first_is_kept_until_its_owner_takes_it_away(project: Copy) -> None:
    """Then the outputs are the task's alone, and its results are kept as ever."""
    shutil.rmtree(project.project / ".hpm/scripts")
    project.write("packages/site/out/mine.txt", "mine")
    project.write("packages/site/page.txt", "another page\n")
    assert project.outcomes("me/site#build") == {"site#build": "ran"}
    assert project.at("site/out/mine.txt").read_text() == "mine"
    shutil.rmtree(project.at("site/out"))
    assert project.outcomes("me/site#build") == {"site#build": "ran"}
    assert project.outcomes("me/site#build") == {"site#build": "fresh"}
