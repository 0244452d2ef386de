"""Plain doit and hpm in one project: one graph, one state, and doit's own commands on it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.github_server import GithubServer
from tests.support.projects import ProjectFolder

TWO_LINES = "from hpmtasks.dodo import DOIT_CONFIG, task_hpm\n"


class Repository(ProjectFolder):
    """A project with a dodo.py."""

    def doit_ran(self, *arguments: str) -> list[str]:
        """The tasks that doit ran, in order."""
        done = self.doit(*arguments)
        assert done.code == 0, done.out + done.err
        return done.ran

    def hpm_ran(self) -> list[str]:
        """The tasks that hpm ran, in order."""
        return self.tasks()


@pytest.fixture
def repository(tmp_path: Path, github_server: GithubServer) -> Iterator[Repository]:
    """A repository that requires ``acme/a``, which requires ``acme/b``."""
    github_server.publish("acme/a", "v1.0.0", dependencies={"acme/b": "^1.0.0"})
    github_server.publish("acme/b", "v1.0.0")
    github_server.publish("acme/b", "v1.1.0")
    with closing(Repository(tmp_path, {**github_server.environment(), "HPM_SOURCES": ""})) as opened:
        opened.require({"acme/a": "^1.0.0"})
        opened.write("dodo.py", TWO_LINES)
        yield opened


def test_after_doit_hpm_has_nothing_to_do(repository: Repository, github_server: GithubServer) -> None:
    """What doit installed is fresh for hpm, without a request."""
    assert "lock" in repository.doit_ran("install")
    github_server.clear_log()
    assert repository.hpm_ran() == []
    assert repository.installed() == {"acme/a": "1.0.0", "acme/b": "1.1.0"}
    assert not github_server.requests


def test_after_hpm_doit_has_nothing_to_do(repository: Repository, github_server: GithubServer) -> None:
    """What hpm installed is fresh for doit, without a request."""
    assert "lock" in repository.hpm_ran()
    github_server.clear_log()
    assert repository.doit_ran("install") == []
    assert not github_server.requests


def test_install_is_the_default_task(repository: Repository) -> None:
    """Plain ``doit`` in a repository with the two lines installs."""
    assert "extract:acme/b" in repository.doit_ran()


def test_list_shows_every_task_with_its_status(repository: Repository) -> None:
    """``doit list --all --status`` names each task; once installed, each is up to date."""
    before = repository.doit("list", "--all", "--status")
    assert before.code == 0
    assert re.search(r"^R tags:acme/a\b", before.out, re.MULTILINE)
    assert re.search(r"^R resolve\b", before.out, re.MULTILINE)
    repository.doit_ran("install")
    after = repository.doit("list", "--all", "--status").out
    for task in (
        "tags:acme/a",
        "resolve",
        "download:acme/b",
        "verify:acme/b",
        "extract:acme/b",
        "prune",
        "lock",
    ):
        assert re.search(rf"^U {task}\b", after, re.MULTILINE), task


def test_info_tells_a_fresh_task_from_a_stale_one(repository: Repository) -> None:
    """``doit info`` exits 0 for a fresh task, and not for a stale one."""
    repository.doit_ran("install")
    assert repository.doit("info", "extract:acme/b").code == 0
    repository.delete_modules()
    stale = repository.doit("info", "extract:acme/b")
    assert stale.code != 0
    assert "Traceback" not in stale.err


def test_one_task_alone_does_what_it_needs_and_no_more(repository: Repository) -> None:
    """``doit extract:acme/b`` lays out that package only."""
    repository.doit_ran("install")
    repository.delete_modules()
    assert repository.doit_ran("extract:acme/b") == ["extract:acme/b"]
    assert list(repository.installed()) == ["acme/b"]


def test_one_task_alone_works_before_anything_is_resolved(repository: Repository) -> None:
    """In the delayed graph, too, a package's task can be asked for by name."""
    assert "extract:acme/b" in repository.doit_ran("extract:acme/b")
    assert "acme/b" in repository.installed()


def test_forgotten_task_runs_again(repository: Repository) -> None:
    """``doit forget`` makes a task stale, and only that one."""
    repository.doit_ran("install")
    assert repository.doit("forget", "extract:acme/b").code == 0
    assert repository.doit_ran("install") == ["extract:acme/b"]
    assert repository.doit("forget", "resolve").code == 0
    assert "resolve" in repository.doit_ran("install")


def test_forget_without_names_is_no_error(repository: Repository) -> None:
    """doit's own failure there (no default task) is kept away."""
    repository.doit_ran("install")
    assert repository.doit("forget").code == 0
    assert repository.doit("forget", "--all").code == 0
    assert "lock" not in repository.doit_ran("install")


def test_clean_takes_a_package_away_and_leaves_the_lock(repository: Repository) -> None:
    """``doit clean extract:…`` removes the folder; ``doit clean`` never removes package-lock.json."""
    repository.doit_ran("install")
    lock = repository.documents()["package-lock.json"]
    assert repository.doit("clean", "extract:acme/b").code == 0
    assert list(repository.installed()) == ["acme/a"]
    assert repository.doit("clean", "--clean-all").code == 0
    assert repository.installed() == {}
    assert repository.documents()["package-lock.json"] == lock
    repository.doit_ran("install")
    assert repository.installed() == {"acme/a": "1.0.0", "acme/b": "1.1.0"}


def test_own_task_depends_on_install(repository: Repository) -> None:
    """A task of the repository runs after the installation, and again when the lock changes."""
    repository.write(
        "dodo.py",
        "from hpmtasks.dodo import hpm_config, task_hpm\n"
        "DOIT_CONFIG = hpm_config(default_tasks=['own'])\n"
        "def task_own():\n"
        "    return {'actions': ['test -f hem_modules/acme/b/package.json'],"
        " 'task_dep': ['install'], 'file_dep': ['package-lock.json', 'package.json']}\n",
    )
    assert repository.doit_ran()[-1] == "own"
    assert repository.doit_ran() == []
    repository.require({"acme/a": "^1.0.0", "acme/b": "1.0.0"})
    ran = repository.doit_ran()
    assert ran[-1] == "own"
    assert "extract:acme/b" in ran


def test_own_task_may_call_hpm(repository: Repository) -> None:
    """The project's mutex is not held any more when tasks after ``install`` run."""
    call = f"{sys.executable} -m hpmtasks install"
    repository.write(
        "dodo.py",
        f"{TWO_LINES}def task_own():\n    return {{'actions': [{call!r}], 'task_dep': ['install']}}\n",
    )
    assert repository.doit_ran("own")[-1] == "own"


def test_doit_in_threads_gives_the_same(repository: Repository) -> None:
    """``doit -n 4 -P thread`` installs everything, and leaves nothing to do."""
    assert repository.doit("-n", "4", "-P", "thread", "install").code == 0
    assert repository.installed() == {"acme/a": "1.0.0", "acme/b": "1.1.0"}
    assert repository.hpm_ran() == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("package.json", "{", "package.json is not valid JSON"),
        ("package.json", '{"name": "me/app", "version": "1"}', 'Invalid version "1"'),
        ("package-lock.json", "<<<<<<< ours", "conflict"),
    ],
)
def test_bad_file_is_a_failing_task(repository: Repository, name: str, content: str, sentence: str) -> None:
    """A document that cannot be used fails the task that reads it, in our words, without a traceback."""
    repository.write(name, content)
    done = repository.doit("install")
    assert done.code in (1, 2)
    assert sentence in done.out + done.err
    assert "Traceback" not in done.out + done.err


def test_bad_setting_is_a_failing_task(repository: Repository) -> None:
    """So does a setting."""
    repository.environ["HPM_SOURCES"] = "not JSON"
    done = repository.doit("install")
    assert done.code in (1, 2)
    assert "HPM_SOURCES" in done.out + done.err
    assert "Traceback" not in done.out + done.err
    assert repository.doit("list").code == 0


def test_unknown_package_is_a_failing_task(repository: Repository) -> None:
    """A failure of the graph is told in our words; doit keeps its own exit code."""
    repository.require({"acme/gone": "*"})
    done = repository.doit("install")
    assert done.code == 1
    assert "Package not found: acme/gone" in done.out + done.err
    assert "Traceback" not in done.out + done.err
    assert "package-lock.json" not in {path.name for path in repository.project.iterdir()}


def test_continue_after_a_failed_resolution_is_no_crash(repository: Repository) -> None:
    """With ``--continue`` doit goes on after a failed resolve; nothing is installed and nothing crashes."""
    repository.require({"acme/gone": "*"})
    done = repository.doit("run", "--continue", "install")
    assert done.code in (1, 2)
    assert "Traceback" not in done.out + done.err
    assert repository.installed() == {}


def test_foreign_config_is_told_the_way(repository: Repository) -> None:
    """A dodo.py with a DOIT_CONFIG that does not share the state is told what to write."""
    repository.write("dodo.py", "from hpmtasks.dodo import task_hpm\nDOIT_CONFIG = {}\n")
    done = repository.doit("install")
    assert done.code == 3
    assert "hpm_config" in done.err
    assert "Traceback" not in done.err


def test_state_that_cannot_be_written_is_told_in_a_sentence(repository: Repository) -> None:
    """A .hpm that is a file: plain doit, too, ends with words and without a traceback."""
    repository.write("dodo.py", f"{TWO_LINES}def task_own():\n    return {{'actions': ['echo done']}}\n")
    repository.write(".hpm", "in the way")
    done = repository.doit("own")
    assert done.code == 1
    assert "hpm: " in done.err
    assert ".hpm" in done.err
    assert "Traceback" not in done.out + done.err


def test_state_of_another_format_is_made_anew(repository: Repository) -> None:
    """A state file that this hpm does not understand costs looking again, nothing else."""
    repository.doit_ran("install")
    repository.write(".hpm/state.json", json.dumps({"format": 999, "tasks": {"resolve": 1}}))
    ran = repository.doit_ran("install")
    assert "resolve" in ran
    assert not [task for task in ran if task.startswith("tags")]


# ---------------------------------------------------------------- by path


@pytest.mark.parametrize("installed", [True, False], ids=["known graph", "delayed graph"])
def test_package_folder_can_be_asked_for_by_its_path(repository: Repository, installed: bool) -> None:
    """``doit hem_modules/owner/repo`` makes that folder, as one types it."""
    if installed:
        repository.doit_ran("install")
        repository.delete_modules()
    assert repository.doit_ran("hem_modules/acme/b")[-1] == "extract:acme/b"
    assert list(repository.installed()) == ["acme/b"]


@pytest.mark.parametrize("installed", [True, False], ids=["known graph", "delayed graph"])
def test_unknown_path_is_told_without_a_traceback(repository: Repository, installed: bool) -> None:
    """A path that no task makes is doit's usual sentence, also when that is found out late."""
    if installed:
        repository.doit_ran("install")
    done = repository.doit("hem_modules/acme/zzz")
    assert done.code == 3
    assert '"hem_modules/acme/zzz"' in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("threads", [(), ("-n", "4", "-P", "thread")], ids=["serial", "threads"])
@pytest.mark.parametrize(
    "selection",
    [
        ("hem_modules/acme/b", "install"),
        ("lock", "extract:acme/b", "install", "package-lock.json"),
        ("extract:acme/b", "package-lock.json", "download"),
    ],
    ids=" ".join,
)
def test_tasks_and_paths_may_be_mixed(
    repository: Repository, selection: tuple[str, ...], threads: tuple[str, ...]
) -> None:
    """However the first installation is asked for, each task runs once and everything is there."""
    ran = repository.doit_ran("run", *threads, *selection)
    assert sorted(ran) == sorted(set(ran))
    assert repository.installed() == {"acme/a": "1.0.0", "acme/b": "1.1.0"}


def test_own_task_with_the_lock_as_its_file_runs_after_it(repository: Repository) -> None:
    """To name package-lock.json as a dependency is enough: doit knows which task writes it."""
    repository.doit_ran("install")
    repository.write(
        "dodo.py",
        f"{TWO_LINES}def task_own():\n"
        "    return {'actions': ['true'], 'file_dep': ['package-lock.json']}\n",
    )
    repository.delete_modules()
    *before, last = repository.doit_ran("own")
    assert (set(before), last) == (
        {"extract:acme/a", "extract:acme/b"},
        "own",
    )  # doit keeps no order among equals


# ---------------------------------------------------------------- cleaning


def test_clean_waits_for_whoever_installs(repository: Repository) -> None:
    """``doit clean`` removes packages, so it holds the project's mutex, and hpm's stamp is gone."""
    repository.hpm_ran()
    stamp = repository.project / ".hpm/stamp"
    assert stamp.exists()
    cleaned = repository.doit("clean", "extract:acme/b")
    assert (cleaned.code, cleaned.err) == (0, "")
    assert cleaned.out == "extract:acme/b - executing 'extract:acme/b of hpm'\n"
    assert not stamp.exists()


def test_clean_that_is_only_tried_removes_nothing(repository: Repository) -> None:
    """``doit clean -n`` says what it would do."""
    repository.doit_ran("install")
    assert repository.doit("clean", "-n").code == 0
    assert repository.installed() == {"acme/a": "1.0.0", "acme/b": "1.1.0"}


@pytest.mark.parametrize(
    "asked", [["extract:acme/typo"], ["extract:acme/a", "verify:acme/typo"], ["lock:typo"]]
)
def test_task_of_no_package_does_not_exist(repository: Repository, asked: list[str]) -> None:
    """A name that nothing has is told as doit tells it, before the graph is known and after."""
    first, second = repository.doit(*asked), repository.doit(*asked)
    assert asked[-1] in first.err
    assert first.code == second.code == 3
    assert repository.doit("extract:acme/a").code == 0


def test_failure_goes_before_a_task_that_cannot_be_known(repository: Repository) -> None:
    """While resolving fails nobody knows which tasks there are: the failure is what is told."""
    repository.require({"acme/nowhere": "*"})
    ran = repository.doit("extract:acme/typo")
    assert ran.code != 0
    assert "acme/nowhere" in ran.out + ran.err
