"""The store of results alone, a thousand of them: ``python3 dodo.py bench:results``.

Prints figures for a reader; judges nothing but that what comes back is right. Each result has one
file of its own and a line that it printed, as a small script leaves them. "Matched" is whether outputs
on the disk are those of a result; "beside a server" is everything brought from a server on loopback.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hpmtasks.scripts.digests import FileDigests
from hpmtasks.scripts.log import Log
from hpmtasks.scripts.outputs import collect
from hpmtasks.scripts.restore import restore
from hpmtasks.scripts.standing import DigestOf, match
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.result_store import ResultStore
from tests.support.http_cache import HttpCache
from tests.support.result_stores import layered_results

RESULTS = 1000
TICK_SECONDS = 0.05


def patterns(number: int) -> tuple[str, ...]:
    """The outputs of task *number*."""
    return (f"out/{number}.txt",)


def action(number: int) -> Digest:
    """The action of task *number*."""
    return Digest.of(b"%d" % number)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """What is inside is timed, and the time for one result printed."""
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    print(f"  {what:32} {seconds * 1000:7.1f} ms, {seconds / RESULTS * 1e6:5.0f} µs each")


def digests_of(folder: Path) -> tuple[FileDigests, DigestOf]:
    """What is remembered of the files in *folder*."""
    table = FileDigests(folder, folder / "digests.json")
    cut = len(str(folder)) + 1

    def digest_of(path: str, status: object) -> Digest:
        found = table.digest(path[cut:], status)  # type: ignore[arg-type]
        return Digest(found.hash, found.size)

    return table, digest_of


def keep_all(folder: Path, store: ResultStore, digest_of: DigestOf) -> None:
    """Every task has run in *folder*, and its result is kept."""
    for number in range(RESULTS):
        outputs = collect(folder, patterns(number), digest_of)
        with Log(folder) as log:
            log.write("stdout", b"task %d\n" % number)
            store.put(outputs.blobs(log))
            store.put_result(action(number), outputs.result(log, 0.01))


def look_up(store: ResultStore) -> list[ActionResult]:
    """Every result, of which each has to be there."""
    found = [store.get_result(action(number)) for number in range(RESULTS)]
    return [result for result in found if result is not None]


def count(done: Callable[[int], bool]) -> int:
    """Of how many tasks *done* is true."""
    return sum(map(done, range(RESULTS)))


def main() -> None:
    """Keep, look up, match and restore everything once."""
    root = Path(tempfile.mkdtemp(prefix="hpm-results-"))
    try:
        measure(root)
    finally:
        shutil.rmtree(root)


def measure(root: Path) -> None:
    """Print the figures, with everything in *root*."""
    folder = root / "project"
    (folder / "out").mkdir(parents=True)
    for number in range(RESULTS):
        (folder / "out" / f"{number}.txt").write_bytes(b"%d\n" % number * 100)
    time.sleep(TICK_SECONDS)  # younger files are not trusted by their times
    table, digest_of = digests_of(folder)
    store = FolderResults(root / "cache")
    print(f"{RESULTS} results, each a file of its own and a line that was printed")
    with timed("kept"):
        keep_all(folder, store, digest_of)
    with timed("looked up"):
        results = look_up(store)
    with timed("matched"):
        matched = count(lambda number: match(results[number], folder, patterns(number), digest_of))
    table.save()
    shutil.rmtree(folder / "out")
    with timed("restored"):
        for number, result in enumerate(results):
            restore(result, store, folder, patterns(number), digest_of)
    with HttpCache() as server:
        writer = layered_results(root / "cache", server.url, [], write=True)
        with timed("sent to a server"):
            for number, result in enumerate(results):
                writer.put_result(action(number), result)
            writer.close()
        reader = layered_results(root / "another", server.url, [])
        with timed("brought from a server"):
            brought = look_up(reader)
        reader.close()
    right = count(lambda number: match(results[number], folder, patterns(number), digest_of))
    if not len(results) == matched == right == RESULTS or brought != results:
        raise SystemExit("what came back is not what was kept")


if __name__ == "__main__":
    main()
