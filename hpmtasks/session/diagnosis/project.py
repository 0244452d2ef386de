"""project: whether package.json, the lock, the state and hem_modules of one project can be used."""

from __future__ import annotations

from collections.abc import Iterator

from hpmtasks.errors import HpmError, StorageFailure
from hpmtasks.project.state import is_readable
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.session.diagnosis.finding import Finding, warning
from hpmtasks.session.findings import examine
from hpmtasks.session.interpreter import hemlock_version
from hpmtasks.session.moved import moves
from hpmtasks.session.session import Session


def look(session: Session, *, ask_sources: bool) -> Iterator[Finding]:
    """The documents first; what stands in hem_modules only if they can be read.

    Args:
        ask_sources: Whether what is locked still has its tags.

    Raises:
        HpmError: package.json or package-lock.json cannot be used.
    """
    project = session.project
    yield from _state(session)
    yield from _modules(session)
    manifest = session.documents.manifest
    yield Finding("package.json", f"{manifest.name or 'without a name'} in {project.root}")
    yield from _interpreter(session)
    lockfile = session.documents.lockfile
    if lockfile is None:
        if manifest.requirements or manifest.dev_requirements:
            yield warning("package-lock.json", "there is none", "Run 'hpm install', and commit it.")
        return
    yield Finding("package-lock.json", f"{len(lockfile.entries)} packages are locked")
    findings = examine(session, content=False)
    if findings:
        more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
        yield warning("hem_modules", f"{findings[0].message}{more}", "Run 'hpm check', then 'hpm install'.")
    else:
        yield Finding("hem_modules", "is what the lock says")
    for move in moves(session) if ask_sources else ():
        what = "the tag of" if move.now else "the repository of"
        told = f"{what} {move.package} is another one than when it was locked, which is kept"
        yield warning("tags", told, f"'hpm accept {move.package} --dry-run' shows what differs.")


def _state(session: Session) -> Iterator[Finding]:
    if not is_readable(session.project.state_path):
        remedy = "Delete it; hpm looks at everything again then."
        yield warning("state", f"{session.project.state_path} cannot be read and is ignored", remedy)


def _modules(session: Session) -> Iterator[Finding]:
    modules = session.project.modules
    if modules.is_symlink():
        remedy = "Remove the link and run 'hpm install'; hpm writes only inside the project."
        yield Finding("hem_modules", f"{modules} is a link", "broken", remedy, StorageFailure.exit_code)
    elif modules.exists() and not modules.is_dir():
        remedy = "Move it away and run 'hpm install'."
        yield Finding("hem_modules", f"{modules} is a file", "broken", remedy, StorageFailure.exit_code)


def _interpreter(session: Session) -> Iterator[Finding]:
    engines = session.documents.manifest.document.get("engines")
    wanted = engines.get("hemlock") if isinstance(engines, dict) else None
    if not isinstance(wanted, str):
        return
    try:
        constraint = parse_constraint(wanted)
    except (ValueError, HpmError):
        return
    here = hemlock_version(session.settings.environ, session.state)
    if here is not None and not constraint.allows(here):
        yield warning(
            "engines", f"package.json wants Hemlock {wanted}, and {here} is installed", "Install that."
        )
