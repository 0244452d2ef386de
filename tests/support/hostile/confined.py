"""confined: a process that unpacks hostile archives with little memory and little time.

``python -m tests.support.hostile.confined FOLDER [NAME...]`` adds each case to a store in FOLDER,
unpacks it, lays it out, and prints one line of JSON about it: ``name``, ``refusal`` (or null),
``files`` (path → content, where there are few), ``seconds``, ``problem`` (what must not be, or null).
Another store takes each in at once, which has to come to the same.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from hpmtasks.errors import HpmError
from hpmtasks.files.removal import remove_tree
from hpmtasks.store.entries import LinkMethod
from hpmtasks.store.store import Store
from tests.support.hostile.case import Case
from tests.support.hostile.corpus import CASES
from tests.support.store_worker import COMMIT, NAME, writing

#: What one archive may take: memory, and time of a processor, whatever else the machine does.
MOST_BYTES, MOST_SECONDS = 500 << 20, 10


class TooLong(BaseException):
    """The time is over."""


def _end(number: int, frame: object) -> None:
    raise TooLong


def tried(case: Case, folder: Path) -> dict[str, Any]:
    """What became of *case* in *folder*, which is new and empty."""
    data = case.data
    store = Store(folder / "cache")
    target = folder / "project" / "acme" / "lib"
    found: dict[str, Any] = {"name": case.name, "refusal": None, "files": None, "problem": None}
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        store.add_archive(NAME, COMMIT, writing(data))
        store.read_manifest(NAME, COMMIT)
        tree = store.unpack(NAME, COMMIT)
        store.lay_out(tree, target, how=LinkMethod.COPY if len(tree.files) < 100 else None)
    except HpmError as error:
        found["refusal"] = str(error)
    except TooLong:
        found["problem"] = f"took more than {MOST_SECONDS} seconds"
    except BaseException:  # noqa: BLE001 - whatever it is, it must not be
        found["problem"] = traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    found["seconds"] = round(time.process_time() - began, 2)
    if found["refusal"] is None and found["problem"] is None:
        found["files"] = _contents(target)
    elif target.exists() or ((folder / "project").exists() and any((folder / "project" / "acme").iterdir())):
        found["problem"] = "something was laid out of what was refused"
    found["problem"] = found["problem"] or _left_behind(store, case) or _at_once(case, folder / "at once")
    return found


def _at_once(case: Case, cache: Path) -> str | None:
    """What is wrong if the archive is taken in at once; it is to end as the table says."""
    store = Store(cache)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        taken = store.take_in(NAME, COMMIT, writing(case.data))
        if case.refusal or store.find_tree_of(NAME, COMMIT) != taken.tree:
            return "taken in at once it is not refused, or not found again"
    except HpmError as error:
        if not case.refusal or case.refusal not in str(error):
            return f"taken in at once it is refused: {error}"
    except TooLong:
        return f"to take it in at once takes more than {MOST_SECONDS} seconds"
    except BaseException:  # noqa: BLE001 - whatever it is, it must not be
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return _left_behind(store, case)


def _contents(target: Path) -> dict[str, str]:
    paths = [path for path in target.rglob("*") if not path.is_dir()]
    assert not any(path.is_symlink() or not path.is_file() for path in paths)
    small = len(paths) < 100
    return {
        path.relative_to(target).as_posix(): path.read_bytes()[:64].decode("latin-1") if small else ""
        for path in paths
    }


def _left_behind(store: Store, case: Case) -> str | None:
    """What a refused archive has left; nothing under a temporary name is ever left."""
    files = [path for path in store.layout.root.rglob("*") if not path.is_dir()]
    odd = [str(path) for path in files if store.layout.temporary in path.parents]
    if case.refusal:
        odd += [str(path) for path in files if path != store.layout.mutex]
    return f"left behind: {odd[:3]}" if odd else None


def main(folder: Path, names: list[str]) -> None:
    """Try the cases of *names*, or all."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    signal.signal(signal.SIGPROF, _end)
    for number, case in enumerate(CASES):
        if not names or case.name in names:
            place = folder / str(number)
            place.mkdir()
            print(json.dumps(tried(case, place)), flush=True)
            remove_tree(place)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"peakBytes": peak * (1 if sys.platform == "darwin" else 1024)}), flush=True)


if __name__ == "__main__":
    os.umask(0o022)
    main(Path(sys.argv[1]), sys.argv[2:])
