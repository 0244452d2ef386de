"""colour: whether output is painted, and what is painted how; the one place that writes colour codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TextIO

from hpmtasks.front.stamp import is_painted
from hpmtasks.pattern import pattern

#: Paints what a pattern's groups find in a text.
Paint = Callable[[re.Pattern[str], str], str]

#: A line about a package: came, went, changed; who requires it.
CHANGE = pattern(r"^ *(?:(?P<green>\+ .*?)|(?P<red>- .*?)|(?P<yellow>~ .*?))(?P<dim> \(.*\))?$")
#: The word that says what kind of remark it is.
LABEL = pattern(r"^\n?(?:(?P<bold_red>Error:)|(?P<yellow>(?:Warning|Note):))")
#: Whether something is well.
MARK = pattern("^(?:(?P<green>\u2713|ok)|(?P<yellow>!|warning)|(?P<red>\u2717|broken)) ")

#: What people may say to ``--color``.
CHOICES = ("auto", "never", "always")
# Names that stand before lines, one after another; none of these colours means good or bad.
_OF_NAMES = ("36", "35", "34", "33", "96", "95", "94", "93")
_CODES = {"green": "32", "red": "31", "yellow": "33", "dim": "2", "bold_red": "1;31"}


def plain(pattern: re.Pattern[str], text: str) -> str:
    """*text* as it is."""
    del pattern
    return text


def painted(pattern: re.Pattern[str], text: str) -> str:
    """*text* with each group of *pattern* in the colour that the group is called."""
    found = pattern.search(text)
    if found is None:
        return text
    pieces, end = [], 0
    for name, part in found.groupdict().items():
        if part:
            start = found.start(name)
            pieces += [text[end:start], f"\x1b[{_CODES[name]}m{part}\x1b[0m"]
            end = found.end(name)
    return "".join(pieces) + text[end:]


def plain_name(name: str, number: int) -> str:
    """*name* as it is."""
    del number
    return name


def painted_name(name: str, number: int) -> str:
    """*name*, the one of that *number* to be told from others, in a colour of its own."""
    return f"\x1b[{_OF_NAMES[number % len(_OF_NAMES)]}m{name}\x1b[0m"


def painter(when: str, environ: Mapping[str, str], stream: TextIO) -> Paint:
    """How to paint what goes to *stream*; with ``auto``, by the rules of :func:`.is_painted`."""
    is_wanted = is_painted(environ, stream) if when == "auto" else when == "always"
    return painted if is_wanted else plain
