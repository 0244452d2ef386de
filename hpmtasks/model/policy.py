"""policy: what a project demands of its packages, under ``hpm`` in package.json.

Each is read by whoever acts on it, and checked then: a mistake in what is not used now
stops nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidManifest
from hpmtasks.model.manifest import Manifest
from hpmtasks.pattern import pattern

if TYPE_CHECKING:
    from datetime import date

Trust = Literal["no-downgrade"]
_AGE = pattern(r"([0-9]{1,6})\s*(m|minutes?|h|hours?|d|days?|w|weeks?)")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_AGE_FORM = 'it is a number of minutes, or a text such as "12 hours", "3 days", "2 weeks"'
_LONGEST_MINUTES = 10 * 365 * 24 * 60


@dataclass(frozen=True, slots=True)
class Ignore:
    """An advisory that the project has looked at and can live with.

    Attributes:
        id: Any of its names.
        reason: Why.
        until: The last day on which it counts; ``None``: for ever.
    """

    id: str
    reason: str
    until: date | None

    def counts_on(self, day: date) -> bool:
        """Whether it holds on *day*."""
        return self.until is None or day <= self.until


def ignores_of(manifest: Manifest, path: str) -> tuple[Ignore, ...]:
    """``hpm.audit.ignore`` of *manifest*, which is the file *path*.

    Raises:
        InvalidManifest: An entry lacks its id or its reason, or its date is none; all are told.
    """
    listed = _object(manifest, "audit", path).get("ignore")
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise InvalidManifest(path, ["hpm.audit.ignore must be a list of objects."])
    issues: list[str] = []
    found = [_ignore(each, f"hpm.audit.ignore[{index}]", issues) for index, each in enumerate(listed)]
    if issues:
        raise InvalidManifest(path, issues)
    return tuple(each for each in found if each is not None)


def audit_database_of(manifest: Manifest, path: str) -> str | None:
    """``hpm.audit.database`` of *manifest*: a path, relative to the project.

    Raises:
        InvalidManifest: It is no text.
    """
    database = _object(manifest, "audit", path).get("database")
    if database is not None and not isinstance(database, str):
        raise InvalidManifest(path, ["hpm.audit.database must be the path of a folder or a zip file."])
    return database or None


def license_lists_of(manifest: Manifest, path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``hpm.licenses.allow`` and ``hpm.licenses.deny`` of *manifest*, as written.

    Raises:
        InvalidManifest: One of them is no list of texts.
    """
    policy = _object(manifest, "licenses", path)
    found = []
    for key in ("allow", "deny"):
        listed = policy.get(key)
        listed = [] if listed is None else listed
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise InvalidManifest(path, [f'hpm.licenses.{key} must be a list of licenses such as "MIT".'])
        found.append(tuple(listed))
    return found[0], found[1]


def trust_of(manifest: Manifest, path: str) -> Trust | None:
    """``hpm.trust`` of *manifest*; ``None`` if nothing is demanded.

    Raises:
        InvalidManifest: It is something else than ``no-downgrade``.
    """
    trust = manifest.policy.get("trust")
    if trust is None:
        return None
    if trust != "no-downgrade":
        raise InvalidManifest(path, ['hpm.trust must be "no-downgrade", or be left out.'])
    return "no-downgrade"


def release_age_of(manifest: Manifest, path: str) -> int | None:
    """``hpm.minimumReleaseAge`` of *manifest*, in seconds; ``None`` if it says nothing.

    Raises:
        InvalidManifest: It is no age.
    """
    given = manifest.policy.get("minimumReleaseAge")
    if given is None:
        return None
    try:
        return parse_age(given)
    except ValueError as error:
        raise InvalidManifest(path, [f"hpm.minimumReleaseAge cannot be used: {error}."]) from None


def parse_age(given: Any) -> int:
    """The seconds that *given* means: minutes as a number, or a number and a unit as a text.

    Raises:
        ValueError: It means none.
    """
    if isinstance(given, str) and given.strip().isdecimal() and given.isascii():
        given = int(given) if len(given) <= len(str(_LONGEST_MINUTES)) else -1
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= _LONGEST_MINUTES:
        return given * 60
    found = _AGE.fullmatch(given.strip().lower()) if isinstance(given, str) else None
    if found is None or int(found[1]) * _SECONDS[found[2][0]] > _LONGEST_MINUTES * 60:
        raise ValueError(_AGE_FORM)
    return int(found[1]) * _SECONDS[found[2][0]]


def _ignore(entry: Any, where: str, issues: list[str]) -> Ignore | None:
    if not isinstance(entry, dict):
        issues.append(f'{where} must be an object: {{"id": …, "reason": …, "until": …}}.')
        return None
    before = len(issues)
    issues += [
        f"{where}.{key} is missing; whoever reads it later wants to know."
        for key in ("id", "reason")
        if not isinstance(entry.get(key), str) or not entry[key].strip()
    ]
    until = None
    if entry.get("until") is not None:
        from datetime import date

        try:
            until = date.fromisoformat(entry["until"])
        except (TypeError, ValueError):
            issues.append(f"{where}.until must be a day such as 2030-12-31.")
    return Ignore(entry["id"], entry["reason"], until) if len(issues) == before else None


def _object(manifest: Manifest, key: str, path: str) -> Mapping[str, Any]:
    found = manifest.policy.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidManifest(path, [f"hpm.{key} must be an object."])
    return found
