"""hpm install, as a user meets it: adding packages, its options, and what it leaves untouched."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from hpmtasks.files.mutex import Mutex
from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.golden import Golden

#: Loaded by Python before anything else: a process that makes a socket is gone at once.
NO_SOCKETS = """
import os, sys
def watch(event, arguments):
    if event in ("socket.__new__", "socket.connect", "socket.getaddrinfo"):
        os._exit(99)
    if event == "import" and arguments[0].startswith("pyreqwest"):  # its sockets are not Python's
        os._exit(99)
sys.addaudithook(watch)
"""


# ---------------------------------------------------------------- adding packages


def test_first_installation_says_what_came_and_why(shell: CommandLine, golden: Golden) -> None:
    """Each package is named with its version, and with the package that needs it."""
    shell.require({"acme/a": "^1.0.0"})

    ran = shell.process("install")

    assert (ran.code, ran.err) == (0, "")
    golden.check("install/first.txt", shell.plain(ran.out))
    assert shell.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0"}
    assert list(shell.lock()["dependencies"]) == ["acme/a", "acme/b"]


def test_second_installation_has_nothing_to_do(shell: CommandLine) -> None:
    """What is installed already is not installed again, and the lock keeps its bytes."""
    shell.require({"acme/a": "^1.0.0"})
    shell.run("install")
    before = shell.documents()

    again = shell.run("install", "--json")

    assert again.data["changes"] == again.data["tasks"] == []
    assert shell.run("install").out == "Everything is up to date (2 packages).\n"
    assert shell.documents() == before


def test_added_package_gets_a_caret_and_its_newest_release(shell: CommandLine, golden: Golden) -> None:
    """Without a constraint the newest release is required, with ^; other entries stay."""
    shell.require({"acme/a": "1.0.0"})

    ran = shell.run("install", "acme/new")

    assert ran.code == 0
    golden.check("install/added.txt", shell.plain(ran.out))
    assert shell.manifest()["dependencies"] == {"acme/a": "1.0.0", "acme/new": "^1.0.0"}


def test_added_package_keeps_the_constraint_that_was_typed(shell: CommandLine) -> None:
    """What stands behind the @ is what package.json gets."""
    shell.require({})

    assert shell.run("install", "acme/b@>=1.0.0 <1.2").code == 0

    assert shell.manifest()["dependencies"] == {"acme/b": ">=1.0.0 <1.2"}
    assert shell.installed() == {"acme/b": "1.0.0"}


def test_several_packages_are_added_with_options_anywhere(shell: CommandLine) -> None:
    """Options may stand between packages."""
    shell.require()

    assert shell.run("install", "acme/new", "--dev", "acme/b@1", "--parallel").code == 0

    assert shell.manifest()["devDependencies"] == {"acme/b": "1", "acme/new": "^1.0.0"}
    assert shell.lock()["dependencies"]["acme/new"]["dev"] is True


@pytest.mark.parametrize("alias", ["i", "add", "install"])
def test_dev_moves_a_requirement_between_sections(shell: CommandLine, alias: str) -> None:
    """A package is in one section only: the one that it was added to last."""
    shell.require({"acme/new": "^1.0.0"})
    shell.run("install")

    shell.run(alias, "acme/new", "-D")
    moved = shell.manifest()
    shell.run(alias, "acme/new")

    assert (moved["dependencies"], moved["devDependencies"]) == ({}, {"acme/new": "^1.0.0"})
    assert shell.manifest()["dependencies"] == {"acme/new": "^1.0.0"}
    assert shell.manifest()["devDependencies"] == {}


def test_one_bad_package_among_several_adds_none(shell: CommandLine) -> None:
    """Nothing is added unless everything could be."""
    shell.require({})
    before = shell.documents()

    assert shell.run("install", "acme/new", "acme/nothing").code == 2

    assert shell.documents() == before
    assert shell.installed() == {}


def test_updated_and_removed_packages_are_told(shell: CommandLine, golden: Golden) -> None:
    """Another version is shown as old and new; what nobody needs any more is removed."""
    shell.require({"acme/a": "1.0.0", "acme/new": "1"})
    shell.run("install")
    shell.require({"acme/a": "1.1.0"})

    ran = shell.run("install")

    golden.check("install/changed.txt", shell.plain(ran.out))
    assert shell.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0"}


def test_native_libraries_are_named(shell: CommandLine, golden: Golden) -> None:
    """What a package needs from the system is said once it is installed."""
    shell.require({"acme/curl": "*"})

    ran = shell.run("install")

    golden.check("install/native.txt", shell.plain(ran.err))
    assert shell.run("install").err == ""


# ---------------------------------------------------------------- the form of package.json


FORMS = {
    "tabs": (
        '{\n\t"name": "me/app",\n\t"version": "1.0.0",\n\t"dependencies": {'
        '<\n\t\t"acme/new": "^1.0.0"\n\t>}\n}'
    ),
    "CRLF": (
        '{\r\n "name": "me/app", "version": "1.0.0",\r\n "dependencies": {\r\n  "acme/b": "*"'
        '<,\r\n  "acme/new": "^1.0.0">\r\n }\r\n}\r\n'
    ),
    "one line": (
        '{"name":"me/app","version":"1.0.0","x":[1,2],"dependencies":{"acme/b":"*"<,"acme/new":"^1.0.0">}}'
    ),
    "byte order mark": (
        '\ufeff{"version": "1.0.0", "name": "me/app",\n'
        ' "dependencies": { "acme/b": "*"<, "acme/new": "^1.0.0"> }\n}\n'
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_form_of_package_json_stays(shell: CommandLine, form: str) -> None:
    """Just what stands between < and > is added, in the file's own form."""
    shell.write("package.json", re.sub("<.*>", "", form, flags=re.DOTALL))

    assert shell.run("install", "acme/new").code == 0

    assert (shell.project / "package.json").read_bytes().decode() == form.replace("<", "").replace(">", "")


# ---------------------------------------------------------------- without changing anything


def test_dry_run_writes_nothing_in_the_project(shell: CommandLine, golden: Golden) -> None:
    """It says what would change, in package.json too, and leaves not even a folder."""
    shell.require({"acme/a": "1.0.0"})
    before = shell.everything()

    ran = shell.run("install", "acme/new", "--dev", "--dry-run")

    assert (ran.code, ran.err) == (0, "")
    golden.check("install/dry-run.txt", shell.plain(ran.out))
    assert shell.everything() == before


def test_dry_run_as_data(shell: CommandLine) -> None:
    """--json has the edit of package.json and each change."""
    shell.require({"acme/b": "1.0.0"})
    shell.run("install")

    data = shell.run("install", "acme/b@^1.2.0", "acme/new@1", "--dry-run", "--json").data

    assert data["manifest"] == [
        {"name": "acme/b", "constraint": "^1.2.0", "section": "dependencies"},
        {"name": "acme/new", "constraint": "1", "section": "dependencies"},
    ]
    assert data["changes"] == [
        {"name": "acme/b", "before": "1.0.0", "after": "1.2.0"},
        {"name": "acme/new", "before": None, "after": "1.0.0"},
    ]


def test_dry_run_with_nothing_to_do_says_so(shell: CommandLine) -> None:
    """After an installation there is nothing left to preview."""
    shell.require({"acme/b": "1.0.0"})
    shell.run("install")
    assert shell.run("install", "--dry-run").out == "Nothing would change.\n"


def test_dry_run_works_where_nothing_may_be_written(shell: CommandLine) -> None:
    """It needs no lock file of its own: it looks, also while another hpm is at work."""
    shell.require({"acme/b": "1.0.0"})
    with Mutex(shell.project / ".hpm/mutex"):
        assert shell.process("install", "--dry-run").code == 0


# ---------------------------------------------------------------- offline, locked, frozen


def test_offline_installs_from_the_store_without_a_socket(shell: CommandLine) -> None:
    """With a lock and a full store nothing is asked of anybody; online, sockets are made."""
    shell.write("watch/sitecustomize.py", NO_SOCKETS)
    watched = f"{shell.project / 'watch'}:{Path(__file__).resolve().parents[2]}"
    shell.require({"acme/a": "^1.0.0"})
    for client in ("httpx", "auto"):
        assert shell.process("install", PYTHONPATH=watched, HPM_HTTP_CLIENT=client).code == 99
    assert shell.run("install").code == 0
    shell.delete_modules()

    offline = shell.process("install", "--offline", PYTHONPATH=watched)
    adding = shell.process("install", "--offline", "acme/new", PYTHONPATH=watched)

    assert (offline.code, offline.err) == (0, "")
    assert shell.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0"}
    assert adding.code == 4


def test_locked_installs_what_is_locked(shell: CommandLine) -> None:
    """With a lock that answers package.json, --locked is an installation like any other."""
    shell.require({"acme/a": "1.0.0"})
    shell.run("install")
    shell.delete_modules()
    before = shell.documents()

    assert shell.run("install", "--locked").code == 0

    assert shell.installed() == {"acme/a": "1.0.0", "acme/b": "1.2.0"}
    assert shell.documents() == before


def test_frozen_keeps_a_lock_that_is_not_canonical(shell: CommandLine) -> None:
    """--frozen installs from the lock as it stands, and does not even tidy it."""
    shell.require({"acme/a": "1.0.0"})
    shell.run("install")
    shutil.rmtree(shell.project / ".hpm")
    shell.delete_modules()
    shell.write("package-lock.json", json.dumps(shell.lock()))
    before = shell.documents()

    assert shell.run("install", "--frozen").code == 0

    assert shell.installed() == {"acme/a": "1.0.0", "acme/b": "1.2.0"}
    assert shell.documents() == before


def test_lock_keeps_versions_although_there_are_newer_ones(
    own_shell: CommandLine, own_server: GithubServer
) -> None:
    """A release that came after the lock is not installed by itself."""
    own_shell.require({"acme/b": "^1.0.0"})
    own_shell.run("install")
    own_server.publish("acme/b", "v1.9.0")

    own_shell.delete_modules()
    own_shell.run("install")

    assert own_shell.installed() == {"acme/b": "1.2.0"}


# ---------------------------------------------------------------- where it is run


def test_project_is_found_from_a_folder_below(shell: CommandLine) -> None:
    """In a subfolder the project above it is meant."""
    shell.require({"acme/new": "*"})
    (shell.project / "src/deep").mkdir(parents=True)
    shell.below = "src/deep"

    assert shell.run("install").code == 0

    assert shell.installed() == {"acme/new": "1.0.0"}
    assert list((shell.project / "src").rglob("*")) == [shell.project / "src/deep"]


@pytest.mark.parametrize(
    "arguments", [("-C", "sub", "install"), ("install", "-C", "sub"), ("--dir=sub", "install")]
)
def test_dir_is_taken_before_and_after_the_command(shell: CommandLine, arguments: tuple[str, ...]) -> None:
    """-C DIR acts as if hpm had been started there."""
    shell.require({"acme/a": "*"})
    shell.write(
        "sub/package.json", '{"name": "me/sub", "version": "1.0.0", "dependencies": {"acme/new": "*"}}'
    )

    assert shell.run(*arguments).code == 0

    assert (shell.project / "sub/hem_modules/acme/new").is_dir()
    assert not (shell.project / "hem_modules").exists()


def test_verbose_says_what_is_being_done(shell: CommandLine) -> None:
    """Each download is named on stderr, once; stdout is the same as without."""
    shell.require({"acme/a": "*"})

    ran = shell.process("install", "--verbose")

    assert ran.err.count("  downloading acme/a@1.1.0\n") == 1
    assert "  + acme/a@1.1.0\n" in ran.out
    assert "\x1b" not in ran.out + ran.err


def test_waiting_for_another_hpm_is_said(shell: CommandLine) -> None:
    """While another process installs in the project, who waits says for whom."""
    shell.require({"acme/new": "*"})
    mutex = Mutex(shell.project / ".hpm/mutex")
    mutex.acquire()
    started = shell.start("install")
    assert started.stderr
    said = started.stderr.readline()
    mutex.release()
    out, _ = started.communicate()

    assert said == f"Waiting for process {os.getpid()}, which is installing in this project ...\n"
    assert "+ acme/new@1.0.0" in out


# ---------------------------------------------------------------- a store that was damaged


def spoil(shell: CommandLine, pattern: str, content: bytes | None) -> None:
    """Every file of the store that matches *pattern* is gone, or holds *content* as often as fits."""
    spoiled = [path for path in sorted(shell.home.glob(pattern)) if path.is_file()]
    assert spoiled, f"nothing in the store is called {pattern}"
    for path in spoiled:
        if content is None:
            path.unlink()
        else:
            path.chmod(0o644)
            path.write_bytes(content * path.stat().st_size)


@pytest.mark.parametrize("content", [None, b"", b"0"], ids=["deleted", "emptied", "overwritten"])
@pytest.mark.parametrize("pattern", ["**/*", "**/archives/**/*", "**/trees/**/*", "**/packages/**/*"])
def test_store_heals_when_the_network_is_there(
    shell: CommandLine, pattern: str, content: bytes | None
) -> None:
    """Whatever happens to the files of the store, the next installation is complete and right."""
    shell.require({"acme/a": "*"})
    shell.run("install")
    shell.delete_modules()
    spoil(shell, pattern, content)

    ran = shell.run("install")

    assert ran.code == 0, ran.err
    assert shell.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0"}


def test_damage_that_the_network_healed_is_told(shell: CommandLine, golden: Golden) -> None:
    """An archive that is not what was received is fetched again, with a warning for each package."""
    shell.require({"acme/a": "*"})
    shell.run("install")
    shell.delete_modules()
    spoil(shell, "**/archives/**/*", b"0")
    spoil(shell, "**/trees/**/files/**/*", b"0")

    ran = shell.run("install")

    assert ran.code == 0
    golden.check("install/healed.txt", shell.plain(ran.err))
    assert shell.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0"}


def test_what_a_spoiled_store_lacks_is_named_offline(shell: CommandLine) -> None:
    """Without the network the missing package is named, and documents and packages stay."""
    shell.require({"acme/a": "*"})
    shell.run("install")
    shell.delete_modules()
    spoil(shell, "**/packages/acme/b/*", None)
    before = shell.documents()

    ran = shell.run("install", "--offline")

    assert ran.code == 4
    assert ran.err.startswith("Error: acme/b@1.2.0 is not in the store, and --offline forbids fetching it.")
    assert shell.documents() == before
    assert "acme/b" not in shell.installed()
