"""strace: what a traced script did to files, read out of the text that strace writes.

The text is that of ``strace -f -y -qq -e trace=%file,%process,fchdir -o FILE``: a line for each
call, in the order in which the kernel was asked, each with its process. Of a call that another
process interrupted there are two halves. Relative paths are told from the process's current
folder, or from a folder that it has open; ``-y`` names these, and where it does not, the calls
that change the current folder are followed.

Only what succeeded counts. A file that was looked for in vain is not told.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from hpmtasks.dataclass import dataclass
from hpmtasks.scripts.footprint import Footprint

#: What strace has to be told, before ``-o FILE COMMAND``.
OPTIONS = ("-f", "-y", "-qq", "-s", "4096", "-e", "trace=%file,%process,fchdir", "-e", "signal=none")

_LINE = re.compile(r"(?:\[pid +)?(?P<pid>\d+)\]? +(?P<rest>.*)", re.DOTALL)
_CALL = re.compile(r"(?P<name>\w+)\(")
_UNFINISHED = re.compile(r" ?<unfinished \.\.\.>$")
_RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed> ?")
# The pieces of a list of arguments: a text, an open file with its path, brackets, a comma, anything else.
_PIECE = re.compile(
    r'"(?:[^"\\]|\\.)*"(?:\.\.\.)?|(?:AT_FDCWD|\d+)<(?:[^<>\\]|\\.)*>|[\[{(]|[\]})]|,'
    r'|[^"\[\](){},\dA]+|.',
    re.DOTALL,
)
_OPEN_FILE = re.compile(r"(?:AT_FDCWD|-?\d+)(?:<(?P<path>(?:[^<>\\]|\\.)*)>)?")
_RESULT = re.compile(r" *= (?P<value>-?\d+)(?:<(?P<path>(?:[^<>\\]|\\.)*)>)?")
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f", b"a": b"\a", b"b": b"\b"}
_FORKS = frozenset({"clone", "clone3", "fork", "vfork"})


def read_footprint(lines: Iterable[str], folder: str) -> Footprint:
    """What *lines* tell; *folder* (absolute) is where the first process began.

    Lines that are not understood are passed over: strace warns in words.
    """
    footprint = Footprint()
    processes = _Processes(folder)
    for call in _calls(lines, processes):
        effect = _EFFECTS.get(call.name)
        if effect is not None:
            effect(call, footprint)
    return footprint


# ---------------------------------------------------------------- processes and their folders


@dataclass(slots=True)
class _Place:
    """A current folder; threads share theirs."""

    folder: str


class _Processes:
    """Where each process is."""

    def __init__(self, folder: str) -> None:
        self._start = folder
        self._places: dict[str, _Place] = {}
        #: Who is about to make a process, with the arguments of the call; the last one last.
        self.forking: dict[str, str] = {}

    def place(self, pid: str) -> _Place:
        """The place of *pid*; of a process that is not known yet, a copy of its probable parent's."""
        if pid not in self._places:
            parent = next(reversed(self.forking), None)
            if parent is None:
                self._places[pid] = _Place(self._start)
            else:
                self.adopt(pid, parent, self.forking[parent])
        return self._places[pid]

    def adopt(self, child: str, parent: str, arguments: str) -> None:
        """*parent* made *child*, which is where *parent* is, and stays there if the two are threads."""
        place = self.place(parent)
        shared = "CLONE_FS" in arguments
        if shared or child not in self._places:
            self._places[child] = place if shared else _Place(place.folder)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that succeeded."""

    name: str
    arguments: Sequence[str]
    place: _Place
    opened: str | None

    def text(self, index: int) -> str | None:
        """The text at *index*; ``None`` if there is none, or strace shortened it."""
        piece = self.arguments[index] if index < len(self.arguments) else ""
        return _unescaped(piece[1:-1]) if len(piece) > 1 and piece[0] == piece[-1] == '"' else None

    def path(self, index: int, *, at: int | None = None) -> str | None:
        """The path at *index*, told from the open folder at *at*, or else from the current one."""
        text = self.text(index)
        base = self.place.folder
        if at is not None:
            found = _OPEN_FILE.fullmatch(self.arguments[at])
            if found is None:
                return None
            if found["path"] is not None:
                base = _unescaped(found["path"])
                if self.arguments[at].startswith("AT_FDCWD"):
                    self.place.folder = base
            elif not self.arguments[at].startswith("AT_FDCWD") and not (text or "").startswith("/"):
                return None
        return posixpath.normpath(posixpath.join(base, text)) if text else None

    def flags(self, index: int) -> frozenset[str]:
        """The names of the flags at *index*."""
        return frozenset(re.findall(r"[A-Z][A-Z0-9_]+", "".join(self.arguments[index : index + 1])))


def _calls(lines: Iterable[str], processes: _Processes) -> Iterator[_Call]:
    halves: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line.rstrip("\n"))
        if found is None:
            continue
        pid, text = found["pid"], found["rest"]
        resumed = _RESUMED.match(text)
        if resumed:
            text = halves.pop(pid, f"{resumed['name']}(") + text[resumed.end() :]
        head, is_half = _UNFINISHED.subn("", text)
        name = _CALL.match(head)
        if name is None:
            continue
        if name["name"] in _FORKS:
            processes.forking.pop(pid, None)
            if is_half:
                processes.place(pid)
                processes.forking[pid] = head
        if is_half:
            halves[pid] = head
            continue
        call = _finished(name["name"], head[name.end() :], processes, pid)
        if call is not None:
            yield call


def _finished(name: str, rest: str, processes: _Processes, pid: str) -> _Call | None:
    place = processes.place(pid)
    if name not in _EFFECTS and name not in _FORKS:
        return None
    arguments, end = _split(rest)
    result = _RESULT.match(rest, end)
    if result is None or result["value"].startswith("-"):
        return None
    if name in _FORKS:
        processes.adopt(result["value"], pid, rest[:end])
        return None
    opened = result["path"]
    return _Call(name, arguments, place, None if opened is None else _unescaped(opened))


def _split(rest: str) -> tuple[list[str], int]:
    """The arguments in *rest*, and where the bracket that ends them is behind."""
    arguments: list[str] = []
    current: list[str] = []
    depth = 0
    for piece in _PIECE.finditer(rest):
        text = piece.group()
        if text in ")]}":
            if depth == 0:
                return [*arguments, "".join(current).strip()], piece.end()
            depth -= 1
        elif text in "([{":
            depth += 1
        elif text == "," and depth == 0:
            arguments.append("".join(current).strip())
            current = []
            continue
        current.append(text)
    return arguments, len(rest)


def _unescaped(text: str) -> str:
    """*text* as it was before strace quoted it: bytes of a path, read as Python reads those of a folder."""

    def plain(found: re.Match[bytes]) -> bytes:
        octal, hexadecimal, letter = found.groups()
        if octal:
            return bytes([int(octal, 8) & 0xFF])
        return bytes([int(hexadecimal, 16)]) if hexadecimal else _LETTERS.get(letter, letter)

    return _ESCAPE.sub(plain, text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


# ---------------------------------------------------------------- what calls do

_Effect = Callable[[_Call, Footprint], None]
_NOT_A_FILE = frozenset({"O_DIRECTORY", "O_PATH", "O_TMPFILE"})


def _opening(path: int, at: int | None = None, flags: int | None = None) -> _Effect:
    def effect(call: _Call, footprint: Footprint) -> None:
        given = frozenset({"O_WRONLY", "O_TRUNC"}) if flags is None else call.flags(flags)
        if given & _NOT_A_FILE:
            return
        writes = bool(given & {"O_WRONLY", "O_RDWR", "O_TRUNC"})
        reads = "O_WRONLY" not in given and not given & {"O_TRUNC", "O_EXCL"}
        # By the path that was given, and by that of the file that a link led to.
        for named in dict.fromkeys((call.path(path, at=at), call.opened)):
            if named is not None and reads:
                footprint.reads(named)
            if named is not None and writes:
                footprint.writes(named)

    return effect


def _each(deed: Callable[[Footprint, str], None], path: int, at: int | None = None) -> _Effect:
    def effect(call: _Call, footprint: Footprint) -> None:
        named = call.path(path, at=at)
        if named is not None:
            deed(footprint, named)

    return effect


def _moving(old: int, new: int, at: tuple[int, int] | None = None, *, keeps: bool = False) -> _Effect:
    def effect(call: _Call, footprint: Footprint) -> None:
        source = call.path(old, at=at[0] if at else None)
        target = call.path(new, at=at[1] if at else None)
        if source is None or target is None:
            return
        if keeps:
            footprint.reads(source)
            footprint.writes(target)
        elif call.name == "renameat2" and "RENAME_EXCHANGE" in call.flags(4):
            footprint.writes(source)
            footprint.writes(target)
        else:
            footprint.renames(source, target)

    return effect


def _removing(call: _Call, footprint: Footprint) -> None:
    named = call.path(1, at=0)
    if named is not None and "AT_REMOVEDIR" not in call.flags(2):
        footprint.removes(named)


def _changing_folder(call: _Call, footprint: Footprint) -> None:
    del footprint
    if call.name == "chdir":
        call.place.folder = call.path(0) or call.place.folder
        return
    found = _OPEN_FILE.fullmatch(call.arguments[0])
    if found is not None and found["path"] is not None:
        call.place.folder = _unescaped(found["path"])


_EFFECTS: dict[str, _Effect] = {
    "chdir": _changing_folder,
    "fchdir": _changing_folder,
    "open": _opening(0, flags=1),
    "openat": _opening(1, at=0, flags=2),
    "openat2": _opening(1, at=0, flags=2),
    "creat": _opening(0),
    "execve": _each(Footprint.reads, 0),
    "execveat": _each(Footprint.reads, 1, at=0),
    "readlink": _each(Footprint.reads, 0),
    "readlinkat": _each(Footprint.reads, 1, at=0),
    "truncate": _each(Footprint.writes, 0),
    "chmod": _each(Footprint.writes, 0),
    "fchmodat": _each(Footprint.writes, 1, at=0),
    "fchmodat2": _each(Footprint.writes, 1, at=0),
    "mknod": _each(Footprint.writes, 0),
    "mknodat": _each(Footprint.writes, 1, at=0),
    "symlink": _each(Footprint.writes, 1),
    "symlinkat": _each(Footprint.writes, 2, at=1),
    "unlink": _each(Footprint.removes, 0),
    "unlinkat": _removing,
    "link": _moving(0, 1, keeps=True),
    "linkat": _moving(1, 3, (0, 2), keeps=True),
    "rename": _moving(0, 1),
    "renameat": _moving(1, 3, (0, 2)),
    "renameat2": _moving(1, 3, (0, 2)),
}
