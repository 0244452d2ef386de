"""advisories: records of the OSV schema, and a plain evaluation of it that hpm's is compared with."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hpmtasks.semver.version import Version, compare

Graph = Mapping[str, Sequence[str]]


def advisory(
    id: str,  # noqa: A002  # as the schema calls it
    name: str,
    *,
    introduced: str = "0",
    fixed: str | None = None,
    versions: Sequence[str] = (),
    severity: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An advisory on the Hemlock package *name*: one range, or just *versions*."""
    events = [{"introduced": introduced}, *([{"fixed": fixed}] if fixed else [])]
    affected: dict[str, Any] = {"package": {"ecosystem": "Hemlock", "name": name}}
    if versions:
        affected["versions"] = list(versions)
    else:
        affected["ranges"] = [{"type": "SEMVER", "events": events}]
    document = {
        "schema_version": "1.7.0",
        "id": id,
        "modified": "2024-01-01T00:00:00Z",
        "summary": f"Something is wrong with {name}",
        "affected": [affected],
        **more,
    }
    if severity:
        document["severity"] = [{"type": f"CVSS_V{severity[5]}", "score": severity}]
    return document


def write_database(folder: Path, *documents: Mapping[str, Any]) -> Path:
    """*folder* holds *documents*, a file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        (folder / f"{document['id']}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


# ---------------------------------------------------------------- the schema's algorithm, word for word


def is_vulnerable(document: Mapping[str, Any], name: str, version: str, commit: str, graph: Graph) -> bool:
    """The schema's ``IsVulnerable`` for a Hemlock package on github.com, with no thought for speed.

    *graph* has the parents of each commit.
    """
    for affected in document["affected"]:
        package = affected.get("package", {})
        is_it = package.get("ecosystem") == "Hemlock" and package["name"].lower() == name.lower()
        repository = f"https://github.com/{name}".lower()
        own = [each for each in affected.get("ranges", ()) if each.get("repo", "").lower() == repository]
        if (is_it or (own and not package)) and any(
            compare(listed.removeprefix("v"), version) == 0 for listed in affected.get("versions", ())
        ):
            return True
        if is_it and any(
            _in_ordered(each["events"], version)
            for each in affected.get("ranges", ())
            if each["type"] != "GIT"
        ):
            return True
        if any(_in_graph(each["events"], commit, graph) for each in own):
            return True
    return False


def _in_ordered(events: Sequence[Mapping[str, str]], version: str) -> bool:
    limits = [event["limit"] for event in events if "limit" in event]
    if limits and not any(compare(version, limit) < 0 for limit in limits):
        return False
    vulnerable = False
    ordered = [event for event in events if "limit" not in event]
    ordered.sort(key=functools.cmp_to_key(_order))
    for event in ordered:
        start = event.get("introduced")
        if start is not None and (start == "0" or compare(version, start) >= 0):
            vulnerable = True
        if "fixed" in event and compare(version, event["fixed"]) >= 0:
            vulnerable = False
        if "last_affected" in event and compare(version, event["last_affected"]) > 0:
            vulnerable = False
    return vulnerable


def _order(one: Mapping[str, str], other: Mapping[str, str]) -> int:
    (first,), (second,) = one.values(), other.values()
    if "0" in (first, second):
        return (first != "0") - (second != "0")
    return compare(first, second)


def _in_graph(events: Sequence[Mapping[str, str]], commit: str, graph: Graph) -> bool:
    """Walk down from *commit*: no way may lead over a fix to where it was introduced."""

    def reaches(start: str, goal: str) -> bool:
        return start == goal or any(reaches(parent, goal) for parent in graph.get(start, ()))

    limits = [event["limit"] for event in events if "limit" in event]
    if limits and not any(limit != commit and reaches(limit, commit) for limit in limits):
        return False
    for start in (event["introduced"] for event in events if "introduced" in event):
        if start != "0" and not reaches(commit, start):
            continue
        ended = False
        for event in events:
            end = event.get("fixed") or event.get("last_affected")
            if end is None or (end == commit and "last_affected" in event) or not reaches(commit, end):
                continue
            ended = ended or start == "0" or reaches(end, start)
        if not ended:
            return True
    return False


# ---------------------------------------------------------------- a database at random


def random_database(
    dice: random.Random, names: Sequence[str], commits: Sequence[str], count: int
) -> list[Any]:
    """*count* advisories of every form on *names*, whose repositories have *commits*."""
    return [_random_advisory(dice, index, names, commits) for index in range(count)]


def _random_advisory(
    dice: random.Random, index: int, names: Sequence[str], commits: Sequence[str]
) -> dict[str, Any]:
    affected = []
    for _ in range(dice.randint(1, 2)):
        name = dice.choice(names)
        each: dict[str, Any] = {}
        form = dice.choice(["ordered", "listed", "git", "both", "foreign"])
        if form != "git":
            each["package"] = {"ecosystem": "PyPI" if form == "foreign" else "Hemlock", "name": name}
        if form in {"ordered", "both", "foreign"}:
            each["ranges"] = [
                {"type": dice.choice(["SEMVER", "ECOSYSTEM"]), "events": _events(dice, _random_version)}
                for _ in range(dice.randint(1, 2))
            ]
        if form in {"git", "both"}:
            repository = {"type": "GIT", "repo": f"https://github.com/{name}"}
            events = _events(dice, lambda chance: chance.choice(commits))
            each["ranges"] = [*each.get("ranges", []), {**repository, "events": events}]
        if form == "listed" or dice.random() < 0.3:
            each["versions"] = [
                dice.choice(["", "v"]) + _random_version(dice) for _ in range(dice.randint(1, 4))
            ]
        affected.append(each)
    return {"id": f"HEM-{index:04}", "modified": "2024-01-01T00:00:00Z", "affected": affected}


def _events(dice: random.Random, point: Any) -> list[dict[str, str]]:
    events = [{"introduced": "0" if dice.random() < 0.4 else point(dice)}]
    kinds = ["introduced", "fixed", "fixed", "last_affected"]
    events += [{dice.choice(kinds): point(dice)} for _ in range(dice.randint(0, 3))]
    if dice.random() < 0.15:
        events.append({"limit": point(dice)})
    # Two events at one point have no order that the schema tells.
    seen: dict[str, dict[str, str]] = {}
    for event in events:
        seen.setdefault(next(iter(event.values())), event)
    return list(seen.values())


def _random_version(dice: random.Random) -> str:
    text = f"{dice.randint(0, 2)}.{dice.randint(0, 3)}.{dice.randint(0, 2)}"
    return str(Version.parse(text + ("-rc.1" if dice.random() < 0.2 else "")))
