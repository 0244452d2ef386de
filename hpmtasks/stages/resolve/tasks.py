"""tasks: ``resolve``, the one task that the shape of the rest depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hpmtasks.doit_core import Task
from hpmtasks.errors import HpmError
from hpmtasks.files.atomic import write_atomically
from hpmtasks.graph import Record, stage_task
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import Resolution
from hpmtasks.session import Session
from hpmtasks.session.inputs import inputs_of
from hpmtasks.stages.fetch.record import TagsRecord
from hpmtasks.stages.resolve.record import ResolveRecord

NAME = "resolve"


def load_current(session: Session) -> Resolution | None:
    """The resolution on disk, if everything it depends on is as it was; then nothing need be asked.

    ``session.resolution`` is set to it. ``None`` as well if the task was forgotten, or
    this run is to choose anew.
    """
    options = session.options
    if options.update or options.update_all or options.accept or not session.state.values_of(NAME):
        return None
    try:
        record = ResolveRecord.from_json(session.project.resolution_path.read_bytes())
        if record.inputs != inputs_of(session):
            return None
    except (OSError, ValueError, HpmError):
        return None
    session.resolution = record.resolution
    return record.resolution


def save(session: Session, resolution: Resolution) -> None:
    """``.hpm/resolution.json`` says that *resolution* answers the files as they are now."""
    path = session.project.resolution_path
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, ResolveRecord(inputs_of(session), resolution).to_json(), durable=False)


def task(session: Session, names: Sequence[PackageName], run_ahead: Callable[[Resolution], None]) -> Task:
    """``resolve``, after the tags of *names*.

    Args:
        run_ahead: Called with the answer as soon as it is known.
    """

    def work() -> Record:
        from hpmtasks.stages.resolve.action import resolve  # all of choosing versions

        resolution = resolve(session)
        session.resolution = resolution
        run_ahead(resolution)
        _record_tags(session, resolution, names)
        save(session, resolution)
        return {"packages": len(resolution.packages)}

    return stage_task(
        session,
        NAME,
        doc="choose a version of every package (package.json, package-lock.json -> .hpm/resolution.json)",
        work=work,
        is_fresh=lambda: session.resolution is not None,
        task_dep=[f"tags:{name}" for name in names],
        clean=[(session.project.resolution_path.unlink, [True])],
    )


def _record_tags(session: Session, resolution: Resolution, names: Sequence[PackageName]) -> None:
    """The tags that resolving read itself stand recorded as those of *names*, which have tasks, do."""
    recorded = frozenset(names)
    for package in resolution.packages:
        name = package.name
        if name not in recorded and session.has_read_tags(name):
            record = TagsRecord.now(session.source_of(name).kind, session.tags(name))
            session.state.keep_task_value(f"tags:{name}", "_values_:", record.to_json())
