"""plan: the second answer: a whole installation that was made before, made again by links from the store.

A finished run leaves in the store what it came to: for each package the files of its tree with
the stat that the store has recorded of them, and the project's state but for what only the new
folders can tell. It stands under the fingerprint of everything that the run depended on:
package.json, package-lock.json, the user's settings, the environment. If ``hem_modules`` is
missing and all of that is as it was, the folders are linked anew and the state written, so that
the graph, whoever asks it, finds every task fresh.

It may only ever do what the graph would do. Every file is compared with its recorded stat before
it is linked; another boot, a difference, a file system that cannot link, anything that is not
understood: nothing has happened, and the graph's answer is asked for. Everything is made under a
temporary name beside its place; ``hem_modules`` appears complete or not at all.

Imports are those of ``stamp``, and the fingerprint. ``session.planning`` writes plans.
"""

from __future__ import annotations

import os
import sys
import time

from hpmtasks.front import stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

#: Another number, hpm or Python: a plan is not recognised, and has another name anyway.
FORMAT = f"hpm plan 1, {stamp.FORMAT}"
#: The store's folder; ``store.layout`` says the same.
STORE = "v1"
MODULES, LOCKFILE = "hem_modules", "package-lock.json"
_STATE, _RESOLUTION, _LINKS = ".hpm/state.json", ".hpm/resolution.json", ".hpm/links.json"
# Below that many files a second process costs more than it brings.
_FILES_FOR_TWO = 300
# Of a mode; the stat module is not built in.
_TYPE_AND_EXECUTABLE = 0o170100


class _Unusable(Exception):
    """The plan does not fit what is there; the graph knows what to do."""


def answer(*, is_quiet: bool = False) -> str | None:
    """What ``hpm install`` or ``hpm ci`` say in the current folder, if a plan could do it, and did.

    Args:
        is_quiet: Nothing is noted besides.
    """
    if not hasattr(os, "fork"):
        return None
    began = time.monotonic()
    try:
        return _answer(began, is_quiet)
    except (OSError, ValueError, EOFError, TypeError, ImportError, KeyError, _Unusable):
        return None


def _answer(began: float, is_quiet: bool) -> str | None:
    root = _root()
    if root is None or os.path.lexists(f"{root}/{MODULES}") or os.path.lexists(f"{root}/{_LINKS}"):
        return None
    if not stamp.is_anchored(os.environ):
        return None
    cache, config = places(os.environ)
    if not os.path.isdir(f"{cache}/{STORE}/plans"):
        return None
    mutex = _taken(f"{root}/{stamp.MUTEX}", exclusively=True)
    try:
        path = plan_path(cache, key_of(root, os.environ, config))
        with open(path, "rb") as file:
            plan = _unsealed(file.read())
        store = _taken(f"{cache}/{STORE}/mutex", exclusively=False)
        try:
            _restore(root, cache, plan)
        finally:
            os.close(store)
        os.utime(path)
        stamp.write(root, os.environ, plan["stamped"], len(plan["packages"]))
    finally:
        os.close(mutex)
    return _told(plan, time.monotonic() - began, is_quiet)


def _root() -> str | None:
    """The folder of the project; ``None`` if there is none, or if it may belong to a workspace."""
    folders = list(stamp.roots())
    for above in folders[1:]:
        with open(f"{above}/{stamp.MANIFEST}", "rb") as file:
            if b'"workspaces"' in file.read():
                return None
    return folders[0] if folders else None


def _told(plan: Mapping[str, Any], seconds: float, is_quiet: bool) -> str:
    """What the graph says of the same; notes go to stderr at once."""
    if is_quiet:
        return ""
    lines: list[str] = list(plan["told"])
    if _is_painted(os.environ):
        lines = [_painted(line) for line in lines]
    for line in plan["noted"]:
        print(line, file=sys.stderr)
    count = len(plan["packages"])
    lines.append(f"\nInstalled {count} package{'' if count == 1 else 's'} in {seconds:.1f}s")
    return "\n".join(lines)


def mode_of(*, executable: bool) -> int:
    """What of the mode of a file of the store counts, in the form of a plan's rows."""
    return 0o100100 if executable else 0o100000


def places(environ: Mapping[str, str]) -> tuple[str, str]:
    """The cache folder and config.json, as ``project.settings`` finds them.

    Raises:
        KeyError: The environment does not say.
    """
    home = environ.get("HPM_HOME") or f"{environ.get('HOME') or environ['USERPROFILE']}/.hpm"
    home = os.path.abspath(home)
    return os.path.abspath(environ.get("HPM_CACHE_DIR") or f"{home}/cache"), f"{home}/config.json"


def key_of(root: str, environ: Mapping[str, str], config: str) -> str:
    """The fingerprint of everything that an installation of the project at *root* depends on.

    Raises:
        OSError: The project has no manifest or no lock.
    """
    import xxhash

    digest = xxhash.xxh3_128(FORMAT.encode())
    # Of the environment: as in a stamp. Each part with its length: no part can pretend to be two.
    parts = [os.fsencode("\0".join(stamp.environment_now(environ)))]
    for path in (f"{root}/{stamp.MANIFEST}", f"{root}/{LOCKFILE}"):
        with open(path, "rb") as file:
            parts.append(file.read())
    try:
        with open(config, "rb") as file:
            parts.append(file.read())
    except FileNotFoundError:
        pass
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()


def plan_path(cache: str, key: str) -> str:
    """Where the plan with that key stands."""
    return f"{cache}/{STORE}/plans/{key}"


def sealed(plan: Mapping[str, Any]) -> bytes:
    """*plan* as it stands in its file."""
    import marshal

    import xxhash

    data = marshal.dumps(dict(plan))
    return xxhash.xxh3_128_digest(data) + data


def _unsealed(data: bytes) -> dict[str, Any]:
    import marshal

    import xxhash

    # marshal may do anything with bytes that it has not written; these it has.
    if xxhash.xxh3_128_digest(data[16:]) != data[:16]:
        raise _Unusable
    plan: dict[str, Any] = marshal.loads(data[16:])  # noqa: S302
    if plan["format"] != FORMAT or not plan["boot"] or plan["boot"] != stamp.boot():
        raise _Unusable
    return plan


def _taken(path: str, *, exclusively: bool) -> int:
    """A descriptor that holds the lock of the mutex at *path*, until it is closed.

    Raises:
        OSError: Somebody else holds it, or it cannot be had.
    """
    import fcntl

    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusively else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        if exclusively:
            os.truncate(descriptor, 0)
            os.write(descriptor, b"%d\n" % os.getpid())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _restore(root: str, cache: str, plan: Mapping[str, Any]) -> None:
    """``hem_modules`` and the state are what the run left that wrote *plan*."""
    packages = plan["packages"]
    staged = f"{root}/{_temporary_name()}"
    try:
        os.mkdir(staged)
        for owner in plan["owners"]:
            os.mkdir(f"{staged}/{owner}")
        _lay_out(packages, f"{cache}/{STORE}/trees", staged)
        _write(f"{root}/{_RESOLUTION}", plan["resolution"])
        _write(f"{root}/{_STATE}", _state(plan["state"], packages, staged))
        stamp.remove(root)
        os.rename(staged, f"{root}/{MODULES}")
    except BaseException:
        _remove(staged)
        raise


def _lay_out(packages: Sequence[Any], trees: str, target: str) -> None:
    """The folders of *packages* are in *target*; by two processes if that pays."""
    total = sum(len(files) for _, _, _, files in packages)
    if total < _FILES_FOR_TWO or (os.cpu_count() or 1) < 2 or sys.platform == "darwin":
        for package in packages:
            _link(package, trees, target)
        return
    mine, theirs = packages[::2], packages[1::2]
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for package in theirs:
                _link(package, trees, target)
            code = 0
        finally:
            os._exit(code)
    try:
        for package in mine:
            _link(package, trees, target)
    except BaseException:
        import signal

        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        raise _Unusable


def _link(package: tuple[str, str, Any, Any], trees: str, target: str) -> None:
    """One package: its folders made, its files linked, each of them as the store recorded it."""
    name, tree, folders, files = package
    source, folder = f"{trees}/{tree[:2]}/{tree}/files/", f"{target}/{name}/"
    os.mkdir(folder)
    for each in folders:
        os.mkdir(folder + each)
    lstat, link = os.lstat, os.link
    for path, size, mtime_ns, inode, mode in files:
        at = source + path
        found = lstat(at)
        if (
            found.st_size != size
            or found.st_mtime_ns != mtime_ns
            or found.st_ino != inode
            or found.st_mode & _TYPE_AND_EXECUTABLE != mode
        ):
            raise _Unusable
        link(at, folder + path)
    os.utime(f"{trees}/{tree[:2]}/{tree}")  # when it was last needed


def _state(parts: tuple[str, Sequence[str], str], packages: Sequence[Any], modules: str) -> bytes:
    """``.hpm/state.json`` with the times and inodes of the new folders, sealed as ``files.sealed`` does."""
    import xxhash

    head, rows, tail = parts
    filled = []
    for row, package in zip(rows, packages, strict=True):
        found = os.lstat(f"{modules}/{package[0]}")
        filled.append(f"{row}{found.st_mtime_ns},{found.st_ino}]")
    rest = f"{head}{','.join(filled)}{tail}".encode()
    return b'{"fingerprint":"' + xxhash.xxh3_128_hexdigest(rest).encode() + b'",' + rest


def _write(path: str, data: bytes) -> None:
    temporary = f"{os.path.dirname(path)}/{_temporary_name()}"
    with open(temporary, "wb") as file:
        file.write(data)
    os.replace(temporary, path)


def _temporary_name() -> str:
    """A name such as ``files.leftovers`` gives, so that it is swept if this process is killed."""
    import zlib

    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    machine = zlib.crc32(f"{os.uname().nodename} {namespace}".encode())
    return f".tmp-{machine:08x}-{os.getpid()}-{os.urandom(6).hex()}"


def _remove(folder: str) -> None:
    for path, folders, files in os.walk(folder, topdown=False):
        for each in files:
            os.unlink(f"{path}/{each}")
        for each in folders:
            os.rmdir(f"{path}/{each}")
    try:  # noqa: SIM105  contextlib is not built in
        os.rmdir(folder)
    except OSError:
        pass


def _is_painted(environ: Mapping[str, str]) -> bool:
    """Whether stdout is to be coloured, by the rules of ``commands.colour``."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
        return True
    return sys.stdout.isatty() and not environ.get("CI") and environ.get("TERM") != "dumb"


def _painted(line: str) -> str:
    """A line of what came, in the colours of ``commands.colour``."""
    head, because, parents = line.partition(" (")
    came = f"  \x1b[32m{head.removeprefix('  ')}\x1b[0m"
    return f"{came}\x1b[2m{because}{parents}\x1b[0m" if because else came
