"""named: the packages of a project that a command line names."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hpmtasks.errors import NotInProject, Usage
from hpmtasks.model.manifest import parse_specifier
from hpmtasks.model.package import PackageName
from hpmtasks.session.near import nearest


def named(words: Sequence[str], known: Collection[PackageName], where: str) -> list[PackageName]:
    """The packages of *known* that *words* name, in order and spelled as there, each once.

    Args:
        words: As typed: ``owner/repo``.
        known: Among what is looked.
        where: Completes the sentence "acme/x is not ...".

    Raises:
        Usage: A word cannot be the name of a package.
        NotInProject: A package is not among *known*; similar names are told.
    """
    spelled = {name: name for name in known}
    found: dict[PackageName, None] = {}
    missing: list[str] = []
    near: dict[str, None] = {}
    for word in words:
        alike = [name for name in known if name.repo.lower() == word.lower()]
        if alike:  # the owner was left out
            missing.append(word)
            near |= dict.fromkeys(str(name) for name in sorted(alike))
            continue
        name = _parse(word)
        if name in spelled:
            found[spelled[name]] = None
        else:
            missing.append(str(name))
            near |= dict.fromkeys(str(each) for each in nearest(name, known))
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        hint = f"Did you mean {' or '.join(near)}?" if near else "Run 'hpm list' to see what is installed."
        raise NotInProject(
            f"{' and '.join(missing)} {verb} not {where}.\n\n{hint}", packages=missing, near=list(near)
        )
    return list(found)


def _parse(word: str) -> PackageName:
    try:
        name, constraint = parse_specifier(word)
    except ValueError as error:
        raise Usage(str(error).replace(" or owner/repo@constraint", "")) from error
    if constraint is not None:
        raise Usage(f"{word}: only the name of a package is expected here, such as {name}.")
    return name
