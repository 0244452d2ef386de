"""stamp: a small file that says what the world looked like when there was nothing left to do.

It is derived from a finished run, deleted before a run that changes anything, and may
only ever say "up to date". What it looks at is the last column of the table "Fresh" in
``docs/architecture.md``: if all of it is as it was, a run of the graph would find every
task fresh. It is text, parted by NUL: the form, the number of packages, the environment,
then a stat and a path for everything looked at, and a word at the end. Whoever can write into the project can
write it; nothing of it is printed or executed.

Reading imports nothing that the interpreter has not loaded at its start, but ``fcntl``.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

#: Another number, hpm or Python: the stamp is not recognised.
FORMAT = f"hpm stamp 2, hpm 0.1.0, Python {sys.hexversion:x}"
NAME = ".hpm/stamp"
MUTEX = ".hpm/mutex"
MANIFEST = "package.json"
#: Everything in the environment that could change what an installation does.
VARIABLES = (
    "HOME",
    "USERPROFILE",
    "HPM_HOME",
    "HPM_CACHE_DIR",
    "HPM_SOURCES",
    "HPM_GITHUB_SERVER_URL",
    "HPM_GITHUB_API_URL",
    "HPM_GITHUB_TRANSPORT",
    "GITHUB_SERVER_URL",
    "GITHUB_API_URL",
    "HPM_RETRY_DELAYS",
)
# The coarsest clock of a file system that we care for ticks every 4 ms.
_TICK_NS = 10_000_000
_NAP_SECONDS = 0.0005
# CLOCK_REALTIME_COARSE, which Linux stamps files with and Python has no name for.
_COARSE_CLOCK = 5
_ABSENT = b"absent"
# Without it the file was cut.
_END = b"end"
# The stat module is not built in.
_FILE_TYPE, _REGULAR = 0o170000, 0o100000


def answer() -> str | None:
    """What ``hpm install`` says in the current folder if there is nothing to do; else ``None``."""
    try:
        return _answer()
    except (OSError, ValueError, EOFError, TypeError):
        return None


def proves(root: str, environ: Mapping[str, str]) -> bool:
    """Whether the stamp of *root* may answer, and says "up to date"."""
    if environ.get("HPM_FASTPATH", "on") != "on":
        return False
    try:
        return not _is_busy(root) and _read(root) is not None
    except (OSError, ValueError, EOFError, TypeError):
        return False


def claim(root: str, environ: Mapping[str, str]) -> bool:
    """Whether ``HPM_FASTPATH=verify`` asks to compare, and the stamp of *root* says "up to date"."""
    if environ.get("HPM_FASTPATH") != "verify" or sys.platform == "win32":  # where it never answers
        return False
    try:
        return _read(root) is not None
    except (OSError, ValueError, EOFError, TypeError):
        return False


def _answer() -> str | None:
    nearest = ""
    for root in roots():
        said = None if _is_busy(root) else _read(root, nearest[len(root) :].lstrip("/"))
        if said is not None:
            return said
        nearest = nearest or root
    return None


def _read(root: str, member: str = "") -> str | None:
    """What the stamp of *root* says, if everything is as it was.

    Asked from the folder of a *member*, it says nothing if it knows of no such member.
    """
    with open(f"{root}/{NAME}", "rb") as file:
        packages, _, rest = file.read().partition(b"\0")
    expected = os.fsencode("\0".join([FORMAT, *environment_now(os.environ), ""]))
    if not rest.startswith(expected):
        return None
    *seen, end = rest[len(expected) :].split(b"\0")
    known = set(seen[1::2])
    wanted = [*_above(root), f"{member}/{MANIFEST}"] if member else _above(root)
    if end != _END or len(seen) % 2 or not known.issuperset(map(os.fsencode, wanted)):
        return None
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for then, path in zip(seen[::2], seen[1::2], strict=True):
            if look(path, folder) != then:
                return None
    finally:
        os.close(folder)
    return up_to_date(int(packages))


def up_to_date(packages: int) -> str:
    """What is said when there is nothing to do, by the stamp and by the graph."""
    return f"Everything is up to date ({packages} package{'' if packages == 1 else 's'})."


def is_painted(environ: Mapping[str, str], stream: TextIO | None) -> bool:
    """Whether what goes to *stream* is painted; here, since every answer imports this module.

    As https://no-color.org and https://bixense.com/clicolors say: not with ``NO_COLOR``, always with
    ``CLICOLOR_FORCE``, else on a terminal that can. A stream that is ``None`` is closed.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
        return True
    return stream is not None and stream.isatty() and not environ.get("CI") and environ.get("TERM") != "dumb"


def roots() -> Iterator[str]:
    """The folders upwards with a package.json, the nearest first: perhaps a member and its workspace."""
    folder = os.getcwd()
    while folder:
        try:
            os.stat(f"{folder}/{MANIFEST}")
            yield folder
        except OSError:
            pass
        folder = folder.rpartition("/")[0]


def _above(root: str) -> list[str]:
    """Each package.json above *root*, be it there or not: one may make *root* a member of a workspace."""
    return ["../" * steps + MANIFEST for steps in range(1, root.count("/") + 1)]


def _is_busy(root: str) -> bool:
    """Whether another process is changing the project at this moment."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        descriptor = os.open(f"{root}/{MUTEX}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def environment_now(environ: Mapping[str, str]) -> list[str]:
    """The variables of :data:`VARIABLES`, as ``NAME=value`` if they are set, the interpreter, the boot."""
    values = [f"{name}={environ[name]}" if name in environ else name for name in VARIABLES]
    return [*values, _interpreter(environ.get("PATH", "")), boot()]


def is_anchored(environ: Mapping[str, str]) -> bool:
    """Whether hpm's folders, as *environ* names them, are the same from wherever one stands."""
    home = environ.get("HPM_HOME") or environ.get("HOME") or environ.get("USERPROFILE") or ""
    return os.path.isabs(home) and os.path.isabs(environ.get("HPM_CACHE_DIR") or home)


def boot() -> str:
    """A name for the time since the machine started, as ``files.boot`` has it; empty if there is none."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return os.fsdecode(file.read().strip())
    except (OSError, ValueError):
        return ""


def _interpreter(path: str) -> str:
    """The ``hemlock`` that *path* leads to: whether imports need shims depends on it."""
    for folder in path.split(os.pathsep):
        place = f"{folder}/hemlock"
        try:
            found = os.stat(place)
        except OSError:
            continue
        if found.st_mode & _FILE_TYPE == _REGULAR and os.access(place, os.X_OK):
            return f"{place} {found.st_size} {found.st_mtime_ns} {found.st_ino} {found.st_ctime_ns}"
    return "no hemlock"


def look(path: str | bytes, folder: int | None = None) -> bytes:
    """Size, mtime, inode, ctime and mode of *path* itself, from *folder* on; a link is not followed.

    A folder's ctime changes with everything in it, a file's with every write: neither
    can be set back by anybody.
    """
    try:
        found = os.stat(path, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return _ABSENT
    return b"%d %d %d %d %d" % (
        found.st_size,
        found.st_mtime_ns,
        found.st_ino,
        found.st_ctime_ns,
        found.st_mode,
    )


def write(root: str, environ: Mapping[str, str], paths: Iterable[str], packages: int) -> None:
    """Leave a stamp: while *paths* stay as they are, all *packages* of them are up to date.

    Paths in the project are given relative to *root*: a copy of the project takes its stamp
    along, and must be judged by its own files. The caller has finished a run successfully
    and holds the mutex. A path that changed within the last tick of the clock could change
    again unseen; so that tick is waited out. Where no stamp can be written, there is none; nor
    where what the environment names is another folder for whoever stands elsewhere.
    """
    if not is_anchored(environ):
        return
    wanted = sorted({*paths, *_above(root)})
    _let_settle(root, wanted)
    fields = [os.fsencode(each) for each in (str(packages), FORMAT, *environment_now(environ))]
    for path in wanted:
        fields += [look(_at(root, path)), os.fsencode(path)]
    sweep(root)
    temporary = f"{root}/{NAME}.{os.getpid()}"
    try:
        with open(temporary, "wb") as file:
            file.write(b"\0".join([*fields, _END]))
        os.replace(temporary, f"{root}/{NAME}")
    except OSError:
        remove(root, f"{NAME}.{os.getpid()}")


def _at(root: str, path: str) -> str:
    return path if os.path.isabs(path) else f"{root}/{path}"


def _let_settle(root: str, paths: Sequence[str]) -> None:
    """Return when the youngest of *paths* is older than a tick, or younger than now (a clock set back)."""
    youngest = 0
    for path in paths:
        try:
            found = os.lstat(_at(root, path))
        except OSError:
            continue
        youngest = max(youngest, found.st_mtime_ns, found.st_ctime_ns)
    while 0 <= time.time_ns() - youngest < _TICK_NS and not _ticks_behind(youngest):
        time.sleep(_NAP_SECONDS)


def _ticks_behind(moment_ns: int) -> bool:
    """Whether the clock that the system's file times are taken from has gone on since *moment_ns*."""
    if sys.platform != "linux":
        return False
    return time.clock_gettime_ns(_COARSE_CLOCK) > moment_ns


def sweep(root: str) -> None:
    """There is no stamp, and nothing of one that a killed process began. The caller holds the mutex."""
    folder, name = f"{root}/{NAME}".rsplit("/", 1)
    try:
        found = [each for each in os.listdir(folder) if each == name or each.startswith(f"{name}.")]
    except OSError:
        return
    for each in found:
        remove(folder, each)


def remove(root: str, name: str = NAME) -> None:
    """There is no stamp."""
    try:  # noqa: SIM105  contextlib is not built in
        os.unlink(f"{root}/{name}")
    except OSError:
        pass
