"""explain: why a script would run, be restored, or is fresh, from what was recorded and what is there now."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hpmtasks.dataclass import dataclass
from hpmtasks.scripts.differences import Difference, differences, renamed_versions
from hpmtasks.scripts.graph_view import told_seconds
from hpmtasks.scripts.preview import Preview, Verdict
from hpmtasks.scripts.standing import DigestOf, find, is_as_in_result

if TYPE_CHECKING:
    from hpmtasks.scripts.key import Key
    from hpmtasks.scripts.record import Record
    from hpmtasks.scripts.tasks import ScriptTask
    from hpmtasks.store.results.result import ActionResult

#: What would happen, in words.
VERDICTS: Mapping[Verdict, str] = {
    "fresh": "is fresh",
    "restore": "would be restored from a stored result",
    "run": "would run",
    "depends": "depends on what comes before it",
    "service": "is a service: it would run while something needs it",
}
_MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would happen to a task now, and why.

    Attributes:
        reason: A clause; empty if there is nothing to be said.
        differences: What of its key is another than when it was settled last.
        outputs: What of its outputs is not as it left it, a clause each.
        uncounted: What changed and does not count, a clause each.
        key: Everything that it depends on now; ``None`` if nothing is kept of it.
        record: How it was settled last; ``None`` if that is not known.
    """

    task: ScriptTask
    verdict: Verdict
    reason: str
    differences: tuple[Difference, ...] = ()
    outputs: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()
    key: Key | None = None
    record: Record | None = None


def explain(
    task: ScriptTask,
    preview: Preview,
    record: Record | None,
    key: Key | None,
    *,
    digest_of: DigestOf,
    why: Callable[[str], str],
    locked: Mapping[str, str],
) -> Explanation:
    """What is to be said of *task*.

    Args:
        preview: What would happen to it.
        key: Its key as everything is now; ``None`` if nothing is kept of it.
        why: Why a package was chosen, by its name.
        locked: The version of each locked package: one that has the same files as the one before was not
            laid out anew, so what stands there is known by the other.
    """
    found: list[Difference] = []
    outputs: list[str] = []
    uncounted: list[str] = []
    if record is not None and key is not None and record.key:
        now = key.parts()
        found = differences(record.key, now, why)
        versions = {name: locked.get(name, version) for name, version in key.versions.items()}
        told = renamed_versions(record.key, {**now, "versions": versions})
        uncounted = [f"{each}: the same files, so it does not count" for each in told]
    if record is not None and record.result is not None and task.config.is_kept:
        outputs = changed_outputs(task, record.result, digest_of)
    return Explanation(
        task, preview.verdict, preview.reason, tuple(found), tuple(outputs), tuple(uncounted), key, record
    )


def changed_outputs(task: ScriptTask, result: ActionResult, digest_of: DigestOf) -> list[str]:
    """What of the outputs of *task* is not as *result* has it, a clause each, by path."""
    folder = task.member.folder
    standing = find(folder, task.config.outputs)
    told: dict[str, str] = {}
    for file in result.files:
        if file.path not in standing.files:
            told[file.path] = "is gone"
        elif not is_as_in_result(file, folder, standing, digest_of):
            told[file.path] = "was changed"
    for link in result.links:
        if standing.links.get(link.path) != link.target:
            told[link.path] = "was changed" if os.path.lexists(folder / link.path) else "is gone"
    known = {*(file.path for file in result.files), *(link.path for link in result.links)}
    for path in {*standing.files, *standing.links} - known:
        told[path] = "is not from this script"
    for path in set(result.folders) - standing.folders:
        told.setdefault(f"{path}/", "is gone, or not empty any more")
    return [f"{path} {how}" for path, how in sorted(told.items())]


# ---------------------------------------------------------------- told to people


def headline(explanation: Explanation) -> str:
    """The explanation in one line."""
    told = f"{explanation.task.id} {VERDICTS[explanation.verdict]}"
    return f"{told}: {explanation.reason}." if explanation.reason else f"{told}."


def lines(explanation: Explanation) -> list[str]:
    """The explanation in lines for people."""
    told = [headline(explanation), ""]
    told += _proof(explanation) if explanation.verdict == "fresh" else _changes(explanation)
    told += [f"  {clause}" for clause in explanation.uncounted]
    last = _last(explanation)
    if last:
        told += [*([""] if told[-1] else []), last]
    return told if told[-1] else told[:-1]


def _changes(explanation: Explanation) -> list[str]:
    """What changed, by kind."""
    told = [f"  {difference.part:<8}  {difference.told()}" for difference in explanation.differences]
    told += [f"  output    {clause}" for clause in explanation.outputs]
    more = len(told) - _MOST_LINES
    return told if more <= 0 else [*told[:_MOST_LINES], f"  and {more} more; --json has all of them"]


def _proof(explanation: Explanation) -> list[str]:
    """What proved it fresh."""
    key, record = explanation.key, explanation.record
    if key is None or record is None or record.result is None:
        return []
    counted = [
        (len(key.command), "command line"),
        (len(key.files), "file"),
        (len(key.packages), "package"),
        (len(key.env), "variable"),
    ]
    told = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counted)
    files = len(record.result.files) + len(record.result.links)
    return [
        f"  {told} and this machine are as they were",
        f"  {files} output{'' if files == 1 else 's'} stand{'s' if files == 1 else ''} as it left them",
        f"  key {record.action}",
    ]


_LAST = {
    "ran": "The last time it ran",
    "restored": "The last time it was restored; the script had run",
    "failed": "The last time it failed",
    "running": "Its last run did not end",
}


def _last(explanation: Explanation) -> str:
    record = explanation.record
    if record is None:
        return ""
    told = _LAST.get(record.kind, "")
    if record.kind == "failed":
        told += f" with {record.code}"
    return f"{told}, in {told_seconds(record.seconds)}." if record.seconds else f"{told}."


# ---------------------------------------------------------------- told to programs


def as_data(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON has it; ``docs/explain.schema.json`` describes it."""
    key, record = explanation.key, explanation.record
    return {
        "task": str(explanation.task.id),
        "kind": "script",
        "verdict": explanation.verdict,
        "reason": explanation.reason,
        "differences": [
            {
                "part": each.part,
                "name": each.name,
                "how": each.how,
                "before": each.before,
                "after": each.after,
                "secret": each.secret,
                "why": each.why,
            }
            for each in explanation.differences
        ],
        "outputs": list(explanation.outputs),
        "uncounted": list(explanation.uncounted),
        "needs": [str(need) for need in explanation.task.needs],
        "key": None if key is None else {"action": str(key.action), **key.parts()},
        "last": None
        if record is None
        else {
            "kind": record.kind,
            "exitCode": record.code,
            "seconds": record.seconds,
            "reason": record.reason,
            "at": record.at,
            "action": record.action,
        },
    }
