"""digest: the name of contents in the store of results: their sha256, and how many bytes they are."""

from __future__ import annotations

import hashlib

from hpmtasks.dataclass import dataclass
from hpmtasks.store.layout import is_sha256
from hpmtasks.store.results import wire


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """REAPI's ``Digest``.

    Attributes:
        hash: The sha256, 64 hex digits in lower case.
        size: Bytes.
    """

    hash: str
    size: int

    @classmethod
    def of(cls, content: bytes) -> Digest:
        """The digest of *content*."""
        return cls(hashlib.sha256(content).hexdigest(), len(content))

    def encode(self) -> bytes:
        """As a REAPI ``Digest`` message."""
        return wire.text(1, self.hash) + wire.number(2, self.size)

    @classmethod
    def decode(cls, message: wire.Message) -> Digest:
        """The digest in *message*.

        Raises:
            Malformed: It is none: no sha256, or less than no bytes.
        """
        found = cls(message.text(1), message.number(2))
        if not is_sha256(found.hash) or found.size < 0:
            raise wire.Malformed("a digest is not 64 hex digits and a size")
        return found

    def __str__(self) -> str:
        return f"{self.hash}/{self.size}"


#: Of no bytes at all. Every store has them without being given them.
EMPTY = Digest.of(b"")
