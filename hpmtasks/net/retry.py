"""retry: how patient one run is with a network that fails."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidSetting

#: Seconds before the first, second ... retry, unless ``HPM_RETRY_DELAYS`` says otherwise.
DELAYS = (1.0, 2.0, 4.0, 8.0)
#: A server that wants a longer pause than this many seconds is not waited for.
LONGEST_WAIT = 60.0
_LONGEST_DELAY = 3600.0
# A server that could not be connected to is left alone for so many seconds.
_REST = 30.0
_JITTER = 0.25


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, replaceable in tests. *sleep* of ``None``: the fetcher's own, which ends when it is closed."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a server may take.

    Attributes:
        connect: To be connected to.
        pause: Between two pieces of an answer.
        answer: For a whole answer, retries and all.
        transfer: For a whole download or upload.
    """

    connect: float = 10.0
    pause: float = 30.0
    answer: float = 120.0
    transfer: float = 1800.0


def parse_delays(text: str) -> tuple[float, ...]:
    """The seconds that ``HPM_RETRY_DELAYS`` spells: ``1,2,4,8``; empty means never to retry.

    Raises:
        InvalidSetting: A part is not a number of seconds between 0 and 3600.
    """
    try:
        delays = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        delays = (-1.0,)
    if not all(0 <= delay <= _LONGEST_DELAY for delay in delays):
        raise InvalidSetting(
            "HPM_RETRY_DELAYS (environment)",
            [f"{text!r} is not a list of seconds such as 1,2,4,8, each between 0 and 3600."],
        )
    return delays


class RetryBudget:
    """The retries of one run, shared by all its requests and threads.

    A request may be repeated once for each of *delays*. A server that used up all of
    them for one request, and answered no other request meanwhile, is *down*: until it
    answers again, nothing else is retried there, and for half a minute after a failed
    connection it is not even tried. So a hundred packages without a network fail as
    fast as the first few. Beyond *most* retries in a run nothing is retried at all.
    """

    def __init__(
        self, delays: tuple[float, ...] = DELAYS, *, most: int = 200, clock: Clock | None = None
    ) -> None:
        self._delays = delays
        self._left = most
        self._monotonic = (clock or Clock()).monotonic
        self._successes: Counter[str] = Counter()
        self._down: dict[str, float] = {}
        self._guard = threading.Lock()

    def answered(self) -> Mapping[str, int]:
        """How many requests each server has answered so far; for :meth:`gave_up` later."""
        with self._guard:
            return dict(self._successes)

    def succeeded(self, place: str) -> None:
        """*place* works."""
        with self._guard:
            self._successes[place] += 1
            self._down.pop(place, None)

    def gave_up(self, place: str, before: Mapping[str, int], *, unreachable: bool) -> None:
        """*place* is down, if it answered nothing since :meth:`answered` was *before*."""
        with self._guard:
            if self._successes[place] == before.get(place, 0):
                self._down[place] = self._monotonic() if unreachable else float("-inf")

    def is_resting(self, place: str) -> bool:
        """Whether it is too early to try *place* again."""
        with self._guard:
            return self._monotonic() - self._down.get(place, float("-inf")) < _REST

    def delay(self, place: str, retries: int) -> float | None:
        """Seconds to wait before the next retry of a request that had *retries*; ``None``: give up."""
        with self._guard:
            if retries >= len(self._delays) or self._left <= 0 or place in self._down:
                return None
            self._left -= 1
            return self._delays[retries] * (1 + _JITTER * os.urandom(1)[0] / 255)


def stated_wait(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a server asks to be left alone; ``None`` if it does not say.

    ``Retry-After`` is seconds or a date (RFC 9110, 10.2.3); the ``x-ratelimit`` headers
    are GitHub's: nothing remains until the reset, in Unix seconds.
    """
    retry_after = headers.get("retry-after", "").strip()
    if retry_after.isdecimal():
        return float(retry_after)
    if retry_after:
        from email.utils import parsedate_to_datetime

        try:
            return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now)
        except (ValueError, OverflowError):
            pass
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(0.0, float(reset) - now) + 1
    return None
