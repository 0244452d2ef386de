"""sealed: a JSON object that shows whether anything of it was altered since it was written.

For files that are caches: a flipped bit, a torn write or a helpful editor make them
worthless, not wrong. It is no protection against anybody who means it.
"""

from __future__ import annotations

from hpmtasks.files.fingerprint import fingerprint

_HEAD = '{{"fingerprint":"{}",'
_LENGTH = len(_HEAD.format("0" * 32))


def seal(text: str) -> bytes:
    """The JSON object *text*, not an empty one, with the fingerprint of itself as its first field."""
    rest = text[1:].encode()
    return _HEAD.format(fingerprint(rest)).encode() + rest


def check_seal(data: bytes) -> bytes:
    """*data*, which is as :func:`seal` made it.

    Raises:
        ValueError: It is not.
    """
    if data[:_LENGTH] != _HEAD.format(fingerprint(data[_LENGTH:])).encode():
        raise ValueError("it was altered since it was written")
    return data
