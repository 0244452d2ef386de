"""wording: the text of a set of versions, as the constraint that means it wherever there is one.

A constraint can name any stretches of releases, but prereleases only triple by triple
(``>=1.0.0-a <1.0.0``): those within an endless number of triples have no constraint.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from hpmtasks.semver.version import RELEASE_END, Key

#: One part of a set; see ``version_set``.
Cuts: TypeAlias = tuple[Key, ...]
_Stretch: TypeAlias = tuple[Key, Key | None]

#: The cut before every version.
START: Final[Key] = (0, 0, 0)
#: The key of the least prerelease identifier, 0.
LEAST: Final = (0, 0)
# A constraint of the longest accepted text cannot name more triples in a row.
_MOST_TRIPLES: Final = 200


def next_release(key: Key) -> Key:
    """The cut after everything of the triple that *key* begins with."""
    return (key[0], key[1], key[2] + 1)


def constraint_for(releases: Cuts, prereleases: Cuts) -> str | None:
    """The canonical constraint of the set with these parts; ``None`` if there is none."""
    pieces = _by_triple(prereleases)
    if pieces is None:
        return None
    if not releases and not pieces:
        return "<0.0.0-0"
    alternatives: list[tuple[Key, str]] = []
    for lower, upper in _stretches(_without_star(releases, pieces)):
        # Prereleases that touch the stretch become its bounds: >=1.0.0-alpha <2.0.0-beta.
        before = pieces.pop(next_release(lower), None)
        behind = next(
            (end for end, begin in pieces.items() if begin == upper and len(end) > len(START)), None
        )
        if behind:
            del pieces[behind]
        alternatives.append((before or (*lower, RELEASE_END), _stretch_text(lower, upper, before, behind)))
    alternatives += [(begin, _piece_text(begin, end)) for end, begin in pieces.items()]
    return " || ".join(text for _, text in sorted(alternatives))


def description_of(releases: Cuts, prereleases: Cuts) -> str:
    """Words for any set with these parts: a constraint for its releases, and what prereleases it has."""
    alternatives = [constraint_for(releases, ())] if releases else []
    for lower, upper in _stretches(prereleases):
        bounds = f" >={_text(lower, least=True)}" if lower != START else ""
        bounds += f" <{_text(upper, least=True)}" if upper else ""
        alternatives.append(f"prereleases{bounds}")
    return " || ".join(filter(None, alternatives))


def _stretches(cuts: Cuts) -> Iterator[_Stretch]:
    """The begin and end of each stretch; the last may have no end."""
    for index in range(0, len(cuts), 2):
        yield cuts[index], cuts[index + 1] if index + 1 < len(cuts) else None


def _by_triple(prereleases: Cuts) -> dict[Key, Key] | None:
    """The begin of each stretch of prereleases by its end, split by triple; ``None`` if that never ends."""
    pieces: dict[Key, Key] = {}
    if len(prereleases) % 2:
        return None
    for begin, end in zip(prereleases[::2], prereleases[1::2], strict=True):
        last = end[2] - (len(end) == len(START))
        if begin[:2] != end[:2] or last - begin[2] > _MOST_TRIPLES:
            return None
        lower = begin
        while (border := next_release(lower)) < end:
            pieces[border] = lower
            lower = border
        pieces[end] = lower
    return pieces


def _without_star(releases: Cuts, pieces: dict[Key, Key]) -> Cuts:
    """The same releases, in two stretches if one would be written ``*``.

    Beside other alternatives ``*`` would swallow them (see ``constraint``).
    """
    border = next_release(START)
    if releases != (START,) or not pieces or border in pieces:
        return releases
    border = max(border, min(pieces.values())[:3])
    return (START, border, border)


def _stretch_text(lower: Key, upper: Key | None, before: Key | None, behind: Key | None) -> str:
    if upper == next_release(lower) and not before and not behind:
        return _text(lower)
    bounds = []
    if before:
        bounds.append(f">={_text(before, least=True)}")
    elif lower != START:
        bounds.append(f">={_text(lower)}")
    if upper:
        bounds.append(_upper_text(behind or upper))
    return " ".join(bounds) or "*"


def _piece_text(begin: Key, end: Key) -> str:
    """A constraint for prereleases of one triple, which *begin* names."""
    lower = _text(begin, least=True)
    if end == (*(begin if len(begin) > len(START) else (*begin, LEAST)), LEAST):
        return lower
    upper = _upper_text(end) if len(end) > len(START) else f"<{_text(begin[:3])}"
    return f">={lower} {upper}"


def _upper_text(end: Key) -> str:
    # Before 1.0.0-a.0 is after 1.0.0-a.
    return f"<={_text(end[:-1])}" if end[-1] == LEAST else f"<{_text(end)}"


def _text(cut: Key, *, least: bool = False) -> str:
    """The version that *cut* lies before; its release, or with *least* its least prerelease."""
    release = ".".join(map(str, cut[:3]))
    identifiers = ".".join(str(identifier) for _, identifier in cut[3:])
    if least and not identifiers:
        identifiers = "0"
    return f"{release}-{identifiers}" if identifiers else release
