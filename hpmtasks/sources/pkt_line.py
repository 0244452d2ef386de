"""pkt_line: git's wire format (gitprotocol-common) and its question for tags (gitprotocol-v2, ls-refs)."""

from __future__ import annotations

from collections.abc import Iterator

from hpmtasks.errors import NetworkFailure
from hpmtasks.pattern import pattern

_FLUSH, _DELIMITER, _RESPONSE_END = 0, 1, 2
_LARGEST = 65520
_HEX_LENGTH = pattern(rb"[0-9a-fA-F]{4}")
_OBJECT_ID = pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TAGS = "refs/tags/"
# A tag as nearly all answers have it, with the length before it.
_TAG_LINE = pattern(rb"([0-9a-f]{4})([0-9a-f]{40}) refs/tags/([\x21-\x7e]+)(?: peeled:([0-9a-f]{40}))?\n")


class NotGit(NetworkFailure):
    """The other side does not speak git's protocol, version 2."""

    kind = "not-git"
    code = "HPM045"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"Network error: {place} does not answer as a git server ({reason})")


def pkt_line(text: str) -> bytes:
    """*text* with its length before it."""
    content = text.encode() + b"\n"
    return b"%04x%s" % (len(content) + 4, content)


def ls_refs_request(agent: str) -> bytes:
    """The body that asks for every tag and for the commit that each leads to."""
    return b"".join(
        [
            pkt_line("command=ls-refs"),
            pkt_line(f"agent={agent}"),
            b"0001",
            pkt_line("peel"),
            pkt_line(f"ref-prefix {_TAGS}"),
            b"0000",
        ]
    )


def tags_in(body: bytes, place: str) -> list[tuple[str, str]]:
    """Each tag in the answer to :func:`ls_refs_request`, with its commit; annotated tags are peeled.

    Raises:
        NotGit: *body* is no complete answer. *place* is who sent it.
    """
    found, position = _plain_tags(body)
    for line in _lines(body, place, position):
        text = line.decode("utf-8", "replace").rstrip("\n")
        if text.startswith("ERR "):
            raise NotGit(place, f"it says {text[4:204]!r}")
        object_id, _, rest = text.partition(" ")
        ref, *attributes = rest.split(" ")
        peeled = next((each[7:] for each in attributes if each.startswith("peeled:")), object_id)
        if not _OBJECT_ID.fullmatch(object_id) or not _OBJECT_ID.fullmatch(peeled):
            raise NotGit(place, "an object id was expected")
        if ref.startswith(_TAGS):
            found.append((ref.removeprefix(_TAGS), peeled))
    return found


def _plain_tags(body: bytes) -> tuple[list[tuple[str, str]], int]:
    """The tags of the lines that *body* begins with, as far as these are plain; and where they end."""
    found, position = [], 0
    while (line := _TAG_LINE.match(body, position)) and int(line[1], 16) == line.end() - position:
        found.append((line[3].decode(), (line[4] or line[2]).decode()))
        position = line.end()
    return found, position


def _lines(body: bytes, place: str, position: int) -> Iterator[bytes]:
    """The lines from *position* to the flush that ends the answer."""
    while True:
        head = body[position : position + 4]
        if not _HEX_LENGTH.fullmatch(head):
            raise NotGit(place, "its answer is not in lines, or ends too early")
        length = int(head, 16)
        if length == _FLUSH:
            return
        if length in {_DELIMITER, _RESPONSE_END}:
            position += 4
            continue
        if length < 4 or length > _LARGEST or position + length > len(body):
            raise NotGit(place, "a line is longer or shorter than it says")
        yield body[position + 4 : position + length]
        position += length
