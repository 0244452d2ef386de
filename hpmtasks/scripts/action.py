"""action: all that a task depends on, as REAPI's ``Action``, in the one canonical form that its digest needs.

An action names a command and the root of a tree of folders. Each folder is a message with its
files, folders and links, sorted by name, that is known by its digest; so the digest of the action is that
of everything. Field numbers are those of ``build/bazel/remote/execution/v2/remote_execution.proto``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hpmtasks.dataclass import dataclass, field
from hpmtasks.scripts.digests import FileDigest
from hpmtasks.store.entries import TreeFile
from hpmtasks.store.results import wire
from hpmtasks.store.results.digest import Digest


@dataclass(frozen=True, slots=True)
class Message:
    """A message that somebody who executes the action has to have: its bytes, and their digest."""

    digest: Digest
    content: bytes

    @classmethod
    def of(cls, content: bytes) -> Message:
        """The message that *content* is."""
        return cls(Digest.of(content), content)


@dataclass(frozen=True, slots=True)
class Command:
    """What is to be started.

    Attributes:
        arguments: The program and its words.
        environ: The variables that count.
        outputs: Paths relative to *folder*.
        folder: Where, relative to the root of the inputs.
    """

    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    outputs: tuple[str, ...]
    folder: str

    def encode(self, platform: bytes) -> bytes:
        """As a REAPI ``Command``; *platform* stands in it for servers from before version 2.2."""
        return b"".join(
            (
                wire.texts(1, self.arguments),
                _pairs(2, self.environ),
                wire.message(5, platform),
                wire.text(6, self.folder),
                wire.texts(7, sorted(set(self.outputs))),
            )
        )


def encode_platform(properties: Mapping[str, str]) -> bytes:
    """*properties* as a REAPI ``Platform``."""
    return _pairs(1, properties)


def _pairs(field: int, values: Mapping[str, str]) -> bytes:
    """*values* as a list of names with values, sorted by name."""
    return b"".join(
        wire.message(field, wire.text(1, name) + wire.text(2, value))
        for name, value in sorted(values.items())
    )


def encode_action(command: Digest, root: Digest, salt: bytes, platform: bytes) -> bytes:
    """A REAPI ``Action``."""
    return (
        wire.message(1, command.encode())
        + wire.message(2, root.encode())
        + wire.data(9, salt)
        + wire.message(10, platform)
    )


# ---------------------------------------------------------------- folders


@dataclass(slots=True)
class _Folder:
    files: dict[str, FileDigest] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    folders: dict[str, _Folder | Digest] = field(default_factory=dict)

    def inner(self, name: str) -> _Folder:
        """The folder *name* in it, which is not one that is known by its digest only."""
        found = self.folders.get(name)
        if not isinstance(found, _Folder):
            found = self.folders[name] = _Folder()
        return found


def root_of(
    files: Mapping[str, FileDigest], folders: Mapping[str, Digest], empty: Iterable[str] = ()
) -> Iterator[Message]:
    """The messages of the folders that hold *files*, each after those in it; the last is the root's.

    Args:
        files: By path.
        folders: By path, those that are known by their digests; their messages are not among these.
        empty: Paths of folders that are there whatever is in them.
    """
    root = _Folder()
    for path, digest in files.items():
        *above, name = path.split("/")
        folder = root
        for each in above:
            folder = folder.inner(each)
        if digest.target is None:
            folder.files[name] = digest
        else:
            folder.links[name] = digest.target
    for path, made in folders.items():
        *above, name = path.split("/")
        folder = root
        for each in above:
            folder = folder.inner(each)
        folder.folders[name] = made
    for path in filter(None, empty):
        folder = root
        for each in path.split("/"):
            folder = folder.inner(each)
    yield from _messages(root)


def package_folder(files: Sequence[TreeFile]) -> Digest:
    """The digest of the folder of an installed package that holds *files*."""
    digests = {file.path: FileDigest(file.sha256, file.size, file.executable) for file in files}
    *_, root = root_of(digests, {})
    return root.digest


def _messages(root: _Folder) -> Iterator[Message]:
    """The messages of *root* and all folders in it; a path may be long, so without recursion."""
    order: list[tuple[_Folder, str, _Folder]] = []
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        for name, inner in folder.folders.items():
            if isinstance(inner, _Folder):
                order.append((folder, name, inner))
                waiting.append(inner)
    for above, name, inner in reversed(order):
        message = Message.of(_encode_folder(inner))
        above.folders[name] = message.digest
        yield message
    yield Message.of(_encode_folder(root))


def _encode_folder(folder: _Folder) -> bytes:
    return b"".join(
        (
            *(_encode_file(name, folder.files[name]) for name in sorted(folder.files)),
            *(
                wire.message(2, wire.text(1, name) + wire.message(2, made.encode()))
                for name, made in sorted(folder.folders.items())
                if isinstance(made, Digest)
            ),
            *(
                wire.message(3, wire.text(1, name) + wire.text(2, target))
                for name, target in sorted(folder.links.items())
            ),
        )
    )


def _encode_file(name: str, file: FileDigest) -> bytes:
    """A REAPI ``FileNode``; written out, because there may be ten thousand of them."""
    spelled = name.encode()
    size = b"\x10" + wire.varint(file.size) if file.size else b""
    digest = b"\x0a\x40" + file.hash.encode() + size
    node = b"\x0a" + wire.varint(len(spelled)) + spelled + b"\x12" + wire.varint(len(digest)) + digest
    if file.executable:
        node += b"\x20\x01"
    return b"\x0a" + wire.varint(len(node)) + node


def digest_of_text(text: str) -> FileDigest:
    """*text* as if it were a file."""
    data = text.encode()
    return FileDigest(hashlib.sha256(data).hexdigest(), len(data))
