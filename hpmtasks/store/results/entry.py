"""entry: a result as it is stored: bytes that show whether they were altered, or belong to another action.

The seal is one more field behind those of ``ActionResult``, which other readers of REAPI skip. It is
no protection against anybody who means it: who may write results has to be trusted. Of an action
only the hash counts, which is what its result is stored under.
"""

from __future__ import annotations

import hashlib

from hpmtasks.store.results import wire
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.wire import Malformed

# Far beyond the numbers that REAPI will ever give out.
_SEAL = 100_000
_DOMAIN = b"hpm result 1\0"
_LENGTH = len(wire.data(_SEAL, b"\0" * 32))


def seal(action: Digest, result: ActionResult) -> bytes:
    """The bytes that are stored as the *result* of *action*: a REAPI ``ActionResult``, and its seal."""
    encoded = result.encode()
    return encoded + _seal(action, encoded)


def unseal(action: Digest, data: bytes) -> ActionResult:
    """The result of *action* in *data*, which is as :func:`seal` made it.

    Raises:
        Malformed: It is not.
    """
    encoded = data[:-_LENGTH]
    if data[-_LENGTH:] != _seal(action, encoded):
        raise Malformed("it is not the result that was stored for this action")
    return ActionResult.decode(encoded)


def _seal(action: Digest, encoded: bytes) -> bytes:
    return wire.data(_SEAL, hashlib.sha256(_DOMAIN + action.hash.encode() + encoded).digest())
