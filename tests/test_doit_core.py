from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: What its command line, its debugger and its processes need, and the parts that hpm uses do not.
NEEDLESS = {
    "doit.doit_cmd",
    "importlib.metadata",
    "inspect",
    "multiprocessing",
    "pdb",
    "pickle",
    "subprocess",
}

RUNS_A_TASK = """
from hpmtasks.doit_core import Dependency, Runner, Stream, Task, TaskControl
from doit.dependency import JsonDB, MD5Checker
from doit.reporter import ConsoleReporter

def say():
    print("said")

def fail():
    raise ValueError("broken")

tasks = [Task("say", [say]), Task("told", ["echo told"]), Task("fail", [fail])]
control = TaskControl(tasks)
control.process(None)
reporter = ConsoleReporter(sys.stdout, {})
runner = Runner(Dependency(JsonDB, "state"), reporter, continue_=True, stream=Stream(2))
print(runner.run_all(control.task_dispatcher()))
"""


def python(code: str, folder: Path) -> str:
    """What a program of *code* in *folder* prints."""
    program = folder / "program.py"
    program.write_text(f"import sys\n{code}")
    done = subprocess.run(
        [sys.executable, program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_parts_come_without_what_they_do_not_need(tmp_path: Path) -> None:
    """Neither the command line is imported, nor what the parts import for rare cases."""
    code = "import hpmtasks.doit_core; print(*sorted(sys.modules))"
    assert not NEEDLESS & set(python(code, tmp_path).split())


def test_whoever_imports_the_rest_later_gets_it(tmp_path: Path) -> None:
    """The package, its command line and the modules that were put off are what they always are."""
    code = """
import hpmtasks.doit_core
import inspect, subprocess
print(inspect.signature(print) is not None, issubclass(subprocess.CalledProcessError, Exception))
import doit
from doit.api import run_tasks
from doit.cmd_base import ModuleTaskLoader
from doit import create_after, get_var
from doit.task import Task
print(doit.tools.config_changed is not None)
print(doit.__version__ == doit.version.VERSION, Task is hpmtasks.doit_core.Task, callable(doit.run))
class dodo:
    DOIT_CONFIG = {"backend": "json"}
    def task_all():
        return {"actions": ["echo whole", lambda: print("and function")], "verbosity": 2}
print(run_tasks(ModuleTaskLoader(vars(dodo)), {"all": {}}))
"""
    assert python(code, tmp_path).splitlines() == [
        "True True",
        "True",
        "True True True",
        ".  all",
        "whole",
        "and function",
        "0",
    ]


@pytest.mark.parametrize("before", ["", "import doit\n"], ids=["light", "whole"])
def test_every_kind_of_action_works(tmp_path: Path, before: str) -> None:
    """A command, a function and a failure with its traceback, whether doit was there before or not."""
    told = python(f"{before}{RUNS_A_TASK}", tmp_path)
    assert (".  say\n" in told, ".  told\n" in told, "ValueError: broken" in told) == (True, True, True)
    assert told.endswith("2\n")


def test_a_doit_that_is_there_is_used(tmp_path: Path) -> None:
    """Under doit's own command line there is one doit, the one that runs."""
    code = """
import doit, doit.task
known = {name: module for name, module in sys.modules.items() if name.startswith("doit")}
import hpmtasks.doit_core
print(all(sys.modules[name] is module for name, module in known.items()))
print(hpmtasks.doit_core.Task is doit.task.Task, type(doit).__name__)
"""
    assert python(code, tmp_path) == "True\nTrue module\n"


def test_a_doit_of_another_shape_is_imported_plainly(tmp_path: Path) -> None:
    """What cannot be read in parts is imported as a whole."""
    package = tmp_path / "doit"
    package.mkdir()
    (package / "__init__.py").write_text("from doit import task\n")
    has_everything = "def __getattr__(name):\n    return type(name, (), {'__module__': __name__})\n"
    for name in ("action", "control", "dependency", "exceptions", "runner", "task"):
        (package / f"{name}.py").write_text(has_everything)
    with (package / "runner.py").open("a") as runner:
        runner.write("from multiprocessing import Process\nclass Runner(Process): ...\n")
    code = (
        "import hpmtasks.doit_core as core; print(type(sys.modules['doit']).__name__, core.Task.__module__)"
    )
    assert python(code, tmp_path) == "module doit.task\n"
