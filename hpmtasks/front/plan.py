"""plan: the second answer: a whole installation that was made before, made again by links from the store.

A finished run leaves in the store what it came to: for each package the files of its tree with
the stat that the store has recorded of them, and the project's state but for what only the new
folders can tell. It stands under the fingerprint of everything that the run depended on:
package.json, package-lock.json, the user's settings, the environment. If ``hem_modules`` is
missing and all of that is as it was, the folders are linked anew and the state written, so that
the graph, whoever asks it, finds every task fresh. Where another plan's packages stand, as after a
change of branches, those that differ are exchanged, and what hpm did not put there stays. Shims
are written as they were, if the project's sources are.

It may only ever do what the graph would do. Every file is compared with its recorded stat before
it is linked, and every folder before it goes; another boot, a difference, a file system that cannot
link, anything that is not understood: nothing has happened, and the graph's answer is asked for.
Everything is made under a temporary name in ``.hpm``; ``hem_modules`` appears complete or not
at all, and so does each package in it.

Imports are those of ``stamp``, and the fingerprint. ``session.planning`` writes plans.
"""

from __future__ import annotations

import os
import time

from hpmtasks.front import stamp
from hpmtasks.front.linking import Unusable, lay_out, remove
from hpmtasks.front.plan_file import STORE, key_of, path_of, places, unsealed
from hpmtasks.front.sources import missing_shims, put, require
from hpmtasks.front.standing import AFTER, BEFORE, MODULES, STATE, Standing
from hpmtasks.front.telling import Change, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_OWN = ".hpm"
_RESOLUTION, _LINKS = ".hpm/resolution.json", ".hpm/links.json"


def answer(command: str = "install", *, is_quiet: bool = False) -> str | None:
    """What *command* says in the current folder, if a plan could do it, and did.

    Args:
        command: ``install``, or ``ci``, which is only answered where there is no ``hem_modules``.
        is_quiet: Nothing is noted besides.
    """
    if not hasattr(os, "fork"):
        return None
    began = time.monotonic()
    try:
        change = _answer(command)
    except (OSError, ValueError, EOFError, TypeError, ImportError, KeyError, IndexError, Unusable):
        return None
    if change is None:
        return None
    return "" if is_quiet else told(change, time.monotonic() - began)


def _answer(command: str) -> Change | None:
    root = _root()
    if root is None or os.path.lexists(f"{root}/{_LINKS}") or not stamp.is_anchored(os.environ):
        return None
    cache, config = places(os.environ)
    if not os.path.isdir(f"{cache}/{STORE}/plans"):
        return None
    mutex = _taken(f"{root}/{stamp.MUTEX}", exclusively=True)
    try:
        path = path_of(cache, key_of(root, os.environ, config))
        with open(path, "rb") as file:
            plan = unsealed(file.read())
        standing = Standing(root, plan["boot"])
        if standing.is_there and command != "install":
            return None
        change = _compared(plan, standing)
        store = _taken(f"{cache}/{STORE}/mutex", exclusively=False)
        try:
            _restore(root, cache, plan, change, standing)
        finally:
            os.close(store)
        os.utime(path)
        stamp.write(root, os.environ, plan["stamped"], len(plan["packages"]))
    finally:
        os.close(mutex)
    return change


def _root() -> str | None:
    """The folder of the project; ``None`` if there is none, or if it may belong to a workspace."""
    folders = list(stamp.roots())
    for above in folders[1:]:
        with open(f"{above}/{stamp.MANIFEST}", "rb") as file:
            if b'"workspaces"' in file.read():
                return None
    return folders[0] if folders else None


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


def _compared(plan: Mapping[str, Any], standing: Standing) -> Change:
    """How what stands differs from *plan*.

    Raises:
        Unusable: Something there is neither hpm's nor as it was left.
    """
    befores = [standing.version_if_other(name, tree) for name, tree, *_ in plan["packages"]]
    return Change(plan, befores, standing.others())


def _restore(root: str, cache: str, plan: Mapping[str, Any], change: Change, standing: Standing) -> None:
    """``hem_modules`` and the state are what the run left that wrote *plan*."""
    resolution = f"{root}/{_RESOLUTION}"
    if standing.is_there and _stands(root, plan, change, standing):
        return
    shims = missing_shims(root, plan["project"]) if plan["project"] is not None else ()
    _sweep(f"{root}/{_OWN}")
    fresh, old = (f"{root}/{_OWN}/{_temporary_name()}" for _ in range(2))
    try:
        os.mkdir(fresh)
        lay_out([plan["packages"][at] for at in change.comes], f"{cache}/{STORE}/trees", fresh)
        stamp.remove(root)
        if standing.is_there:
            os.mkdir(old)
            _exchange(f"{root}/{MODULES}", fresh, old, change)
            modules = f"{root}/{MODULES}"
        else:
            modules = fresh
        put(root, shims)
        _write(resolution, plan["resolution"])
        _write(f"{root}/{STATE}", _state(plan, modules))
        if not standing.is_there:
            os.rename(fresh, f"{root}/{MODULES}")
    finally:
        if standing.is_there or os.path.lexists(fresh):
            remove(fresh)
            remove(old)


def _stands(root: str, plan: Mapping[str, Any], change: Change, standing: Standing) -> bool:
    """Whether nothing is to be done but to say so.

    Raises:
        Unusable: Shims would have to be exchanged, or the state tells of more, or of less, than the plan.
    """
    with open(f"{root}/{_RESOLUTION}", "rb") as file:
        is_same = file.read() == plan["resolution"] and not change.comes and not change.gone
    if is_same and not standing.text.startswith(f"{plan['state'][0]},"):
        raise Unusable
    if standing.has_shims or plan["project"] is not None:
        if not is_same or plan["project"] is None or missing_shims(root, plan["project"]):
            raise Unusable
        for name, *_, shims in plan["packages"]:
            require(f"{root}/{MODULES}/{name}", shims)
    return is_same


def _exchange(modules: str, fresh: str, old: str, change: Change) -> None:
    """The packages in *fresh* stand in *modules*, and those that they replace, or that go, in *old*."""
    for number, at in enumerate(change.comes):
        name = change.name_of(at)
        place = f"{modules}/{name}"
        if change.befores[at]:
            os.rename(place, f"{old}/{number}")
        else:
            os.makedirs(os.path.dirname(place), exist_ok=True)
        os.rename(f"{fresh}/{name}", place)
    for number, (name, _) in enumerate(change.gone, start=len(change.comes)):
        os.rename(f"{modules}/{name}", f"{old}/{number}")
        try:  # noqa: SIM105  contextlib is not built in
            os.rmdir(os.path.dirname(f"{modules}/{name}"))
        except OSError:
            pass


def _state(plan: Mapping[str, Any], modules: str) -> bytes:
    """``.hpm/state.json`` with the times and inodes of the folders, sealed as ``files.sealed`` does."""
    import xxhash

    tasks, tools, rows = plan["state"]
    filled = []
    for row, package in zip(rows, plan["packages"], strict=True):
        found = os.lstat(f"{modules}/{package[0]}")
        filled.append(f"{row}{found.st_mtime_ns},{found.st_ino}]")
    rest = f'{tasks},"files":[],"tools":{tools}{BEFORE}{",".join(filled)}{AFTER}'.encode()
    return b'{"fingerprint":"' + xxhash.xxh3_128_hexdigest(rest).encode() + b'",' + rest


def _write(path: str, data: bytes) -> None:
    temporary = f"{os.path.dirname(path)}/{_temporary_name()}"
    with open(temporary, "wb") as file:
        file.write(data)
    os.replace(temporary, path)


def _sweep(folder: str) -> None:
    """What a killed process left in *folder* is gone; who calls holds the mutex."""
    own = _temporary_name().rsplit("-", 2)[0]
    for name in os.listdir(folder):
        maker, _, _ = name.rpartition("-")
        kind, _, process = maker.rpartition("-")
        if kind != own or not process.isdecimal():
            continue
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            remove(f"{folder}/{name}")
        except OSError:
            pass


def _temporary_name() -> str:
    """A name such as ``files.leftovers`` gives, so that it is swept if this process is killed."""
    import zlib

    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    machine = zlib.crc32(f"{os.uname().nodename} {namespace}".encode())
    return f".tmp-{machine:08x}-{os.getpid()}-{os.urandom(6).hex()}"
