"""hpm run and hpm test: a script has the terminal, the arguments and the exit code to itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from hpmtasks.scripts.tasks import Step, steps_of
from tests.support.command_line import PATIENCE_SECONDS, REPOSITORY, CommandLine, terminal
from tests.support.golden import Golden

SHOW = "printf '<%s>\\n'"


def scripts(shell: CommandLine, **found: str) -> None:
    """package.json has these scripts and requires nothing."""
    document = {"name": "me/app", "version": "1.2.3", "scripts": found}
    shell.write("package.json", json.dumps(document, indent=2) + "\n")


def start(shell: CommandLine, *arguments: str) -> subprocess.Popen[bytes]:
    """Hpm running, away from any terminal, with pipes at all three ends."""
    return subprocess.Popen(
        [sys.executable, "-m", "hpmtasks", *arguments],
        cwd=shell.cwd,
        env={**shell.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def read_line(process: subprocess.Popen[bytes]) -> bytes:
    """The next line that *process* prints."""
    assert process.stdout
    return process.stdout.readline()


# ---------------------------------------------------------------- what is run, with what


def test_script_runs_between_its_pre_and_post(shell: CommandLine) -> None:
    """The three run in their order, each is announced on stderr, and only the script gets arguments."""
    scripts(shell, postbuild="echo last", build="echo", prebuild="echo first", unrelated="exit 1")

    ran = shell.process("run", "build", "a b")

    assert (ran.code, ran.out) == (0, "first\na b\nlast\n")
    assert ran.err == "> echo first\n> echo 'a b'\n> echo last\n"


@pytest.mark.parametrize("failing", ["prebuild", "build"])
def test_failure_ends_the_sequence(shell: CommandLine, failing: str) -> None:
    """What comes after a failed step does not run, and the exit code is the step's."""
    scripts(shell, **{"prebuild": "echo 1", "build": "echo 2", "postbuild": "echo 3", failing: "exit 41"})
    ran = shell.process("run", "-q", "build")
    assert (ran.code, ran.out, ran.err) == (41, "" if failing == "prebuild" else "1\n", "")


NAUGHTY = [
    "",
    " ",
    "a b",
    "$(id)",
    "`id`",
    "'",
    '"',
    "\\",
    "*",
    "~",
    "-x",
    "--",
    ";exit 9",
    "a\nb",
    "ä€",
    "%s",
]


def test_arguments_arrive_as_they_are(shell: CommandLine) -> None:
    """No character of an argument means anything to the shell."""
    scripts(shell, show=SHOW)
    ran = shell.process("run", "--quiet", "show", "--", *NAUGHTY)
    assert ran.out == "".join(f"<{word}>\n" for word in NAUGHTY)


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (("--", "a"), ["a"]),
        (("a",), ["a"]),
        (("--json",), ["--json"]),
        (("--help", "-C", "x"), ["--help", "-C", "x"]),
        (("--", "--", "a"), ["--", "a"]),
        (("a", "--", "b"), ["a", "--", "b"]),
        (("-q",), ["-q"]),
    ],
)
def test_what_stands_behind_the_name_is_the_scripts(
    shell: CommandLine, given: tuple[str, ...], passed: list[str]
) -> None:
    """Options too, with and without ``--``; only the first ``--`` is hpm's."""
    scripts(shell, show=SHOW)
    ran = shell.process("run", "-q", "show", *given)
    assert (ran.code, ran.out) == (0, "".join(f"<{word}>\n" for word in passed))


@pytest.mark.parametrize("name", ["a b", "$(exit 3)", "-x", "ä", "a=b", "a:b", "*", "..", "__proto__"])
def test_names_mean_nothing(shell: CommandLine, name: str) -> None:
    """A script may be called anything; one that begins with a dash stands behind ``--``."""
    scripts(shell, **{name: "echo found"})
    ran = shell.process("run", "-q", *(("--",) if name.startswith("-") else ()), name)
    assert (ran.code, ran.out, ran.err) == (0, "found\n", "")


def test_script_is_told_where_it_is(shell: CommandLine) -> None:
    """It runs in the project's root, wherever hpm was started, and knows project and package."""
    names = ("HPM_PROJECT_ROOT", "HPM_SCRIPT", "HPM_PACKAGE_NAME", "HPM_PACKAGE_VERSION", "OWN")
    show = "; ".join(f'echo "${name}"' for name in names)
    scripts(shell, where=f"pwd; {show}", prewhere='echo "$HPM_SCRIPT"')
    (shell.project / "deep/down").mkdir(parents=True)
    shell.below = "deep/down"

    ran = shell.process("run", "-q", "where", OWN="kept")

    root = str(shell.project)
    assert ran.out.split("\n")[:-1] == ["prewhere", root, root, "where", "me/app", "1.2.3", "kept"]


def test_programs_of_packages_come_first_on_the_path(shell: CommandLine) -> None:
    """PATH is as it was, but for ``hem_modules/.bin`` where that exists."""
    scripts(shell, path='echo "$PATH"')
    plain = shell.process("run", "-q", "path").out.strip()
    (shell.project / "hem_modules/.bin").mkdir(parents=True)
    assert plain == shell.environ["PATH"]
    assert shell.process("run", "-q", "path").out.strip() == f"{shell.project}/hem_modules/.bin:{plain}"


def test_scripts_of_packages_are_never_run(shell: CommandLine) -> None:
    """A dependency's scripts do not exist for hpm run, and nothing of them runs by installing."""
    scripts(shell, mine="echo mine")
    shell.write("hem_modules/acme/a/package.json", '{"scripts": {"theirs": "echo theirs"}}')
    assert shell.process("run", "theirs").code == 2


def test_test_is_short_for_run_test(shell: CommandLine) -> None:
    """``hpm test`` runs ``test``, with its pre script and its arguments."""
    scripts(shell, pretest="echo before", test=SHOW)
    ran = shell.process("test", "-q", "--", "--watch", "x")
    assert (ran.code, ran.out) == (0, "before\n<--watch>\n<x>\n")
    assert shell.process("test", "-q", "x", "--watch").out == "before\n<x>\n<--watch>\n"
    assert "'hpm test' has no option '--grep'" in shell.process("test", "--grep").err


# ---------------------------------------------------------------- no script


def test_without_a_name_the_scripts_are_listed(shell: CommandLine, golden: Golden) -> None:
    """In the order of package.json, each with its command line; also as data."""
    scripts(shell, test="hemlock test/run.hml", build="make")
    golden.check("run/list.txt", shell.run("run").out)
    assert shell.run("run", "--json").data["scripts"] == {"test": "hemlock test/run.hml", "build": "make"}


def test_no_scripts_at_all(shell: CommandLine) -> None:
    """That is said, and is no failure."""
    shell.require()
    assert (shell.run("run").code, shell.run("run").out) == (0, "package.json has no scripts.\n")
    assert "no scripts at all" in shell.run("test").err


def test_unknown_script_is_told_with_near_names(shell: CommandLine, golden: Golden) -> None:
    """Exit code 2, what may have been meant, and what there is; the list is bounded."""
    scripts(shell, build="x", built="x", **{f"s{number}": "x" for number in range(30)})
    ran = shell.run("run", "buidl")
    assert (ran.code, ran.out) == (2, "")
    golden.check("run/unknown.txt", ran.err)


@pytest.mark.parametrize("arguments", [("run", "--if-present", "none", "x"), ("test", "--if-present")])
def test_if_present_makes_a_missing_script_no_failure(shell: CommandLine, arguments: tuple[str, ...]) -> None:
    """Nothing is said and nothing fails; a script that is there runs."""
    scripts(shell, other="exit 3")
    ran = shell.process(*arguments)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert shell.process("run", "--if-present", "other").code == 3


def test_a_package_json_without_version_can_run_scripts(shell: CommandLine) -> None:
    """What only publishing needs is not asked for."""
    shell.write("package.json", '{"scripts": {"x": "echo \\"[$HPM_PACKAGE_NAME]\\""}}')
    assert shell.process("run", "-q", "x").out == "[]\n"


# ---------------------------------------------------------------- packages that are not there


LOOK = "test -d hem_modules/acme/b && echo there || echo absent"


def test_missing_packages_are_installed_first(shell: CommandLine) -> None:
    """Never installed, or deleted since: the script finds them; --no-install and --no-check leave it."""
    document = {"name": "me/app", "version": "1.0.0", "dependencies": {"acme/b": "1.0.0"}}
    shell.write("package.json", json.dumps({**document, "scripts": {"x": LOOK}}))
    without = shell.process("run", "-q", "--no-install", "x")
    old_name = shell.process("run", "-q", "--no-check", "x")
    never = shell.process("run", "x")
    installed = shell.process("run", "x")
    shell.delete_modules()
    deleted = shell.process("run", "-q", "x")

    assert (without.out, without.err, old_name.out) == ("absent\n", "", "absent\n")
    assert {each.out for each in (never, installed, deleted)} == {"there\n"}
    assert never.err == f"Installed: 1 package changed.\n> {LOOK}\n"
    assert installed.err == f"> {LOOK}\n"


def test_failing_installation_begins_no_script(shell: CommandLine) -> None:
    """Its own code and words are those of hpm."""
    shell.require({"acme/none": "1.0.0"})
    document = {**shell.manifest(), "scripts": {"x": "echo never"}}
    shell.write("package.json", json.dumps(document))
    ran = shell.process("run", "x")
    assert (ran.code, ran.out) == (2, "")
    assert "Package not found: acme/none" in ran.err


def test_packages_left_out_on_purpose_are_not_installed(shell: CommandLine) -> None:
    """After ``hpm install --prod`` no devDependencies come by running a script."""
    shell.require({"acme/new": "1"}, dev={"acme/b": "1"})
    shell.run("install", "--prod")
    document = {**shell.manifest(), "scripts": {"x": LOOK}}
    shell.write("package.json", json.dumps(document))
    assert shell.process("run", "-q", "x").out == "absent\n"


def test_who_requires_nothing_gets_no_lock(shell: CommandLine) -> None:
    """A script runs, and nothing is written."""
    scripts(shell, x="true")
    assert shell.process("run", "-q", "x").code == 0
    assert sorted(shell.everything()) == ["package.json"]


def test_nothing_is_held_while_a_script_runs(shell: CommandLine) -> None:
    """The script may call hpm itself."""
    scripts(shell, outer=f"{sys.executable} -m hpmtasks install && {sys.executable} -m hpmtasks run -q inner")
    document = shell.manifest()
    document["scripts"]["inner"] = "echo inner"
    shell.write("package.json", json.dumps(document))
    ran = shell.process("run", "outer")
    assert (ran.code, ran.out) == (0, "Everything is up to date (0 packages).\ninner\n")


# ---------------------------------------------------------------- processes


@pytest.mark.parametrize(
    ("command", "code"),
    [("exit 255", 255), ("true", 0), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("no-such-program", 127)],
)
def test_exit_code_is_the_scripts(shell: CommandLine, command: str, code: int) -> None:
    """Whatever it is; 128 + n if a signal ended the shell. hpm adds no message."""
    scripts(shell, x=command)
    ran = shell.process("run", "-q", "x")
    assert ran.code == code
    assert "Error" not in ran.err


def test_input_and_output_pass_through_untouched(shell: CommandLine) -> None:
    """Bytes that are no text, more than any pipe holds, come out as they went in."""
    scripts(shell, copy="cat")
    data = bytes(range(256)) * 40_000
    done = start(shell, "run", "copy").communicate(data, PATIENCE_SECONDS)
    assert done == (data, b"> cat\n")


def test_reader_that_leaves_ends_the_script(shell: CommandLine) -> None:
    """A script meets SIGPIPE as it would without hpm."""
    scripts(shell, much="yes")
    process = start(shell, "run", "-q", "much")
    assert read_line(process) == b"y\n"
    assert process.stdout
    process.stdout.close()
    assert process.wait(PATIENCE_SECONDS) == 128 + signal.SIGPIPE
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_reaches_all_that_the_script_started(shell: CommandLine, number: signal.Signals) -> None:
    """Away from a terminal a signal to hpm goes to the script's whole group; hpm ends as it does."""
    child = f"import os, signal; signal.signal({int(number)}, lambda *_: os._exit(os.write(1, b'child\\n')))"
    shell.write("child.py", f"{child}; os.write(1, b'ready\\n'); signal.pause()")
    scripts(
        shell, long=f"trap 'wait; echo shell; exit 5' {number.name[3:]}; {sys.executable} child.py & wait"
    )
    process = start(shell, "run", "-q", "long")
    assert read_line(process) == b"ready\n"

    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, out, err) == (5, b"child\nshell\n", b"")


def test_who_asks_twice_does_not_wait(shell: CommandLine) -> None:
    """A script that ignores SIGTERM is killed by the second one, with all that it started."""
    scripts(
        shell,
        deaf="trap 'echo no' TERM; (trap '' TERM; echo $$; sleep 1000) & echo ready; while :; do wait; done",
    )
    process = start(shell, "run", "-q", "deaf")
    assert sorted([read_line(process)[-1:], read_line(process)[-1:]]) == [b"\n", b"\n"]

    process.send_signal(signal.SIGTERM)
    while read_line(process) != b"no\n":
        pass
    process.send_signal(signal.SIGTERM)

    # Ends only when nobody holds the pipe any more.
    assert process.stdout
    assert process.stdout.read() in (b"", b"no\n")
    assert process.wait(PATIENCE_SECONDS) == 137
    process.communicate()


def test_ctrl_c_on_a_terminal_is_the_scripts(shell: CommandLine) -> None:
    """The terminal interrupts the script, once; hpm waits for it and ends with its code."""
    scripts(
        shell,
        long="trap 'echo caught; exit 7' INT; test -t 0 -a -t 1 && echo ready; while :; do sleep 9; done",
    )
    with terminal(shell, "run", "-q", "long") as shown:
        shown.read_until("ready")
        shown.type("\x03")
        code = shown.end()
    assert code == 7
    assert shown.shown.count("caught") == 1
    assert "Traceback" not in shown.shown
    assert "Error" not in shown.shown


def test_script_reads_from_the_terminal(shell: CommandLine) -> None:
    """A question that a script asks is answered by the user."""
    scripts(shell, ask='printf "name? "; read name; echo "hello $name"')
    with terminal(shell, "run", "ask") as shown:
        shown.read_until("name? ")
        shown.type("Ada\n")
        assert shown.end() == 0
    assert "hello Ada" in shown.shown


def test_steps_of_names_what_there_is() -> None:
    """Pre and post scripts are steps only where they exist, and only for that script."""
    found = {"build": "b", "postbuild": "p", "prepostbuild": "q"}
    assert steps_of(found, "build", ["x y"]) == [Step("build", "b 'x y'"), Step("postbuild", "p")]
    assert steps_of(found, "postbuild") == [Step("prepostbuild", "q"), Step("postbuild", "p")]
