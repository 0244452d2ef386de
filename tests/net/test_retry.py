"""How patient one run is."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from hpmtasks.errors import InvalidSetting
from hpmtasks.net.retry import Clock, RetryBudget, parse_delays, stated_wait


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moment = 1000.0

    def clock(self) -> Clock:
        return Clock(now=self.read, monotonic=self.read)

    def read(self) -> float:
        return self.moment


def test_delays_are_read_as_seconds() -> None:
    """``1,2.5`` is two retries; nothing is none."""
    assert parse_delays("1, 2.5") == (1.0, 2.5)
    assert parse_delays("") == ()


@pytest.mark.parametrize("text", ["a", "1,b", "-1", "nan", "inf", "3601", "1 2"])
def test_senseless_delays_are_named(text: str) -> None:
    """The message names the variable, and no endless pause can be set."""
    with pytest.raises(InvalidSetting, match="HPM_RETRY_DELAYS"):
        parse_delays(text)


def test_each_delay_is_used_once_with_some_jitter() -> None:
    """A request is repeated as often as there are delays, never sooner than they say."""
    budget = RetryBudget((1.0, 8.0))
    first, second = budget.delay("a", 0), budget.delay("a", 1)
    assert first is not None
    assert 1.0 <= first <= 1.25
    assert second is not None
    assert 8.0 <= second <= 10.0
    assert budget.delay("a", 2) is None


def test_run_has_one_budget() -> None:
    """However many requests there are, their retries come out of one purse."""
    budget = RetryBudget((0.0,) * 4, most=5)
    granted = [budget.delay(f"host{number}", 0) for number in range(8)]
    assert [delay is None for delay in granted] == [False] * 5 + [True] * 3


def test_server_that_gave_nothing_is_not_retried() -> None:
    """Once one request has used up its retries in vain, others at that server get none, elsewhere they do."""
    budget = RetryBudget((0.0,))
    budget.gave_up("a", budget.answered(), unreachable=False)
    assert budget.delay("a", 0) is None
    assert budget.delay("b", 0) is not None


def test_server_that_answered_others_meanwhile_is_not_down() -> None:
    """One bad repository does not take the patience from the rest."""
    budget = RetryBudget((0.0,))
    before = budget.answered()
    budget.succeeded("a")
    budget.gave_up("a", before, unreachable=True)
    assert budget.delay("a", 0) is not None
    assert not budget.is_resting("a")


def test_unreachable_server_rests_for_half_a_minute() -> None:
    """It is left alone at first, tried again later, and any answer restores it."""
    time = Time()
    budget = RetryBudget((0.0,), clock=time.clock())
    budget.gave_up("a", budget.answered(), unreachable=True)
    assert budget.is_resting("a")
    time.moment += 31
    assert not budget.is_resting("a")
    budget.succeeded("a")
    assert budget.delay("a", 0) is not None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": formatdate(1060, usegmt=True)}, 60.0),
        ({"retry-after": formatdate(10, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030"}, 31.0),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "1030"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "x"}, None),
    ],
)
def test_pause_is_what_the_server_states(headers: dict[str, str], seconds: float | None) -> None:
    """Retry-After in both forms and GitHub's reset are understood, nonsense is ignored."""
    assert stated_wait(headers, now=1000.0) == seconds
