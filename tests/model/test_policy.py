"""What a project demands, under hpm in package.json: read strictly, each by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hpmtasks.errors import InvalidManifest
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.policy import (
    Ignore,
    audit_database_of,
    ignores_of,
    license_lists_of,
    parse_age,
    release_age_of,
    trust_of,
)


def manifest(policy: Any) -> Manifest:
    """A manifest with *policy* under ``hpm``."""
    return Manifest(document={"hpm": policy})


def test_nothing_is_demanded_by_default() -> None:
    """Neither without ``hpm`` nor with an empty one."""
    for each in (Manifest(), manifest({}), manifest(None)):
        assert ignores_of(each, "p") == ()
        assert audit_database_of(each, "p") is None
        assert license_lists_of(each, "p") == ((), ())
        assert trust_of(each, "p") is None
        assert release_age_of(each, "p") is None


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (0, 0),
        (90, 5400),
        ("90", 5400),
        ("90m", 5400),
        ("1 minute", 60),
        ("12 hours", 43200),
        (" 3 Days ", 259_200),
        ("3d", 259_200),
        ("2w", 1_209_600),
    ],
)
def test_ages(given: Any, seconds: int) -> None:
    """Minutes as a number; a unit as a word or its first letter."""
    assert parse_age(given) == seconds


def test_ignore_holds_until_its_day() -> None:
    """That day included; for ever without one."""
    ignore = Ignore("X", "because", date(2030, 6, 30))
    assert ignore.counts_on(date(2030, 6, 30))
    assert not ignore.counts_on(date(2030, 7, 1))
    assert Ignore("X", "because", None).counts_on(date.max)


def test_everything_wrong_with_ignores_is_told() -> None:
    """At once, each with its place."""
    with pytest.raises(InvalidManifest) as told:
        ignores_of(manifest({"audit": {"ignore": [{"id": "X"}, {"reason": "r", "until": 7}]}}), "p")
    assert len(told.value.issues) == 3


@pytest.mark.parametrize("trust", ["yes", "", True, {}, "NO-DOWNGRADE"])
def test_trust_is_one_word(trust: Any) -> None:
    """Anything else is a mistake, not less trust."""
    with pytest.raises(InvalidManifest, match="no-downgrade"):
        trust_of(manifest({"trust": trust}), "p")
    assert trust_of(manifest({"trust": "no-downgrade"}), "p") == "no-downgrade"
