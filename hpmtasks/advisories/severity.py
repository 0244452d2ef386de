"""severity: how bad an advisory is: one of five words, and the CVSS score that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from hpmtasks.dataclass import dataclass

#: The ratings of the CVSS specification, from harmless to worst. ``unknown``: nobody says.
Rating = Literal["none", "low", "medium", "high", "critical", "unknown"]
#: Those that one may ask for.
RATINGS: tuple[str, ...] = ("low", "medium", "high", "critical")
# The newer version of CVSS decides where an advisory has several.
_NEWEST_FIRST = ("CVSS_V4", "CVSS_V3", "CVSS_V2")
# Databases that give a word instead of a vector.
_WORDS: Mapping[str, Rating] = {
    "low": "low",
    "moderate": "medium",
    "medium": "medium",
    "important": "high",
    "high": "high",
    "critical": "critical",
}
_STEPS: tuple[tuple[float, Rating], ...] = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))


@dataclass(frozen=True, slots=True)
class Severity:
    """A rating; *score* is from 0 to 10, ``None`` where only a word is known or nothing is."""

    rating: Rating
    score: float | None = None

    def reaches(self, rating: str) -> bool:
        """Whether it is at least *rating*. What nobody has rated may be anything, so it is."""
        order = get_args(Rating)
        return order.index(self.rating) >= order.index(rating)


UNKNOWN = Severity("unknown")


def severity_of(holders: Sequence[Mapping[str, Any]]) -> Severity:
    """The worst of what *holders*, an advisory and its parts, say of themselves.

    A vector goes before a word, and a newer version of CVSS before an older one. A vector
    that cannot be read counts as not given.
    """
    entries = [each for holder in holders for each in _entries(holder)]
    for kind in _NEWEST_FIRST:
        scores = [score for each in entries if each.get("type") == kind and (score := _score(kind, each))]
        if scores:
            return max(scores, key=lambda each: each.score or 0.0)
    words = [_WORDS[word] for holder in holders if (word := _word(holder)) in _WORDS]
    return Severity(max(words, key=get_args(Rating).index)) if words else UNKNOWN


def rating_of(score: float) -> Rating:
    """The word for a base *score*: the scale of CVSS 3 and 4, for CVSS 2 as well."""
    return next((rating for least, rating in _STEPS if score >= least), "none")


def _score(kind: str, entry: Mapping[str, Any]) -> Severity | None:
    from cvss import CVSS2, CVSS3, CVSS4
    from cvss.exceptions import CVSSError

    reader = {"CVSS_V2": CVSS2, "CVSS_V3": CVSS3, "CVSS_V4": CVSS4}[kind]
    vector = entry.get("score")
    if not isinstance(vector, str):
        return None
    try:
        read = reader(vector)
        score = float(read.base_score)
    except (CVSSError, ValueError, KeyError, ArithmeticError):
        return None
    return Severity(rating_of(score), score)


def _entries(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = holder.get("severity")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _word(holder: Mapping[str, Any]) -> str:
    for key in ("database_specific", "ecosystem_specific"):
        specific = holder.get(key)
        word = specific.get("severity") if isinstance(specific, dict) else None
        if isinstance(word, str):
            return word.lower()
    return ""
