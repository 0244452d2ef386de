"""Terms of packages: what they say, what their files say, and what a project allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpmtasks.errors import InvalidManifest, Usage
from hpmtasks.model.lock_entry import LockEntry
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import from_entry
from hpmtasks.semver.version import Version
from hpmtasks.supply.license_texts import recognized
from hpmtasks.supply.licenses import License, Terms, license_in, normalized
from tests.support.license_texts import TEXTS

PACKAGE = from_entry(
    PackageName.parse("acme/a"), LockEntry(Version.parse("1.0.0"), "directory:acme/a@1.0.0"), "c" * 40
)


def found(declared: str | None, *texts: str) -> License:
    """Terms that say *declared*, with files that hold *texts*."""
    try:
        expression = normalized(declared) if declared else None
    except ValueError:
        expression = None
    files = tuple((f"LICENSE-{index}", text) for index, text in enumerate(texts))
    return License(PACKAGE, declared, expression, files)


@pytest.mark.parametrize("license_id", TEXTS)
def test_text_is_recognized(license_id: str) -> None:
    """Whatever its line ends, capitals and copyright lines."""
    text = TEXTS[license_id]
    assert recognized(text) == license_id
    assert recognized("\ufeff# License\r\n\r\n" + text.replace("\n", "\r\n").upper()) == license_id
    assert recognized("Copyright (c) 2020-2024 Ada Example <ada@example.com>\n\n" + text) == license_id


@pytest.mark.parametrize("license_id", TEXTS)
def test_half_a_text_is_not_taken_for_another_license(license_id: str) -> None:
    """A text that was cut is unknown, or what its title still says."""
    text = TEXTS[license_id]
    assert recognized(text[: len(text) // 2]) in (None, license_id)


@pytest.mark.parametrize(
    "text",
    ["", "All rights reserved.", "Licensed under the MIT license.", TEXTS["MIT"] + "word " * 300],
)
def test_text_that_is_none(text: str) -> None:
    """A mention of a license, or one with much else around it, is not guessed at."""
    assert recognized(text) is None


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("mit", "MIT"),
        ("MIT or Apache-2.0", "MIT OR Apache-2.0"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("Apache-2.0+", "Apache-2.0+"),
        ("LicenseRef-own AND ISC", "LicenseRef-own AND ISC"),
        ("GPL-2.0 WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ],
)
def test_expressions_are_made_canonical(written: str, expression: str) -> None:
    """Spelling, operators and names that SPDX has replaced."""
    assert normalized(written) == expression


@pytest.mark.parametrize("written", ["", "nope", "MIT AND", "SEE LICENSE IN x", "UNLICENSED", "+", "(MIT"])
def test_what_is_no_expression(written: str) -> None:
    """It is refused, not guessed."""
    with pytest.raises(ValueError, match=r"\w"):
        normalized(written)


@pytest.mark.parametrize(
    ("declared", "texts", "expression"),
    [
        ("MIT", (), "MIT"),
        ("MIT", ("MIT",), "MIT"),
        ("GPL-3.0-or-later", ("GPL-3.0-only",), "GPL-3.0-or-later"),
        ("MIT OR Apache-2.0", ("MIT", "Apache-2.0"), "MIT OR Apache-2.0"),
        ("MIT OR ISC", ("GPL-3.0-only",), "(MIT OR ISC) AND GPL-3.0-only"),
        (None, ("MIT", "ISC"), "ISC AND MIT"),
        ("UNLICENSED", (), None),
        (None, (), None),
    ],
)
def test_manifest_and_files_both_count(
    declared: str | None, texts: tuple[str, ...], expression: str | None
) -> None:
    """A text that the manifest does not name comes on top; one that it names does not."""
    assert found(declared, *texts).expression == expression


@pytest.mark.parametrize(
    ("allow", "deny", "declared", "verdict"),
    [
        ((), (), None, "allowed"),
        ((), (), "GPL-3.0-only", "allowed"),
        (("MIT",), (), "MIT", "allowed"),
        (("MIT",), (), "MIT OR GPL-3.0-only", "allowed"),
        (("MIT",), (), "MIT AND ISC", "not-allowed"),
        (("MIT", "ISC"), (), "MIT AND ISC", "allowed"),
        (("MIT",), (), None, "unknown"),
        ((), ("GPL-3.0-only",), None, "unknown"),
        ((), ("GPL-3.0-only",), "GPL-3.0-only", "denied"),
        ((), ("GPL-3.0-only",), "MIT OR GPL-3.0-only", "allowed"),
        ((), ("GPL-3.0-only",), "MIT AND GPL-3.0-only", "denied"),
        ((), ("GPL-2.0",), "GPL-2.0-only WITH Classpath-exception-2.0", "denied"),
        (
            ("GPL-2.0 WITH Classpath-exception-2.0",),
            ("GPL-2.0",),
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "allowed",
        ),
        (("GPL-2.0-only",), (), "GPL-2.0-only WITH Classpath-exception-2.0", "allowed"),
        (("ISC", "MIT"), ("MIT",), "MIT OR ISC", "allowed"),
        (("MIT",), ("MIT",), "MIT OR ISC", "not-allowed"),
    ],
)
def test_verdict(allow: tuple[str, ...], deny: tuple[str, ...], declared: str | None, verdict: str) -> None:
    """One alternative that is allowed is enough; of what holds together, all has to be."""
    assert Terms(allow, deny, "package.json").judge(found(declared)) == verdict


def test_lists_are_checked() -> None:
    """A misspelled license would allow or deny nothing."""
    with pytest.raises(InvalidManifest, match="'MITT' is no license that SPDX has"):
        Terms(["MITT"], [], "package.json")
    with pytest.raises(Usage, match="--deny: 'GPL-9'"):
        Terms([], ["GPL-9"], "--deny:")


@pytest.mark.parametrize(
    ("manifest", "declared"),
    [
        ({"license": "MIT"}, "MIT"),
        ({"license": {"type": "ISC", "url": "x"}}, "ISC"),
        ({"license": ""}, None),
        ({"license": 7}, None),
        ({}, None),
        ([], None),
    ],
)
def test_what_a_folder_says(tmp_path: Path, manifest: object, declared: str | None) -> None:
    """package.json of any kind, and files of the usual names; a link is not followed."""
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    (tmp_path / "LICENCE.md").write_text(TEXTS["MIT"])
    (tmp_path / "COPYING").symlink_to("LICENCE.md")
    (tmp_path / "license-docs").mkdir()
    (tmp_path / "src.hml").write_text("x")
    read = license_in(PACKAGE, tmp_path)
    assert read.declared == declared
    assert read.files == (("LICENCE.md", "MIT"),)


def test_folder_without_anything(tmp_path: Path) -> None:
    """Nothing is known of it."""
    assert license_in(PACKAGE, tmp_path).expression is None
