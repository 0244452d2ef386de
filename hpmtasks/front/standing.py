"""standing: what stands in hem_modules, by the project's state, and what of it a plan keeps.

The state is read as text, and only its packages: the rest of it, which is much more, counts as a whole.
Imports are those of ``stamp``, and the fingerprint.
"""

from __future__ import annotations

import os

from hpmtasks.front.linking import Unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    #: Of a package the name, the version, the tree's digest, and the folder's mtime and inode.
    Known = tuple[str, str, str, int, int]

STATE, MODULES = ".hpm/state.json", "hem_modules"
#: What stands before the packages in the state, and what behind them; they are its last part.
BEFORE, AFTER = ',"packages":{', "}}"
# What marks shims in the record of a task that laid any.
_SHIMS, _NO_SHIMS = '"shims":', '"shims":{}'
# The stat module is not built in.
_FILE_TYPE, _FOLDER = 0o170000, 0o040000


class Standing:
    """The packages in the ``hem_modules`` of *root*, each as the state has it.

    Attributes:
        is_there: Whether there is a ``hem_modules``.
        has_shims: Whether shims were laid, beside packages or the project's sources.
        text: The state, without its seal; empty if there is no ``hem_modules``.

    Raises:
        Unusable: There is no state of this *boot* that can be read.
        OSError: As above.
    """

    def __init__(self, root: str, boot: str) -> None:
        self._modules = f"{root}/{MODULES}"
        self.text, self.has_shims = "", False
        self._known: dict[str, Known] = {}
        found = _lstat(self._modules)
        self.is_there = found is not None
        if found is None:
            return
        if found.st_mode & _FILE_TYPE != _FOLDER:
            raise Unusable
        with open(f"{root}/{STATE}", "rb") as file:
            self.text = _unsealed(file.read())
        if f'"boot":"{boot}"' not in self.text[:200]:
            raise Unusable
        self.has_shims = self.text.count(_SHIMS) != self.text.count(_NO_SHIMS)
        rows = self.text.rpartition(BEFORE)[2].removesuffix(AFTER)
        self._known = dict(_row(each) for each in rows.removesuffix("]").split("],") if each)

    def version_if_other(self, name: str, tree: str) -> str | None:
        """The version that stands in the place of *name*, empty if none does; ``None``: *tree* stands there.

        Raises:
            Unusable: Something else stands there.
        """
        if not self.is_there:
            return ""
        owner = _lstat(f"{self._modules}/{name.partition('/')[0]}")
        if owner is not None and owner.st_mode & _FILE_TYPE != _FOLDER:
            raise Unusable
        known, found = self._known.pop(name.lower(), None), _lstat(f"{self._modules}/{name}")
        if found is None:
            return ""
        if known is None or known[0] != name or not _is_as_left(found, known):
            raise Unusable
        return None if known[2] == f"sha256-{tree}" else known[1]

    def others(self) -> list[tuple[str, str]]:
        """Name and version of what stands there besides what was asked for, by key.

        Raises:
            Unusable: One of them is not as it was left.
        """
        found = [(known, _lstat(f"{self._modules}/{known[0]}")) for _, known in sorted(self._known.items())]
        if any(there is not None and not _is_as_left(there, known) for known, there in found):
            raise Unusable
        return [(known[0], known[1]) for known, there in found if there is not None]


def _unsealed(data: bytes) -> str:
    """What ``files.sealed`` has sealed."""
    import xxhash

    head, rest = b'{"fingerprint":"', data[16 + 32 + 2 :]
    if not data.startswith(head) or xxhash.xxh3_128_hexdigest(rest).encode() != data[16:48]:
        raise Unusable
    return rest.decode()


def _row(text: str) -> tuple[str, Known]:
    """A package of the state: ``"key":["name","version","tree",mtime,inode``."""
    parts = text.split('"')
    if len(parts) != 9 or not text.isascii() or not text.isprintable() or "\\" in text:
        raise Unusable
    _, key, _, name, _, version, _, tree, numbers = parts
    _, mtime_ns, inode = numbers.split(",")
    return key, (name, version, tree, int(mtime_ns), int(inode))


def _is_as_left(found: os.stat_result, known: Known) -> bool:
    return found.st_mode & _FILE_TYPE == _FOLDER and (found.st_mtime_ns, found.st_ino) == known[3:]


def _lstat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None
