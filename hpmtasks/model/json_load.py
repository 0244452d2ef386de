"""json_load: JSON that others wrote, read strictly and within bounds."""

from __future__ import annotations

import json
from typing import Any

from hpmtasks.dataclass import dataclass
from hpmtasks.model.json_scan import DEEPEST, MalformedJson, scan

#: Longest package.json that is read, in bytes.
LARGEST_MANIFEST = 4 * 1024 * 1024
#: Longest package-lock.json that is read, in bytes.
LARGEST_LOCK = 64 * 1024 * 1024

# CPython refuses to make an int of more digits; such a number is kept as it is spelled.
_LONGEST_INT = 4300


@dataclass(frozen=True, slots=True)
class HugeNumber:
    """A number of a document that no Python number holds, as it was spelled."""

    spelled: str


def load(data: bytes, *, limit: int = LARGEST_MANIFEST) -> Any:
    """The value of the JSON document *data*, in plain Python types.

    Integers of any length are exact; a number that Python cannot hold is a
    :class:`HugeNumber`. A byte order mark is passed over.

    Raises:
        MalformedJson: *data* is longer than *limit* bytes, not UTF-8, not JSON (RFC 8259),
            repeats a name within an object, or is nested too deeply.
    """
    if len(data) > limit:
        raise MalformedJson(f"larger than {limit // (1024 * 1024)} MiB")
    text = decode(data)
    try:
        value = json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_refuse_constant,
        )
        if _is_nested_within(value, DEEPEST):
            return value
    except (ValueError, RecursionError):
        pass
    scan(text)  # finds the same problem again, and its place
    raise MalformedJson("not a JSON document")


def decode(data: bytes) -> str:
    """The text of *data*, line ends and byte order mark included.

    Raises:
        MalformedJson: *data* is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise MalformedJson("saved as UTF-16; save it as UTF-8") from None
        good = data[: error.start].decode("utf-8")
        reason = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise MalformedJson.at(good, len(good), reason) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _integer(digits: str) -> int | HugeNumber:
    return int(digits) if len(digits) <= _LONGEST_INT else HugeNumber(digits)


def _float(digits: str) -> float | HugeNumber:
    number = float(digits)
    return HugeNumber(digits) if number in {float("inf"), float("-inf")} else number


def _refuse_constant(constant: str) -> Any:
    raise ValueError(constant)


def _is_nested_within(value: Any, deepest: int) -> bool:
    level = [value]
    for _ in range(deepest + 1):
        containers = [item for item in level if isinstance(item, (dict, list))]
        if not containers:
            return True
        level = [item for box in containers for item in (box.values() if isinstance(box, dict) else box)]
    return False
