"""importing: whether the interpreter finds packages by itself, or needs shims to."""

from __future__ import annotations

from hpmtasks.session.interpreter import finds_packages_above
from hpmtasks.session.session import Session


def shims_are_needed(session: Session) -> bool:
    """Whether shims are to be laid: as package.json says, or, if that is ``auto``, as the interpreter does.

    Without an interpreter nobody needs them.
    """
    mode = session.documents.manifest.imports
    if mode != "auto":
        return mode == "shims"
    return finds_packages_above(session.settings.environ, session.state) is False


def members_of(session: Session) -> frozenset[str]:
    """The folders of the workspace's members, relative to the project's root."""
    return frozenset(member.path for member in session.workspace.members)
