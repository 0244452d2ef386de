"""The check for regressions judges ratios, and says which is over."""

from __future__ import annotations

import json

from tests.benchmarks.check import LIMITS, PAIRS, findings, is_crowded, ratios
from tests.benchmarks.timing import Taken

USUAL = {"noop / bare interpreter": {"processor": 1.5, "wall": 1.6}}


def test_ratios_are_the_middle_of_those_of_each_run() -> None:
    """A machine that is slow in one turn is slow for both: each turn has its own ratio."""
    runs = [
        (Taken(20, 15, 9), Taken(10, 10, 8)),
        (Taken(200, 150, 9), Taken(100, 50, 8)),
        (Taken(30, 99, 9), Taken(10, 9, 8)),
    ]
    assert ratios(runs) == {"processor": 3.0, "wall": 2.0}


def test_a_crowded_machine_is_noticed() -> None:
    """A command that computes and waits all the same had to wait for others; one bad run is none."""
    calm, late = Taken(10, 9, 8), Taken(30, 9, 8)
    assert not is_crowded([calm, calm, late])
    assert is_crowded([calm, late, late])


def test_nothing_is_said_of_ratios_below_their_limits() -> None:
    """A ratio may be above the usual one by its margin."""
    assert findings({"noop / bare interpreter": {"processor": 1.99, "wall": 2.39}}, USUAL) == []


def test_what_is_over_is_named_with_its_figures() -> None:
    """The sentence has the pair, the ratio, the usual one and the limit."""
    (sentence,) = findings({"noop / bare interpreter": {"processor": 2.01, "wall": 1.0}}, USUAL)
    assert sentence == (
        "noop / bare interpreter: hpm takes 2.01 times the processor time of its reference, where 1.50 is"
        " usual and 2.00 the limit."
    )


def test_a_pair_without_a_limit_is_found() -> None:
    """What nobody accepted does not pass."""
    (sentence,) = findings({"new / other": {"wall": 1.0}}, USUAL)
    assert sentence.startswith("new / other: there is no limit for it")


def test_every_pair_has_its_limits() -> None:
    """The committed table has both kinds for each pair, and none for what is not measured."""
    accepted = json.loads(LIMITS.read_text())
    assert set(accepted) == {pair.name for pair in PAIRS}
    assert all(set(each) == {"processor", "wall"} for each in accepted.values())
