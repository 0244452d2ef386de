"""manifest: package.json, as what it asks for.

Two readers. :func:`parse_manifest` is for the file of the project at hand: everything
that is wrong is told at once. :func:`parse_dependency_manifest` is for what others
published: only what an installation needs has to be right, and what is not right
disqualifies that one version, not the installation.

The text is edited, never written anew, by ``manifest_edit``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import InvalidManifest
from hpmtasks.model.json_load import decode, load
from hpmtasks.model.json_scan import MalformedJson
from hpmtasks.model.manifest_edit import (
    add_dependency,
    create_default,
    remove_dependency,
    render_manifest,
    set_constraint,
    write_manifest,
)
from hpmtasks.model.manifest_issues import (
    issues_of_commands,
    issues_of_identity,
    issues_of_imports,
    issues_of_libraries,
    issues_of_paths,
    issues_of_shape,
)
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.model.specifier import parse_specifier, split_name
from hpmtasks.model.task_config import TaskConfig, parse_pools, parse_tasks, parse_workspaces
from hpmtasks.semver.constraint import parse_constraint

__all__ = [
    "DEFAULT_MAIN",
    "NO_VERSION",
    "Manifest",
    "add_dependency",
    "create_default",
    "get_all_dependencies",
    "parse_dependency_manifest",
    "parse_manifest",
    "parse_specifier",
    "read_manifest",
    "remove_dependency",
    "render_manifest",
    "set_constraint",
    "split_name",
    "validate",
    "write_manifest",
]

#: The version of a package that says none, where it need not: a member of a workspace, a linked folder.
NO_VERSION = "0.0.0"
#: What an import of the package loads when ``main`` says nothing.
DEFAULT_MAIN = "src/index.hml"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A package.json that was found usable.

    ``name`` and ``version`` are ``None`` only where they were not required. ``overrides``
    and ``sources`` are as written; whoever gives them meaning checks them.
    ``files`` is ``None`` if the package does not restrict what is installed. ``tasks`` has
    every script, described or not, and every task that only stands for others.
    """

    name: str | None = None
    version: str | None = None
    main: str = DEFAULT_MAIN
    requirements: tuple[Requirement, ...] = ()
    dev_requirements: tuple[Requirement, ...] = ()
    scripts: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] | None = None
    native_requires: tuple[str, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, TaskConfig] = field(default_factory=dict)
    #: How many tasks of a pool run at a time; a pool that is not here has one slot.
    pools: Mapping[str, int] = field(default_factory=dict)
    #: Patterns of the folders that are members, relative to this file's.
    workspaces: tuple[str, ...] = ()
    sources: tuple[Any, ...] = ()
    #: The whole document, for the fields that nothing here gives a meaning.
    document: Mapping[str, Any] = field(default_factory=dict)
    #: The file as it was read, byte order mark and line ends included.
    text: str = ""

    @property
    def policy(self) -> Mapping[str, Any]:
        """The ``hpm`` object, or an empty one."""
        policy: Mapping[str, Any] = self.document.get("hpm") or {}
        return policy

    @property
    def imports(self) -> str:
        """Who lets sources find packages: ``auto``, ``shims`` or ``off``; see ``docs/imports.md``."""
        mode: str = self.policy.get("imports") or "auto"
        return mode


# ---------------------------------------------------------------- the project's own


def read_manifest(path: Path, *, strict_own: bool = True) -> Manifest:
    """The manifest in the file *path*.

    Raises:
        InvalidManifest: There is no such file, or :func:`parse_manifest` refuses it.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InvalidManifest(str(path), ["No package.json found. Run 'hpm init' first."]) from None
    except OSError as error:
        raise InvalidManifest(str(path), [f"package.json cannot be read: {error.strerror}."]) from None
    return parse_manifest(data, str(path), strict_own=strict_own)


def parse_manifest(data: bytes, path: str, *, strict_own: bool = True) -> Manifest:
    """The manifest that *data* holds, for a project's own package.json.

    Args:
        data: The file's bytes.
        path: The file's name in messages.
        strict_own: Whether ``name`` and ``version`` have to be there and be right.

    Raises:
        InvalidManifest: Something is wrong; ``issues`` holds all of it.
    """
    try:
        document = load(data)
    except MalformedJson as error:
        raise InvalidManifest(path, [f"package.json is not valid JSON: {error}"]) from None
    if not isinstance(document, dict):
        raise InvalidManifest(path, ["package.json must hold an object: {…}."])
    issues = issues_of_identity(document) if strict_own else []
    issues += issues_of_shape(document)
    manifest = _build(document, decode(data), issues, own=True)
    if issues:
        raise InvalidManifest(path, issues)
    return manifest


def validate(document: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing that is wrong with *document* as a project's package.json."""
    issues = issues_of_identity(document) + issues_of_shape(document)
    _build(document, "", issues, own=True)
    return issues


def get_all_dependencies(manifest: Manifest) -> tuple[Requirement, ...]:
    """What *manifest* requires, for development too; a name in both sections comes twice, and both hold."""
    return manifest.requirements + manifest.dev_requirements


# ---------------------------------------------------------------- somebody else's


def parse_dependency_manifest(data: bytes) -> Manifest:
    """The manifest that *data* holds, for a package that is to be installed.

    Only ``dependencies``, ``files``, ``main`` and ``native`` have to be right;
    ``devDependencies``, ``overrides`` and ``scripts`` of a dependency mean nothing and are left out.

    Raises:
        ValueError: One of them is not; the sentence says why.
    """
    try:
        document = load(data)
    except MalformedJson as error:
        raise ValueError(f"package.json is not valid JSON: {error}") from None
    if not isinstance(document, dict):
        # The document is wrong, not the caller.
        raise ValueError("package.json must hold an object: {…}.")  # noqa: TRY004
    relevant = {key: document.get(key) for key in ("dependencies", "files", "main", "native")}
    issues = issues_of_shape(relevant)
    manifest = _build(document, "", issues, own=False)
    if issues:
        raise ValueError(" ".join(issues))
    return manifest


# ---------------------------------------------------------------- making one


def _build(document: Mapping[str, Any], text: str, issues: list[str], *, own: bool) -> Manifest:
    """The manifest of *document*; what is wrong with the values of well-typed fields goes to *issues*."""
    main, files = document.get("main"), document.get("files")
    name, version = document.get("name"), document.get("version")
    scripts = _strings(document, "scripts") if own else {}
    native_requires = _list(_object(document, "native"), "requires")
    issues += issues_of_paths(main, files)
    issues += issues_of_commands(scripts)
    issues += issues_of_libraries(native_requires)
    issues += issues_of_imports(_object(document, "hpm").get("imports")) if own else []
    tasks, pools, workspaces = _tasks(document, scripts, issues) if own else ({}, {}, ())
    return Manifest(
        name=name if isinstance(name, str) else None,
        version=version if isinstance(version, str) else None,
        main=main if isinstance(main, str) and main else DEFAULT_MAIN,
        requirements=_requirements(document, "dependencies", issues),
        dev_requirements=_requirements(document, "devDependencies", issues) if own else (),
        scripts=scripts,
        files=tuple(files) if isinstance(files, list) else None,
        native_requires=tuple(native_requires),
        overrides=_object(document, "overrides") if own else {},
        tasks=tasks,
        pools=pools,
        workspaces=workspaces,
        sources=tuple(_list(_object(document, "hpm"), "sources")) if own else (),
        document=document,
        text=text,
    )


def _tasks(
    document: Mapping[str, Any], scripts: Mapping[str, str], issues: list[str]
) -> tuple[dict[str, TaskConfig], dict[str, int], tuple[str, ...]]:
    """The tasks, the pools and the workspaces of *document*."""
    tasks, of_tasks = parse_tasks(scripts, document.get("tasks"))
    pools, of_pools = parse_pools(_object(document, "hpm").get("pools"))
    workspaces, of_workspaces = parse_workspaces(document.get("workspaces"))
    issues += [*of_tasks, *of_pools, *of_workspaces]
    return tasks, pools, workspaces


def _object(holder: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _list(holder: Mapping[str, Any], key: str) -> list[Any]:
    found = holder.get(key)
    return found if isinstance(found, list) else []


def _strings(holder: Mapping[str, Any], key: str) -> dict[str, str]:
    return {name: value for name, value in _object(holder, key).items() if isinstance(value, str)}


def _requirements(document: Mapping[str, Any], section: str, issues: list[str]) -> tuple[Requirement, ...]:
    """The requirements of one section, sorted by name."""
    found: dict[PackageName, Requirement] = {}
    for key, constraint in _strings(document, section).items():
        try:
            name = PackageName.parse(key)
        except ValueError as error:
            issues.append(f"{section}: {error}.")
            continue
        if name in found:
            issues.append(f"{section}: {key} and {found[name].name} are the same package; keep one of them.")
            continue
        try:
            found[name] = Requirement(name, parse_constraint(constraint))
        except ValueError as error:
            issues.append(f"{section}: {key}: " + str(error).replace("\n", "\n  "))
    return tuple(found[name] for name in sorted(found))
