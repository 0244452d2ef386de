"""hpm run --watch, --profile and --audit, as real processes see them."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from openapi_schema_validator import OAS31Validator

from hpmtasks.commands.companions import Companion
from hpmtasks.commands.console import Console
from hpmtasks.commands.run_watch import watch_tasks
from hpmtasks.errors import Interrupted, Terminated
from tests.support.command_line import PATIENCE_SECONDS, CommandLine
from tests.support.pages import ROOT
from tests.support.projects import ProjectFolder
from tests.support.working_copies import workspace as working_copy

if TYPE_CHECKING:
    from hpmtasks.commands.command import Context
    from hpmtasks.scripts.run import ScriptRun
    from hpmtasks.session import Session

SCHEMA = json.loads((ROOT / "docs/run.schema.json").read_text(encoding="utf-8"))
WATCHING = "Watching; Ctrl-C ends it."


class Reader:
    """Everything that a process prints on stderr, as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.text = ""
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (process.stdout, process.stderr)
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, stream: Any) -> None:
        for line in stream:
            with self._changed:
                self.text += line
                self._changed.notify_all()

    def until(self, text: str, *, after: int = 0) -> int:
        """Where *text*, behind *after*, ends."""
        with self._changed:
            found = self._changed.wait_for(lambda: text in self.text[after:], PATIENCE_SECONDS)
            assert found, f"no {text!r} in:\n{self.text[after:]}"
            return self.text.index(text, after) + len(text)

    def end(self, number: int = signal.SIGINT) -> int:
        """Send the signal *number*; the exit code, when everything is read."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_SECONDS)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        return code


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """A project with tasks in a chain, one that only writes, and a service."""
    with closing(ProjectFolder(tmp_path)) as made:
        describe(made)
        made.write("src/schema", "s1\n")
        made.write("src/main", "m1\n")
        yield made


def describe(project: CommandLine, **scripts: str) -> None:
    """Its package.json, with other *scripts*."""
    every = {
        "codegen": "mkdir -p gen && cat src/schema >gen/a",
        "build": "mkdir -p dist && cat gen/a src/main >dist/a && cat dist/a",
        "careless": "echo x >>left; cat src/main",
        "serve": "echo up $(cat src/main); exec sleep 1000",
        **scripts,
    }
    tasks = {
        "codegen": {"inputs": ["src/schema"], "outputs": ["gen/**"]},
        "build": {"dependsOn": ["codegen"], "inputs": ["src/main"], "outputs": ["dist/**"]},
        "serve": {"persistent": True, "inputs": ["src/main"]},
    }
    document = {"name": "me/app", "version": "1.0.0", "scripts": every, "tasks": tasks}
    project.write("package.json", json.dumps(document))


# ---------------------------------------------------------------- watching


def test_what_changed_is_built_again(project: ProjectFolder) -> None:
    """Each change is told and built once, its own outputs are no change, and Ctrl-C ends it with 130."""
    reader = Reader(project.start("run", "--watch", "build"))
    at = reader.until(WATCHING)
    assert "s1\n" in reader.text
    project.write("src/main", "m2\n")
    at = reader.until("src/main changed.", after=at)
    at = reader.until(WATCHING, after=at)
    assert (project.project / "dist/a").read_text() == "s1\nm2\n"
    project.write("src/schema", "s2\n")
    at = reader.until("src/schema changed.", after=at)
    reader.until(WATCHING, after=at)
    assert (project.project / "dist/a").read_text() == "s2\nm2\n"
    assert reader.end() == 130
    assert reader.text.count(WATCHING) == 3
    assert "Traceback" not in reader.text


def test_a_change_of_package_json_counts(project: ProjectFolder) -> None:
    """Its scripts are read again; one that cannot be used is told, and it goes on when it is right again."""
    reader = Reader(project.start("run", "--watch", "build"))
    at = reader.until(WATCHING)
    project.write("package.json", "{")
    at = reader.until("Error: Invalid package.json", after=at)
    at = reader.until(WATCHING, after=at)
    describe(project, build="mkdir -p dist && echo new >dist/a && echo rebuilt")
    at = reader.until("rebuilt\n", after=at)
    reader.until(WATCHING, after=at)
    assert reader.end() == 130


def test_a_failure_does_not_end_it(project: ProjectFolder) -> None:
    """It goes on watching, and succeeds after the next change."""
    describe(project, build="mkdir -p dist && grep good src/main >dist/a")
    reader = Reader(project.start("run", "--watch", "build"))
    at = reader.until(WATCHING)
    project.write("src/main", "good\n")
    at = reader.until("src/main changed.", after=at)
    reader.until(WATCHING, after=at)
    assert (project.project / "dist/a").read_text() == "good\n"
    assert reader.end(signal.SIGTERM) == 143


def test_a_script_that_changes_its_inputs_does_not_run_for_ever(project: ProjectFolder) -> None:
    """It runs again once for what may be the user's doing; then the path is passed over, and that is told."""
    reader = Reader(project.start("run", "--watch", "careless"))
    reader.until("left is changed by the scripts themselves")
    at = reader.until(WATCHING, after=reader.text.index("left is changed"))
    assert (project.project / "left").read_text() == "x\nx\n"
    project.write("src/main", "m2\n")
    reader.until("src/main changed.", after=at)
    assert reader.end() == 130


def test_a_service_is_started_again(project: ProjectFolder) -> None:
    """When its files change, it ends and begins anew; Ctrl-C ends both, and nothing of it is left."""
    reader = Reader(project.start("run", "--watch", "serve"))
    at = reader.until("up m1\n")
    project.write("src/main", "m2\n")
    at = reader.until("src/main changed.", after=at)
    at = reader.until("up m2\n", after=at)
    project.write("src/main", "m3\n")
    reader.until("up m3\n", after=at)
    assert reader.end() == 130


@pytest.mark.parametrize(("number", "ending"), [(signal.SIGINT, Interrupted), (signal.SIGTERM, Terminated)])
def test_a_signal_when_all_scripts_have_ended_ends_the_watching(
    tmp_path: Path, number: int, ending: type[Interrupted]
) -> None:
    """It came too late to cut anything of the round short, and is heard all the same."""

    class Events:
        def subscribe(self, _: object) -> None:
            """Nothing happens."""

    run = SimpleNamespace(tasks={}, asked=(), events=Events(), children=SimpleNamespace(asked=[number]))
    session = SimpleNamespace(workspace=SimpleNamespace(members=()))
    context = SimpleNamespace(console=Console(), project=SimpleNamespace(root=tmp_path))

    def settle(companion: Companion) -> int:
        companion.join(cast("ScriptRun", run), cast("Session", session))
        return 0

    with pytest.raises(Interrupted) as caught:
        watch_tasks(cast("Context", context), settle)
    assert type(caught.value) is ending


def test_ctrl_c_while_a_script_runs(project: ProjectFolder) -> None:
    """The script is ended, no other begins, and the exit code is 130."""
    describe(project, build="mkdir -p dist; echo begun; exec sleep 1000")
    reader = Reader(project.start("run", "--watch", "build"))
    reader.until("begun\n")
    assert reader.end() == 130
    assert WATCHING not in reader.text


@pytest.mark.parametrize("option", ["--watch", "--audit"])
def test_what_excludes_a_dry_run(project: ProjectFolder, option: str) -> None:
    """What only says what would happen neither follows nor repeats it."""
    done = project.run("run", option, "--dry-run", "build")
    assert done.code == 64
    assert f"--dry-run and {option} exclude each other." in done.err


def test_filter_and_changed_choose_members(tmp_path: Path) -> None:
    """Only the tasks of who is meant run; nothing is no failure, and what is meant by nobody is one."""
    with closing(CommandLine(tmp_path)) as shell:
        shell.write("package.json", '{"name": "me/root", "version": "1.0.0", "workspaces": ["packages/*"]}')
        for name, needed in (("app", {"me/lib": "*"}), ("lib", {}), ("kit", {})):
            document = {
                "name": f"me/{name}",
                "version": "1.0.0",
                "dependencies": needed,
                "scripts": {"say": f"echo I am {name}"},
            }
            shell.write(f"packages/{name}/package.json", json.dumps(document))
        copy = working_copy(shell.project, tmp_path / "remote")
        copy.commit({".gitignore": "hem_modules\n.hpm\n"})
        shell.write("packages/lib/a.hml", "1")

        def said(*words: str) -> list[str]:
            done = shell.run("run", "--no-install", "--output", "prefix", *words, "say")
            assert done.code == 0, done.err
            return sorted(line.rpartition(" ")[2] for line in done.out.splitlines())

        assert said("--filter", "kit") == ["kit"]
        assert said("--filter", "app...", "--filter", "!app") == ["lib"]
        assert said("--filter", "[HEAD]") == ["lib"]
        assert said("--changed") == said("--changed=HEAD") == ["app", "lib"]
        copy.commit()
        assert said("--changed") == []
        assert shell.run("run", "--filter", "kitt", "say").code == 2
        refused = shell.run("run", "--changed=v9", "say")
        assert (refused.code, "git knows no commit 'v9'" in refused.err) == (64, True)


def test_what_cannot_be_run_at_all_is_not_watched(project: ProjectFolder) -> None:
    """A name that nobody has ends it at once."""
    done = project.process("run", "--watch", "biuld")
    assert done.code == 2
    assert "Did you mean build" in done.err


# ---------------------------------------------------------------- profile


def spans(project: CommandLine, file: str) -> dict[str, dict[str, Any]]:
    document = json.loads((project.project / file).read_text())
    return {event["name"]: event for event in document["traceEvents"] if event["ph"] == "X"}


def test_a_profile_has_installation_and_scripts(project: ProjectFolder) -> None:
    """Stages, what they waited for, and scripts, in the order in which they were."""
    project.registry.publish("acme/a", "1.0.0")
    document = project.manifest() | {"dependencies": {"acme/a": "*"}}
    project.write("package.json", json.dumps(document))
    done = project.run("run", "--profile", "trace.json", "--json", "build")
    assert done.code == 0, done.err
    OAS31Validator(SCHEMA).validate(done.data)
    assert done.data["profile"].endswith("trace.json")
    found = spans(project, "trace.json")
    assert {"resolve", "extract:acme/a", "lock", "codegen", "build"} <= set(found)
    assert found["lock"]["ts"] <= found["codegen"]["ts"] <= found["build"]["ts"]
    assert found["build"]["args"]["outcome"] == "ran"
    assert found["build"]["dur"] > 0
    done = project.run("run", "--profile", "again.json", "build")
    assert done.code == 0
    assert spans(project, "again.json")["build"]["args"]["outcome"] == "fresh"


def test_a_profile_of_a_failure_is_written(project: ProjectFolder) -> None:
    """The exit code is the script's, and in the profile as well."""
    describe(project, build="exit 7")
    assert project.run("run", "--profile", "trace.json", "build").code == 7
    assert spans(project, "trace.json")["build"]["args"]["exitCode"] == 7


# ---------------------------------------------------------------- audit


@pytest.fixture
def traceable(project: ProjectFolder) -> ProjectFolder:
    """A project on a machine where scripts can be followed."""
    if sys.platform != "linux" or not shutil.which("strace"):
        pytest.skip("there is no strace here")
    command = ["strace", "-f", "-o", "/dev/null", "true"]
    if subprocess.run(command, capture_output=True, check=False, timeout=60).returncode != 0:
        pytest.skip("this machine lets nobody trace")
    return project


def test_what_is_not_declared_is_told(traceable: ProjectFolder) -> None:
    """With the lines to add, exit code 10, and nothing if all is declared."""
    describe(traceable, build="mkdir -p dist lib && cat gen/a src/main src/more >dist/a && echo x >lib/b")
    traceable.write("src/more", "1")
    done = traceable.run("run", "--audit", "build")
    assert done.code == 10
    assert "codegen: everything that it read and wrote is declared." in done.out
    told = done.out[done.out.index("build:\n") :]
    assert told == (
        "build:\n"
        "  reads    src/more\n"
        "  writes   lib/b\n"
        'Say under tasks."build" in package.json:\n'
        '  "inputs": ["src/main", "src/more"]\n'
        '  "outputs": ["dist/**", "lib/b"]\n'
    )
    data = traceable.run("run", "--audit", "--json", "codegen").data
    OAS31Validator(SCHEMA).validate(data)
    assert [(each["task"], each["reads"], each["writes"]) for each in data["audit"]] == [("codegen", [], [])]
    assert data["exitCode"] == 0


def test_a_fresh_task_is_audited_too(traceable: ProjectFolder) -> None:
    """Everything is run anew, or there would be nothing to see; what it prints is as ever."""
    assert traceable.run("run", "build").code == 0
    done = traceable.process("run", "--audit", "build")
    assert done.code == 0
    assert "s1\n" in done.out
    assert "build: everything that it read and wrote is declared." in done.out


def test_a_failure_is_the_scripts_own(traceable: ProjectFolder) -> None:
    """Its exit code goes before that of findings."""
    describe(traceable, build="cat src/schema; exit 7")
    assert traceable.run("run", "--audit", "build").code == 7


def test_without_strace(project: ProjectFolder, tmp_path: Path) -> None:
    """It is told before anything runs."""
    (tmp_path / "empty").mkdir()
    done = project.run("run", "--audit", "build", PATH=str(tmp_path / "empty"))
    assert done.code == 64
    assert "strace" in done.err
    assert not (project.project / "dist").exists()


@pytest.mark.parametrize("option", ["--profile=trace.json", "--audit"])
def test_tests_are_looked_at_like_other_scripts(traceable: ProjectFolder, option: str) -> None:
    """``hpm test`` takes what ``hpm run`` takes: "--profile" and "--audit" too."""
    document = traceable.manifest()
    document["scripts"]["test"] = "true"
    traceable.write("package.json", json.dumps(document))
    assert traceable.run("test", option).code == traceable.run("run", option, "test").code == 0
