"""The wire of results, beside the real protobuf."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from hpmtasks.store.results import wire
from hpmtasks.store.results.digest import EMPTY, Digest
from hpmtasks.store.results.wire import Malformed, Message
from tests.support.reapi import canonical, message_class

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
INT64 = st.integers(-(1 << 63), (1 << 63) - 1)


@given(st.lists(TEXTS), st.lists(st.tuples(TEXTS, TEXTS)), TEXTS, st.lists(TEXTS))
def test_texts_and_messages_are_written_as_protobuf_writes_them(
    arguments: list[str], variables: list[tuple[str, str]], folder: str, outputs: list[str]
) -> None:
    """A Command has the same bytes from both, with empty texts and empty messages in its lists."""
    theirs = message_class("Command")(
        arguments=arguments,
        environment_variables=[{"name": name, "value": value} for name, value in variables],
        working_directory=folder,
        output_paths=outputs,
    )
    ours = (
        wire.texts(1, arguments)
        + b"".join(wire.message(2, wire.text(1, name) + wire.text(2, value)) for name, value in variables)
        + wire.text(6, folder)
        + wire.texts(7, outputs)
    )
    assert ours == canonical(theirs)
    read = Message(ours)
    assert (read.texts(1), read.text(6), read.texts(7)) == (arguments, folder, outputs)
    assert [(each.text(1), each.text(2)) for each in read.messages(2)] == variables


@given(INT64, st.integers(-(1 << 31), (1 << 31) - 1), st.booleans(), st.binary(max_size=300))
def test_numbers_are_written_as_protobuf_writes_them(
    seconds: int, nanos: int, is_set: bool, salt: bytes
) -> None:
    """An Action has the same bytes from both: signs, large numbers, and nothing where a default is."""
    theirs = message_class("Action")(
        timeout={"seconds": seconds, "nanos": nanos}, do_not_cache=is_set, salt=salt
    )
    duration = wire.number(1, seconds) + wire.number(2, nanos)
    ours = wire.message(6, duration) + wire.flag(7, is_set) + wire.data(9, salt)
    assert ours == canonical(theirs)
    read = Message(ours)
    timeout = read.message(6)
    assert timeout is not None
    assert (timeout.number(1), timeout.number(2)) == (seconds, nanos)
    assert (read.flag(7), read.data(9), read.message(1)) == (is_set, salt, None)


@given(st.binary(max_size=60))
def test_what_is_read_from_anything_is_what_protobuf_reads(encoded: bytes) -> None:
    """Of arbitrary bytes, those that we read mean the same to protobuf; all others are Malformed."""
    try:
        read = Message(encoded)
        ours = (read.text(1), read.number(2))
    except Malformed:
        return
    theirs = message_class("Digest").FromString(encoded)
    assert ours == (theirs.hash, theirs.size_bytes)


@given(st.binary(max_size=40), st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_is_never_more_than_malformed(salt: bytes, at: int, byte: int) -> None:
    """A message with one byte changed is read or Malformed, with no other failure."""
    encoded = bytearray(wire.message(1, EMPTY.encode()) + wire.data(9, salt))
    encoded[at % len(encoded)] = byte
    try:
        inside = Message(bytes(encoded)).message(1)
        if inside is not None:
            Digest.decode(inside)
    except Malformed:
        pass


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (b"\x80", "cut off"),
        (b"\x08" + b"\xff" * 10 + b"\x01", "too long"),
        (b"\x08" + b"\xff" * 9 + b"\x02", "too long"),
        (b"\x0a\x05abc", "field 1 is cut off"),
        (b"\x0a" + b"\xff" * 9 + b"\x01", "field 1 is cut off"),
        (b"\x00\x01", "no field 0"),
        (b"\x0b\x0c", "unknown type 3"),
        (b"\x0f", "unknown type 7"),
        (b"\x09\x01\x02", "field 1 is cut off"),
        (b"\xf8\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", "no field"),
    ],
)
def test_what_is_no_message_is_refused(encoded: bytes, reason: str) -> None:
    """Bytes that end early, or are of no known kind, are Malformed, and the sentence says which."""
    with pytest.raises(Malformed, match=reason):
        Message(encoded)


def test_unknown_fields_are_left_aside() -> None:
    """A message with fields of all types that nobody asks for is read all the same."""
    more = b"\x79" + b"8" * 8 + b"\x7d" + b"4" * 4 + wire.number(99, 5) + wire.data(100, b"x")
    assert Digest.decode(Message(more + EMPTY.encode() + more)) == EMPTY


@pytest.mark.parametrize(
    ("encoded", "ask"),
    [
        (wire.data(1, b"x"), lambda message: message.number(1)),
        (wire.number(1, 1), lambda message: message.data(1)),
        (wire.number(1, 1), lambda message: message.text(1)),
        (wire.number(1, 1), lambda message: message.texts(1)),
        (wire.number(1, 1), lambda message: message.message(1)),
        (wire.number(1, 1), lambda message: message.messages(1)),
        (b"\x08\x00", lambda message: message.data(1)),
        (wire.data(1, b"\xff"), lambda message: message.text(1)),
        (wire.data(1, b"\xff"), lambda message: message.texts(1)),
        (wire.data(1, b"a") + wire.data(1, b"b"), lambda message: message.text(1)),
    ],
)
def test_a_field_of_another_type_is_malformed(encoded: bytes, ask: Any) -> None:
    """Asking for a field that holds something else, or is there twice, is Malformed."""
    with pytest.raises(Malformed):
        ask(Message(encoded))


def test_a_message_with_too_many_fields_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message larger than is ever needed costs no memory."""
    monkeypatch.setattr(wire, "MOST_FIELDS", 3)
    Message(wire.number(1, 1) * 3)
    with pytest.raises(Malformed, match="more than 3 fields"):
        Message(wire.number(1, 1) * 4)
    monkeypatch.setattr(wire, "MOST_BYTES", 5)
    with pytest.raises(Malformed, match="larger than 5 bytes"):
        Message(wire.number(1, 1) * 3)


@pytest.mark.parametrize(
    "digest",
    [
        Digest("g" * 64, 1),
        Digest("A" * 64, 1),
        Digest("a" * 63, 1),
        Digest("../../" + "a" * 58, 1),
        Digest("a" * 64, -1),
    ],
)
def test_a_digest_that_is_none_is_malformed(digest: Digest) -> None:
    """A hash that is no sha256 in lower case never becomes a Digest, so it never becomes a path."""
    with pytest.raises(Malformed):
        Digest.decode(Message(digest.encode()))


def test_a_digest_is_written_as_protobuf_writes_it() -> None:
    """Digest has REAPI's field numbers, and its text is the one that gRPC servers know."""
    digest = Digest.of(b"hello")
    theirs = message_class("Digest")(hash=digest.hash, size_bytes=5)
    assert digest.encode() == canonical(theirs)
    assert str(digest) == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824/5"
