"""record: what a source said about one package, and when."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from hpmtasks.dataclass import dataclass

if TYPE_CHECKING:
    from hpmtasks.sources.source import TagList


@dataclass(frozen=True, slots=True)
class TagsRecord:
    """The versions of a package as they were at one time."""

    #: The kind of source that was asked.
    source: str
    #: Unix time of the answer, in seconds. Tells a reader how old this is; decides nothing.
    read: int
    #: Version to commit, ascending by version.
    tags: dict[str, str]

    @classmethod
    def now(cls, source: str, tag_list: TagList) -> Self:
        """The record of *tag_list*, just read."""
        return cls(source, int(time.time()), {str(tag.version): tag.commit for tag in tag_list.tags})

    def to_json(self) -> dict[str, Any]:
        """The record as doit keeps it."""
        return {"source": self.source, "read": self.read, "tags": self.tags}
