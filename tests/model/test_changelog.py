"""Moving what is unreleased below a version."""

from __future__ import annotations

from datetime import date

import pytest

from hpmtasks.model.changelog import release_changelog

DAY = date(2026, 3, 9)


def released(text: str) -> str:
    return release_changelog(text, "1.1.0", DAY)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "# Changelog\n\n## Unreleased\n\n- New\n\n## 1.0.0\n\n- Old\n",
            "# Changelog\n\n## Unreleased\n\n## 1.1.0 - 2026-03-09\n\n- New\n\n## 1.0.0\n\n- Old\n",
        ),
        (
            "## [Unreleased]\n### Added\n- New\n",
            "## [Unreleased]\n\n## [1.1.0] - 2026-03-09\n### Added\n- New\n",
        ),
        (
            "## [Unreleased]\r\n\r\n- New\r\n",
            "## [Unreleased]\r\n\r\n## [1.1.0] - 2026-03-09\r\n\r\n- New\r\n",
        ),
        (
            "## [unreleased]\n- New\n\n[unreleased]: https://x.test/a/b/compare/v1.0.0...HEAD\n",
            (
                "## [unreleased]\n\n## [1.1.0] - 2026-03-09\n- New\n\n"
                "[unreleased]: https://x.test/a/b/compare/v1.1.0...HEAD\n"
                "[1.1.0]: https://x.test/a/b/compare/v1.0.0...v1.1.0\n"
            ),
        ),
    ],
)
def test_unreleased_becomes_the_version(before: str, after: str) -> None:
    """The heading, the day and the link are written in the style of the file, line ends too."""
    assert released(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# News\n\nNothing yet.\n",
        "## Unreleased\n\n## 1.0.0\n\n- Old\n",
        "## Unreleased\n",
        "## [Unreleased]\n\n[Unreleased]: https://x.test/compare/v1...HEAD\n",
        "## Unreleased\n\n- New\n\n## [1.1.0] - 2026-01-01\n",
        "### Unreleased\n\n- New\n",
    ],
)
def test_other_files_stay_as_they_are(text: str) -> None:
    """Without the heading, with nothing below it, or with the version's own heading there."""
    assert released(text) == text
