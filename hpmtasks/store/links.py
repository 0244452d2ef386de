"""links: an archive's symbolic links become copies of what they point to, inside the package.

The interpreter does not load modules through links, and a link is how an archive reaches
out of its folder; so none is ever written. What a link means is worked out on the list of members
alone, without a file system.
"""

from __future__ import annotations

from hpmtasks.dataclass import dataclass
from hpmtasks.store.refusal import DEEPEST, MOST_BYTES, MOST_ENTRIES, MOST_FOLDERS, MOST_LINK_PARTS, Refused
from hpmtasks.store.tar import Kind, Member

# As many links on one way as Linux follows.
_MOST_HOPS = 40


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Stands where a link is that may not be followed; harmless while its path is not selected."""

    reason: str


_OUTSIDE = Forbidden("a link leads out of the package")

View = dict[str, Member | Forbidden]


def view(members: tuple[Member, ...]) -> View:
    """Path → the file that is read there, every link inside the package followed.

    A link to a folder gives the folder's files once more, under the link's path. A link to
    nothing gives nothing. A link out of the package, or into a circle, gives :class:`Forbidden`.

    Raises:
        Refused: Followed links multiply the package beyond all bounds.
    """
    link, file = Kind.LINK, Kind.FILE
    if any(member.kind is link for member in members):
        return _Follower(members).view()
    return {member.path: member for member in members if member.kind is file}


class _Follower:
    """Walks the tree as one who follows links would see it."""

    def __init__(self, members: tuple[Member, ...]) -> None:
        self._files = {member.path: member for member in members if member.kind is not Kind.FOLDER}
        self._children: dict[str, dict[str, None]] = {"": {}}
        for member in members:
            self._add(member.path)
        self._seen: View = {}
        self._bytes = 0
        self._steps = 0
        self._places: set[str] = set()
        self._parts = 0

    def _add(self, path: str) -> None:
        if self._files.get(path) is None:
            self._children.setdefault(path, {})
        while path:
            folder, _, _ = path.rpartition("/")
            if path in self._children.setdefault(folder, {}):
                return
            self._children[folder][path] = None
            path = folder

    def view(self) -> View:
        self._walk("", "", ("",))
        return self._seen

    def _walk(self, place: str, folder: str, above: tuple[str, ...]) -> None:
        """What *folder* holds is seen at *place*; *above* are the folders that we are in."""
        for path in self._children[folder]:
            name = path.rpartition("/")[2]
            seen_at = f"{place}/{name}" if place else name
            self._steps += 1
            if self._steps > MOST_ENTRIES or len(self._places) > MOST_FOLDERS:
                raise Refused("its links multiply it", seen_at)
            real = path
            member = self._files.get(path)
            if member is not None and member.kind is Kind.LINK:
                found = self._follow(path)
                if isinstance(found, Forbidden):
                    self._seen[seen_at] = found
                    continue
                if found is None:
                    continue
                real, member = found, self._files.get(found)
            if member is not None:
                self._see(seen_at, member)
            elif real in above:
                self._seen[seen_at] = Forbidden("a link leads back to a folder that it is in")
            elif len(above) > DEEPEST:
                raise Refused("its links make it too deep", seen_at)
            else:
                self._places.add(seen_at)
                self._walk(seen_at, real, (*above, real))

    def _see(self, place: str, member: Member) -> None:
        self._bytes += member.size
        if self._bytes > MOST_BYTES:
            raise Refused("its links multiply it", place)
        self._seen[place] = member

    def _follow(self, link: str) -> str | Forbidden | None:
        """The file or folder that *link* leads to in the end; ``None`` if that does not exist."""
        here = link.split("/")[:-1]
        pending = [link.rpartition("/")[2]]
        hops = 0
        while pending:
            part = pending.pop()
            self._parts += 1
            if self._parts > MOST_LINK_PARTS:
                raise Refused("its links lead too far around", link)
            if part == ".." and not here:
                return _OUTSIDE
            if part in {"", ".", ".."}:
                del here[len(here) - (part == "..") :]
                continue
            path = "/".join((*here, part))
            member = self._files.get(path)
            if member is None or member.kind is Kind.FILE:
                here.append(part)
                if path not in self._children:
                    break
                continue
            hops += 1
            if hops > _MOST_HOPS:
                return Forbidden("a link leads in a circle")
            if member.target.startswith("/"):
                return _OUTSIDE
            pending.extend(reversed(member.target.split("/")))
        # A file with more to come, or a name that nobody has, is a link to nothing.
        found = "/".join(here)
        return found if not pending and (found in self._files or found in self._children) else None
