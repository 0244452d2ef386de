"""moved: names that no longer mean what was locked. What was locked is kept, until somebody accepts the new.

A tag is moved when it points at another commit than when its version was locked. A repository is
another one when the forge gives it another number: it was deleted and made anew, or its
name was given to somebody else. A repository that was only renamed keeps its number.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from hpmtasks.dataclass import dataclass, replace
from hpmtasks.errors import HpmError
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.resolver.catalogue import Unavailable
from hpmtasks.session.review import Edition, difference, names_of, summary_of
from hpmtasks.session.session import Session
from hpmtasks.sources.source import Tag


@dataclass(frozen=True, slots=True)
class Move:
    """What a locked name means now.

    Attributes:
        locked: What is locked.
        now: What its tag points at, if that is another commit; ``None`` if it is not.
        repositories: The locked number of the repository and today's, if they differ.
    """

    locked: Edition
    now: Edition | None
    repositories: tuple[int, int] | None

    @property
    def package(self) -> PackageId:
        """The locked version."""
        return PackageId(self.locked.name, self.locked.version)


def find_move(session: Session, name: PackageName) -> Move | None:
    """What became of the locked *name*; ``None`` if it means what it meant, or is not locked by a commit.

    A folder is its own author's and has no tags that could be moved: its contents now are what counts.

    Raises:
        HpmError: Its tags cannot be read.
    """
    lockfile = session.documents.lockfile
    entry = lockfile.entries.get(name) if lockfile else None
    locked = Edition.locked(name, entry) if entry else None
    if entry is None or locked is None or entry.resolved.startswith("directory:"):
        return None
    if session.source_of(name).kind == "directory":
        return None
    listed = session.tags(name)
    tag = next((tag for tag in listed.tags if str(tag.version) == str(entry.version)), None)
    now = Edition.tagged(name, tag) if tag is not None and tag.commit != locked.commit else None
    numbers = (entry.repository, listed.repository)
    repositories = None
    if numbers[0] is not None and numbers[1] is not None and numbers[0] != numbers[1]:
        repositories = (numbers[0], numbers[1])
    return Move(locked, now, repositories) if now or repositories else None


def moves(session: Session, names: Iterable[PackageName] | None = None) -> list[Move]:
    """What became of *names*, by default of everything that is locked; those that did not move are left out.

    A package whose tags cannot be read is passed over.
    """
    lockfile = session.documents.lockfile
    wanted = sorted(names if names is not None else lockfile.entries if lockfile else ())
    for name in wanted:
        session.expect_tags(name)
    found = []
    for name in wanted:
        with suppress(HpmError):
            if (move := find_move(session, name)) is not None:
                found.append(move)
    return found


def warn_of_move(session: Session, name: PackageName) -> Move | None:
    """What became of *name*, as :func:`find_move`; ``session.warnings`` tells it, once."""
    move = find_move(session, name)
    if move is not None:
        told = session.executor.collect(f"told of {name.key}", lambda: tell_move(session, move))
        if told not in session.warnings:
            session.warnings.append(told)
    return move


def tell_move(session: Session, move: Move) -> str:
    """What became of a package, with the files that differ, which are fetched; and the way on."""
    sentences = []
    if move.repositories is not None:
        before, after = move.repositories
        sentences.append(
            f"{move.locked.name} is another repository by now: GitHub's number for it was {before} when it"
            f" was locked, and is {after}. It was deleted and made anew, or its name was given to somebody"
            " else. No other version of it is taken."
        )
    if move.now is not None:
        sentences.append(
            f"The tag of {move.package} was moved: it was {move.locked.commit[:12]} when it was locked, and"
            f" is {move.now.commit[:12]} now."
        )
        sentences.append(_what_differs(session, move.locked, move.now))
    sentences.append(
        f"What is locked is kept. To take what there is now: hpm accept {move.package}"
        " (with --dry-run: to look at it)."
    )
    return " ".join(sentences)


def as_locked(session: Session, package: PackageId, tag: Tag) -> Tag:
    """*tag* of *package*, or, if it was moved after it was locked, the tag as it was then; that is told once.

    Raises:
        Unavailable: The repository is another one than when the package was locked, at another version.
    """
    entry = session.documents.entries.get(package.name)
    if entry is None or entry.commit is None:
        return tag
    if str(entry.version) == str(tag.version):
        move = warn_of_move(session, package.name)
        return replace(tag, commit=move.locked.commit) if move else tag
    move = find_move(session, package.name)
    if move is not None and move.repositories is not None:
        warn_of_move(session, package.name)
        before, after = move.repositories
        raise Unavailable(f"belongs to another repository ({after}) than what is locked ({before})")
    return tag


def _what_differs(session: Session, before: Edition, after: Edition) -> str:
    try:
        files = difference(session, before, after).files
    except HpmError as error:
        return f"What differs cannot be told: {str(error).partition(chr(10))[0].rstrip('.')}."
    shown = f" ({names_of(files)})" if files else ""
    return f"What differs: {summary_of(files)}{shown}."
