"""record: an answer, and what it is an answer to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Self

from hpmtasks.dataclass import dataclass
from hpmtasks.files.sealed import check_seal, seal
from hpmtasks.model.resolution import Resolution

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ResolveRecord:
    """The contents of ``.hpm/resolution.json``."""

    #: Fingerprint of each thing that was looked at, by a name that people understand.
    inputs: Mapping[str, str]
    resolution: Resolution

    def to_json(self) -> bytes:
        """The record as it stands in the file."""
        head = json.dumps({"format": FORMAT, "inputs": dict(self.inputs)}, separators=(",", ":"))
        return seal(f'{head[:-1]},"resolution":{self.resolution.to_json()}}}\n')

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """The record that *data* holds.

        Raises:
            ValueError: It holds none that this hpm understands.
        """
        try:
            document = json.loads(check_seal(data))
            if document["format"] != FORMAT:
                raise ValueError(f"format {document['format']!r}")
            inputs = {str(key): str(value) for key, value in document["inputs"].items()}
            return cls(inputs, Resolution.from_document(document["resolution"]))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a resolution record: {error}") from error
