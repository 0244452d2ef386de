"""manifest_issues: what can be wrong with a package.json, one sentence for each.

Sentences that the package specification documents stand here verbatim.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version

#: Who lets sources find packages: the interpreter if it can, shims, or nobody.
IMPORT_MODES = ("auto", "shims", "off")
_STRINGS = ("name", "version", "description", "homepage", "main")
_STRINGS_OR_OBJECTS = ("author", "license", "repository", "bugs")
_OBJECTS = ("overrides", "tasks", "engines", "hpm", "native")
_OBJECTS_OF_STRINGS = ("dependencies", "devDependencies", "scripts")
_LISTS_OF_STRINGS = ("keywords", "files", "workspaces")


def has_documented_shape(document: Mapping[str, Any]) -> bool:
    """Whether each documented field of *document* has its documented type; cheaply.

    Says the same as ``wire.PackageJson``, which is only asked to explain a "no".
    """
    given = {key: value for key, value in document.items() if value is not None}
    native = given.get("native", {})
    policy = given.get("hpm", {})
    return (
        all(isinstance(given.get(key, ""), str) for key in _STRINGS)
        and all(isinstance(given.get(key, ""), (str, dict)) for key in _STRINGS_OR_OBJECTS)
        and all(isinstance(given.get(key, {}), dict) for key in _OBJECTS)
        and all(_is_object_of_strings(given.get(key, {})) for key in _OBJECTS_OF_STRINGS)
        and all(_is_list_of_strings(given.get(key, [])) for key in _LISTS_OF_STRINGS)
        and (native.get("requires") is None or _is_list_of_strings(native["requires"]))
        and (policy.get("sources") is None or isinstance(policy["sources"], list))
    )


def _is_object_of_strings(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_list_of_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def issues_of_shape(document: Mapping[str, Any]) -> list[str]:
    """Each field that has not its documented type."""
    if has_documented_shape(document):
        return []
    from hpmtasks.model import wire

    return wire.issues_of_shape(wire.PackageJson, document)


def issues_of_identity(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with ``name`` and ``version``, in the documented sentences.

    The root of a workspace need not be a package, so it may be without either.
    """
    required = () if document.get("workspaces") else ("name", "version")
    issues = [f"package.json missing required field: {key}" for key in required if document.get(key) is None]
    name, version = document.get("name"), document.get("version")
    if isinstance(name, str):
        issues += _issues_of_own_name(name)
    if isinstance(version, str):
        try:
            Version.parse(version)
        except ValueError:
            issues.append(f"Invalid version {json.dumps(version)}. Must be semver format (X.Y.Z).")
    return issues


def _issues_of_own_name(text: str) -> list[str]:
    try:
        name = PackageName.parse(text)
    except ValueError:
        return ["Invalid package name. Must be in owner/repo format."]
    problem = name.problem_as_own_name()
    if problem is None:
        return []
    owner, repo = (re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in (name.owner, name.repo))
    hint = ""
    if owner and repo and PackageName(owner, repo).problem_as_own_name() is None:
        hint = f' "{owner}/{repo}" would do.'
    return [f'Invalid package name "{text}". {problem}{hint}']


def issues_of_paths(main: Any, files: Any) -> list[str]:
    """Each path in ``main`` and ``files`` that may point out of the package."""
    entries = [("main", main), *(("files", entry) for entry in (files if isinstance(files, list) else ()))]
    return [
        f"{key}: {json.dumps(path)} must be a path inside the package."
        for key, path in entries
        if isinstance(path, str) and _leaves(path, key)
    ]


def issues_of_commands(scripts: Mapping[str, str]) -> list[str]:
    """Each script that no process could be started with."""
    return [
        f"scripts: {shown(name)} holds a character that no command can hold."
        for name, command in scripts.items()
        if _is_unspeakable(command)
    ]


def _leaves(path: str, key: str) -> bool:
    """Whether *path* may point out of the package (a leading slash in ``files`` means the package's root)."""
    if _is_unspeakable(path):
        return True
    parts = path.replace("\\", "/").split("/")
    return ".." in parts or ":" in parts[0] or (key == "main" and path.startswith(("/", "\\")))


def _is_unspeakable(text: str) -> bool:
    """Whether *text* cannot be a path or an argument: NUL, or half a surrogate pair."""
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


def issues_of_libraries(native_requires: Sequence[Any]) -> list[str]:
    """Each required library whose name would do more to a terminal than be shown."""
    return [
        f"native.requires: {library!r} holds a control character."
        for library in native_requires
        if isinstance(library, str) and not library.isprintable()
    ]


def issues_of_imports(mode: Any) -> list[str]:
    """What is wrong with ``hpm.imports``."""
    if mode is None or mode in IMPORT_MODES:
        return []
    return [f"hpm.imports: {json.dumps(mode)} is none of {', '.join(IMPORT_MODES)}."]


def shown(text: str) -> str:
    """*text* as it may stand in a message: as it is, or escaped if a terminal would not just show it."""
    return text if text.isprintable() else repr(text)
