"""The ledger of known versions: what is written is found, and nothing that was torn is believed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hpmtasks.project import known
from hpmtasks.project.known import Ledger, Sighting, Taken
from tests.support.command_line import REPOSITORY

ORIGIN = "github.com/acme/a"
ONE, TWO = "1" * 40, "2" * 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger is to be, in a home that is not there yet."""
    return tmp_path / "home" / "known"


def take(path: Path, version: str, commit: str, *, at: int = 100, origin: str = ORIGIN) -> None:
    """*version* was taken, says a process."""
    Ledger(path).record_taken({origin: {version: Taken(commit, None, at)}})


def test_what_is_taken_is_known_to_the_next(path: Path) -> None:
    """And to the one who took it, without reading again; of another origin nothing."""
    ledger = Ledger(path)
    assert ledger.taken(ORIGIN) == {}
    ledger.record_taken({ORIGIN: {"1.0.0": Taken(ONE, "sha256-x", 100)}})
    for reader in (ledger, Ledger(path)):
        assert reader.taken(ORIGIN) == {"1.0.0": Taken(ONE, "sha256-x", 100)}
        assert reader.taken("github.com/acme/b") == {}


def test_last_one_taken_counts(path: Path) -> None:
    """A version that was taken again, as another commit, is known as that."""
    take(path, "1.0.0", ONE)
    take(path, "1.1.0", ONE)
    take(path, "1.0.0", TWO, at=200)
    assert {text: each.commit for text, each in Ledger(path).taken(ORIGIN).items()} == {
        "1.0.0": TWO,
        "1.1.0": ONE,
    }


def test_versions_listed_first_are_not_new(path: Path) -> None:
    """Those that come later are; one whose tag was moved is new at its new commit."""
    Ledger(path).record_seen(ORIGIN, {"1.0.0": ONE, "1.1.0": ONE}, 100)
    Ledger(path).record_seen(ORIGIN, {"1.0.0": ONE, "1.1.0": TWO, "1.2.0": TWO}, 200)
    size = path.stat().st_size
    Ledger(path).record_seen(ORIGIN, {"1.0.0": ONE, "1.1.0": TWO, "1.2.0": TWO}, 300)
    assert path.stat().st_size == size
    assert Ledger(path).seen(ORIGIN) == {
        "1.0.0": Sighting(ONE, 100, is_new=False),
        "1.1.0": Sighting(TWO, 200, is_new=True),
        "1.2.0": Sighting(TWO, 200, is_new=True),
    }


@pytest.mark.parametrize("cut", [1, 20, 60, 100])
def test_torn_line_spoils_itself_alone(path: Path, cut: int) -> None:
    """What a crash cut off is not believed, and what was written before and after it is."""
    take(path, "1.0.0", ONE)
    whole = path.read_bytes()
    take(path, "2.0.0", ONE)
    path.write_bytes(path.read_bytes()[: len(whole) + cut])
    take(path, "3.0.0", ONE)
    assert set(Ledger(path).taken(ORIGIN)) == {"1.0.0", "3.0.0"}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\xfe",
        b'{"origin":"github.com/acme/a","taken":{"9.0.0":{"commit":"x"}},"time":1}',
        b'{"fingerprint":"' + b"0" * 32 + b'","time":1,"origin":"github.com/acme/a","taken":{"9.0.0":{}}}',
        b"[" * 100_000,
    ],
)
def test_line_that_nobody_sealed_is_not_believed(path: Path, line: bytes) -> None:
    """Whatever it says."""
    take(path, "1.0.0", ONE)
    with path.open("ab") as file:
        file.write(line + b"\n")
    assert set(Ledger(path).taken(ORIGIN)) == {"1.0.0"}


def test_line_that_was_edited_is_not_believed(path: Path) -> None:
    """One digit of a commit, and the line counts as absent."""
    take(path, "1.0.0", ONE)
    path.write_bytes(path.read_bytes().replace(ONE.encode(), TWO.encode()))
    assert Ledger(path).taken(ORIGIN) == {}


def test_many_writers_lose_nothing(path: Path) -> None:
    """Ten processes at once write forty lines each, while the ledger is compacted again and again."""
    script = (
        "import sys; from pathlib import Path; from hpmtasks.project import known;"
        " from hpmtasks.project.known import Ledger, Taken; known.LARGEST = 5_000;"
        "[Ledger(Path(sys.argv[1])).record_taken({'o': {f'{sys.argv[2]}.{n}.0': Taken('c', None, n)}})"
        " for n in range(40)]"
    )
    words = [sys.executable, "-c", script, str(path)]
    writers = [subprocess.Popen([*words, str(number)], cwd=REPOSITORY) for number in range(10)]
    assert [writer.wait(60) for writer in writers] == [0] * 10
    assert len(Ledger(path).taken("o")) == 400


def test_compacted_ledger_says_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was taken again leaves one line; first sightings stay."""
    Ledger(path).record_seen(ORIGIN, {"1.0.0": ONE}, 50)
    Ledger(path).record_seen(ORIGIN, {"1.0.0": ONE, "1.1.0": ONE}, 60)
    for time in range(50):
        take(path, "1.0.0", ONE if time % 2 else TWO, at=time)
    before = Ledger(path).taken(ORIGIN), Ledger(path).seen(ORIGIN)
    monkeypatch.setattr(known, "LARGEST", 100)
    take(path, "5.0.0", ONE)
    after = Ledger(path)
    assert (after.taken(ORIGIN) | before[0], after.seen(ORIGIN)) == (after.taken(ORIGIN), before[1])
    assert len(path.read_bytes().split(b"\n")) < 8
    assert all(json.loads(line) for line in path.read_bytes().splitlines() if line)


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    """Nothing is remembered for others, and nobody is stopped."""
    (tmp_path / "file").write_text("")
    ledger = Ledger(tmp_path / "file" / "known")
    ledger.record_taken({ORIGIN: {"1.0.0": Taken(ONE, None, 1)}})
    assert set(ledger.taken(ORIGIN)) == {"1.0.0"}
    assert Ledger(tmp_path / "file" / "known").taken(ORIGIN) == {}
