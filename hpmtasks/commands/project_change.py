"""project_change: the one way in which commands change a project: edit, resolve, install, report.

A command says what package.json is to become; everything else, the mutex, the candidate
manifest, the graph, the stamp, what is said in the end, is the same for all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from hpmtasks.commands.changes import Done, Edit, as_data, because, in_order, moves, summary, told
from hpmtasks.commands.command import Context
from hpmtasks.commands.console import Console
from hpmtasks.errors import Defect, HpmError, Usage
from hpmtasks.files.atomic import write_atomically
from hpmtasks.front import stamp
from hpmtasks.model.lockfile import Lockfile
from hpmtasks.model.manifest import get_all_dependencies, parse_dependency_manifest
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import Resolution
from hpmtasks.project import MANIFEST
from hpmtasks.project.links import relative_to
from hpmtasks.project.state import State
from hpmtasks.session import Change, Session
from hpmtasks.session.ahead import begin_what_is_locked
from hpmtasks.session.options import Options

if TYPE_CHECKING:
    import argparse

#: Gives the session its candidate manifest, if there is to be one, and says what it changes.
Prepare = Callable[[Session], Sequence[Edit]]
#: Says to people what was done, or in a preview would be; the data are the same for all commands.
Tell = Callable[[Console, Done], None]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that chooses versions and lays packages out."""
    add_carefulness(parser)
    add_selection(parser)
    add_direction(parser)


def add_carefulness(parser: argparse.ArgumentParser) -> None:
    """``--dry-run`` and ``--offline``."""
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument("--offline", action="store_true", help="use the store alone; open no socket")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """``--prod`` and ``--dev-only``."""
    parser.add_argument("--prod", action="store_true", help="leave out what only devDependencies need")
    parser.add_argument("--dev-only", action="store_true", help="leave out what the project needs to run")


def add_direction(parser: argparse.ArgumentParser) -> None:
    """``--resolution``."""
    parser.add_argument(
        "--resolution",
        metavar="WHICH",
        choices=("highest", "lowest", "lowest-direct"),
        default="highest",
        help="highest (as always), lowest, or lowest-direct: choose anew, trying these versions first",
    )


def options_of(context: Context, **more: object) -> Options:
    """The options in the arguments, as far as the command has them, and *more* that it knows itself.

    Raises:
        Usage: Two of them contradict each other.
    """
    given = vars(context.arguments)
    if given.get("prod") and given.get("dev_only"):
        raise Usage("--prod and --dev-only together leave nothing to install.")
    return Options(
        offline=given.get("offline", False),
        without_dev=given.get("prod", False),
        only_dev=given.get("dev_only", False),
        direction=given.get("resolution", "highest"),
        **more,  # type: ignore[arg-type]  # checked where it is called
    )


def tell_installation(console: Console, done: Done) -> None:
    """What an installation did: each package that came, went or became another version."""
    if done.is_preview:
        _tell_preview(console, done)
        return
    for edit in done.edits:
        console.line(str(edit))
    for change in done.changes:
        console.change(told(change, done.resolution))
    if done.changes:
        console.line(f"\n{summary(done.changes)} in {done.seconds:.1f}s")
    else:
        console.line(stamp.up_to_date(len(done.resolution.packages)))


def change_project(
    context: Context, options: Options, prepare: Prepare, tell: Tell = tell_installation
) -> int:
    """Do what *prepare* asks for and say what was done; under ``--dry-run`` say what would be.

    Raises:
        HpmError: It could not be done; package.json and package-lock.json are as they were.
    """
    if vars(context.arguments).get("dry_run"):
        session = open_session(context, options)
        try:
            _report(context, session, _foreseen(session, prepare(session)), tell)
        finally:
            session.close()
        return 0
    project, console = context.project, context.console
    began = time.monotonic()
    project.mutex.acquire(lambda holder: console.note(_waiting_for(holder)))
    try:
        return _carry_out(context, options, prepare, tell, began)
    finally:
        project.mutex.release()


def _carry_out(context: Context, options: Options, prepare: Prepare, tell: Tell, began: float) -> int:
    project = context.project
    before = _documents(context)
    session = open_session(context, options)
    try:
        lockfile = _locked_before(session)
        edits = prepare(session)
        if not edits:
            begin_what_is_locked(session)
        from hpmtasks.session.foresight import foresee_requirements

        if foresee_requirements(session):
            load_graph()  # takes its time, in which the first answers come
        from hpmtasks.engine import install

        session.warnings += _warnings_of_workspace(session)
        _write_candidates(session)
        claimed = stamp.claim(str(project.root), context.environ)
        outcome = install(session, context.console)
        if claimed and outcome.ran:
            raise Defect(f"The stamp said that all was up to date, and {', '.join(outcome.ran)} had to run.")
        session.warnings += _warnings_of_patches(session)
        remember(context, session)
    except KeyboardInterrupt:
        kept = _documents(context) == before
        context.console.last_words = (
            "Interrupted. package.json and package-lock.json are as they were."
            if kept
            else "Interrupted, after package-lock.json was written. Run 'hpm install' to be sure of the rest."
        )
        raise
    finally:
        session.close()
        for path in project.candidates():
            path.unlink(missing_ok=True)
    resolution = session.resolution or Resolution()
    done = Done(
        edits=edits,
        locked=moves(lockfile, resolution),
        changes=in_order(session.changes),
        resolution=resolution,
        requirers=_requirers(session),
        wrote_lock=_documents(context)[1] != before[1],
        seconds=time.monotonic() - began,
    )
    _report(context, session, done, tell, outcome.ran)
    return 0


def load_graph() -> None:
    """All is loaded that a run needs which has something to choose, and has requests on their way."""
    import hpmtasks.engine
    import hpmtasks.resolver.solve
    import hpmtasks.session.catalogue
    import hpmtasks.stages.resolve.action
    import hpmtasks.store.extract  # noqa: F401
    from hpmtasks.store.inflate import gunzip_library

    gunzip_library()


def remember(context: Context, session: Session) -> None:
    """What this run came to is there for the next ones: as a stamp, and as a plan.

    Only if an installation without options would find nothing to do, and nothing to warn of.
    """
    from hpmtasks.session.inputs import stamped_paths
    from hpmtasks.session.planning import keep_plan
    from hpmtasks.stages.imports.action import stamped_paths as paths_of_imports
    from hpmtasks.stages.lock.action import is_canonical

    if not session.options.are_plain_now or session.links:  # a linked folder is deeper than the stamp looks
        return
    if session.options.keeps_the_lock and not is_canonical(session):
        return
    if _warnings_of_workspace(session) or _warnings_of_patches(session):
        return
    resolution = session.resolution or Resolution()
    paths = [*stamped_paths(session), *paths_of_imports(session)]
    if not session.warnings:
        keep_plan(session, context.environ, paths, lambda: _as_new(session, resolution))
    # Last: what was written just now has settled meanwhile, and need not be waited for.
    stamp.write(str(context.project.root), context.environ, paths, len(resolution.packages))


def _as_new(
    session: Session, resolution: Resolution
) -> tuple[list[tuple[str, str]], dict[str, Sequence[str]]]:
    """What an installation of all of *resolution* says: version and reason of each by name, and notes."""
    packages = sorted(resolution.packages, key=lambda each: each.name)
    noted = {str(each.name): _native_libraries(session, [each.name]) for each in packages}
    return (
        [(str(each.version), because(each.name, resolution)) for each in packages],
        {name: lines for name, lines in noted.items() if lines},
    )


def open_session(context: Context, options: Options) -> Session:
    """A session over the context's project; the caller closes it."""
    state = State(context.project.state_path)
    return Session(context.project, context.settings, state, options, progress=context.console.progress)


def _documents(context: Context) -> list[bytes | None]:
    """The bytes of package.json and package-lock.json, as far as they can be read."""
    found: list[bytes | None] = []
    for path in (context.project.manifest_path, context.project.lock_path):
        try:
            found.append(path.read_bytes())
        except OSError:
            found.append(None)
    return found


def _waiting_for(holder: str | None) -> str:
    who = f"process {holder}" if holder else "another process"
    return f"Waiting for {who}, which is installing in this project ..."


def _write_candidates(session: Session) -> None:
    """Each package.json as it will be stands beside what else hpm remembers of the project."""
    for member, text in session.documents.candidates.items():
        path = session.project.candidate_path(member)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode(), durable=False)


def _warnings_of_patches(session: Session) -> list[str]:
    if not session.documents.patches:
        return []
    from hpmtasks.session.patching import unused_patches

    return unused_patches(session)


def _warnings_of_workspace(session: Session) -> Sequence[str]:
    """What is to be told of the members; what is wrong with them is told by the task that needs them."""
    with suppress(HpmError):
        return session.workspace.warnings
    return ()


def _locked_before(session: Session) -> Lockfile | None:
    """The lock as it is now; what is wrong with it is told by the task that needs it."""
    with suppress(HpmError):
        return session.documents.lockfile
    return None


def _foreseen(session: Session, edits: Sequence[Edit]) -> Done:
    """What an installation would do; nothing in the project is written."""
    from hpmtasks.stages.resolve.action import resolve

    resolution = resolve(session)
    locked = moves(session.documents.lockfile, resolution)
    changes = in_order(_expected(session, resolution))
    return Done(edits, locked, changes, resolution, _requirers(session), is_preview=True)


def _requirers(session: Session) -> dict[PackageName, list[str]]:
    """The root and the members that require each package, as people call them."""
    found: dict[PackageName, list[str]] = {}
    for member in session.workspace.everyone():
        for name in {each.name for each in get_all_dependencies(member.manifest)}:
            found.setdefault(name, []).append(str(member))
    return found


def _expected(session: Session, resolution: Resolution) -> list[Change]:
    """What an installation of *resolution* would do to packages."""
    if session.options.lock_only:
        return []
    locked = session.documents.lockfile.entries if session.documents.lockfile else {}
    changes = []
    for package in resolution.packages:
        if package.name in session.links:
            continue
        entry = locked.get(package.name)
        before = session.modules.version_of(package.name) or (str(entry.version) if entry else None)
        if before != str(package.version) or session.modules.folder_of(package.name) is None:
            changes.append(Change(package.name, before, str(package.version)))
    changes += _expected_of_members(session, resolution)
    gone = (name for name in locked if name not in resolution.by_name)
    return changes + [Change(name, str(locked[name].version), None) for name in gone]


def _expected_of_members(session: Session, resolution: Resolution) -> Iterator[Change]:
    """The members that would be copied into hem_modules for the first time, and whose copies would go."""
    standing, wanted = session.modules.installed(), session.stand_ins(resolution)
    for name, member in session.workspace.by_name.items():
        if name in wanted and name not in session.links and name not in standing:
            yield Change(name, None, str(member.version), member.path)
        elif name in standing and name not in wanted:
            yield Change(name, standing[name], None, member.path)


def _tell_preview(console: Console, done: Done) -> None:
    if not done.edits and not done.changes:
        console.line("Nothing would change.")
    if done.edits:
        console.line("Would write:")
    for edit in done.edits:
        console.line(str(edit))
    if done.changes:
        comes = any(change.after for change in done.changes)
        console.line("Would install:" if comes else "Would remove:")
    for change in done.changes:
        console.change(told(change, done.resolution))


def _report(context: Context, session: Session, done: Done, tell: Tell, ran: Sequence[str] = ()) -> None:
    console = context.console
    for warning in session.warnings:
        console.warning(warning)
    run = {"dryRun": True} if done.is_preview else {"tasks": list(ran), "seconds": round(done.seconds, 3)}
    console.result(
        {
            "manifest": [edit.as_data() for edit in done.edits],
            "lock": as_data(done.locked),
            "changes": as_data(done.changes),
            "packages": len(done.resolution.packages),
            "warnings": session.warnings,
            **run,
        }
    )
    if done.is_preview or not console.quiet:
        tell(console, done)
    for name, folder in session.links.items():
        console.note(f"Note: {name} is linked to {relative_to(session.project, folder)}.")
    if not done.is_preview:
        came = [change.name for change in done.changes if change.after is not None]
        for line in _native_libraries(session, came):
            console.note(line)


def _installed_manifest(session: Session, name: PackageName) -> bytes:
    """The package.json of the installed *name*; as it came, if it came in this run and stands unaltered.

    Raises:
        OSError: It cannot be read.
    """
    package = session.resolution.by_name.get(name) if session.resolution else None
    if package is not None and name not in session.links and session.patch_of(package) is None:
        came = session.manifests.get((name.key, package.commit))
        if came is not None:
            return came
    with open(f"{session.project.package_path(name)}/{MANIFEST}", "rb") as file:
        return file.read()


def _native_libraries(session: Session, names: Sequence[PackageName]) -> list[str]:
    """Lines that name the system libraries that the packages *names* say they need."""
    lines = []
    for name in names:
        try:
            data = _installed_manifest(session, name)
            libraries = parse_dependency_manifest(data).native_requires if b'"native"' in data else ()
        except (OSError, ValueError):
            continue
        if libraries:
            lines.append(f"\nNote: {name} requires native libraries:")
            lines += [f"  - {library}" for library in libraries]
    return lines
