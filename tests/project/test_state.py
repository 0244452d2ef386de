"""State: what earlier runs found out; lost at no other price than looking again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.sealed import seal
from hpmtasks.model.package import PackageName
from hpmtasks.project import state as state_module
from hpmtasks.project.state import DoitBackend, Installed, State

SOME = Installed("Acme/A", "1.0.0", "sha256-" + "0" * 64, 5, 6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the state goes; its folder does not exist yet."""
    return tmp_path / ".hpm" / "state.json"


def test_everything_kept_is_there_in_the_next_run(path: Path) -> None:
    """Tasks, fingerprints, packages and tools survive the file."""
    state = State(path)
    state.keep_task_value("resolve", "_values_:", {"packages": 2})
    state.keep_task_value("own", "deps:", ("a", "b"))
    state.keep_package("acme/a", SOME)
    state.keep_tool("/bin/hemlock", [1, 2, "1.0.0"])
    path.parent.mkdir()
    (path.parent / "input").write_text("x")
    digest = state.files.fingerprint_of(path.parent / "input")
    state.save()

    again = State(path)

    assert again.values_of("resolve") == {"packages": 2}
    assert again.task_value("own", "deps:") == ["a", "b"]
    assert again.packages == {"acme/a": SOME}
    assert again.tools == {"/bin/hemlock": [1, 2, "1.0.0"]}
    assert [row[5] for row in again.files.to_rows()] == [digest]


def test_equal_values_write_nothing(path: Path) -> None:
    """Keeping what is kept already leaves the file alone, so that a no-op does not write."""
    state = State(path)
    state.keep_task_value("own", "deps:", ("a", "b"))
    state.keep_package("acme/a", SOME)
    state.keep_tool("tool", [1])
    state.save()
    before = path.stat()
    again = State(path)
    again.keep_task_value("own", "deps:", ("a", "b"))
    again.keep_package("acme/a", SOME)
    again.keep_tool("tool", [1])
    again.forget_task("never ran")
    again.forget_package("acme/unknown")
    assert not again.is_dirty
    again.save()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_processes_tasks_survive_a_save(path: Path) -> None:
    """Who saves last loses nothing that the other ran: each one's word stands for its own tasks."""
    one, other = State(path), State(path)
    one.keep_task_value("one", "k", 1)
    one.keep_task_value("both", "k", "one")
    one.save()
    other.keep_task_value("other", "k", 2)
    other.keep_task_value("both", "k", "other")
    seen = [other.changed_by_another]
    other.save()
    seen.append(other.changed_by_another)
    assert seen == [True, False]
    tasks = State(path).tasks
    assert tasks == {"one": {"k": 1}, "other": {"k": 2}, "both": {"k": "other"}}


def test_forgotten_task_stays_forgotten_beside_another_process(path: Path) -> None:
    """What this process forgot does not come back from the other's file."""
    state = State(path)
    state.keep_task_value("gone", "k", 1)
    state.keep_task_value("kept", "k", 1)
    state.save()
    one, other = State(path), State(path)
    one.keep_task_value("new", "k", 1)
    one.save()
    other.forget_task("gone")
    other.save()
    assert set(State(path).tasks) == {"kept", "new"}


def test_packages_of_another_process_survive_a_save(path: Path) -> None:
    """A process that only ran a task of its own does not undo what another one knows of hem_modules."""
    one, other = State(path), State(path)
    one.keep_package("acme/a", SOME)
    one.save()
    other.keep_task_value("own", "k", 1)
    other.save()
    assert State(path).packages == {"acme/a": SOME}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


names = st.sampled_from(["resolve", "acme/a", "../..", "", "x"])
tables = st.dictionaries(names, anything, max_size=2)
fields = st.tuples(names, *(st.text(max_size=3) | st.integers() for _ in range(4)))


@given(
    tasks=st.dictionaries(names, tables, max_size=2) | tables | anything,
    files=st.lists(anything) | anything,
    packages=st.dictionaries(names, fields, max_size=2) | tables | anything,
    tools=st.dictionaries(names, st.lists(anything), max_size=2) | tables | anything,
)
def test_document_of_any_shape_is_read(
    tasks: object, files: object, packages: object, tools: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever a file of ours holds, a state comes of it that can be asked, changed and saved."""
    path = tmp_path_factory.mktemp("state") / "state.json"
    document = {"format": 1, "tasks": tasks, "files": files, "packages": packages, "tools": tools}
    path.write_bytes(seal(json.dumps(document)))
    state = State(path)
    for task in [*state.tasks, "resolve"]:
        assert isinstance(state.values_of(task), dict)
        state.keep_task_value(task, "k", 1)
    for installed in state.packages.values():
        PackageName.parse(installed.name)
    state.save()
    assert set(State(path).tasks) >= {"resolve"}


@given(data=st.binary(max_size=60))
def test_garbage_is_no_state(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Bytes that are no document are as good as no file, and are replaced by the next save."""
    path = tmp_path_factory.mktemp("state") / "state.json"
    path.write_bytes(data)
    state = State(path)
    assert (state.tasks, state.packages, state.tools, len(state.files)) == ({}, {}, {}, 0)
    state.keep_task_value("own", "k", 1)
    state.save()
    assert State(path).tasks == {"own": {"k": 1}}


def test_deeply_nested_document_is_no_state(path: Path) -> None:
    """A file that would exhaust the parser is garbage like any other."""
    path.parent.mkdir()
    path.write_text("[" * 100_000)
    assert State(path).tasks == {}


# ---------------------------------------------------------------- as doit sees it


def test_backend_keeps_and_forgets(path: Path) -> None:
    """doit's six questions are answered from the state."""
    backend = DoitBackend(str(path), None)
    backend.set("a", "k", 1)
    backend.set("b", "k", 2)
    assert (backend.get("a", "k"), backend.get("a", "other"), backend.get("c", "k")) == (1, None, None)
    assert (backend.in_("a"), backend.in_("c")) == (True, False)
    backend.remove("a")
    assert list(backend) == ["b"]
    backend.remove_all()
    assert list(backend) == []


def test_backend_touches_nothing_before_it_is_dumped(path: Path) -> None:
    """doit makes one for every command, ``doit help`` too: not even a folder appears."""
    backend = DoitBackend(str(path), None)
    backend.dump()
    assert not path.parent.exists()
    backend.set("a", "k", 1)
    backend.dump()
    assert State(path).tasks == {"a": {"k": 1}}


def test_long_run_is_written_from_time_to_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed run loses no more than what the last moments found out."""
    monkeypatch.setattr(state_module, "_FLUSH_AFTER_SECONDS", -1.0)
    DoitBackend(str(path), None).set("a", "k", 1)
    assert State(path).tasks == {"a": {"k": 1}}


def test_what_was_written_in_the_midst_of_a_run_is_synced_at_its_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the disk while tasks run; and whatever is known in the end is on it."""
    synced: list[bool] = []

    def write(path: Path, data: bytes, *, durable: bool) -> None:
        synced.append(durable)
        write_atomically(path, data, durable=durable)

    monkeypatch.setattr(state_module, "write_atomically", write)
    monkeypatch.setattr(state_module, "_FLUSH_AFTER_SECONDS", -1.0)
    backend = DoitBackend(str(path), None)
    backend.set("a", "k", 1)
    assert synced == [False]
    backend.dump()
    assert synced == [False, True]
    backend.dump()
    assert synced == [False, True]


def test_what_says_nothing_is_not_kept(path: Path) -> None:
    """An empty record, as groups have, is no reason to write; one that became empty is."""
    backend = DoitBackend(str(path), None)
    for key, value in (("_values_:", {}), ("deps:", ()), ("checker:", "ContentChecker")):
        backend.set("group", key, value)
    assert not backend.state.is_dirty
    backend.set("a", "deps:", ("file",))
    backend.set("a", "deps:", ())
    assert backend.get("a", "deps:") == []
