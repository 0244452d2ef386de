"""notations: what each way of writing a constraint means, as node-semver defines it.

A notation is an operator before a version of which parts may be missing: ``^1.2``.
To add one, write a function and a line in ``NOTATIONS``. Each function gives every
version between two bounds, prereleases too; which prereleases a constraint admits
is one rule for all notations, in ``constraint``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hpmtasks.dataclass import dataclass
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet


@dataclass(frozen=True, slots=True)
class Partial:
    """A version of which the last parts may be missing: ``1.2``, ``1.x``, ``*``.

    Attributes:
        numbers: The leading numbers that were given, up to three.
        prerelease: The identifiers after ``-``; empty unless all three numbers were given.
    """

    numbers: tuple[int, ...]
    prerelease: tuple[int | str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all three numbers were given."""
        return len(self.numbers) == 3

    @property
    def first(self) -> Version:
        """The version itself, or the least release that it stands for: 1.2.0 for ``1.2``."""
        major, minor, patch = (*self.numbers, 0, 0, 0)[:3]
        return Version(major, minor, patch, self.prerelease)


def caret(version: Partial) -> VersionSet:
    """``^1.2.3``: changes that keep the first number that is not zero."""
    kept = next((index for index, number in enumerate(version.numbers) if number), len(version.numbers))
    return _since(version.first) & _up_to_next(version.numbers[: kept + 1])


def tilde(version: Partial) -> VersionSet:
    """``~1.2.3``: changes that keep major and minor, or all that was given if that is less."""
    return _since(version.first) & _up_to_next(version.numbers[:2])


def exact(version: Partial) -> VersionSet:
    """``1.2.3``: this version; ``1.2``, ``1.x``: every one that begins so."""
    if version.is_whole:
        return VersionSet.exactly(version.first)
    return _since(version.first) & _up_to_next(version.numbers)


def at_least(version: Partial) -> VersionSet:
    """``>=1.2``: the first that it stands for, or later."""
    return _since(version.first)


def above(version: Partial) -> VersionSet:
    """``>1.2``: later than every one that begins so; ``>*`` is none."""
    if version.is_whole:
        return VersionSet.interval(version.first, include_lower=False)
    return VersionSet.interval(_following(version.numbers)) if version.numbers else VersionSet.empty()


def at_most(version: Partial) -> VersionSet:
    """``<=1.2``: not later than the last that begins so."""
    if version.is_whole:
        return VersionSet.interval(upper=version.first, include_upper=True)
    return _up_to_next(version.numbers)


def below(version: Partial) -> VersionSet:
    """``<1.2``: earlier than every one that begins so, its prereleases too; ``<*`` is none."""
    return VersionSet.interval(upper=version.first if version.is_whole else _least(version.first))


def hyphen(lower: Partial, upper: Partial) -> VersionSet:
    """``1.2 - 2.3``: from the first that the one stands for to the last of the other."""
    return at_least(lower) & at_most(upper)


Notation = Callable[[Partial], VersionSet]

NOTATIONS: Final[dict[str, Notation]] = {
    "^": caret,
    "~": tilde,
    "~>": tilde,
    ">=": at_least,
    ">": above,
    "<=": at_most,
    "<": below,
    "=": exact,
    "": exact,
}


def _since(version: Version) -> VersionSet:
    # node-semver reads >=0.0.0 as *, so that it does not even bar prereleases of 0.0.0.
    return VersionSet.full() if version == Version(0, 0, 0) else VersionSet.interval(version)


def _up_to_next(numbers: tuple[int, ...]) -> VersionSet:
    """Everything before the first that comes after those which begin with *numbers*; no numbers, no bound."""
    return VersionSet.interval(upper=_least(_following(numbers))) if numbers else VersionSet.full()


def _following(numbers: tuple[int, ...]) -> Version:
    """The first release after those that begin with *numbers*: 1.3.0 for ``(1, 2)``."""
    return Partial((*numbers[:-1], numbers[-1] + 1)).first


def _least(version: Version) -> Version:
    """The least prerelease of a triple: as an upper bound it bars the triple's prereleases too."""
    return Version(*version.release, (0,))
