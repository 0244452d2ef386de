"""header: one block of a tar archive, and the records of a pax header, read strictly."""

from __future__ import annotations

import re
import struct
import zlib
from functools import lru_cache

from hpmtasks.dataclass import NamedTuple
from hpmtasks.store.refusal import MOST_BYTES, MOST_HEADER_BYTES, Refused

BLOCK = 512
CUT_SHORT = "it is cut short"
_POSIX = b"ustar\x0000"
_GNU = b"ustar  \x00"
_MAGIC = frozenset({_POSIX, _GNU})
_ADLER_MODULUS = 65521
_SPACES = sum(b"        ")
# name, mode, size, checksum, kind, target, magic, prefix
_FIELDS = struct.Struct("100s8s16x12s12x8sB100s8s80x155s12x")
_PAX_LENGTH = re.compile(rb"([1-9][0-9]{0,7}) ")


class Header(NamedTuple):
    """One block of 512 bytes, its checksum verified; names not yet."""

    name: bytes
    kind: int
    mode: int
    size: int
    target: bytes


def read_header(block: bytes) -> Header:
    """The header in *block*.

    Raises:
        Refused: It is none.
    """
    if len(block) < BLOCK:
        raise Refused(CUT_SHORT)
    name, mode, size, checksum, kind, target, magic, prefix = _FIELDS.unpack(block)
    if magic not in _MAGIC or not _is_sum_right(block, checksum):
        raise Refused("it is not a tar archive, or damaged")
    name = name.partition(b"\0")[0]
    if magic == _GNU:
        if prefix.strip(b"\0"):
            raise Refused("it uses old extensions of GNU tar")
    elif prefix[0]:
        name = prefix.partition(b"\0")[0] + b"/" + name
    return Header(name, kind, _mode(mode), _number(size), target.partition(b"\0")[0] if target[0] else b"")


def _is_sum_right(block: bytes, checksum: bytes) -> bool:
    """Whether *checksum* is the sum of the header's bytes, its own field counted as spaces.

    Adler-32 starts with exactly this sum, modulo 65521, and takes a tenth of the time; few headers
    have a sum beyond that.
    """
    others = (zlib.adler32(block) & 0xFFFF) - (zlib.adler32(checksum) & 0xFFFF)
    total = (others + _SPACES) % _ADLER_MODULUS
    if checksum == b"%06o\0 " % total:  # as nearly everybody writes it
        return True
    stated = _octal(checksum)
    return (stated - total) % _ADLER_MODULUS == 0 and stated == sum(block) - sum(checksum) + _SPACES


def _octal(raw: bytes) -> int:
    digits = raw.strip(b"\0 ")
    # int() alone would take signs, underscores and white space.
    if digits.strip(b"01234567"):
        raise Refused("a number in it is damaged")
    return int(digits or b"0", 8)


# Few archives have more than two modes.
_mode = lru_cache(maxsize=16)(_octal)


def _number(raw: bytes) -> int:
    """A size: octal, or GNU's binary form with the highest bit set."""
    number = int.from_bytes(raw[1:], "big") if raw[0] == 0x80 else _octal(raw)
    if number > MOST_BYTES:
        raise Refused(f"it holds more than {MOST_BYTES >> 20} MiB")
    return number


def bounded(size: int) -> int:
    """*size* of an extended header.

    Raises:
        Refused: It is far beyond what a path needs.
    """
    if size > MOST_HEADER_BYTES:
        raise Refused("an extended header is too large")
    return size


def read_pax(data: bytes) -> dict[bytes, bytes]:
    """The records of a pax header: lines of ``LENGTH KEY=VALUE``, the length being the whole line's.

    Raises:
        Refused: Malformed, or about a sparse file, or with one name or size given twice.
    """
    records: dict[bytes, bytes] = {}
    position = 0
    while position < len(data):
        length = _PAX_LENGTH.match(data, position)
        end = position + int(length[1]) if length else 0
        record = data[length.end() : end] if length else b""
        key, equals, value = record.removesuffix(b"\n").partition(b"=")
        if end > len(data) or not record.endswith(b"\n") or not equals:
            raise Refused("an extended header is damaged")
        if key.startswith(b"GNU.sparse"):
            raise Refused("it holds a sparse file")
        if key in records or (key in (b"path", b"linkpath", b"size") and not value):
            raise Refused("a member is described twice")
        records[key] = value
        position = end
    return records


def text(raw: bytes) -> str:
    """A name or a comment.

    Raises:
        Refused: It is not UTF-8.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("a name is not UTF-8", raw.decode("utf-8", "backslashreplace")) from None
