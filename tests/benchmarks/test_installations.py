"""Measuring goes on where a tool fails, and believes no tree that it has not compared with the lock."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hpmtasks.model.lockfile import read_lockfile
from hpmtasks.store.tree import digest_folder
from tests.benchmarks.contenders import Hpm
from tests.benchmarks.figures import Cell
from tests.benchmarks.installations import Results, measure, options, sizes_of
from tests.benchmarks.limit import Limit
from tests.benchmarks.scenarios import ORDER, TITLES
from tests.benchmarks.supplies import Supply, size_of
from tests.benchmarks.timing import Command, NotMeasured, take
from tests.benchmarks.universe_server import served, universe_of

PROGRAM = Path(sys.executable).with_name("hpm")
PLACE = ("small", 0)


@dataclass
class Fake:
    """Does nothing, and fails as it is told to."""

    name: str
    folder: Path
    broken: str = ""
    incomplete: str = ""
    asked: list[tuple[str, int]] = field(default_factory=list)

    def ready(self, scenario: str, turn: int) -> Command | None:
        self.asked.append((scenario, turn))
        code = int(scenario == self.broken)
        return None if scenario == "graph" else Command(("sh", "-c", f"exit {code}"), self.folder, {})

    def problem(self, scenario: str, turn: int) -> str:  # noqa: ARG002  as contenders are asked
        return "a file is missing" if scenario == self.incomplete else ""


def test_turns(tmp_path: Path) -> None:
    """Each scenario has a run for each turn, or as many as are meant; what a tool has not is left out."""
    results = Results()
    measure(
        results, [Fake("a", tmp_path), Fake("b", tmp_path)], PLACE, 2, ["cold", "noop", "graph"], settle=int
    )
    counts = {(each.cell.tool, each.cell.scenario): len(each.wall) for each in results.measurements()}
    assert counts == {("a", "cold"): 2, ("a", "noop"): 6, ("b", "cold"): 2, ("b", "noop"): 6}
    assert results.failures == {}


def test_what_fails_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    """A command that fails and a tree that is not complete are failures of their cells, and of no other."""
    results = Results()
    fakes = [Fake("a", tmp_path, broken="cold"), Fake("b", tmp_path, incomplete="warm"), Fake("c", tmp_path)]
    measure(results, fakes, PLACE, 2, ["cold", "warm"], settle=int)
    assert results.failures == {
        Cell("a", *PLACE, "cold"): "exit code 1: ",
        Cell("b", *PLACE, "warm"): "what was installed is not right: a file is missing",
    }
    assert {(each.cell.tool, each.cell.scenario) for each in results.measurements()} == {
        ("a", "warm"), ("b", "cold"), ("c", "cold"), ("c", "warm"),
    }  # fmt: skip
    assert fakes[0].asked == [("cold", 0), ("warm", 0), ("warm", 1)]


def test_after_its_time_there_is_one_turn(tmp_path: Path) -> None:
    """Where time is up before a place was measured, it still has one turn, and no more."""
    results = Results()
    measure(results, [Fake("a", tmp_path)], PLACE, 5, ["cold"], until=0.0, settle=int)
    assert [len(each.wall) for each in results.measurements()] == [1]


def test_every_scenario_has_words_and_a_place() -> None:
    """What is run is what tables have."""
    assert sorted(ORDER) == sorted(TITLES)


def test_sizes() -> None:
    """Sizes come with their turns, three if none are named."""
    assert sizes_of("small:5,large") == [("small", 5), ("large", 3)]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--sizes=", "'' is not a size"),
        ("--sizes=huge:1", "'huge:1' is not a size"),
        ("--sizes=small:many", "'small:many' is not a size"),
        ("--sizes=small:0", "'small:0' is not a size"),
        ("--scenarios=warm,hot", "'hot' is none of cold, locked"),
        ("--latencies=slow", "invalid numbers value"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    option: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake on the command line is told before anything is made."""
    with pytest.raises(SystemExit):
        options().parse_args([option])
    assert said in capsys.readouterr().err


def test_scenarios_are_run_in_their_own_order() -> None:
    """Each scenario begins with what the one before it left, however they are named."""
    assert options().parse_args(["--scenarios=noop,cold"]).scenarios == ["cold", "noop"]


# ---------------------------------------------------------------- with packages


@pytest.fixture(scope="module")
def supply(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supply]:
    """Seven tiny packages and a forge that has them."""
    universe, folder = universe_of(7, tiny=True), tmp_path_factory.mktemp("archives")
    for number, name in enumerate(universe.installed()):
        (folder / f"{number}.tar.gz").write_bytes(universe.archive(name, "1.2.1"))
    with served(7, [0], tiny=True) as urls:
        yield Supply(size_of(universe), universe.manifest(), urls, sorted(folder.iterdir()))


@pytest.fixture(scope="module")
def hpm(supply: Supply, tmp_path_factory: pytest.TempPathFactory) -> Hpm:
    """hpm of the environment of the tests, with a project."""
    return Hpm(PROGRAM, tmp_path_factory.mktemp("bench") / "hpm", supply, 0)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ORDER)
def test_scenarios_begin_where_they_say_and_end_complete(hpm: Hpm, scenario: str) -> None:
    """Before the command there is what the scenario says and no more; after it, all packages."""
    command = hpm.ready(scenario, 0)
    if command is None:
        assert scenario == "front"
        pytest.skip("there is no C compiler")
    there = {name for name in ("hem_modules", ".hpm", "package-lock.json") if (hpm.project / name).exists()}
    is_stored = Path(command.environ["HPM_CACHE_DIR"]).exists()
    everything = {"hem_modules", ".hpm", "package-lock.json"}
    expected = {
        "cold": (set(), False),
        "locked": ({"package-lock.json"}, False),
        "warm": ({".hpm", "package-lock.json"}, True),
        "clone": ({"package-lock.json"}, True),
    }.get(scenario, (everything, True))
    assert (there, is_stored) == expected
    take(command)
    assert hpm.problem(scenario, 0) == ""


def test_a_wrong_tree_is_found(hpm: Hpm) -> None:
    """A changed file, one too much, a missing package: none of them counts as installed."""
    hpm.ready("noop", 0)
    modules = hpm.project / "hem_modules"
    source = next(modules.rglob("*.hml"))
    kept = source.read_bytes()
    source.unlink()
    source.write_bytes(kept + b" ")
    assert "is not what is locked" in hpm.problem("noop", 0)
    source.write_bytes(kept)
    assert hpm.problem("noop", 0) == ""
    (modules / "more").mkdir()
    (modules / "more/package").mkdir()
    assert "differs from the lock" in hpm.problem("noop", 0)
    shutil.rmtree(modules / "more")
    shutil.rmtree(modules / source.relative_to(modules).parts[0])
    assert "differs from the lock" in hpm.problem("noop", 0)


def test_a_smaller_installation_is_not_taken_for_the_whole(hpm: Hpm) -> None:
    """A lock that lost packages is noticed although the tree is what it says."""
    hpm.ready("noop", 0)
    path = hpm.project / "package.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "dependencies": {}}))
    hpm.run("install")
    (hpm.project / "hem_modules").mkdir(exist_ok=True)
    assert "0 packages" in hpm.problem("noop", 0)
    path.write_text(json.dumps(document))


def test_what_cannot_be_prepared_is_a_failure(supply: Supply, tmp_path: Path) -> None:
    """hpm that fails while a project is prepared is told as such."""
    broken = Hpm(Path(shutil.which("false") or "false"), tmp_path / "hpm", supply, 0)
    with pytest.raises(NotMeasured, match="hpm install: exit code 1"):
        broken.ready("noop", 0)


@pytest.mark.parametrize("scenario", ["noop", "warm", "locked"])
def test_limits_do_the_whole_work(supply: Supply, tmp_path: Path, scenario: str) -> None:
    """What hpm is compared with makes as many files."""
    limit = Limit(tmp_path / "limit", supply)
    for turn in range(2):
        command = limit.ready(scenario, turn)
        if command is None:
            assert scenario == "warm"
            pytest.skip("cp makes no links here")
        take(command)
        assert limit.problem(scenario, turn) == ""
    assert limit.ready("add", 0) is None


def test_the_plain_installer_installs_what_is_locked(hpm: Hpm, supply: Supply, tmp_path: Path) -> None:
    """What hpm is compared with by the check makes the trees of the lock."""
    hpm.ready("noop", 0)
    path = hpm.project / "package-lock.json"
    script = Path(__file__).with_name("reference_installer.py")
    command = [sys.executable, "-I", "-S", str(script), supply.urls[0], str(path), str(tmp_path)]
    subprocess.run(command, check=True)
    lock = read_lockfile(path)
    assert lock
    assert len(lock.entries) == 7
    for name, entry in lock.entries.items():
        assert digest_folder(tmp_path / str(name)) == entry.tree
