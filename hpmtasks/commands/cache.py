"""cache: what the store holds, whether it is whole, and how to be rid of what is not needed."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import groupby

from hpmtasks.commands.command import Arguments, Command, Context
from hpmtasks.errors import IntegrityMismatch, OutOfDate, Usage
from hpmtasks.model.lockfile import read_lockfile
from hpmtasks.semver.version import Version
from hpmtasks.store.collection import Choose, Stored, StoredResult
from hpmtasks.store.entries import CachedPackage
from hpmtasks.store.store import Store
from hpmtasks.store.verification import Finding

_AGES = {"h": 3600, "d": 86_400, "w": 7 * 86_400}
# Of results, a CI needs again those that its last run needed.
_RECENT = 86_400
_SIZES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm cache``."""
    parser.add_argument("action", nargs="?", metavar="|".join(_ACTIONS), default="list", help="default: list")
    parser.add_argument("--fix", action="store_true", help="verify: remove what is damaged")
    parser.add_argument(
        "--older", metavar="AGE", help="prune: what was not used for AGE, such as 30d (h, d, w)"
    )
    parser.add_argument(
        "--size",
        metavar="SIZE",
        help="prune: what was not used for longest, until at most SIZE is left (1GB)",
    )
    parser.add_argument(
        "--ci",
        action="store_true",
        help="prune: keep exactly what this project's package-lock.json needs, and results of the last day",
    )


def run(context: Context) -> int:
    """Do what is asked; see :data:`COMMAND`."""
    given = context.arguments
    if given.action not in _ACTIONS:
        near = get_close_matches(given.action, _ACTIONS, n=1)
        hint = f" Did you mean 'hpm cache {near[0]}'?" if near else ""
        raise Usage(f"'hpm cache' can do {_named()}, not {given.action!r}.{hint}")
    if given.fix and given.action != "verify":
        raise Usage("--fix is an option of 'hpm cache verify'.")
    if _choices(given) and given.action != "prune":
        raise Usage("--older, --size and --ci are options of 'hpm cache prune'.")
    return _ACTIONS[given.action](context, Store(context.settings.cache_dir))


# ---------------------------------------------------------------- looking


def _list(context: Context, store: Store) -> int:
    packages = sorted(store.list_packages(), key=_by_name_then_version)
    total = store.size()
    results, size = store.count_results()
    console = context.console
    console.result(
        {
            "path": str(context.settings.cache_dir),
            "size": total,
            "packages": _as_data(packages),
            "results": {"count": results, "size": size},
        }
    )
    if not packages and not results:
        console.line(f"The cache in {context.settings.cache_dir} is empty.")
        return 0
    what = "Cached packages" if packages else "Cached"
    console.line(f"{what} in {context.settings.cache_dir}:")
    for name, versions in groupby(packages, key=lambda package: package.name):
        console.line(f"\n{name}")
        for package in versions:
            console.line(f"  {package.version or package.commit[:12]} ({in_units(package.size)})")
    if results:
        console.line(f"\n{_counted(results, 'result')} of scripts ({in_units(size)})")
    console.line(f"\nTotal: {in_units(total)}")
    return 0


def _path(context: Context, store: Store) -> int:
    del store
    context.console.result({"path": str(context.settings.cache_dir)})
    context.console.line(str(context.settings.cache_dir))
    return 0


def _size(context: Context, store: Store) -> int:
    size = store.size()
    context.console.result({"path": str(context.settings.cache_dir), "size": size})
    context.console.line(in_units(size))
    return 0


def _verify(context: Context, store: Store) -> int:
    console = context.console
    with console.progress("reading everything in the store"):
        findings = store.verify()
    if context.arguments.fix:
        store.remove(findings)
    is_fixed = context.arguments.fix and bool(findings)
    console.result(
        {
            "damaged": [
                {
                    "what": each.what,
                    "path": str(each.path),
                    "packages": list(each.packages),
                    "reason": each.reason,
                }
                for each in findings
            ],
            "removed": is_fixed,
        }
    )
    for each in findings:
        console.line(f"{each.what}{_whose(each)}: {each.reason}\n  {each.path}")
    if not findings:
        console.line("Everything in the store is as it was stored.")
    elif is_fixed:
        console.report(f"\nRemoved {len(findings)} damaged; what is needed again is fetched again.")
    else:
        console.note(f"\n{len(findings)} damaged. 'hpm cache verify --fix' removes what is.")
    return IntegrityMismatch.exit_code if findings and not is_fixed else 0


# ---------------------------------------------------------------- taking away


def _clean(context: Context, store: Store) -> int:
    freed = store.clean(_waiting(context))
    context.console.result({"freed": freed})
    context.console.report(f"Cleared cache ({in_units(freed)} freed)")
    return 0


def _prune(context: Context, store: Store) -> int:
    given = context.arguments
    if _choices(given) > 1:
        raise Usage("--older, --size and --ci are three ways to choose; give one of them.")
    pruned = store.prune(_choice(context), _waiting(context))
    packages = sorted(pruned.packages, key=_by_name_then_version)
    console = context.console
    console.result({"freed": pruned.freed, "packages": _as_data(packages), "results": pruned.results})
    for package in packages:
        console.report(f"  - {package.name}@{package.version or package.commit[:12]}")
    gone = _counted(len(packages), "package")
    if pruned.results:
        gone += f" and {_counted(pruned.results, 'result')} of scripts"
    console.report(f"Removed {gone} ({in_units(pruned.freed)} freed)")
    return 0


def _choices(given: Arguments) -> int:
    return sum((given.older is not None, given.size is not None, given.ci))


def _choice(context: Context) -> Choose:
    given = context.arguments
    if given.older is not None:
        return _used_since(time.time() - _seconds(given.older))
    if given.size is not None:
        return _fitting_into(_bytes(given.size))
    if given.ci:
        return _locked(context)
    return lambda stored: stored


def _used_since(moment: float) -> Choose:
    return lambda stored: [each for each in stored if each.used >= moment]


def _fitting_into(limit: int) -> Choose:
    def choose(stored: Sequence[Stored | StoredResult]) -> list[Stored | StoredResult]:
        kept, left = [], limit
        for each in sorted(stored, key=lambda it: (-it.used, str(it))):
            left -= each.size
            if left < 0:
                break
            kept.append(each)
        return kept

    return choose


def _locked(context: Context) -> Choose:
    lockfile = read_lockfile(context.project.lock_path)
    if lockfile is None:
        raise OutOfDate("There is no package-lock.json that says what is needed. Run 'hpm install' first.")
    entries = lockfile.entries
    moment = time.time() - _RECENT

    def is_needed(each: Stored | StoredResult) -> bool:
        if isinstance(each, StoredResult):
            return each.used >= moment
        entry = entries.get(each.name)
        if entry is None:
            return False
        return (
            each.commit == entry.commit
            if entry.commit and each.commit
            else each.version == str(entry.version)
        )

    return lambda stored: [each for each in stored if is_needed(each)]


def _seconds(age: str) -> int:
    match = re.fullmatch(r"([0-9]{1,6})([hdw])", age.lower())
    if match is None:
        raise Usage(f"--older {age}: a number of hours, days or weeks is expected, such as 12h, 30d or 4w.")
    return int(match[1]) * _AGES[match[2]]


def _bytes(size: str) -> int:
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([KMGT]?)B?", size.upper())
    if match is None:
        raise Usage(f"--size {size}: a size is expected, such as 500MB or 1.5GB.")
    return int(float(match[1]) * _SIZES[match[2]])


def _waiting(context: Context) -> Callable[[], None]:
    return lambda: context.console.note("Waiting for an installation to finish with the store ...")


# ---------------------------------------------------------------- telling


def _as_data(packages: Sequence[CachedPackage]) -> list[dict[str, object]]:
    return [
        {"name": str(each.name), "version": each.version, "commit": each.commit, "size": each.size}
        for each in packages
    ]


def _whose(finding: Finding) -> str:
    """Which packages *finding* is a part of; results of scripts are of none."""
    if finding.what in {"result", "blob"}:
        return " of a script" if finding.what == "result" else " of a script's result"
    return f" of {', '.join(finding.packages) or 'no package'}"


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def _by_name_then_version(package: CachedPackage) -> tuple[str, bool, Version | None, str]:
    """Versions in their own order; what has none, or none that is one, goes first."""
    try:
        version = Version.parse(package.version or "")
    except ValueError:
        return package.name.key, False, None, package.version or package.commit
    return package.name.key, True, version, package.commit


def in_units(size: int) -> str:
    """*size* bytes as a person reads it: ``1.2 MB``."""
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


_ACTIONS: dict[str, Callable[[Context, Store], int]] = {
    "list": _list,
    "size": _size,
    "path": _path,
    "verify": _verify,
    "prune": _prune,
    "clean": _clean,
}


def _named() -> str:
    *most, last = _ACTIONS
    return f"{', '.join(most)} or {last}"


COMMAND = Command(
    name="cache",
    summary="show, check or shrink the store that all projects share",
    description=(
        "'list' shows each cached version with its size, and how many results of scripts there are; 'size'"
        " the whole, 'path' where it is. 'verify' reads everything and names what is damaged (exit 6)."
        " 'prune' removes what belongs to nothing, and what an option chooses, packages and results alike;"
        " 'clean' removes everything. Installed packages stay as they are, and what is needed again is"
        " downloaded, or run, again; an installation may go on meanwhile."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm cache", "what is cached"),
        ("hpm cache verify --fix", "read everything, remove what is damaged"),
        ("hpm cache prune --older 30d", "remove what was not used for a month"),
        ("hpm cache prune --ci", "before a CI saves the cache: keep what the lock needs"),
        ("hpm cache clean", "remove all of it"),
    ),
)
