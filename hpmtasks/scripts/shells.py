"""shells: which program is started for a line of package.json."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence


def argv_of(shell: str, line: str) -> Sequence[str] | str:
    """What starts *line* by *shell*: ``sh``, ``none`` (no shell: words only), or any that takes ``-c``.

    A line for ``none`` that cannot be split into words is given to the program as one word, so
    that what is started says what it does not understand.
    """
    if shell == "none":
        try:
            return shlex.split(line)
        except ValueError:
            return [line]
    if shell == "sh" and os.name == "nt":
        # A list would be quoted once more, and cmd understands no such quotes.
        return f'cmd /d /s /c "{line}"'
    return ["/bin/sh" if shell == "sh" else shell, "-c", line]
