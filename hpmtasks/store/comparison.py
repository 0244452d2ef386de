"""comparison: what differs between two trees, file by file and line by line, within bounds.

What two versions of a package differ in was written by a stranger, perhaps to keep the reader
waiting. So the work is bounded, and what is too large to compare is named instead of left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import StorageFailure
from hpmtasks.store.entries import TreeEntry, TreeFile

Status = Literal["added", "removed", "changed", "mode"]

#: Bytes of the longest file whose lines are compared.
LARGEST_FILE = 512 * 1024
#: Lines that are given for all files together.
MOST_LINES = 50_000
# Steps of the comparison, at worst, for one file and for all: past that, what differs is given as one block.
_MOST_STEPS, _MOST_STEPS_IN_ALL = 20_000_000, 200_000_000
_CONTEXT = 3

Line = bytes
_Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class FileDifference:
    """What happened to one file.

    Attributes:
        path: Relative to the package, with ``/``.
        status: ``mode`` when only the executable bit differs.
        sizes: Bytes before and after; 0 where there is no file.
        executable: The bit before and after.
        is_binary: Whether one side is not UTF-8 text.
        added, removed: Lines; 0 where lines were not compared.
        lines: The unified diff from its first ``@@`` on; empty where there is none to show.
        remark: Why there is none, for a reader; empty otherwise.
    """

    path: str
    status: Status
    sizes: tuple[int, int] = (0, 0)
    executable: tuple[bool, bool] = (False, False)
    is_binary: bool = False
    added: int = 0
    removed: int = 0
    lines: tuple[str, ...] = ()
    remark: str = ""


def compare_trees(before: TreeEntry | None, after: TreeEntry | None) -> tuple[FileDifference, ...]:
    """What makes *after* of *before*, sorted by path; ``None`` is a tree without files.

    Raises:
        StorageFailure: A file of the store cannot be read.
    """
    return tuple(_Comparison(before, after).differences())


class _Comparison:
    """One comparison of two trees, and what is left of its bounds."""

    def __init__(self, before: TreeEntry | None, after: TreeEntry | None) -> None:
        self._before = before
        self._after = after
        self._steps = _MOST_STEPS_IN_ALL
        self._lines = MOST_LINES

    def differences(self) -> Iterator[FileDifference]:
        old, new = _by_path(self._before), _by_path(self._after)
        for path in sorted(old.keys() | new.keys(), key=str.encode):
            was, is_now = old.get(path), new.get(path)
            if was is None or is_now is None or was.sha256 != is_now.sha256:
                yield self._changed(path, was, is_now)
            elif was.executable != is_now.executable:
                size, bits = (was.size, is_now.size), (was.executable, is_now.executable)
                yield FileDifference(path, "mode", size, bits)

    def _changed(self, path: str, was: TreeFile | None, is_now: TreeFile | None) -> FileDifference:
        status: Status = "changed" if was and is_now else "added" if is_now else "removed"
        sizes = (was.size if was else 0, is_now.size if is_now else 0)
        sides = [side for side in (was, is_now) if side]
        bits = ((was or sides[0]).executable, (is_now or sides[0]).executable)
        if max(sizes) > LARGEST_FILE:
            return FileDifference(path, status, sizes, bits, remark="too large to compare line by line")
        old, new = _read(self._before, was), _read(self._after, is_now)
        if _is_binary(old) or _is_binary(new):
            return FileDifference(path, status, sizes, bits, is_binary=True, remark="not text")
        opcodes = self._opcodes(a := _split(old), b := _split(new))
        added = sum(opcode[4] - opcode[3] for opcode in opcodes if opcode[0] != "equal")
        removed = sum(opcode[2] - opcode[1] for opcode in opcodes if opcode[0] != "equal")
        lines = tuple(islice(_unified(a, b, opcodes), self._lines + 1))
        remark = ""
        if len(lines) > self._lines:
            lines, remark = (), f"not shown: more than {MOST_LINES} lines differ in all"
        self._lines -= len(lines)
        return FileDifference(path, status, sizes, bits, False, added, removed, lines, remark)

    def _opcodes(self, a: Sequence[Line], b: Sequence[Line]) -> list[_Opcode]:
        """How *a* becomes *b*, as difflib has it. What is alike at both ends is not searched."""
        head = _alike(a, b)
        tail = _alike(a[head:][::-1], b[head:][::-1])
        inner_a, inner_b = a[head : len(a) - tail], b[head : len(b) - tail]
        steps = _steps_at_worst(inner_a, inner_b)
        if steps > min(_MOST_STEPS, self._steps):
            inner: list[_Opcode] = [("replace", 0, len(inner_a), 0, len(inner_b))]
        else:
            from difflib import SequenceMatcher

            self._steps -= steps
            inner = list(SequenceMatcher(None, inner_a, inner_b).get_opcodes())
        opcodes = [("equal", 0, head, 0, head)] if head else []
        opcodes += [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in inner]
        if tail:
            opcodes.append(("equal", len(a) - tail, len(a), len(b) - tail, len(b)))
        return opcodes


def _alike(a: Sequence[Line], b: Sequence[Line]) -> int:
    """How many lines are equal before the first that differs."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _steps_at_worst(a: Sequence[Line], b: Sequence[Line]) -> int:
    """More steps than ``SequenceMatcher`` takes: a look at every pair of equal lines for each match."""
    times = Counter(b)
    pairs = sum(times[line] for line in a)
    return min(len(a), len(b)) * (pairs + len(a))


def _unified(a: Sequence[Line], b: Sequence[Line], opcodes: Sequence[_Opcode]) -> Iterator[str]:
    """The hunks of the unified diff (POSIX, "Diff -u Output Format")."""
    for group in _grouped(opcodes):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from _marked(" ", a[i1:i2])
            else:
                yield from _marked("-", a[i1:i2])
                yield from _marked("+", b[j1:j2])


def _grouped(opcodes: Sequence[_Opcode]) -> Iterator[list[_Opcode]]:
    from difflib import SequenceMatcher

    matcher: SequenceMatcher[str] = SequenceMatcher()
    matcher.opcodes = list(opcodes)  # type: ignore[attr-defined]  # get_opcodes keeps its answer there
    return iter(matcher.get_grouped_opcodes(_CONTEXT))


def _range(start: int, stop: int) -> str:
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _marked(mark: str, lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        yield mark + line.removesuffix(b"\n").decode()
        if not line.endswith(b"\n"):
            yield "\\ No newline at end of file"


def _split(data: bytes) -> list[Line]:
    """The lines of *data*, each with its LF. Nothing else ends a line; a CR is part of it."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop().removesuffix(b"\n")
    return [*lines, last] if last else lines


def _is_binary(data: bytes) -> bool:
    if b"\0" in data:
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _read(tree: TreeEntry | None, file: TreeFile | None) -> bytes:
    if tree is None or file is None:
        return b""
    try:
        return (tree.path / file.path).read_bytes()
    except OSError as error:
        raise StorageFailure(f"The store's copy of {file.path} cannot be read: {error.strerror}.") from error


def _by_path(tree: TreeEntry | None) -> dict[str, TreeFile]:
    return {file.path: file for file in tree.files} if tree else {}
