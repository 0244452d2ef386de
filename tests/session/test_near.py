"""near: a mistyped name leads to the package that was meant, and to no other."""

from __future__ import annotations

import pytest

from hpmtasks.model.package import PackageName
from hpmtasks.session.near import nearest

KNOWN = [
    PackageName.parse(text) for text in ("hemlang/sprout", "hemlang/json", "hemlang/jsonp", "Other/Sprout")
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hemlang/spruot", ["hemlang/sprout"]),
        ("hemlan/sprout", ["hemlang/sprout"]),
        ("hemlock/sprout", ["hemlang/sprout"]),
        ("HemLang/JSONS", ["hemlang/json", "hemlang/jsonp"]),
        ("hemlang/router", []),
        ("hemlang/sprout", []),
    ],
)
def test_nearest_are_spelled_alike(typed: str, meant: list[str]) -> None:
    """Only a name whose repository is spelled alike is proposed, and never the name itself."""
    assert [str(name) for name in nearest(PackageName.parse(typed), KNOWN)] == meant
