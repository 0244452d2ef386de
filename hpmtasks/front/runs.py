"""runs: that all tasks of ``hpm run NAME…`` are fresh, said before anything is imported.

A run in which every task succeeded leaves a stamp: everything that showed that the next one would
have nothing to do, and what that one would print. It belongs to the words of the command line and
to the folder of the member that they were said in; those of the last few are kept. It may only
ever say what the graph would say: if anything is not as it was, the graph is asked. Packages
are vouched for by the installation's own stamp.

The file: the sizes of its sections in one line, then the sections. Texts are parted by NUL,
numbers have eight bytes, in the machine's order. What a stamp prints was printed by scripts of the
project; whoever can write the stamp can write those.

Imports are those of ``stamp``. ``commands.run_stamp`` writes stamps.
"""

from __future__ import annotations

import os
import sys
import time

from hpmtasks.front import stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: Another number, hpm or Python: the stamp is not recognised.
FORMAT = f"hpm run stamp 1, {stamp.FORMAT}"
FOLDER = ".hpm/runs"
#: How many stamps are kept.
MOST = 8
#: What counts besides what counts for an installation.
VARIABLES = ("HPM_REMOTE_CACHE", "HPM_REMOTE_WRITE")
#: What is printed, in order: 1 for stdout or 2 for stderr, and the bytes. Of :data:`SECONDS` the text
#: goes to stderr, with how long it took behind it.
Said = list[tuple[int, bytes]]
SECONDS = 3
#: The parts of a stamp, in order.
SECTIONS = (
    *("head", "variables", "beginnings", "installed", "plain", "painted"),
    *("entries", "entries_seen", "passed", "passed_seen", "absent", "tasks", "seconds", "uses"),
)
#: In the place of a task's name: what counts for all.
COMMON = ""
_LONGEST_NAME = 200
_HARMLESS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_WORD = 8


def answer(arguments: list[str]) -> int | None:
    """The exit code, if *arguments* ask for tasks that are all fresh by a stamp, and that was said."""
    if os.environ.get("HPM_FASTPATH", "on") != "on":
        return None
    if sys.platform == "win32" or sys.stdout is None or sys.stderr is None:
        return None
    began = time.monotonic()
    try:
        said = _find(arguments)
    except (OSError, ValueError, IndexError):
        return None
    return None if said is None else _say(said, began)


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


def _say(said: Said, began: float) -> int:
    streams = {1: sys.stdout.buffer, 2: sys.stderr.buffer}
    try:
        for stream, text in said:
            seconds = b"%.1fs\n" % (time.monotonic() - began) if stream == SECONDS else b""
            target = streams.get(stream, streams[2])
            target.write(text + seconds)
            target.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nor may the interpreter complain at its end
        return 128 + 13
    return 0


# ---------------------------------------------------------------- reading


def read(root: str, member: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Said | None:
    """What the stamp of *arguments*, said in *member* of the project *root*, prints; if it may.

    Raises:
        OSError: There is none.
        ValueError: It is none.
    """
    left = read_left(root, member, arguments, environ)
    if left is None:
        return None
    # From the root itself, the way to each file is shorter.
    prefix = "" if os.getcwd() == root else f"{root}/"
    if not _are_as_seen(_placed(prefix, left.texts("entries")), left.numbers("entries_seen")):
        return None
    if not _are_passed(_placed(prefix, left.texts("passed")), left.numbers("passed_seen")):
        return None
    if any(os.path.lexists(path) for path in _placed(prefix, left.texts("absent"))):
        return None
    return list(_pieces(left["painted" if is_painted(environ) else "plain"]))


def read_left(root: str, member: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Left | None:
    """The stamp of *arguments*, if all is as it was that is no file of the project.

    Raises:
        OSError: There is none.
        ValueError: It is none.
    """
    with open(path_of(root, member, arguments), "rb") as file:
        left = Left(file.read())
    if left["head"] != _head(root, member, arguments, environ):
        return None
    if not _are_set(left.texts("variables"), left.texts("beginnings"), environ):
        return None
    if left["installed"] and not (stamp.proves(root, environ) or stamp.claim(root, environ)):
        return None
    return left


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


def is_painted(environ: Mapping[str, str]) -> bool:
    """Whether stderr is to be coloured, by the rules of ``commands.colour``."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
        return True
    return sys.stderr.isatty() and not environ.get("CI") and environ.get("TERM") != "dumb"


# ---------------------------------------------------------------- writing


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


def _head(root: str, member: str, arguments: Sequence[str], environ: Mapping[str, str]) -> bytes:
    """What has to be as it was before anything else is looked at."""
    machine = os.uname()
    libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else ""
    others = [f"{name}={environ[name]}" if name in environ else name for name in VARIABLES]
    texts = [FORMAT, root, member, *arguments, *stamp.environment_now(environ), *others]
    return os.fsencode("\0".join([*texts, sys.platform, machine.machine, libc or ""]))


def write(
    root: str,
    member: str,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    variables: Mapping[str, str | None],
    beginnings: Iterable[str],
    is_installed: bool,
    plain: Said,
    painted: Said,
    entries: Mapping[str, Sequence[int]],
    passed: Mapping[str, Sequence[int]],
    absent: Iterable[str],
    tasks: Mapping[str, tuple[float, Iterable[str]]],
) -> None:
    """Leave a stamp: while all of that is so, *arguments* in *member* print what is given.

    Where none can be written, there is none. At most :data:`MOST` are kept.

    Args:
        variables: Those that count, ``None`` for one that is not set; none is secret.
        beginnings: No other variable begins so.
        is_installed: Whether the installation's stamp has to vouch for packages.
        plain: What is printed.
        painted: The same in colours.
        entries: Absolute paths, with size, mtime, inode, ctime and mode.
        passed: Absolute paths of folders, with inode and mode.
        absent: Absolute paths where nothing is.
        tasks: By name, how long each took, and which of those paths it is fresh by; under :data:`COMMON`
            what all are.
    """
    absent = list(absent)
    texts = [f"{name}={value}" if value is not None else name for name, value in variables.items()]
    sections = {
        "head": _head(root, member, arguments, environ),
        "variables": _joined(texts),
        "beginnings": _joined(beginnings),
        "installed": b"installed" if is_installed else b"",
        "plain": _packed(plain),
        "painted": _packed(painted),
        "entries": _joined(_from_root(path, root) for path in entries),
        "entries_seen": _numbers(number for row in entries.values() for number in row),
        "passed": _joined(_from_root(path, root) for path in passed),
        "passed_seen": _numbers(number for row in passed.values() for number in row),
        "absent": _joined(_from_root(path, root) for path in absent),
        "tasks": _joined(tasks),
        "seconds": _numbers(int(seconds * 1e6) for seconds, _ in tasks.values()),
        "uses": _numbers(_uses(tasks, [*entries, *passed, *absent])),
    }
    sizes = b" ".join(b"%d" % len(sections[name]) for name in SECTIONS)
    try:
        path = path_of(root, member, arguments)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.{os.getpid()}"
        with open(temporary, "wb") as file:
            file.write(sizes + b"\n" + b"".join(sections[name] for name in SECTIONS))
        os.replace(temporary, path)
        _keep_the_last(os.path.dirname(path))
    except (OSError, ValueError):
        return


def _uses(tasks: Mapping[str, tuple[float, Iterable[str]]], paths: list[str]) -> Iterator[int]:
    """For each task how many of *paths* it uses, and their numbers."""
    numbers: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        numbers.setdefault(path, []).append(number)
    for _, used in tasks.values():
        found = [number for path in used for number in numbers[path]]
        yield len(found)
        yield from found


def _from_root(path: str, root: str) -> str:
    """*path* as short as it can be told."""
    return "." if path == root else path.removeprefix(f"{root}/")


def _joined(texts: Iterable[str]) -> bytes:
    return os.fsencode("\0".join(texts))


def _packed(said: Said) -> bytes:
    return b"".join(b"%d %d\n%s" % (stream, len(text), text) for stream, text in said)


def _numbers(numbers: Iterable[int]) -> bytes:
    mask = (1 << 8 * _WORD) - 1
    return b"".join((number & mask).to_bytes(_WORD, sys.byteorder) for number in numbers)


def _keep_the_last(folder: str) -> None:
    """Only the last :data:`MOST` stamps are in *folder*; the oldest go, and what killed processes began."""
    with os.scandir(folder) as entries:
        found = [(entry.stat().st_mtime_ns, entry.path) for entry in entries]
    for _, path in sorted(found)[:-MOST]:
        os.unlink(path)
