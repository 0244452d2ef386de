"""license_texts: which license a text is, by phrases that only it has.

A text is recognized if it has every phrase of a license in their order, and next to
nothing else for the short ones. What is not recognized is not guessed: it stays unknown.
"""

from __future__ import annotations

import re

from hpmtasks.dataclass import dataclass

_SUFFIX = re.compile(r"-(?:only|or-later)\Z|\+\Z")
_NOT_WORDS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class _Mark:
    """How the text of one license is known.

    Attributes:
        phrases: Words in order, with anything between two phrases.
        most_words: The longest that a text of it is, with its copyright lines.
        without: Phrases that make it another one.
    """

    license: str
    phrases: tuple[str, ...]
    most_words: int = 100_000
    without: tuple[str, ...] = ()


_FREE = "permission is hereby granted free of charge to any person obtaining a copy"
_AS_IS = "as is without warranty of any kind"
_BSD = "redistribution and use in source and binary forms with or without modification are permitted"
_BY = "this software is provided by"
_ENDORSE = "may be used to endorse or promote products derived from this software"
_ISC = "permission to use copy modify and or distribute this software for any purpose with or without fee"
_NOTICE = "provided that the above copyright notice and this permission notice appear in all copies"

# More telling ones first: the first that fits is the one.
_MARKS = (
    _Mark("AGPL-3.0-only", ("gnu affero general public license version 3 19 november 2007",)),
    _Mark("LGPL-3.0-only", ("gnu lesser general public license version 3 29 june 2007",)),
    _Mark("LGPL-2.1-only", ("gnu lesser general public license version 2 1 february 1999",)),
    _Mark("GPL-3.0-only", ("gnu general public license version 3 29 june 2007",)),
    _Mark("GPL-2.0-only", ("gnu general public license version 2 june 1991",)),
    _Mark("MPL-2.0", ("mozilla public license version 2 0", "1 definitions")),
    _Mark("Apache-2.0", ("apache license version 2 0 january 2004", "terms and conditions for use")),
    _Mark("CC0-1.0", ("cc0 1 0 universal", "statement of purpose")),
    _Mark("Unlicense", ("this is free and unencumbered software released into the public domain",), 260),
    _Mark(
        "BSL-1.0", ("boost software license version 1 0", "permission is hereby granted free of charge"), 300
    ),
    _Mark(
        "Zlib",
        (
            "this software is provided as is without any express or implied warranty",
            "altered source versions",
        ),
        230,
    ),
    _Mark("BSD-3-Clause", (_BSD, _ENDORSE, _BY), 330, ("all advertising materials",)),
    _Mark(
        "BSD-2-Clause", (_BSD, "binary form must reproduce the above copyright notice", _BY), 280, (_ENDORSE,)
    ),
    _Mark("ISC", (_ISC, _NOTICE, "the software is provided as is"), 200),
    _Mark("0BSD", (_ISC, "the software is provided as is"), 180, (_NOTICE,)),
    _Mark("MIT-0", (_FREE, _AS_IS), 240, ("the above copyright notice and this permission notice",)),
    _Mark(
        "MIT",
        (_FREE, "the above copyright notice and this permission notice shall be included", _AS_IS),
        280,
        ("shall not be used in advertising",),
    ),
)


def recognized(text: str) -> str | None:
    """The SPDX id of the license that *text* is; ``None`` if it is none that is known here.

    A GNU license's text does not say whether later ones may be chosen; it counts as ``-only``.
    """
    words = " ".join(_NOT_WORDS.sub(" ", text.lower()).split())
    count = words.count(" ") + 1
    return next((mark.license for mark in _MARKS if count <= mark.most_words and _fits(mark, words)), None)


def family(license_id: str) -> str:
    """*license_id* without whether later versions may be chosen."""
    return _SUFFIX.sub("", license_id)


def _fits(mark: _Mark, words: str) -> bool:
    at = 0
    for phrase in mark.phrases:
        at = words.find(phrase, at)
        if at < 0:
            return False
        at += len(phrase)
    return not any(phrase in words for phrase in mark.without)
