"""wire: messages as protobuf writes them, in the one canonical form that a digest needs.

Only what REAPI v2 uses: varints, and fields with a length. Written are fields in ascending order,
without those that have their default, as ``SerializeToString(deterministic=True)`` does; whoever
writes a message calls these functions in the order of the field numbers. Read is anything that
protobuf reads, unknown fields skipped, but no groups, and nothing twice that may be there once.

Source of the format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterable

#: Bytes of one message that is read; REAPI servers refuse larger ones long before.
MOST_BYTES = 64 << 20
#: Fields of one message that is read, those of the messages inside not counted.
MOST_FIELDS = 500_000

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_MOST_VARINT_BYTES = 10
_LARGEST_FIELD = (1 << 29) - 1
_64_BITS = (1 << 64) - 1
# Nearly all numbers are small: keys of fields, lengths of names and digests.
_SMALL = tuple(bytes((value,)) for value in range(0x80))


class Malformed(ValueError):
    """Bytes are no message of the kind that is expected; the sentence says why."""


# ---------------------------------------------------------------- writing


def varint(value: int) -> bytes:
    """*value*, at least -2^63 and below 2^64, in groups of seven bits, the lowest first."""
    if 0 <= value < 0x80:
        return _SMALL[value]
    value &= _64_BITS
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def number(field: int, value: int) -> bytes:
    """The field *field* is *value*; nothing if that is 0. For int32, int64 and enumerations."""
    return varint(field << 3 | _VARINT) + varint(value) if value else b""


def flag(field: int, value: bool) -> bytes:
    """The field *field* is true; nothing if it is not."""
    return number(field, int(value))


def text(field: int, value: str) -> bytes:
    """The field *field* is *value*; nothing if that is empty.

    Raises:
        UnicodeEncodeError: *value* is no text: half of a surrogate pair is in it.
    """
    return data(field, value.encode())


def data(field: int, value: bytes) -> bytes:
    """The field *field* is *value*; nothing if that is empty."""
    return message(field, value) if value else b""


def message(field: int, encoded: bytes) -> bytes:
    """The field *field* is the message *encoded*, also an empty one; for each of a list, once."""
    return varint(field << 3 | _LENGTH) + varint(len(encoded)) + encoded


def texts(field: int, values: Iterable[str]) -> bytes:
    """The list *field* is *values*, in that order, empty ones too."""
    return b"".join(message(field, value.encode()) for value in values)


def numbers(field: int, values: Iterable[int]) -> bytes:
    """The list *field* is the int64 *values*, packed; nothing if there are none."""
    return data(field, b"".join(map(varint, values)))


# ---------------------------------------------------------------- reading


class Message:
    """A message that was read: what its fields hold, whatever else is in it left aside.

    What is read with another type than the one that was written is :class:`Malformed`.
    """

    __slots__ = ("_fields",)

    def __init__(self, encoded: bytes) -> None:
        """Read *encoded*; the messages inside are read when they are asked for.

        Raises:
            Malformed: It is no message, or has more than :data:`MOST_BYTES` or :data:`MOST_FIELDS`.
        """
        self._fields = _read(encoded)

    def number(self, field: int) -> int:
        """The int64 in *field*; 0 if it is not there."""
        found = self._one(field)
        if found is None:
            return 0
        if not isinstance(found, int):
            raise Malformed(f"field {field} is not a number")
        return _signed(found)

    def flag(self, field: int) -> bool:
        """Whether *field* is true."""
        return self.number(field) != 0

    def numbers(self, field: int) -> list[int]:
        """The int64 of the packed list *field*."""
        packed, at, found = self.data(field), 0, []
        while at < len(packed):
            value, at = _read_varint(packed, at)
            found.append(_signed(value))
        return found

    def data(self, field: int) -> bytes:
        """The bytes in *field*; none if it is not there."""
        found = self._one(field)
        return b"" if found is None else _as_bytes(field, found)

    def text(self, field: int) -> str:
        """The text in *field*; empty if it is not there."""
        return _as_text(field, self.data(field))

    def texts(self, field: int) -> list[str]:
        """The texts of the list *field*."""
        return [_as_text(field, _as_bytes(field, found)) for found in self._fields.get(field, ())]

    def message(self, field: int) -> Message | None:
        """The message in *field*; ``None`` if it is not there."""
        found = self._one(field)
        return None if found is None else Message(_as_bytes(field, found))

    def messages(self, field: int) -> list[Message]:
        """The messages of the list *field*."""
        return [Message(_as_bytes(field, found)) for found in self._fields.get(field, ())]

    def _one(self, field: int) -> int | bytes | None:
        found = self._fields.get(field)
        if found is None:
            return None
        if len(found) > 1:
            raise Malformed(f"field {field} is there {len(found)} times")
        return found[0]


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _as_bytes(field: int, found: int | bytes) -> bytes:
    if not isinstance(found, bytes):
        raise Malformed(f"field {field} has no length")
    return found


def _as_text(field: int, found: bytes) -> str:
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise Malformed(f"field {field} is not UTF-8") from None


def _read(encoded: bytes) -> dict[int, list[int | bytes]]:
    """The values of each field in their order; fixed ones, which REAPI has none of, are bytes."""
    end = len(encoded)
    if end > MOST_BYTES:
        raise Malformed(f"it is larger than {MOST_BYTES} bytes")
    fields: dict[int, list[int | bytes]] = {}
    at = count = 0
    while at < end:
        key, at = _read_varint(encoded, at)
        field, kind = key >> 3, key & 7
        if not 0 < field <= _LARGEST_FIELD:
            raise Malformed(f"there is no field {field}")
        count += 1
        if count > MOST_FIELDS:
            raise Malformed(f"it has more than {MOST_FIELDS} fields")
        value: int | bytes
        if kind == _VARINT:
            value, at = _read_varint(encoded, at)
        else:
            if kind == _LENGTH:
                length, at = _read_varint(encoded, at)
            elif kind in {_FIXED32, _FIXED64}:
                length = 4 if kind == _FIXED32 else 8
            else:
                raise Malformed(f"field {field} has the unknown type {kind}")
            if length > end - at:
                raise Malformed(f"field {field} is cut off")
            value, at = encoded[at : at + length], at + length
        fields.setdefault(field, []).append(value)
    return fields


def _read_varint(encoded: bytes, at: int) -> tuple[int, int]:
    """The number that begins at *at*, and where the next thing begins."""
    if at < len(encoded) and encoded[at] < 0x80:  # nearly all of them
        return encoded[at], at + 1
    value = shift = 0
    for byte in encoded[at : at + _MOST_VARINT_BYTES]:
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > _64_BITS:
                break
            return value, at
        shift += 7
    raise Malformed("a number is cut off, or too long")
