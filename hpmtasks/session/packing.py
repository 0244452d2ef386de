"""packing: what users get from a project as a package, and what they would stumble over.

A release is a commit: users get what ``git archive`` makes of it, less what ``files`` leaves out.
So nothing here looks at the files on the disk, except to say that they are not in the commit.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import Usage
from hpmtasks.hemlock.lookup import SUFFIX, PackageImport
from hpmtasks.hemlock.problems import Problem, problems_of
from hpmtasks.model.contents import select
from hpmtasks.model.interpreter_rules import issues_of_main, issues_of_members
from hpmtasks.model.manifest import Manifest, parse_dependency_manifest
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import parse_tag
from hpmtasks.sources.git_process import GitFailed
from hpmtasks.sources.working_copy import Blob, WorkingCopy
from hpmtasks.store.extract import Archive, collisions, open_archive
from hpmtasks.store.links import Forbidden, View
from hpmtasks.store.refusal import Refused

#: Bytes of a file that is worth a second look.
LARGE_FILE = 1_000_000
#: Characters of a path below the project's root that leave few of Windows' 260 for the root itself.
LONG_PATH = 200

_LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
# docs.microsoft.com, "Naming Files, Paths, and Namespaces".
_WINDOWS_CHARACTERS = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .]\Z')
_WINDOWS_DEVICES = re.compile(r"(?i:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(?:\..*)?")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that users would stumble over.

    Attributes:
        rule: A stable name for it.
        message: One sentence.
        paths: The files concerned, sorted; may be empty.
    """

    rule: str
    message: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file that users get; *size* in bytes."""

    path: str
    size: int
    executable: bool


@dataclass(frozen=True, slots=True)
class Packing:
    """The package that HEAD makes.

    Attributes:
        name, version: As HEAD's package.json has them; empty if it does not say.
        commit: HEAD.
        files: What users get, sorted.
        findings: What they would stumble over.
    """

    name: str
    version: str
    commit: str
    files: tuple[PackedFile, ...]
    findings: tuple[Finding, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def pack(copy: WorkingCopy, manifest: Manifest) -> Packing:
    """The package that HEAD of *copy* makes; *manifest* is the package.json on the disk.

    Raises:
        Usage: git cannot archive HEAD.
    """
    with _archived(copy) as archive:
        committed, told = _manifest(archive)
        selected, refused = _selected(archive)
        files = tuple(
            PackedFile(path, found.size, found.executable)
            for path, found in selected.items()
            if not isinstance(found, Forbidden)
        )
        entries = copy.entries()
        wanted = _wanted([entry.path for entry in entries], committed)
        blobs = [entry for entry in entries if entry.path in selected or entry.path in wanted]
        name, version = committed.document.get("name"), committed.document.get("version")
        name = name if isinstance(name, str) else ""
        version = version if isinstance(version, str) else ""
        findings = [
            *_of_place(copy),
            *told,
            *refused,
            *_of_main(archive, selected),
            *_of_imports(archive, selected, committed),
            *_of_tags(copy, version),
            *_of_commit(blobs, selected, committed),
            *_of_names(name or "owner/repo", selected),
            *_of_contents(archive, selected),
            *_of_what_is_left_out(copy, manifest),
        ]
    return Packing(name, version, copy.head, files, tuple(findings))


@contextmanager
def _archived(copy: WorkingCopy) -> Iterator[Archive]:
    with tempfile.TemporaryDirectory(prefix="hpm-pack-") as folder:
        path = Path(folder) / "archive.tar"
        try:
            with path.open("wb") as file:
                copy.archive(file)
            archive = open_archive(path, Path(folder))
        except (GitFailed, Refused) as error:
            why = error.told if isinstance(error, GitFailed) else f"{error.reason} ({error.member})"
            raise Usage(f"HEAD makes no archive that could be installed: {why}") from None
        yield archive


def _manifest(archive: Archive) -> tuple[Manifest, list[Finding]]:
    """HEAD's package.json as an installation takes it; what is wrong with it."""
    try:
        data = archive.manifest()
    except Refused as error:
        return Manifest(), [Finding("manifest", f"HEAD's package.json is not usable: {error.reason}.")]
    if data is None:
        message = "HEAD has no package.json at the root of the repository; nobody can install it."
        return Manifest(), [Finding("manifest", message)]
    try:
        return parse_dependency_manifest(data), []
    except ValueError as error:
        return Manifest(), [Finding("manifest", f"HEAD's package.json is not usable: {error}")]


def _selected(archive: Archive) -> tuple[View, list[Finding]]:
    """What would be installed, with links that may not be followed, and what makes it impossible."""
    try:
        selected = archive.selected()
    except Refused as error:
        return {}, [Finding("not-installable", f"An installation refuses the package: {error.reason}.")]
    findings = [
        Finding(
            "not-installable",
            f"An installation refuses the package, because {found.reason}: {path}.",
            (path,),
        )
        for path, found in selected.items()
        if isinstance(found, Forbidden)
    ]
    for path, other in collisions(selected):
        message = (
            f"{path} and {other} are one file on the disks of many; an installation refuses the package."
        )
        findings.append(Finding("case-clash", message, (other, path)))
    return selected, findings


def _wanted(paths: Iterable[str], manifest: Manifest, files: Sequence[str] | None = None) -> frozenset[str]:
    """Those of *paths* that the package would have, whether or not they are in the archive."""
    try:
        return select(paths, manifest.files if files is None else files, manifest.main)
    except ValueError:  # more patterns than an installation takes: told already
        return frozenset()


def _of_place(copy: WorkingCopy) -> Iterator[Finding]:
    if copy.prefix:
        yield Finding(
            "place",
            f"package.json is in {copy.prefix.rstrip('/')}, and users get the root of the repository."
            " A package is a whole repository.",
        )


def _of_main(archive: Archive, selected: View) -> Iterator[Finding]:
    try:
        data = archive.manifest()
        issues = [] if data is None else [*issues_of_main(data, selected), *issues_of_members(data)]
    except (Refused, ValueError):  # told already
        return
    for issue in issues:
        yield Finding("members" if " members; " in issue else "main", issue)


def _of_imports(archive: Archive, selected: View, manifest: Manifest) -> Iterator[Finding]:
    """Imports that find nothing in what users get: files of this package, and packages it requires."""
    required = {requirement.name for requirement in manifest.requirements}
    own = manifest.document.get("name")

    def of_package(wanted: PackageImport) -> str | None:
        try:
            name = PackageName.parse(wanted.package)
        except ValueError:
            return f"no package can be called {wanted.package}."
        return None if name in required or wanted.package == own else f"dependencies do not name {name}."

    def is_file(path: str) -> bool:
        return path in selected

    problems: list[Problem] = []
    for path, member in selected.items():
        if path.endswith(SUFFIX) and not isinstance(member, Forbidden):
            problems += problems_of(path, archive.read(member, member.size), is_file, of_package)
    for problem in problems:
        yield Finding("import", str(problem), (problem.path,))


def _of_tags(copy: WorkingCopy, version: str) -> Iterator[Finding]:
    versions = {tag: str(parsed) for tag in copy.tags_at_head() if (parsed := parse_tag(tag)) is not None}
    if versions and version not in versions.values():
        tags = ", ".join(sorted(versions))
        yield Finding(
            "tag", f"HEAD is tagged {tags}, and its package.json says version {version or 'nothing'}."
        )


def _of_commit(blobs: Iterable[Blob], selected: View, manifest: Manifest) -> Iterator[Finding]:
    """What a commit may hold and an archive does not, or not as it was meant."""
    links, submodules, left_out = [], [], []
    for blob in blobs:
        if blob.is_submodule:
            submodules.append(blob.path)
        elif blob.is_link:
            links.append(blob.path)
        elif blob.path not in selected:
            left_out.append(blob.path)
    if links:
        yield _of_paths("symlink", "Links become copies of what they point to, inside the package", links)
    if submodules:
        yield _of_paths("submodule", "Submodules are empty folders in an archive", submodules)
    if left_out:
        what = "Left out of the archive by export-ignore in .gitattributes"
        yield _of_paths(
            "export-ignore", what if manifest.files is None else f"{what}, though files names them", left_out
        )


def _of_names(name: str, selected: View) -> Iterator[Finding]:
    hostile = [path for path in selected if any(map(_is_hostile_to_windows, path.split("/")))]
    if hostile:
        yield _of_paths("windows-name", "Names that Windows cannot have", hostile)
    long = [path for path in selected if len(f"hem_modules/{name}/{path}") > LONG_PATH]
    if long:
        yield _of_paths(
            "long-path",
            f"Paths that are longer than {LONG_PATH} characters when installed; Windows allows 260",
            long,
        )


def _is_hostile_to_windows(part: str) -> bool:
    return bool(_WINDOWS_CHARACTERS.search(part) or _WINDOWS_DEVICES.fullmatch(part))


def _of_contents(archive: Archive, selected: View) -> Iterator[Finding]:
    pointers, large = [], []
    for path, member in selected.items():
        if isinstance(member, Forbidden):
            continue
        if archive.read(member, len(_LFS_POINTER)) == _LFS_POINTER:
            pointers.append(path)
        if member.size > LARGE_FILE:
            large.append(path)
    if pointers:
        yield _of_paths("lfs", "Pointers of Git LFS instead of the files; users get the pointers", pointers)
    if large:
        yield _of_paths("large", f"Files of more than {LARGE_FILE // 1_000_000} MB", large)


def _of_what_is_left_out(copy: WorkingCopy, manifest: Manifest) -> Iterator[Finding]:
    """Files on the disk that the package would have if they were committed."""
    status = copy.status(with_ignored=True)

    def inside(paths: Iterable[str]) -> list[str]:
        return [path.removeprefix(copy.prefix) for path in paths if path.startswith(copy.prefix)]

    if changed := _wanted(inside(status.changed), manifest):
        yield _of_paths("changed", "Others than in HEAD; users get what is committed", changed)
    if untracked := _wanted(inside(status.untracked), manifest):
        yield _of_paths("untracked", "Not known to git; users do not get them", untracked)
    # Without "files" everything belongs to the package, and what is ignored is ignored on purpose.
    named = manifest.files or ("package.json",)
    if ignored := _wanted(inside(status.ignored), manifest, named):
        yield _of_paths("ignored", "Ignored by git, though the package needs them", ignored)


def _of_paths(rule: str, what: str, paths: Iterable[str]) -> Finding:
    return Finding(rule, what, tuple(sorted(paths)))
