"""leaving: a run of scripts leaves its stamp, for ``runs`` to find."""

from __future__ import annotations

import os

from hpmtasks.front.runs import SECTIONS, Said, head_of, path_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: How many stamps are kept.
MOST = 8
# A time before 1970 is negative; what does not fit is never found again.
_LARGEST = (1 << 64) - 1


def write(
    root: str,
    member: str,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    variables: Mapping[str, str | None],
    beginnings: Iterable[str],
    is_installed: bool,
    plain: Said | None,
    painted: Said | None,
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
        plain: What is printed; ``None``: not every task is fresh, so the graph has to be asked.
        painted: The same in colours.
        entries: Absolute paths, with size, mtime, inode, ctime and mode.
        passed: Absolute paths of folders, with inode and mode.
        absent: Absolute paths where nothing is.
        tasks: By name, how long each took, and which of those paths it is fresh by; under
            :data:`.runs.COMMON` what all are.
    """
    absent = list(absent)
    texts = [f"{name}={value}" if value is not None else name for name, value in variables.items()]
    sections = {
        "head": head_of(root, member, arguments, environ),
        "variables": _joined(texts),
        "beginnings": _joined(beginnings),
        "installed": b"installed" if is_installed else b"",
        "complete": b"complete" if plain is not None else b"",
        "plain": _packed(plain or ()),
        "painted": _packed(painted or ()),
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


def _packed(said: Iterable[tuple[int, bytes]]) -> bytes:
    return b"".join(b"%d %d\n%s" % (stream, len(text), text) for stream, text in said)


def _numbers(numbers: Iterable[int]) -> bytes:
    from array import array

    return array("Q", [number & _LARGEST for number in numbers]).tobytes()


def _keep_the_last(folder: str) -> None:
    """Only the last :data:`MOST` stamps are in *folder*; the oldest go, and what killed processes began."""
    with os.scandir(folder) as entries:
        found = [(entry.stat().st_mtime_ns, entry.path) for entry in entries]
    for _, path in sorted(found)[:-MOST]:
        os.unlink(path)
