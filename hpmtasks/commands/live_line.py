"""live_line: while one waits on a terminal: what for, how many are done of how many, and for how long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.text import Text

#: How many are done, and how many are known of.
Tally = Callable[[], tuple[int, int]]

# Who is done sooner needs no line; and rich takes its time to be imported.
_PATIENCE_SECONDS = 0.2
# From here on it is of interest for how long one has been waiting.
_LONG_SECONDS = 2.0
_A_SECOND = 10
_FRAMES, _ASCII_FRAMES = "\u280b\u2819\u2839\u2838\u283c\u2834\u2826\u2827\u2807\u280f", "|/-\\"


class Activity:
    """Something that takes a while; as a context, for as long as it does."""

    def __init__(
        self, text: str, tally: Tally | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.text = text
        self.tally = tally
        self.began = clock()
        self._line: LiveLine | None = None

    def shown_by(self, line: LiveLine) -> None:
        """*line* is told when it begins and when it ends."""
        self._line = line

    def __enter__(self) -> None:
        if self._line is not None:
            self._line.going_on[id(self)] = self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.going_on.pop(id(self), None)


class LiveLine:
    """One line of a terminal that is rewritten until it is gone."""

    def __init__(self, stream: TextIO, *, no_color: bool = False) -> None:
        self.going_on: dict[int, Activity] = {}
        self._latest: Activity | None = None
        self._stream = stream
        self._no_color = no_color
        self._guard = threading.Lock()
        self._stopped = False
        self._live: Any = None
        self._timer = threading.Timer(_PATIENCE_SECONDS, self._start)
        self._timer.daemon = True

    def show(self, activity: Activity) -> None:
        """*activity* is the latest thing to wait for."""
        activity.shown_by(self)
        self._latest, first = activity, self._latest is None
        if first:
            self._timer.start()

    def stop(self) -> None:
        """The line is gone, and does not come back."""
        self._timer.cancel()
        with self._guard:
            self._stopped = True
            live, self._live = self._live, None
        if live is not None:
            with suppress(Exception):
                live.stop()

    def _start(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream, no_color=self._no_color, highlight=False)
        live = Live(
            console=console,
            get_renderable=lambda: self._drawn(console.width, console.encoding),
            refresh_per_second=_A_SECOND,
            transient=True,
        )
        with self._guard:
            if not self._stopped and console.is_terminal and not console.is_dumb_terminal:
                self._live = live
                live.start(refresh=True)

    def _drawn(self, width: int, encoding: str) -> Text:
        from rich.text import Text

        frames = _FRAMES if "utf" in encoding.lower() else _ASCII_FRAMES
        now = time.monotonic()
        return Text(f"{frames[int(now * _A_SECOND) % len(frames)]} {self.words(now, width - 4)}", "dim")

    def words(self, now: float, width: int) -> str:
        """What is waited for, in *width* letters: the first that still goes on, else the last that began."""
        going_on = list(self.going_on.values())
        activity = going_on[0] if going_on else self._latest
        if activity is None:
            return ""
        facts = []
        if activity.tally is not None:
            done, known = activity.tally()
            facts += [f"{done} of {known} done"] if known > 1 else []
        seconds = now - activity.began
        facts += [f"{seconds:.0f}s"] if seconds >= _LONG_SECONDS else []
        told = f" ({', '.join(facts)})" if facts else ""
        room = max(width - len(told), 1)
        text = activity.text
        return (text if len(text) <= room else f"{text[: room - 1]}\u2026") + told
