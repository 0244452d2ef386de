"""console: how hpm speaks: results on stdout, everything else on stderr, JSON when asked for.

On a terminal a live line shows what is being waited for; elsewhere there are plain
lines only.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Mapping
from typing import Any, TextIO

from hpmtasks.commands.colour import CHANGE, LABEL, MARK, Paint, painter, plain
from hpmtasks.commands.live_line import Activity, LiveLine, Tally
from hpmtasks.errors import HpmError, Interrupted
from hpmtasks.pattern import pattern

#: The version of every JSON object that hpm prints.
SCHEMA_VERSION = 1

# What a terminal would obey instead of showing it: control characters, and those that turn the
# direction of writing. Also halves of surrogate pairs, which no encoding has.
_COMMANDING = pattern(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""*text* with every character that a terminal would obey as ``\uXXXX``; in JSON it means the same."""
    if text.replace("\n", "").isprintable():  # as nearly every text is; none of those characters is
        return text
    return _COMMANDING.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


#: What is going on while a task of the graph runs, for who waits.
_STAGES = {
    "resolve": "choosing versions",
    "download": "waiting for {}",
    "verify": "unpacking {}",
    "extract": "writing {}",
    "lock": "writing package-lock.json",
}


class Console:
    """One command's voice.

    Args:
        as_json: stdout carries one JSON object and nothing else.
        verbose: Say what is being done, a line for each thing.
        is_live: stderr is a terminal that a line may be rewritten on.
    """

    def __init__(
        self,
        *,
        as_json: bool = False,
        verbose: bool = False,
        is_live: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        self.as_json = as_json
        self.verbose = verbose
        self.quiet = False
        #: What to say if the command is interrupted now.
        self.last_words = "Interrupted."
        self._is_live = is_live and not verbose
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._paint_out: Paint = plain
        self._paint_err: Paint = plain
        self._mutex = threading.Lock()
        self._live: LiveLine | None = None
        self._ended = False

    def speak(self, *, verbose: bool, is_live: bool, quiet: bool = False) -> None:
        """How much is said from now on."""
        self.verbose = verbose
        self.quiet = quiet
        self._is_live = is_live and not verbose and not quiet

    def use_colour(self, when: str, environ: Mapping[str, str]) -> None:
        """Paint from now on, or do not: ``auto``, ``never`` or ``always``; JSON is never painted."""
        self._paint_out = painter(when, environ, self._out)
        self._paint_err = painter(when, environ, self._err)

    @property
    def paints_errors(self) -> bool:
        """Whether what goes to stderr has colours."""
        return self._paint_err is not plain

    def line(self, text: str = "") -> None:
        """One line of the result; not printed when JSON was asked for."""
        if not self.as_json:
            self.still()
            print(visible(text), file=self._out)

    def report(self, text: str = "") -> None:
        """One line about what was done; who asks for quiet does not want to hear it."""
        if not self.quiet:
            self.change(text)

    def change(self, text: str) -> None:
        """One line of the result that begins with ``+``, ``-`` or ``~``, in the colour that this has."""
        self._painted(CHANGE, text)

    def mark(self, text: str) -> None:
        """One line of the result that begins with whether all is well, in the colour that this has."""
        self._painted(MARK, text)

    def _painted(self, pattern: re.Pattern[str], text: str) -> None:
        if not self.as_json:
            self.still()
            print(self._paint_out(pattern, visible(text)), file=self._out)

    @property
    def is_unicode(self) -> bool:
        """Whether stdout takes any character."""
        return "utf" in (self._out.encoding or "utf").lower()

    def result(self, fields: Mapping[str, Any]) -> None:
        """The result as data; printed only when JSON was asked for."""
        if self.as_json:
            self.still()
            document = {"schemaVersion": SCHEMA_VERSION, **fields}
            print(visible(json.dumps(document, indent=2, ensure_ascii=not self.is_unicode)), file=self._out)

    def note(self, text: str) -> None:
        """A remark that is not part of the result."""
        if not self.quiet:
            self.still()
            print(self._paint_err(LABEL, visible(text)), file=self._err)

    def warning(self, sentence: str) -> None:
        """What the user should know although all goes well, even who asks for quiet."""
        self.still()
        print(self._paint_err(LABEL, visible(f"Warning: {sentence}")), file=self._err)

    def failure(self, error: HpmError) -> None:
        """What went wrong, as the last words."""
        self.end()
        if self.as_json:
            details = {name: value for name, value in vars(error).items() if name != "message"}
            told = {"kind": error.kind, "code": error.code, "exitCode": error.exit_code}
            self.result({"error": {**told, "message": str(error), **details}})
            return
        print(self._paint_err(LABEL, visible(f"Error: {error}")), file=self._err)
        if not self.quiet and not isinstance(error, Interrupted):  # who did it knows what it means
            print(f"\nhpm help {error.code} explains.", file=self._err)

    def progress(self, text: str, tally: Tally | None = None) -> Activity:
        """Something began that may take a while. Called from any thread.

        The result is a context; while somebody is in it, that is what is waited for.

        Args:
            tally: How many of its kind are done, and how many are known of.
        """
        activity = Activity(text, tally)
        with self._mutex:
            if self._ended:
                return activity
            if self.verbose:
                print(f"  {visible(text)}", file=self._err)
            elif self._is_live:
                if self._live is None:
                    self._live = LiveLine(self._err, no_color=self._paint_err is plain)
                self._live.show(activity)
        return activity

    def task_began(self, name: str) -> None:
        """A task of the graph runs. Its name means something to those who asked for all there is."""
        if self.verbose:
            self.progress(name)
        else:
            stage, _, package = name.partition(":")
            if stage in _STAGES:
                self.progress(_STAGES[stage].format(package))

    def task_was_fresh(self, name: str) -> None:
        """A task of the graph needs nothing: said to those who asked for all there is."""
        if self.verbose:
            self.progress(f"{name} (fresh)")

    def still(self) -> None:
        """The live line is gone; what is printed next stands at the start of a line."""
        with self._mutex:
            if self._live is not None:
                self._live.stop()
                self._live = None

    def break_line(self) -> None:
        """On a terminal, what is printed next does not stand behind a question or a ^C."""
        self.still()
        if not self.as_json and self._err.isatty():
            print(file=self._err)

    def end(self) -> None:
        """The command is over: nothing that still runs in a thread is heard of any more."""
        with self._mutex:
            self._ended = True
        self.still()
