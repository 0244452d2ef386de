"""footprint: what a script and its children did to files, call by call, summed up."""

from __future__ import annotations

from hpmtasks.dataclass import dataclass, field


@dataclass(slots=True)
class Footprint:
    """What a script and its children did to files; absolute paths without ``.`` and ``..``.

    Attributes:
        read: Opened for reading, run, or followed as a link, before the script wrote it itself.
        written: Written, linked or renamed to, and neither removed nor renamed since.
        removed: Removed or renamed away, having been there before.
    """

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def reads(self, path: str) -> None:
        """*path* was read; what the script itself wrote tells nothing of its inputs."""
        if path not in self.written:
            self.read.add(path)

    def writes(self, path: str) -> None:
        """*path* was written."""
        self.written.add(path)
        self.removed.discard(path)

    def removes(self, path: str) -> None:
        """*path* is gone; if the script had made it, as if it had never been."""
        if path in self.written:
            self.written.discard(path)
        else:
            self.removed.add(path)

    def renames(self, old: str, new: str) -> None:
        """*old*, a file or a folder with all that was written in it, is called *new*."""
        inside = [path for path in self.written if path.startswith(f"{old}/")]
        if not inside:
            self.removes(old)
            self.writes(new)
        for path in inside:
            self.written.discard(path)
            self.writes(new + path[len(old) :])
