"""action: choose the versions, and say where each comes from."""

from __future__ import annotations

from collections.abc import Iterator

from hpmtasks.errors import InvalidManifest, NoSuchVersion, OutOfDate
from hpmtasks.model.lockfile import LockEntry
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.model.resolution import Resolution, ResolvedPackage, tag_of
from hpmtasks.resolver.catalogue import Unavailable
from hpmtasks.resolver.request import REQUEST, MemberPackage, Override, RootRequirement
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.session import Session
from hpmtasks.session.catalogue import SourceCatalogue, promised
from hpmtasks.session.documents import Documents
from hpmtasks.sources.source import Tag

#: How many reasons why a lock is out of date are told.
_MOST_REASONS = 10


def resolve(session: Session) -> Resolution:
    """One version for every package that the project needs, preferring what is locked.

    Under ``frozen`` the lock's own choice, unquestioned. Under ``locked`` the choice has
    to be the lock's. Nothing is written.

    Raises:
        OutOfDate: ``locked`` or ``frozen``, and the lock does not answer package.json.
        HpmError: No choice is possible; the error explains.
    """
    from hpmtasks.resolver.solve import solve

    if session.options.keeps_the_lock:
        require_answering_lock(session, "--frozen" if session.options.frozen else "--locked")
    catalogue = SourceCatalogue(session)
    _drop_entries_without_tag(session)
    locked, accepted = session.documents.locked, session.options.accept
    solution = solve(
        list(root_requirements(session.documents)),
        catalogue,
        locked={name: entry.version for name, entry in locked.items()},
        promised={name: promised(entry) for name, entry in locked.items() if name not in accepted},
        overrides=list(overrides_of(session.documents.manifest, str(session.project.manifest_path))),
        direction=session.options.direction,
        root_label=session.documents.manifest.name or "your project",
        members=list(_members(session)),
    )
    packages = [
        _describe(
            session, catalogue, PackageId(name, chosen.version), chosen.requirements, dev=name in solution.dev
        )
        for name, chosen in solution.items()
        if name not in session.workspace.by_name
    ]
    return Resolution(tuple(packages))


def root_requirements(documents: Documents) -> Iterator[RootRequirement]:
    """What the project itself and its members require, each with where the user finds it."""
    for member in documents.workspace.everyone():
        for section, requirements in (
            ("dependencies", member.manifest.requirements),
            ("devDependencies", member.manifest.dev_requirements),
        ):
            for requirement in requirements:
                is_new = (member.path, requirement.name) in documents.requested
                file = REQUEST if is_new else member.shown_manifest
                yield RootRequirement(requirement, section, file, None if member.is_root else member.package)


def _members(session: Session) -> Iterator[MemberPackage]:
    for name, member in session.workspace.by_name.items():
        yield MemberPackage(PackageId(name, member.version), member.manifest.requirements)


def overrides_of(manifest: Manifest, path: str) -> Iterator[Override]:
    """The ``overrides`` of *manifest*: ``"owner/repo"`` or ``"owner/repo > other/dep"`` to a constraint.

    Raises:
        InvalidManifest: One of them has another form.
    """
    for key, text in manifest.overrides.items():
        parent, arrow, target = key.rpartition(">")
        try:
            yield Override(
                PackageName.parse(target.strip()),
                parse_constraint(text),
                PackageName.parse(parent.strip()) if arrow else None,
            )
        except (ValueError, TypeError, AttributeError) as error:
            form = 'the form is "owner/repo" or "owner/repo > other/dep", with a version constraint'
            raise InvalidManifest(path, [f"overrides: {key!r} cannot be used; {form} ({error})."]) from error


def require_answering_lock(session: Session, by: str) -> None:
    """The lock is there and answers package.json.

    Args:
        by: Who requires it: an option or a command.

    Raises:
        OutOfDate: It is not, or does not; the reasons are told.
    """
    plainly = " without it" if by.startswith("--") else ""
    if session.documents.lockfile is None:
        raise OutOfDate(
            f"There is no package-lock.json, and {by} installs only what is locked.\n\n"
            f"Run 'hpm install' once{plainly} and commit package-lock.json."
        )
    reasons = session.documents.unanswered()
    if reasons:
        more = len(reasons) - _MOST_REASONS
        shown = [f"  - {reason}" for reason in reasons[:_MOST_REASONS]]
        shown += [f"  - and {more} more"] if more > 0 else []
        raise OutOfDate(
            f"package-lock.json does not answer package.json, and {by} forbids changing it:\n\n"
            + "\n".join(shown)
            + f"\n\nRun 'hpm install'{plainly} and commit package-lock.json."
        )


def _drop_entries_without_tag(session: Session) -> None:
    """Locks of the first hpm name no commit: the version has to be found among the tags again."""
    unknown = [name for name, entry in session.documents.locked.items() if entry.commit is None]
    for name in unknown:
        session.expect_tags(name)
    for name in unknown:
        versions = [tag.version for tag in session.tags(name).tags]
        entry = session.documents.locked[name]
        if entry.version not in versions:
            if session.options.keeps_the_lock:
                raise NoSuchVersion(
                    f"package-lock.json locks {name}@{entry.version}, which {name} no longer has.",
                    name=str(name),
                    constraint=str(entry.version),
                    available=[str(version) for version in versions],
                )
            del session.documents.locked[name]


def _describe(
    session: Session,
    catalogue: SourceCatalogue,
    package: PackageId,
    requirements: tuple[Requirement, ...],
    *,
    dev: bool,
) -> ResolvedPackage:
    """Where *package* comes from: as locked while the lock still means it, else as its source says now."""
    name = package.name
    entry = session.documents.locked.get(name)
    dependencies = tuple(sorted((str(each.name), each.constraint.text) for each in requirements))
    kind = session.source_of(name).kind
    if entry is not None and entry.version == package.version and entry.commit is not None:
        return ResolvedPackage(
            name=name,
            version=entry.version,
            tag=tag_of(entry),
            commit=entry.commit,
            source=kind,
            resolved=entry.resolved,
            integrity=entry.integrity,
            tree=entry.tree,
            repository=entry.repository,
            dev=dev,
            dependencies=dependencies,
        )
    try:
        tag = catalogue.tag(package)
    except Unavailable as error:  # the lock alone knows this version, and it knows no commit
        raise NoSuchVersion(
            f"{package} is no longer among the versions of {name}: it {error.reason}.",
            name=str(name),
            constraint=str(package.version),
            available=[str(version) for version in catalogue.versions(name)],
        ) from error
    # What is chosen anew may be what was locked; then the lock's promises hold.
    before = session.documents.entries.get(name)
    promised = before if before is not None and _is_same(before, tag) else None
    return ResolvedPackage(
        name=name,
        version=tag.version,
        tag=tag.name,
        commit=tag.commit,
        source=kind,
        resolved=session.source_of(name).resolved(name, tag.name, tag.commit, tag.version),
        integrity=promised.integrity if promised else None,
        tree=promised.tree if promised else None,
        # No other repository's version is ever chosen, so the locked number holds.
        repository=(before.repository if before else None) or session.tags(name).repository,
        dev=dev,
        dependencies=dependencies,
    )


def _is_same(entry: LockEntry, tag: Tag) -> bool:
    """Whether *entry* locks the version of *tag*, at its commit if it names one."""
    return entry.version == tag.version and entry.commit in (None, tag.commit)
