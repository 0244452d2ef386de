"""hpm cache: what the store holds, and away with it."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest

from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.result import ActionResult, OutputFile
from tests.support.command_line import CommandLine, gate
from tests.support.github_server import GithubServer
from tests.support.golden import Golden


@pytest.fixture
def filled(shell: CommandLine) -> CommandLine:
    """A shell whose store has two versions of one package and one of another."""
    shell.require({"acme/b": "1.2.0", "acme/new": "*"})
    assert shell.run("install").code == 0
    return shell


@pytest.mark.parametrize("arguments", [("cache",), ("cache", "list")])
def test_cache_lists_each_version_with_its_size(
    filled: CommandLine, golden: Golden, arguments: tuple[str, ...]
) -> None:
    """``list`` is the default; versions are in their own order below their package."""
    ran = filled.run(*arguments)
    golden.check("cache/list.txt", re.sub(r"[\d.]+ K?B", "N B", filled.plain(ran.out)))


def test_cache_as_data(filled: CommandLine) -> None:
    """Sizes are bytes; the whole is at least its parts."""
    data = filled.run("cache", "--json").data
    assert data["path"] == str(filled.home / "cache")
    names = [(each["name"], each["version"]) for each in data["packages"]]
    assert names == [("acme/b", "1.2.0"), ("acme/b", "2.0.0"), ("acme/new", "1.0.0")]
    assert data["size"] >= sum(each["size"] for each in data["packages"]) > 0


def test_cleaning_leaves_installed_packages(filled: CommandLine) -> None:
    """The store is empty, the project as it was, and what is needed again is fetched again."""
    before = filled.installed()

    freed = filled.run("cache", "clean", "--json").data["freed"]

    assert freed > 0
    assert filled.run("cache").out == f"The cache in {filled.home / 'cache'} is empty.\n"
    assert filled.installed() == before
    assert filled.run("install").out == "Everything is up to date (2 packages).\n"
    filled.delete_modules()
    assert filled.run("install").code == 0
    assert filled.installed() == before


def test_cleaning_says_how_much_it_freed(filled: CommandLine) -> None:
    """A size that a person can read; nothing the second time."""
    assert re.fullmatch(r"Cleared cache \(\d+(\.\d)? K?B freed\)\n", filled.run("cache", "clean").out)
    assert filled.run("cache", "clean").out == "Cleared cache (0 B freed)\n"


def test_cache_needs_no_project(shell: CommandLine) -> None:
    """Outside of any project the store is the same; looking at it makes no folder."""
    assert shell.run("cache").code == 0
    assert shell.run("cache", "clean").code == 0
    assert not shell.home.exists()


def test_cache_stands_where_the_variable_says(shell: CommandLine) -> None:
    """HPM_CACHE_DIR moves the whole store."""
    elsewhere = shell.folder / "elsewhere"
    shell.require({"acme/new": "*"})
    shell.run("install", HPM_CACHE_DIR=str(elsewhere))
    assert "acme/new" in shell.run("cache", HPM_CACHE_DIR=str(elsewhere)).out
    assert "acme/new" not in shell.run("cache").out


@pytest.mark.parametrize(("action", "said"), [("path", "DIR/home/cache\n"), ("size", "0 B\n")])
def test_cache_for_scripts(shell: CommandLine, action: str, said: str) -> None:
    """One line each."""
    assert shell.plain(shell.run("cache", action).out) == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("clear",), "Did you mean 'hpm cache clean'?"),
        (("clean", "--fix"), "--fix is an option of 'hpm cache verify'"),
        (("list", "--ci"), "are options of 'hpm cache prune'"),
        (("prune", "--older", "30d", "--ci"), "give one of them"),
        (("prune", "--older", "30"), "such as 12h, 30d or 4w"),
        (("prune", "--older", ""), "such as 12h, 30d or 4w"),
        (("prune", "--size", "much"), "such as 500MB or 1.5GB"),
    ],
)
def test_what_cannot_be_asked_of_the_cache(
    filled: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    """Wrong usage, and nothing is gone."""
    before = filled.run("cache", "--json").out
    ran = filled.run("cache", *arguments)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err
    assert filled.run("cache", "--json").out == before


# ---------------------------------------------------------------- verify


def only_file(folder: Path, pattern: str) -> Path:
    """The one file in *folder* that matches."""
    found = list(folder.glob(pattern))
    assert len(found) == 1, found
    return found[0]


def spoil(path: Path, content: bytes = b"spoilt") -> None:
    """The file at *path* holds *content*; no other name of it does."""
    path.unlink()
    path.write_bytes(content)


def test_whole_store_is_found_whole(filled: CommandLine) -> None:
    """Nothing is named, and the exit code is 0; also of a store that is not there."""
    ran = filled.run("cache", "verify")
    assert (ran.code, ran.out) == (0, "Everything in the store is as it was stored.\n")
    assert filled.run("cache", "verify", HPM_CACHE_DIR=str(filled.folder / "none")).code == 0


def test_damage_is_named_and_removed(filled: CommandLine) -> None:
    """An archive, a tree and a record: each by its package; with --fix they are gone, and made good later."""
    store = filled.home / "cache/v1"
    archive = min(store.glob("archives/*/*"))
    digest = archive.name
    spoil(archive)
    tree_file = min(store.glob("trees/*/*/files/src/index.hml"))
    spoil(tree_file)
    record = only_file(store, "packages/acme/new/*.json")
    spoil(record)

    found = filled.run("cache", "verify")
    data = filled.run("cache", "verify", "--json").data

    assert found.code == 6
    assert "record of acme/new: it cannot be read" in found.out
    assert [each["what"] for each in data["damaged"]] == ["record", "archive", "tree"]
    assert data["damaged"][1]["path"].endswith(digest)
    assert "src/index.hml" in data["damaged"][2]["reason"]
    assert data["removed"] is False
    assert filled.run("cache", "verify", "--fix").code == 0
    assert not archive.exists()
    assert not tree_file.exists()
    assert filled.run("cache", "verify").code == 0
    filled.delete_modules()
    assert filled.run("install").code == 0
    assert filled.installed() == {"acme/b": "1.2.0", "acme/new": "1.0.0"}


# ---------------------------------------------------------------- prune


def cached(shell: CommandLine) -> list[str]:
    """What is cached, as ``name@version``."""
    return [f"{each['name']}@{each['version']}" for each in shell.run("cache", "--json").data["packages"]]


def make_old(shell: CommandLine, name: str, days: int) -> None:
    """All versions of *name* were used last *days* ago."""
    moment = time.time() - days * 86_400
    store = shell.home / "cache/v1"
    for record in store.glob(f"packages/{name}/*.json"):
        tree = json.loads(record.read_text())["tree"].removeprefix("sha256-")
        if tree:
            os.utime(store / "trees" / tree[:2] / tree, (moment, moment))
        os.utime(record, (moment, moment))


def test_pruning_by_age(filled: CommandLine) -> None:
    """What was not used for that long goes; what was laid out since counts as used."""
    make_old(filled, "acme/b", 40)
    assert filled.run("cache", "prune", "--older", "6w").out == "Removed 0 packages (0 B freed)\n"
    filled.delete_modules()
    assert filled.run("install").code == 0
    ran = filled.run("cache", "prune", "--older", "30d")
    assert ran.out.startswith("  - acme/b@2.0.0\nRemoved 1 package (")
    assert cached(filled) == ["acme/b@1.2.0", "acme/new@1.0.0"]
    assert filled.run("cache", "verify").code == 0


def test_pruning_by_size(filled: CommandLine) -> None:
    """What was used last stays, as far as it fits."""
    make_old(filled, "acme/b", 2)
    data = filled.run("cache", "--json").data["packages"]
    size = next(each["size"] for each in data if each["name"] == "acme/new")
    filled.run("cache", "prune", "--size", str(size))
    assert cached(filled) == ["acme/new@1.0.0"]
    filled.run("cache", "prune", "--size", f"{size - 1}B")
    assert cached(filled) == []
    assert sorted(path.name for path in (filled.home / "cache/v1").iterdir()) == ["mutex", "tmp"]


def test_pruning_for_ci_keeps_what_the_lock_needs(filled: CommandLine) -> None:
    """Exactly that: with it an installation needs no network."""
    ran = filled.run("cache", "prune", "--ci", "--json")
    assert [each["version"] for each in ran.data["packages"]] == ["2.0.0"]
    assert cached(filled) == ["acme/b@1.2.0", "acme/new@1.0.0"]
    filled.delete_modules()
    assert filled.run("install", "--offline", "--locked").code == 0
    (filled.project / "package-lock.json").unlink()
    assert filled.run("cache", "prune", "--ci").code == 9


def test_pruning_takes_what_belongs_to_nothing(filled: CommandLine) -> None:
    """Without an option only that: archives and trees without a record, and records that say nothing."""
    store = filled.home / "cache/v1"
    record = only_file(store, "packages/acme/new/*.json")
    before = len([*store.glob("archives/*/*"), *store.glob("trees/*/*")])
    spoil(record)
    (store / "packages/acme/new/no commit.json").write_text("{}")
    assert filled.run("cache", "prune").code == 0
    assert before - len([*store.glob("archives/*/*"), *store.glob("trees/*/*")]) == 2
    assert not list(store.glob("packages/acme/new/*"))
    assert cached(filled) == ["acme/b@1.2.0", "acme/b@2.0.0"]


# ---------------------------------------------------------------- beside installations

COLLECTIONS = (("clean",), ("prune",), ("prune", "--size", "0"), ("prune", "--older", "0h"))


@pytest.mark.parametrize("collection", COLLECTIONS, ids=" ".join)
def test_collection_while_an_installation_waits_for_the_network(
    own_shell: CommandLine, own_server: GithubServer, collection: tuple[str, ...]
) -> None:
    """It need not wait, and the installation goes on: what grows stays, what is gone is fetched again."""
    own_shell.require({"acme/a": "*", "acme/new": "*"})
    closed = gate(own_server, "codeload /acme/new/*")
    started = own_shell.start("install")
    assert closed.reached.wait(30)

    assert own_shell.process("cache", *collection).code == 0

    closed.set()
    out, err = started.communicate(timeout=60)
    assert (started.returncode, err) == (0, ""), out
    assert own_shell.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0", "acme/new": "1.0.0"}
    assert own_shell.process("cache", "verify").code == 0


def test_many_collections_beside_many_installations(shell: CommandLine) -> None:
    """Processes of both kinds at once on one store: each installation is complete, and the store whole."""
    others = [CommandLine(shell.folder / name, dict(shell.environ)) for name in ("p", "q", "r")]
    for other in others:
        other.environ["HPM_HOME"] = str(shell.home)
        other.require({"acme/a": "*", "acme/new": "*", "acme/curl": "*"})
    processes = []
    for other in others:
        processes += [other.start("install"), *(shell.start("cache", *each) for each in COLLECTIONS)]

    ended = [(each.communicate(timeout=60), each.returncode) for each in processes]

    assert [code for _, code in ended] == [0] * len(ended), ended
    for other in others:
        assert set(json.loads((other.project / "package-lock.json").read_text())["dependencies"]) == {
            "acme/a",
            "acme/b",
            "acme/curl",
            "acme/new",
        }
        assert other.run("install", HPM_FASTPATH="off").out == "Everything is up to date (4 packages).\n"
        other.close()
    assert shell.run("cache", "verify").code == 0


# ---------------------------------------------------------------- results of scripts


def keep_result(shell: CommandLine, name: str, *, days_old: int = 0, size: int = 1000) -> Digest:
    """The store has a result with a blob of its own and one that all results share."""
    store = FolderResults(shell.home / "cache")
    own, action = name.encode() * (size // len(name)), Digest.of(name.encode())
    files = (OutputFile("dist/own", Digest.of(own)), OutputFile("dist/shared", Digest.of(b"shared")))
    store.put({Digest.of(own): own, Digest.of(b"shared"): b"shared"})
    store.put_result(action, ActionResult(files))
    moment = time.time() - days_old * 86_400
    os.utime(store.layout.result(action.hash), (moment, moment))
    return action


def results_in(shell: CommandLine) -> dict[str, Path]:
    """The files of results and of blobs, by their names."""
    folder = shell.home / "cache" / "v1" / "results"
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


def test_results_are_counted(shell: CommandLine) -> None:
    """``list`` tells how many results there are and what they take, also where there are no packages."""
    keep_result(shell, "one")
    keep_result(shell, "two")
    ran = shell.run("cache", "list")
    assert ran.out.startswith(f"Cached in {shell.home / 'cache'}:\n")
    assert re.search(r"\n2 results of scripts \([\d.]+ KB\)\n", ran.out)
    told = shell.run("cache", "list", "--json").data
    assert told["results"]["count"] == 2
    assert told["results"]["size"] == sum(path.stat().st_size for path in results_in(shell).values())


def test_results_are_pruned_by_their_last_use(shell: CommandLine) -> None:
    """What was not used for long goes with its own blobs; a blob that another result has stays."""
    old, young = keep_result(shell, "old", days_old=40), keep_result(shell, "young", days_old=5)
    told = shell.run("cache", "prune", "--older", "30d", "--json").data
    assert told["results"] == 1
    shared, own = Digest.of(b"shared"), Digest.of(b"young" * 200)
    assert set(results_in(shell)) == {young.hash, shared.hash, own.hash}
    assert old.hash not in results_in(shell)
    assert shell.run("cache", "prune", "--older", "1d").out.startswith(
        "Removed 0 packages and 1 result of scripts"
    )
    assert results_in(shell) == {}


def test_results_and_packages_are_pruned_by_size_together(filled: CommandLine) -> None:
    """The size counts packages and results alike, what was used last stays."""
    old, young = keep_result(filled, "old", days_old=40), keep_result(filled, "young", size=5000)
    filled.run("cache", "prune", "--size", "6KB")
    store = FolderResults(filled.home / "cache")
    assert (store.get_result(old), store.get_result(young) is not None) == (None, True)
    assert filled.run("cache", "--json").data["packages"] != []
    filled.run("cache", "prune", "--size", "0")
    assert results_in(filled) == {}


def test_pruning_for_ci_keeps_the_results_of_the_day(filled: CommandLine) -> None:
    """Before a CI saves its cache: what its last run used stays, what only earlier ones used goes."""
    keep_result(filled, "last week", days_old=7)
    today = keep_result(filled, "today")
    filled.run("cache", "prune", "--ci")
    assert FolderResults(filled.home / "cache").get_result(today) is not None
    assert len(results_in(filled)) == 3


def test_pruning_takes_blobs_and_results_that_are_worth_nothing(shell: CommandLine) -> None:
    """Without an option: blobs of no result, results without their blobs, and what cannot be read."""
    whole, broken, torn = (keep_result(shell, name) for name in ("whole", "broken", "torn"))
    store = FolderResults(shell.home / "cache")
    store.put({Digest.of(b"nobody's"): b"nobody's"})
    os.unlink(store.layout.blob(Digest.of(b"broken" * (1000 // 6)).hash))
    store.layout.result(torn.hash).write_bytes(b"torn")
    shell.run("cache", "prune")
    kept = {whole.hash, Digest.of(b"shared").hash, Digest.of(b"whole" * 200).hash}
    assert set(results_in(shell)) == kept
    assert broken.hash not in kept


def test_damaged_results_are_named_and_removed(shell: CommandLine) -> None:
    """``verify`` reads each result and each blob; ``--fix`` removes exactly those that are damaged."""
    whole, torn = keep_result(shell, "whole"), keep_result(shell, "torn")
    store = FolderResults(shell.home / "cache")
    assert shell.run("cache", "verify").code == 0
    store.layout.result(torn.hash).write_bytes(b"torn")
    blob = store.layout.blob(Digest.of(b"torn" * 250).hash)
    blob.chmod(0o644)
    blob.write_bytes(b"other")
    ran = shell.run("cache", "verify")
    assert ran.code == 6
    assert "result of a script: it cannot be read\n" in ran.out
    assert "blob of a script's result: its sha256 is " in ran.out
    assert shell.run("cache", "verify", "--fix").code == 0
    assert shell.run("cache", "verify").code == 0
    assert store.get_result(whole) is not None
    assert len(results_in(shell)) == 3


def test_cleaning_takes_results_too(shell: CommandLine) -> None:
    """``clean`` leaves no result."""
    keep_result(shell, "one")
    assert shell.run("cache", "clean").code == 0
    assert results_in(shell) == {}
