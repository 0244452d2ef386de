"""Which tasks are laid, in which order, and what is wrong with those that cannot be."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from hpmtasks.errors import InvalidManifest, NotInProject, ScriptNotFound, Usage
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.package import Requirement
from hpmtasks.model.task_config import parse_tasks
from hpmtasks.project.workspace import Member, Workspace
from hpmtasks.scripts.tasks import CircularTasks, Step, TaskId, lay, task_names


def member(path: str, needs: str = "", **tasks: str) -> Member:
    """A member that requires *needs*; each task of it depends on what it says, and has a script."""
    name = f"acme/{path.rpartition('/')[2] or 'root'}"
    scripts = {task: f"run {task}" for task in tasks if not task.startswith("only_")}
    section = {task: {"dependsOn": words.split()} for task, words in tasks.items() if words}
    parsed, issues = parse_tasks(scripts, section)
    assert issues == []
    requirements = tuple(Requirement.parse(f"acme/{each}") for each in needs.split())
    manifest = Manifest(name=name, scripts=scripts, tasks=parsed, requirements=requirements)
    return Member(name, path, Path("/w") / path, manifest)


def order(workspace: Workspace, *asked: str) -> list[str]:
    """The names of the tasks in the order in which they are laid."""
    return [str(task) for task in lay(workspace, ids(workspace, *asked))]


def ids(workspace: Workspace, *asked: str) -> list[TaskId]:
    """The tasks that somebody in the root means."""
    return [TaskId.parse(text, workspace, workspace.root) for text in asked]


APP = Workspace(
    member("", build="codegen", codegen="", test="build lint", lint="", only_all="test acme/app#build"),
    (
        member("app", "lib util", build="^build", test="build ^test"),
        member("base", build="", test=""),
        member("lib", "base", check="^build"),
        member("util", "base", build="^build"),
    ),
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("lint", "lint"),
        ("test", "codegen build lint test"),
        ("lint build", "lint codegen build"),
        ("acme/base#build", "acme/base#build"),
        # lib has no build, so base is asked in its place; and util needs base, too.
        ("acme/app#build", "acme/base#build acme/util#build acme/app#build"),
        ("app#test", "acme/base#build acme/util#build acme/app#build acme/base#test acme/app#test"),
        ("lib#check", "acme/base#build acme/lib#check"),
        (
            "only_all",
            "codegen build lint test acme/base#build acme/util#build acme/app#build only_all",
        ),
        ("build build", "codegen build"),
    ],
)
def test_what_is_needed_comes_before_what_needs_it(asked: str, expected: str) -> None:
    """The closure of what was asked for, each once, in the order of dependsOn."""
    assert order(APP, *asked.split()) == expected.split()


def test_a_task_has_its_steps_and_its_needs() -> None:
    """The script with those that surround it; words go to the script itself."""
    scripts = {"prebuild": "a", "build": "b", "postbuild": "c"}
    tasks, _ = parse_tasks(scripts, {"all": {"dependsOn": ["build", "build"]}})
    workspace = Workspace(Member("acme/x", "", Path("/w"), Manifest(scripts=scripts, tasks=tasks)))
    laid = lay(workspace, ids(workspace, "all"))
    build, everything = laid[TaskId("", "build")], laid[TaskId("", "all")]
    assert build.steps == (Step("prebuild", "a"), Step("build", "b"), Step("postbuild", "c"))
    assert build.with_arguments(["x y"]).steps[1] == Step("build", "b 'x y'")
    assert (everything.steps, everything.needs) == ((), (build.id,))


@pytest.mark.parametrize(
    ("asked", "at", "expected"),
    [
        ("build", "", TaskId("", "build")),
        ("build", "app", TaskId("acme/app", "build")),
        ("lib#build", "app", TaskId("acme/lib", "build")),
        ("ACME/lib#build", "", TaskId("acme/lib", "build")),
        ("./lib#build", "app", TaskId("acme/lib", "build")),
        (".#build", "app", TaskId("", "build")),
        ("acme/root#build", "app", TaskId("", "build")),
    ],
)
def test_a_task_is_named_from_where_one_is(asked: str, at: str, expected: TaskId) -> None:
    """By itself in the member at hand; with the member's name, folder, or name without owner."""
    here = next(each for each in APP.everyone() if each.path == at)
    assert TaskId.parse(asked, APP, here) == expected
    assert TaskId.parse(str(expected), APP, APP.root) == expected


def test_a_script_may_have_a_mark_in_its_name() -> None:
    """What a package.json calls its script goes before what the mark means elsewhere."""
    workspace = Workspace(member("", **{"a#b": ""}))
    assert order(workspace, "a#b") == ["a#b"]


@pytest.mark.parametrize(
    ("root", "asked", "cycle"),
    [
        (member("", a="a"), "a", "a → a"),
        (member("", z="a", a="b", b="c", c="a"), "z", "a → b → c → a"),
        (member("", a="acme/one#x"), "a", None),
    ],
)
def test_a_circle_is_told_by_its_path(root: Member, asked: str, cycle: str | None) -> None:
    """From the first task that is on it, without those that only lead to it; exit code 8."""
    one = member("one", "two", x="^x")
    workspace = Workspace(root, (one, member("two", "one", x="^x")))
    with pytest.raises(CircularTasks) as refusal:
        lay(workspace, ids(workspace, asked))
    assert refusal.value.exit_code == 8
    expected = cycle or "acme/one#x → acme/two#x → acme/one#x"
    assert f"Tasks depend on each other: {expected}\n" in str(refusal.value)
    assert refusal.value.cycle == tuple(expected.split(" → "))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("biuld", "package.json has no script 'biuld'. Did you mean build?"),
        ("lib#chekc", "acme/lib: package.json has no script 'chekc'. Did you mean check?"),
    ],
)
def test_a_task_that_is_not_there_is_told(asked: str, sentence: str) -> None:
    """With a name that was probably meant, and all there are."""
    with pytest.raises(ScriptNotFound, match=re.escape(sentence)) as refusal:
        order(APP, asked)
    assert "Its scripts are: " in str(refusal.value)
    with pytest.raises(ScriptNotFound, match="It has no scripts at all"):
        order(Workspace(member("")), "x")


def test_a_member_that_is_not_there_is_told() -> None:
    """As for every other command."""
    with pytest.raises(NotInProject, match="Did you mean acme/util"):
        ids(APP, "utli#build")


@pytest.mark.parametrize(
    ("depends", "reason"),
    [
        ("lbi#build", '"lbi#build": lbi is not a member of this workspace. Did you mean acme/lib?'),
        ("lib#build", '"lib#build": acme/lib has no script "build".'),
        (".#chekc", '".#chekc": the root has no script "chekc". Did you mean check?'),
    ],
)
def test_a_dependency_on_nothing_is_told_by_its_field(depends: str, reason: str) -> None:
    """The package.json that has it, and what is wrong there."""
    workspace = Workspace(member("", check=""), (member("app", x=depends), member("lib", check="")))
    with pytest.raises(InvalidManifest) as refusal:
        order(workspace, "app#x")
    assert refusal.value.path == str(Path("/w/app/package.json"))
    assert refusal.value.issues == (f"tasks.x.dependsOn: {reason}",)


def test_a_name_that_means_two_members_is_refused() -> None:
    """One has to write the whole of it."""
    other = member("other", x="")
    twin = Member("corp/other", "twin", Path("/w/twin"), other.manifest)
    with pytest.raises(Usage, match="acme/other or corp/other"):
        TaskId.parse("OTHER#x", Workspace(member(""), (member("a"), other, twin)), other)


def test_every_task_has_a_name() -> None:
    """Those of the root first, then by path."""
    names = [str(task) for task in task_names(APP)]
    assert names[:6] == ["build", "codegen", "test", "lint", "only_all", "acme/app#build"]


def test_a_chain_of_any_length_is_laid() -> None:
    """Five thousand tasks, each needing the next."""
    chain = {f"t{at}": f"t{at + 1}" for at in range(4999)} | {"t4999": ""}
    assert order(Workspace(member("", **chain)), "t0") == [f"t{at}" for at in reversed(range(5000))]


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefgh"), max_size=3), min_size=8)
)
@settings(deadline=None)
def test_any_graph_is_laid_in_order_or_refused(graph: dict[str, set[str]]) -> None:
    """Each task is behind all that it needs; or there is a circle, each of whose tasks needs the next."""
    workspace = Workspace(member("", **{name: " ".join(sorted(needs)) for name, needs in graph.items()}))
    if is_circular(graph):
        with pytest.raises(CircularTasks) as refusal:
            order(workspace, *sorted(graph))
        cycle = refusal.value.cycle
        assert cycle[0] == cycle[-1]
        assert all(needed in graph[task] for task, needed in pairwise(cycle))
    else:
        laid = order(workspace, *sorted(graph))
        assert sorted(laid) == sorted(graph)
        assert all(laid.index(needed) < laid.index(task) for task in graph for needed in graph[task])


def is_circular(graph: dict[str, set[str]]) -> bool:
    """Whether the standard library finds a circle in *graph*."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return True
    return False
