"""runs: that all tasks of ``hpm run NAME…`` are fresh, said before anything is imported.

A run in which every task succeeded leaves a stamp: everything that showed that the next one would
have nothing to do, and what that one would print. (One in which only some did leaves it, too; it
speaks of those to ``scripts.presumption``, and never here.) It belongs to the words of the command line and
to the folder of the member that they were said in; those of the last few are kept. It may only
ever say what the graph would say: if anything is not as it was, the graph is asked. Packages
are vouched for by the installation's own stamp.

The file: the sizes of its sections in one line, then the sections. Texts are parted by NUL,
numbers have eight bytes, in the machine's order. What a stamp prints was printed by scripts of the
project; whoever can write the stamp can write those.

Imports are those of ``stamp``. ``leaving`` writes stamps, and ``commands.run_stamp`` knows when.
"""

from __future__ import annotations

import os
import sys
import time

from hpmtasks.front import stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Another number, hpm or Python: the stamp is not recognised.
FORMAT = f"hpm run stamp 1, {stamp.FORMAT}"
FOLDER = ".hpm/runs"
#: What counts besides what counts for an installation.
VARIABLES = ("HPM_REMOTE_CACHE", "HPM_REMOTE_WRITE")
#: What is printed, in order: 1 for stdout or 2 for stderr, and the bytes. Of :data:`SECONDS` the text
#: goes to stderr, with how long it took behind it.
Said = list[tuple[int, bytes]]
SECONDS = 3
#: The parts of a stamp, in order.
SECTIONS = (
    *("head", "variables", "beginnings", "installed", "complete", "plain", "painted"),
    *("entries", "entries_seen", "passed", "passed_seen", "absent", "tasks", "seconds", "uses"),
)
#: In the place of a task's name: what counts for all.
COMMON = ""
_LONGEST_NAME = 200
_HARMLESS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def answer(arguments: list[str]) -> int | None:
    """The exit code, if *arguments* ask for tasks that are all fresh by a stamp, and that was said.

    Raises:
        OSError: They are, and it could not be said.
    """
    if os.environ.get("HPM_FASTPATH", "on") != "on":
        return None
    if sys.platform == "win32" or sys.stdout is None or sys.stderr is None:
        return None
    began = time.monotonic()
    try:
        said = _find(arguments)
    except (OSError, ValueError, IndexError):
        return None
    if said is None:
        return None
    _say(said, began)
    return 0


def claim(root: str, member: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Said | None:
    """What the stamp of *arguments* would print, if ``HPM_FASTPATH=verify`` asks to compare."""
    if environ.get("HPM_FASTPATH") != "verify":
        return None
    try:
        return read(root, member, arguments, environ)
    except (OSError, ValueError, IndexError):
        return None


def _find(arguments: list[str]) -> Said | None:
    nearest = ""
    for root in stamp.roots():
        nearest = nearest or root
        try:
            said = read(root, nearest[len(root) :].lstrip("/"), arguments, os.environ)
        except FileNotFoundError:
            continue
        if said is not None:
            return said
    return None


def _say(said: Said, began: float) -> None:
    streams = {1: sys.stdout.buffer, 2: sys.stderr.buffer}
    for stream, text in said:
        seconds = b"%.1fs\n" % (time.monotonic() - began) if stream == SECONDS else b""
        target = streams.get(stream, streams[2])
        target.write(text + seconds)
        target.flush()


# ---------------------------------------------------------------- reading


def read(root: str, member: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Said | None:
    """What the stamp of *arguments*, said in *member* of the project *root*, prints; if it may.

    Raises:
        OSError: There is none.
        ValueError: It is none.
    """
    left = read_left(root, member, arguments, environ)
    if left is None or not left["complete"]:
        return None
    # From the root itself, the way to each file is shorter.
    prefix = "" if os.getcwd() == root else f"{root}/"
    if not _are_as_seen(_placed(prefix, left.texts("entries")), left.numbers("entries_seen")):
        return None
    if not _are_passed(_placed(prefix, left.texts("passed")), left.numbers("passed_seen")):
        return None
    if any(os.path.lexists(path) for path in _placed(prefix, left.texts("absent"))):
        return None
    return list(_pieces(left["painted" if stamp.is_painted(environ, sys.stderr) else "plain"]))


def read_left(root: str, member: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Left | None:
    """The stamp of *arguments*, if all is as it was that is no file of the project.

    Raises:
        OSError: There is none.
        ValueError: It is none.
    """
    with open(path_of(root, member, arguments), "rb") as file:
        left = Left(file.read())
    if left["head"] != head_of(root, member, arguments, environ):
        return None
    if not _are_set(left.texts("variables"), left.texts("beginnings"), environ):
        return None
    if left["installed"] and not is_installed(root, environ):
        return None
    return left


def is_installed(root: str, environ: Mapping[str, str]) -> bool:
    """Whether the installation's stamp vouches for the packages of *root*, be it only to be compared."""
    return stamp.proves(root, environ) or stamp.claim(root, environ)


class Left:
    """A stamp as it stands in its file.

    Raises:
        ValueError: It is none.
    """

    def __init__(self, data: bytes) -> None:
        line, _, self._data = data.partition(b"\n")
        sizes = [int(size) for size in line.split()]
        if len(sizes) != len(SECTIONS) or sum(sizes) != len(self._data) or min(sizes) < 0:
            raise ValueError
        at = 0
        self._places = {}
        for name, size in zip(SECTIONS, sizes, strict=True):
            self._places[name] = slice(at, at + size)
            at += size

    def __getitem__(self, name: str) -> bytes:
        """The section *name*."""
        return self._data[self._places[name]]

    def texts(self, name: str) -> list[str]:
        """The section *name*, of texts."""
        section = self[name]
        return os.fsdecode(section).split("\0") if section else []

    def numbers(self, name: str) -> list[int]:
        """The section *name*, of numbers."""
        numbers: list[int] = memoryview(self[name]).cast("Q").tolist()
        return numbers


def _placed(prefix: str, paths: list[str]) -> list[str]:
    """*paths* from where we stand; absolute ones are outside of the project."""
    return [path if path[0] == "/" else prefix + path for path in paths] if prefix else paths


def _are_set(variables: list[str], beginnings: list[str], environ: Mapping[str, str]) -> bool:
    """Whether *variables* are set, or not set, as they were, and no others that begin so."""
    known = set()
    for each in variables:
        name, mark, value = each.partition("=")
        known.add(name)
        if environ.get(name) != (value if mark else None):
            return False
    return not beginnings or all(name in known or not name.startswith(tuple(beginnings)) for name in environ)


def _are_as_seen(paths: list[str], numbers: list[int]) -> bool:
    five, lstat = [iter(numbers)] * 5, os.lstat
    for path, size, mtime_ns, inode, ctime_ns, mode in zip(paths, *five, strict=False):
        try:
            found = lstat(path)
        except OSError:
            return False
        if (
            found.st_mtime_ns != mtime_ns
            or found.st_ctime_ns != ctime_ns
            or found.st_size != size
            or found.st_ino != inode
            or found.st_mode != mode
        ):
            return False
    return len(numbers) == 5 * len(paths)


def _are_passed(paths: list[str], numbers: list[int]) -> bool:
    each = iter(numbers)
    for path, inode, mode in zip(paths, each, each, strict=False):
        found = os.lstat(path)
        if found.st_ino != inode or found.st_mode != mode:
            return False
    return len(numbers) == 2 * len(paths)


def _pieces(section: bytes) -> Iterator[tuple[int, bytes]]:
    while section:
        line, _, rest = section.partition(b"\n")
        stream, size = line.split()
        yield int(stream), rest[: int(size)]
        section = rest[int(size) :]


# ---------------------------------------------------------------- its names


def path_of(root: str, member: str, arguments: Sequence[str]) -> str:
    """Where the stamp of *arguments*, said in *member*, is.

    Raises:
        ValueError: Its name would be too long.
    """
    text = " ".join([member, *arguments])
    name = "".join(each if each in _HARMLESS else f"%{ord(each):x}" for each in text)
    if len(name) > _LONGEST_NAME:
        raise ValueError
    return f"{root}/{FOLDER}/{name}"


def head_of(root: str, member: str, arguments: Sequence[str], environ: Mapping[str, str]) -> bytes:
    """What has to be as it was before anything else is looked at."""
    machine = os.uname()
    libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else ""
    others = [f"{name}={environ[name]}" if name in environ else name for name in VARIABLES]
    texts = [FORMAT, root, member, *arguments, *stamp.environment_now(environ), *others]
    return os.fsencode("\0".join([*texts, sys.platform, machine.machine, libc or ""]))
