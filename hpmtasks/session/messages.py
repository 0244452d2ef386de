"""messages: plain values between a process and its forks, in a stream of bytes."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import Any

#: As much of a stream as is read at a time.
PIECE = 1 << 16
_LENGTH_BYTES = 4


def message(value: Any) -> bytes:
    """*value*, of plain types, behind its length."""
    data = marshal.dumps(value)
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


class Messages:
    """The values out of a stream of what :func:`message` gave."""

    def __init__(self) -> None:
        self._left = b""

    def take(self, data: bytes) -> Iterator[Any]:
        """Those that are complete now that *data* has come, too."""
        left = self._left + data
        start = 0
        while (begin := start + _LENGTH_BYTES) <= len(left):
            end = begin + int.from_bytes(left[start:begin], "big")
            if end > len(left):
                break
            yield marshal.loads(left[begin:end])  # noqa: S302  of our own fork
            start = end
        self._left = left[start:]
