"""documents: what package.json and package-lock.json say, read once, as this run takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hpmtasks.dataclass import replace
from hpmtasks.model.lockfile import LockEntry, Lockfile, disagreements, parse_lockfile
from hpmtasks.model.manifest import Manifest, get_all_dependencies, parse_manifest, read_manifest
from hpmtasks.model.manifest_issues import issues_of_identity
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.model.patches import patches_of
from hpmtasks.project import Project
from hpmtasks.project.workspace import Workspace, read_workspace
from hpmtasks.semver.constraint import Constraint, parse_constraint
from hpmtasks.session.once import once
from hpmtasks.session.options import Options

# What is another when a manifest is.
_DERIVED = ("manifest", "patches", "workspace", "entries", "locked", "_constraints", "_unanswered")


class Documents:
    """The manifest and the lock of one run.

    Args:
        project: Where they are.
        options: Whether the lock counts.
        is_in_folder: Whether a package comes from a folder now.
    """

    def __init__(
        self, project: Project, options: Options, is_in_folder: Callable[[PackageName], bool]
    ) -> None:
        self._project = project
        self._options = options
        self._is_in_folder = is_in_folder
        #: Each package.json that will be another if all goes well (``hpm install X``), by the path of
        #: its member; the root's is empty.
        self.candidates: dict[str, str] = {}
        self.requested: frozenset[tuple[str, PackageName]] = frozenset()

    def adopt_candidate(self, text: str, requested: Iterable[PackageName] = (), *, member: str = "") -> None:
        """From now on the manifest is *text*; the file follows when everything has gone well.

        *requested* are the packages that the user asked for just now: messages say so,
        instead of naming a line of package.json that nobody has seen yet.

        Args:
            member: The path of the member whose package.json it is; of the root, empty.
        """
        self.candidates[member] = text
        self.requested |= {(member, name) for name in requested}
        for derived in _DERIVED:
            self.__dict__.pop(derived, None)

    def do_without_manifest(self) -> None:
        """Where there is no package.json it asks for nothing: for what the lock alone answers."""
        if not self._project.manifest_path.exists():
            self.__dict__["manifest"] = Manifest()

    def take(self, workspace: Workspace) -> None:
        """*workspace* was read a moment ago, by who may do without name and version; it need not be again."""
        if not issues_of_identity(workspace.root.manifest.document):
            self.__dict__.update(manifest=workspace.root.manifest, workspace=workspace)

    @once
    def manifest(self) -> Manifest:
        """package.json: the candidate if there is one, else the file.

        Raises:
            InvalidManifest: It cannot be used.
        """
        path = self._project.manifest_path
        if "" in self.candidates:
            return parse_manifest(self.candidates[""].encode(), str(path))
        return read_manifest(path)

    @once
    def workspace(self) -> Workspace:
        """The project and its members, with the candidates in the place of their files.

        Raises:
            InvalidManifest: package.json of the root or of a member cannot be used.
        """
        return read_workspace(self._project, root=self.manifest, texts=self.candidates)

    @once
    def patches(self) -> dict[PackageId, str]:
        """The patches that package.json names, by the version of the package that each is for.

        Raises:
            InvalidManifest: They cannot be used.
        """
        return patches_of(self.manifest, str(self._project.manifest_path))

    @once
    def lockfile(self) -> Lockfile | None:
        """package-lock.json as it was at the start; ``None`` if there was none.

        Raises:
            InvalidLockfile: It cannot be used.
        """
        path = self._project.lock_path
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        return parse_lockfile(data, str(path))

    @once
    def entries(self) -> dict[PackageName, LockEntry]:
        """The entries of the lock that mean something in this run.

        Not those that another kind of source made: a folder's commits mean nothing to a git server;
        and not those of members. Of those whose present contents are accepted, only the version.
        """
        entries = self.lockfile.entries if self.lockfile else {}
        own = self.workspace.by_name
        accepted = self._options.accept
        return {
            name: _without_promises(entry) if name in accepted else entry
            for name, entry in entries.items()
            if entry.resolved.startswith("directory:") == self._is_in_folder(name)
            and _is_readable(entry)
            and name not in own
        }

    @once
    def locked(self) -> dict[PackageName, LockEntry]:
        """Those of :attr:`entries` that the run is not to choose anew."""
        return {name: entry for name, entry in self.entries.items() if not self._options.releases(name)}

    def constraints_on(self, name: PackageName) -> list[Constraint]:
        """Every constraint that the project, its members and the locked packages put on *name*."""
        return self._constraints.get(name, [])

    def names(self) -> list[PackageName]:
        """Every package that a manifest or the lock names, sorted; members come from no source."""
        return sorted({*self._constraints, *self.locked} - self.workspace.by_name.keys())

    def unanswered(self) -> list[str]:
        """A clause for each reason why the lock is not an answer to what the project and its members require.

        Of a project without a lock: nothing.
        """
        return self._unanswered

    @once
    def _unanswered(self) -> list[str]:
        if self.lockfile is None:
            return []
        members = [member.manifest for member in self.workspace.members]
        return list(disagreements(self.lockfile, self.manifest, members))

    @once
    def _constraints(self) -> dict[PackageName, list[Constraint]]:
        found: dict[PackageName, list[Constraint]] = {}
        for member in self.workspace.everyone():
            for requirement in get_all_dependencies(member.manifest):
                found.setdefault(requirement.name, []).append(requirement.constraint)
        for entry in self.locked.values():
            for name, text in entry.dependencies.items():
                found.setdefault(name, []).append(parse_constraint(text))
        return found


def _without_promises(entry: LockEntry) -> LockEntry:
    return replace(entry, commit=None, tree=None, integrity=None, repository=None)


def _is_readable(entry: LockEntry) -> bool:
    """Whether every constraint in *entry* is one; the first hpm locked whatever stood there."""
    try:
        for text in entry.dependencies.values():
            parse_constraint(text)
    except ValueError:
        return False
    return True
