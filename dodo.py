#!/usr/bin/env python3
"""The project's own tasks; also the way in.

``python3 dodo.py`` needs nothing but Python (3.11 or newer, with venv) and git:
it makes ``.venv`` from the committed lock, goes on inside it, and runs the demo.
``python3 dodo.py TASK...`` runs other tasks; ``python3 dodo.py list`` names them.
Inside an environment that has the project, plain ``doit`` reads this file too.

The first half of this file is kept to what any Python 3 can parse, so that an old
one is told what it lacks and not shown a syntax error.
"""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")


def stop(sentence):
    """End with *sentence* on stderr: what is missing, and the remedy."""
    sys.stderr.write("dodo.py: " + sentence + "\n")
    sys.exit(1)


def lock_fingerprint():
    """What the environment is made from; a new one means it must be made again."""
    import hashlib

    digest = hashlib.sha256(sys.version.encode())
    for name in ("uv.lock", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def run_quietly(argv, what):
    """Run *argv*; its output is shown only if it fails."""
    env = dict(os.environ, UV_PROJECT_ENVIRONMENT=VENV, PIP_DISABLE_PIP_VERSION_CHECK="1")
    env.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        stop(what + " failed (its output is above). A package index must be reachable for this one step.")


def make_environment():
    """Leave ``.venv`` holding exactly what uv.lock names, and this project, editable."""
    if sys.version_info < (3, 11):
        stop(
            "Python 3.11 or newer is needed and this is %d.%d; run it as `python3.11 dodo.py` or newer."
            % sys.version_info[:2]
        )
    mark = os.path.join(VENV, "made-from")
    wanted = lock_fingerprint()
    if os.path.exists(mark) and os.path.exists(PYTHON):
        with open(mark) as file:
            if file.read() == wanted:
                return
    try:
        import ensurepip  # noqa: F401  Debian ships venv without it
        import venv
    except ImportError:
        stop("this Python has no venv module; on Debian and Ubuntu: `apt install python3-venv`.")
    print("Making .venv from uv.lock (once) ...", flush=True)
    if not os.path.exists(PYTHON):
        venv.create(VENV, with_pip=True, clear=os.path.exists(VENV), symlinks=os.name != "nt")
    run_quietly([PYTHON, "-m", "pip", "install", "--quiet", "uv>=0.6"], "installing uv into .venv")
    run_quietly(
        [PYTHON, "-m", "uv", "sync", "--frozen", "--quiet", "--inexact"], "installing uv.lock into .venv"
    )
    with open(mark, "w") as file:
        file.write(wanted)


def go_on_inside(arguments):
    """Replace this process by the environment's Python running the same file."""
    env = dict(os.environ, HPM_DODO_INSIDE="1")
    env["PATH"] = BIN + os.pathsep + env.get("PATH", "")
    argv = [PYTHON, os.path.join(ROOT, "dodo.py")] + arguments
    if os.name == "nt":
        sys.exit(subprocess.call(argv, env=env))
    os.execve(PYTHON, argv, env)


if __name__ == "__main__" and os.environ.get("HPM_DODO_INSIDE") != "1":
    make_environment()
    go_on_inside(sys.argv[1:])


# From here on: an ordinary dodo file, read inside the environment.

DOIT_CONFIG = {
    "backend": "json",
    "dep_file": os.path.join(ROOT, ".venv", "dodo-state.json"),
    "default_tasks": ["demo"],
    "verbosity": 2,
}

#: The Pythons that hpm runs on.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

#: ``doit test:AREA`` runs one area; ``doit test`` runs everything.
AREAS = {
    "dataclass": "tests/test_dataclass.py",
    "doit": "tests/test_doit_core.py",
    "pattern": "tests/test_pattern.py",
    "semver": "tests/semver",
    "manifest": "tests/model/test_manifest.py",
    "lockfile": "tests/model/test_lockfile.py",
    "model": "tests/model",
    "cache": "tests/store",
    "files": "tests/files",
    "hemlock": "tests/hemlock",
    "net": "tests/net",
    "sources": "tests/sources",
    "advisories": "tests/advisories",
    "resolver": "tests/resolver",
    "project": "tests/project",
    "session": "tests/session",
    "stages": "tests/stages",
    "supply": "tests/supply",
    "scripts": "tests/scripts",
    "graph": "tests/graph",
    "front": "tests/front",
    "commands": "tests/commands",
    "examples": "tests/examples",
    "docs": "tests/docs",
    "fuzz": "tests/fuzz",
    "benchmarks": "tests/benchmarks",
}

#: ``doit bench:NAME`` runs one of these; ``doit bench`` is about installations.
BENCHMARKS = {
    "check": "has hpm become slower? ratios within one run, against the committed ones; for the night",
    "results": "the store of results of scripts, alone; prints figures",
    "scale": "5,000 packages, 10,000 versions, a large lock; written to docs/performance",
    "scripts": "a thousand scripts, by hpm and its peers; prints figures",
    "solver": "the resolver alone, on random graphs; prints figures",
}


def pytest(*arguments, marked="not faults"):
    """The command line of the tests."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", marked]
    return command + list(arguments)


def task_demo():
    """the main job: install examples/hello from the embedded offline source, and show the tree"""
    hello = "examples/hello"
    actions = []
    for arguments in (["install", "--verbose", "-C", hello], ["list", "-C", hello]):
        actions.append((show, [["hpm"] + arguments]))
        actions.append([sys.executable, "-m", "hpmtasks"] + arguments)
    return {"actions": actions, "title": lambda task: "demo: " + task.doc}


def show(argv):
    """Print a command line as a person would type it."""
    print("\n$ " + " ".join(argv), flush=True)


def task_test():
    """all tests; test:semver, test:cache ... run one area"""
    yield {"basename": "test", "actions": [pytest()]}
    for area, path in sorted(AREAS.items()):
        yield {"basename": "test:" + area, "actions": [pytest(path)], "doc": "the tests of " + path}
    yield {
        "basename": "test:nightly",
        "actions": [(run_with, [pytest("tests/front", "tests/graph"), {"HPM_TEST_MUTATIONS": "2000"}])],
        "doc": "2,000 random changes where a run of all tests tries 300; takes its time",
    }


def task_lint():
    """ruff, mypy --strict and the import contracts"""
    return {
        "actions": [
            [sys.executable, "-m", "ruff", "check", "--quiet"],
            [sys.executable, "-m", "ruff", "format", "--check", "--quiet"],
            [sys.executable, "-m", "mypy", "--no-error-summary"],
            [os.path.join(BIN, "lint-imports"), "--no-cache"],
        ]
    }


def task_bench():
    """benchmarks; all but bench:check print figures and judge nothing"""
    options = ("sizes", "latencies", "tools", "scenarios", "minutes", "folder", "output")
    yield {
        "basename": "bench",
        "actions": [(bench,)],
        "params": [{"name": name, "long": name, "default": ""} for name in options],
        "doc": "installations by hpm and, with BENCH_FOLDER, its peers; written to docs/performance",
    }
    for name, doc in sorted(BENCHMARKS.items()):
        command = [sys.executable, "-m", "tests.benchmarks." + name]
        yield {"basename": "bench:" + name, "actions": [command], "doc": doc}


def bench(**options):
    """Measure installations; True if that ended well."""
    command = [sys.executable, "-m", "tests.benchmarks.installations"]
    return subprocess.call(command + ["--%s=%s" % each for each in options.items() if each[1]]) == 0


def task_faults():
    """kills, losses of power, full disks, hostile networks: a selection; faults:nightly tries every point"""
    command = pytest("tests/faults", marked="faults")
    yield {"basename": "faults", "actions": [command]}
    yield {
        "basename": "faults:nightly",
        "actions": [(run_with, [command, {"HPM_FAULTS": "nightly"}])],
        "doc": "every point of every fault; takes its time",
    }


def task_canary():
    """the tests with a token in every environment, which then must be in no file and in no output"""
    return {"actions": [[sys.executable, "-m", "tests.support.canary"]]}


def run_with(argv, environ):
    """Run *argv* with more *environ*; True if it succeeds."""
    return subprocess.call(argv, env=dict(os.environ, **environ)) == 0


def task_fuzz():
    """ten minutes of fuzzing; what is found is kept in tests/fuzz/corpus"""
    return {"actions": [[sys.executable, "-m", "tests.fuzz.run", "100"]]}


def task_nightly():
    """what takes too long for CI: every point of every fault, fuzzing, and whether hpm has become slower"""
    return {"actions": None, "task_dep": ["faults:nightly", "fuzz", "bench:check"]}


def task_docs():
    """write docs/commands.md from the table of commands, and tables and charts from the figures"""
    return {
        "actions": [
            [sys.executable, os.path.join(ROOT, "docs", "generate.py")],
            [sys.executable, "-m", "tests.benchmarks.presentation"],
        ]
    }


def task_standalone():
    """hpm as one file, dist/hpm.pyz, for this Python; standalone:all for others, too (needs a network)"""
    build = [sys.executable, os.path.join(ROOT, "standalone", "build.py")]
    here = "%d.%d" % sys.version_info[:2]
    others = [word for each in PYTHONS if each != here for word in ("--python", each)]
    yield {"basename": "standalone", "actions": [build]}
    yield {
        "basename": "standalone:all",
        "actions": [build + others],
        "doc": "the same for all of " + ", ".join(PYTHONS),
    }


def task_site():
    """docs/ as a site in build/site; a warning is an error"""
    site = ["--strict", "--quiet", "--site-dir", os.path.join("build", "site")]
    return {"actions": [[sys.executable, "-m", "mkdocs", "build"] + site]}


def task_format():
    """let ruff write what it would otherwise complain about"""
    return {
        "actions": [
            [sys.executable, "-m", "ruff", "check", "--fix", "--quiet"],
            [sys.executable, "-m", "ruff", "format", "--quiet"],
        ]
    }


if __name__ == "__main__":
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    os.chdir(ROOT)
    sys.exit(DoitMain(ModuleTaskLoader(globals()), config_filenames=()).run(sys.argv[1:]))
