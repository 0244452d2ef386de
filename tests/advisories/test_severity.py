"""How bad an advisory is: vectors go before words, newer ones before older ones."""

from __future__ import annotations

from typing import Any

import pytest

from hpmtasks.advisories.severity import UNKNOWN, Severity, severity_of

V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N"


def scored(**vectors: str) -> dict[str, Any]:
    """A holder of ``severity``: ``V3="CVSS:3.1/..."``."""
    return {"severity": [{"type": f"CVSS_{kind}", "score": score} for kind, score in vectors.items()]}


@pytest.mark.parametrize(
    ("holders", "expected"),
    [
        ([scored(V2=V2)], Severity("high", 7.5)),
        ([scored(V3=V3)], Severity("critical", 9.8)),
        ([scored(V4=V4)], Severity("medium", 6.9)),
        ([scored(V3=V3, V4=V4)], Severity("medium", 6.9)),
        ([scored(V3="CVSS:3.1/AV:N"), {"database_specific": {"severity": "MODERATE"}}], Severity("medium")),
        ([scored(V3=V3), {"database_specific": {"severity": "LOW"}}], Severity("critical", 9.8)),
        (
            [{"database_specific": {"severity": "LOW"}}, {"ecosystem_specific": {"severity": "High"}}],
            Severity("high"),
        ),
        ([{"severity": "bad"}, {"database_specific": []}], UNKNOWN),
        ([scored(V3="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N")], Severity("none", 0.0)),
    ],
)
def test_worst_of_the_newest_counts(holders: list[dict[str, Any]], expected: Severity) -> None:
    """CVSS 4, then 3, then 2, then the word of the database; what cannot be read is passed over."""
    assert severity_of(holders) == expected


def test_what_nobody_has_rated_is_never_filtered_out() -> None:
    """An unknown severity reaches every level; a known one those up to its own."""
    assert UNKNOWN.reaches("critical")
    assert Severity("high").reaches("medium")
    assert not Severity("medium").reaches("high")
