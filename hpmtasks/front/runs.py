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
_LONGEST_NAME = 200
_HARMLESS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_SECTIONS = 11
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
    with open(path_of(root, member, arguments), "rb") as file:
        sections = _sections(file.read())
    head, variables, beginnings, flags, plain, painted, paths, numbers, passed, inodes, absent = sections
    if head != _head(root, member, arguments, environ):
        return None
    if not _are_set(_texts(variables), _texts(beginnings), environ):
        return None
    if flags and not (stamp.proves(root, environ) or stamp.claim(root, environ)):
        return None
    # From the root itself, the way to each file is shorter.
    prefix = "" if os.getcwd() == root else f"{root}/"
    if not _are_as_seen(prefix, _texts(paths), numbers) or not _are_passed(prefix, _texts(passed), inodes):
        return None
    if any(os.path.lexists(path) for path in _placed(prefix, _texts(absent))):
        return None
    return list(_pieces(painted if is_painted(environ) else plain))


def _sections(data: bytes) -> list[bytes]:
    line, _, rest = data.partition(b"\n")
    sizes = [int(size) for size in line.split()]
    if len(sizes) != _SECTIONS or sum(sizes) != len(rest) or min(sizes) < 0:
        raise ValueError
    sections, at = [], 0
    for size in sizes:
        sections.append(rest[at : at + size])
        at += size
    return sections


def _texts(section: bytes) -> list[str]:
    return os.fsdecode(section).split("\0") if section else []


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


def _are_as_seen(prefix: str, paths: list[str], numbers: bytes) -> bool:
    values = memoryview(numbers).cast("Q").tolist()
    if len(values) != 5 * len(paths):
        return False
    five, lstat = [iter(values)] * 5, os.lstat
    for path, size, mtime_ns, inode, ctime_ns, mode in zip(_placed(prefix, paths), *five, strict=False):
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
    return True


def _are_passed(prefix: str, paths: list[str], inodes: bytes) -> bool:
    values = memoryview(inodes).cast("Q").tolist()
    if len(values) != 2 * len(paths):
        return False
    each = iter(values)
    for path, inode, mode in zip(_placed(prefix, paths), each, each, strict=False):
        found = os.lstat(path)
        if found.st_ino != inode or found.st_mode != mode:
            return False
    return True


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
    """
    inside = f"{root}/"
    texts = [f"{name}={value}" if value is not None else name for name, value in variables.items()]
    sections = [
        _head(root, member, arguments, environ),
        _joined(texts),
        _joined(beginnings),
        b"installed" if is_installed else b"",
        _packed(plain),
        _packed(painted),
        _joined(_from_root(path, inside) for path in entries),
        _numbers(entries.values()),
        _joined(_from_root(path, inside) for path in passed),
        _numbers(passed.values()),
        _joined(_from_root(path, inside) for path in absent),
    ]
    data = b" ".join(b"%d" % len(section) for section in sections) + b"\n" + b"".join(sections)
    try:
        path = path_of(root, member, arguments)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.{os.getpid()}"
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
        _keep_the_last(os.path.dirname(path))
    except (OSError, ValueError):
        return


def _from_root(path: str, inside: str) -> str:
    """*path* as short as it can be told."""
    if path + "/" == inside:
        return "."
    return path.removeprefix(inside)


def _joined(texts: Iterable[str]) -> bytes:
    return os.fsencode("\0".join(texts))


def _packed(said: Said) -> bytes:
    return b"".join(b"%d %d\n%s" % (stream, len(text), text) for stream, text in said)


def _numbers(rows: Iterable[Sequence[int]]) -> bytes:
    mask = (1 << 8 * _WORD) - 1
    return b"".join((number & mask).to_bytes(_WORD, sys.byteorder) for row in rows for number in row)


def _keep_the_last(folder: str) -> None:
    """Only the last :data:`MOST` stamps are in *folder*; the oldest go, and what killed processes began."""
    with os.scandir(folder) as entries:
        found = [(entry.stat().st_mtime_ns, entry.path) for entry in entries]
    for _, path in sorted(found)[:-MOST]:
        os.unlink(path)
