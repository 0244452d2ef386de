"""changelog: CHANGELOG.md in the form of Keep a Changelog (keepachangelog.com, 1.1.0), at a release."""

from __future__ import annotations

import re
from datetime import date

_UNRELEASED = re.compile(
    r"^(?P<marks>##[ \t]+)(?P<open>\[?)(?P<word>unreleased)\]?[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_NEXT_SECTION = re.compile(r"^##?[ \t]|^\[[^\]\n]+\]:[ \t]", re.MULTILINE)
_COMPARISON = re.compile(
    r"^\[unreleased\]:[ \t]*(?P<address>\S+/compare/)(?P<since>\S+?)\.\.\.HEAD[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def release_changelog(text: str, version: str, day: date) -> str:
    """*text* with what was unreleased below a heading of *version*, and an empty "Unreleased" above it.

    A link that compares with the last release is moved along. Without such a heading, with nothing
    below it, or if *version* has a heading already, *text* is returned as it is.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    heading = _UNRELEASED.search(plain)
    if heading is None or re.search(rf"^##[ \t]+\[?v?{re.escape(version)}\]?(?:\s|$)", plain, re.MULTILINE):
        return text
    following = _NEXT_SECTION.search(plain, heading.end())
    if not plain[heading.end() : following.start() if following else None].strip():
        return text
    named = f"[{version}]" if heading["open"] else version
    released = f"{heading.group()}\n\n{heading['marks']}{named} - {day.isoformat()}"
    plain = plain[: heading.start()] + released + plain[heading.end() :]
    return _with_link(plain, version).replace("\n", newline)


def _with_link(text: str, version: str) -> str:
    link = _COMPARISON.search(text)
    if link is None:
        return text
    label = link.group().partition(":")[0]
    address, since = link["address"], link["since"]
    lines = f"{label}: {address}v{version}...HEAD\n[{version}]: {address}{since}...v{version}"
    return text[: link.start()] + lines + text[link.end() :]
