"""pattern: regular expressions that are compiled when they are first used.

Compiling one takes 50 to 500 µs, and most of those that stand at the head of a module are
for what is rare. One that nearly every run uses is as well off with ``re.compile``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from re import compile as pattern

__all__ = ["pattern"]


class _Pattern:
    """What ``re.compile`` makes of *expression*, as far as it has been asked for."""

    def __init__(self, expression: str | bytes, flags: int = 0) -> None:
        self._given = expression, flags

    def __getattr__(self, name: str) -> Any:
        expression, flags = self._given
        found = getattr(re.compile(expression, flags), name)
        self.__dict__[name] = found  # where it is found the next time, without a question
        return found


if not TYPE_CHECKING:
    pattern = _Pattern
