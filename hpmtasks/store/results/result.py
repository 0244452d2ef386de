"""result: what a script left and printed, as REAPI's ``ActionResult``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hpmtasks.dataclass import dataclass
from hpmtasks.store.results import wire
from hpmtasks.store.results.digest import EMPTY, Digest
from hpmtasks.store.results.paths import why_no_link, why_no_output, why_not_together
from hpmtasks.store.results.wire import Malformed, Message

#: A ``Tree`` whose root holds nothing: how REAPI says that a folder is empty.
EMPTY_TREE = wire.message(1, b"")
_EMPTY_TREE_DIGEST = Digest.of(EMPTY_TREE)
#: Files, links and folders of one result.
MOST_OUTPUTS = 100_000
# ActionResult's fields; then those of ExecutedActionMetadata, of Any, and of our own LogOrder.
_FILES, _FOLDERS, _EXIT_CODE, _STDOUT, _STDERR, _METADATA, _LINKS = 2, 3, 4, 6, 8, 9, 12
_AUXILIARY, _DURATION = 11, 12
_TYPE, _VALUE = 1, 2
_RUNS = 1
# Others skip what is of a type that they do not know; that is what auxiliary_metadata is for.
_LOG_ORDER = "hpm/hpm.results.LogOrder"
_LONGEST_SECONDS = 10**9


@dataclass(frozen=True, slots=True, order=True)
class OutputFile:
    """A file that was left; *path* is relative to the folder that the script ran in."""

    path: str
    digest: Digest
    executable: bool = False


@dataclass(frozen=True, slots=True, order=True)
class OutputLink:
    """A symbolic link that was left; *target* is relative to the folder that the link is in."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What one run of an action left and printed. Equal results have equal bytes.

    Attributes:
        files: Sorted by path.
        links: Sorted by path.
        folders: Those that were left empty; sorted.
        exit_code: 0 if the action did what it should.
        stdout: What it printed there, as a whole.
        stderr: What it printed there.
        order: How the two followed each other: how many bytes came on stdout, then how many on
            stderr, then on stdout again ... Empty: nobody knows, or one of them is empty.
        seconds: How long it ran, in whole milliseconds.
    """

    files: tuple[OutputFile, ...] = ()
    links: tuple[OutputLink, ...] = ()
    folders: tuple[str, ...] = ()
    exit_code: int = 0
    stdout: Digest = EMPTY
    stderr: Digest = EMPTY
    order: tuple[int, ...] = ()
    seconds: float = 0.0

    def digests(self) -> Iterator[Digest]:
        """Each blob that has to be there for the result to be worth something; some more than once."""
        for file in self.files:
            yield file.digest
        yield self.stdout
        yield self.stderr
        if self.folders:
            yield _EMPTY_TREE_DIGEST

    def encode(self) -> bytes:
        """As a REAPI ``ActionResult`` message, in its canonical form.

        Raises:
            UnicodeEncodeError: A path is no text.
        """
        tree = wire.message(3, _EMPTY_TREE_DIGEST.encode())
        return b"".join(
            (
                *(wire.message(_FILES, _encode_file(file)) for file in sorted(self.files)),
                *(wire.message(_FOLDERS, wire.text(1, path) + tree) for path in sorted(self.folders)),
                wire.number(_EXIT_CODE, self.exit_code),
                b"" if self.stdout == EMPTY else wire.message(_STDOUT, self.stdout.encode()),
                b"" if self.stderr == EMPTY else wire.message(_STDERR, self.stderr.encode()),
                wire.data(_METADATA, self._encode_metadata()),
                *(
                    wire.message(_LINKS, wire.text(1, link.path) + wire.text(2, link.target))
                    for link in sorted(self.links)
                ),
            )
        )

    def _encode_metadata(self) -> bytes:
        order = wire.text(_TYPE, _LOG_ORDER) + wire.data(_VALUE, wire.numbers(_RUNS, self.order))
        seconds, milliseconds = divmod(round(self.seconds * 1000), 1000)
        duration = wire.number(1, seconds) + wire.number(2, milliseconds * 1_000_000)
        return (wire.message(_AUXILIARY, order) if self.order else b"") + wire.data(_DURATION, duration)

    @classmethod
    def decode(cls, encoded: bytes) -> ActionResult:
        """The result in *encoded*, whoever wrote it; each of its paths may be an output.

        Raises:
            Malformed: It is none, or one that no honest run of a script has.
        """
        message = Message(encoded)
        files = sorted(map(_decode_file, message.messages(_FILES)))
        links = sorted(OutputLink(each.text(1), each.text(2)) for each in message.messages(_LINKS))
        folders = sorted(map(_decode_folder, message.messages(_FOLDERS)))
        _check(files, links, folders)
        stdout, stderr = (_decode_log(message, field) for field in (_STDOUT, _STDERR))
        order, seconds = _decode_metadata(message.message(_METADATA))
        if order and (sum(order[::2]), sum(order[1::2])) != (stdout.size, stderr.size):
            raise Malformed("the order of the log does not add up")
        return cls(
            tuple(files),
            tuple(links),
            tuple(folders),
            message.number(_EXIT_CODE),
            stdout,
            stderr,
            order,
            seconds,
        )


def _encode_file(file: OutputFile) -> bytes:
    return wire.text(1, file.path) + wire.message(2, file.digest.encode()) + wire.flag(4, file.executable)


def _decode_file(message: Message) -> OutputFile:
    digest = message.message(2)
    if digest is None:
        raise Malformed("a file has no digest")
    return OutputFile(message.text(1), Digest.decode(digest), message.flag(4))


def _decode_folder(message: Message) -> str:
    """The path of an empty folder; hpm writes the files of others one by one."""
    tree = message.message(3)
    if tree is None or Digest.decode(tree) != _EMPTY_TREE_DIGEST:
        raise Malformed("a folder that is not empty stands as one thing")
    return message.text(1)


def _decode_log(message: Message, field: int) -> Digest:
    digest = message.message(field)
    return EMPTY if digest is None else Digest.decode(digest)


def _decode_metadata(message: Message | None) -> tuple[tuple[int, ...], float]:
    """The order of the log, and the seconds."""
    if message is None:
        return (), 0.0
    ours = [each for each in message.messages(_AUXILIARY) if each.text(_TYPE) == _LOG_ORDER]
    order = Message(ours[0].data(_VALUE)).numbers(_RUNS) if ours else []
    duration = message.message(_DURATION)
    seconds, nanos = (duration.number(1), duration.number(2)) if duration is not None else (0, 0)
    if any(run < 0 for run in order) or not 0 <= seconds < _LONGEST_SECONDS or not 0 <= nanos < 10**9:
        raise Malformed("a length or a time is less than nothing")
    return tuple(order), round(seconds + nanos / 1e9, 3)


def _check(files: Sequence[OutputFile], links: Sequence[OutputLink], folders: Sequence[str]) -> None:
    """Raises: Malformed: These cannot be the outputs of a script."""
    if len(files) + len(links) + len(folders) > MOST_OUTPUTS:
        raise Malformed(f"it has more than {MOST_OUTPUTS} outputs")
    for path in (*(file.path for file in files), *(link.path for link in links), *folders):
        reason = why_no_output(path)
        if reason:
            raise Malformed(f"the path {path!r} {reason}")
    for link in links:
        reason = why_no_link(link.path, link.target)
        if reason:
            raise Malformed(f"the link {link.path} {reason}")
    reason = why_not_together((*(file.path for file in files), *(link.path for link in links)), folders)
    if reason:
        raise Malformed(reason)
