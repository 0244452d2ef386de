"""advisory: one record of the OSV schema, read strictly where it decides and leniently elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast, get_args

from hpmtasks.advisories.severity import Severity, severity_of
from hpmtasks.dataclass import dataclass
from hpmtasks.model.json_text import MalformedJson, load

#: Longest record that is read, in bytes. Those of distributions list thousands of versions.
LARGEST_ADVISORY = 32 * 1024 * 1024
EventKind = Literal["introduced", "fixed", "last_affected", "limit"]
RangeKind = Literal["SEMVER", "ECOSYSTEM", "GIT"]


@dataclass(frozen=True, slots=True)
class Event:
    """What changed at a version or a commit; ``0`` stands for before everything."""

    kind: EventKind
    at: str


@dataclass(frozen=True, slots=True)
class Range:
    """Events of one kind of order; *repository* is where the commits of ``GIT`` are."""

    kind: RangeKind
    events: tuple[Event, ...]
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Affected:
    """One package that an advisory speaks of; ``ecosystem`` and ``name`` are empty if it has only commits."""

    ecosystem: str
    name: str
    purl: str
    ranges: tuple[Range, ...]
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advisory:
    """One record.

    Attributes:
        id: As its database calls it.
        aliases: What others call the same.
        withdrawn: Its authors took it back.
        severity: How bad it is, as far as it says so.
        affected: The packages that it speaks of.
    """

    id: str
    summary: str
    aliases: tuple[str, ...]
    withdrawn: bool
    severity: Severity
    affected: tuple[Affected, ...]

    @property
    def names(self) -> frozenset[str]:
        """Every name of it."""
        return frozenset({self.id, *self.aliases})


def parse_advisory(data: bytes) -> Advisory:
    """The advisory that *data*, a JSON document of the OSV schema, holds.

    Raises:
        ValueError: It holds none; the clause says why.
    """
    try:
        document = load(data, limit=LARGEST_ADVISORY)
    except MalformedJson as error:
        raise ValueError(f"it is not valid JSON: {error}") from None
    return advisory_of(document)


def advisory_of(document: Any) -> Advisory:
    """The advisory that *document*, decoded JSON, is.

    Raises:
        ValueError: It is none; the clause says why.
    """
    if not isinstance(document, dict) or not isinstance(document.get("id"), str) or not document["id"]:
        raise ValueError('it has no "id", so it is no advisory')
    affected = _objects(document, "affected")
    summary = document.get("summary") or _first_line(document.get("details"))
    return Advisory(
        id=document["id"],
        summary=summary if isinstance(summary, str) else "",
        aliases=_texts(document, "aliases"),
        withdrawn=bool(document.get("withdrawn")),
        severity=severity_of([document, *affected]),
        affected=tuple(_affected(each) for each in affected),
    )


def _affected(holder: Mapping[str, Any]) -> Affected:
    package = holder.get("package")
    package = package if isinstance(package, dict) else {}
    return Affected(
        ecosystem=_text(package, "ecosystem"),
        name=_text(package, "name"),
        purl=_text(package, "purl"),
        ranges=tuple(_range(each) for each in _objects(holder, "ranges")),
        versions=_texts(holder, "versions"),
    )


def _range(holder: Mapping[str, Any]) -> Range:
    kind = holder.get("type")
    if kind not in get_args(RangeKind):
        raise ValueError(f"a range is of type {kind!r}, which is none")
    events = [
        Event(cast("EventKind", name), at)
        for each in _objects(holder, "events")
        for name, at in each.items()
        if name in get_args(EventKind) and isinstance(at, str) and at
    ]
    if not any(event.kind == "introduced" for event in events):
        raise ValueError('a range has no "introduced"')
    return Range(cast("RangeKind", kind), tuple(events), _text(holder, "repo"))


def _objects(holder: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    found = holder.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError(f'"{key}" is not a list of objects')
    return found


def _texts(holder: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = holder.get(key)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f'"{key}" is not a list of texts')
    return tuple(found)


def _text(holder: Mapping[str, Any], key: str) -> str:
    found = holder.get(key)
    return found if isinstance(found, str) else ""


def _first_line(details: Any) -> str:
    return details.strip().partition("\n")[0] if isinstance(details, str) else ""
