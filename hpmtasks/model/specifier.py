"""specifier: a package as people type it: owner/repo, owner/repo@^1.0.0, or a pasted address."""

from __future__ import annotations

import re

from hpmtasks.model.package import PackageName
from hpmtasks.pattern import pattern
from hpmtasks.semver.constraint import parse_constraint

_ADDRESS = pattern(
    r"(?:git\+)?(?:https?|ssh|git)://(?:[^/@]*@)?(?:www\.)?github\.com(?::\d+)?/"
    r"|git@github\.com:"
    r"|(?:www\.)?github\.com/"
    r"|github:",
    re.IGNORECASE,
)


def parse_specifier(spec: str) -> tuple[PackageName, str | None]:
    """The package that *spec* names, and the constraint it puts on it.

    The constraint is ``None`` if none is given (``owner/repo``), and ``*`` if it is
    given as empty (``owner/repo@``). Addresses of GitHub repositories are understood.

    Raises:
        ValueError: *spec* names no package, or its constraint is none.
    """
    text = spec.strip()
    address = _ADDRESS.match(text)
    rest = text[address.end() :] if address else text
    name, at, constraint = rest.partition("@")
    if address:
        name = name.strip("/").removesuffix(".git")
    try:
        package = PackageName.parse(name)
    except ValueError:
        raise ValueError(
            f"{spec!r} is not a package; the form is owner/repo or owner/repo@constraint"
        ) from None
    if not at:
        return package, None
    parse_constraint(constraint)
    return package, constraint.strip() or "*"


def split_name(name: str) -> tuple[str, str]:
    """The owner and the repository that *name* consists of.

    Raises:
        ValueError: *name* is not ``owner/repo``.
    """
    package = PackageName.parse(name)
    return package.owner, package.repo
