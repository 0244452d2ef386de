"""case: an archive, what it is, and what has to become of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.support.archives import END, TOP, header, member

#: Where archives try to write: nothing of that name may exist on the machine, ever.
EVIL = "evil-file-of-a-hostile-archive"


@dataclass(frozen=True)
class Case:
    """An archive, and what has to become of it.

    Attributes:
        name: What it is.
        make: Its bytes, or what makes them.
        refusal: A part of the reason why it is refused; empty if it is not.
        files: If it is not refused: path → content of what is unpacked, beside package.json.
        is_large: Whether it takes time or memory: to be unpacked in a confined process only.
    """

    name: str
    make: bytes | Callable[[], bytes]
    refusal: str = ""
    files: Mapping[str, bytes] | None = None
    is_large: bool = False

    @property
    def data(self) -> bytes:
        """The archive."""
        return self.make if isinstance(self.make, bytes) else self.make()

    @property
    def outcome(self) -> str:
        """What has to become of it, in words."""
        if self.refusal:
            return f"refused: … {self.refusal} …"
        return f"unpacked: {', '.join(self.files or ()) or 'nothing'} beside package.json"


def tar(*members: bytes, manifest: bytes = b"{}", end: bytes = END) -> bytes:
    """An archive with a package.json and *members*."""
    return member(f"{TOP}/package.json", manifest) + b"".join(members) + end


def linked(target: str | bytes, path: str = f"{TOP}/link") -> bytes:
    """A symbolic link at *path*."""
    return header(path, b"2", link=target.encode() if isinstance(target, str) else target)
