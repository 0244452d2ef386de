"""interpreter: which Hemlock is on the PATH, asked once for each binary.

Only a package that says ``engines.hemlock`` needs to know its version, and only a project with
packages how it looks for them. The answers are remembered by the binary's path and stat.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Protocol

from hpmtasks.files.fingerprint import signature
from hpmtasks.pattern import pattern
from hpmtasks.semver.version import Version

_VERSION = pattern(r"\b(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\b")
_PATIENCE_SECONDS = 10
_FOUND = "found the package"
_IMPORTS = 'import { said } from "probe/package";\nprint(said());\n'
_PROBE = {
    "main.hml": _IMPORTS,
    "src/main.hml": _IMPORTS,
    "hem_modules/probe/package/src/index.hml": f'export fn said() {{ return "{_FOUND}"; }}\n',
}


class Memory(Protocol):
    """Whoever remembers what programs answered: the state of a project, or the digests of its files."""

    @property
    def tools(self) -> Mapping[str, list[Any]]:
        """The path of each program to its stat and its answer."""
        ...

    def keep_tool(self, path: str, answer: list[Any]) -> None:
        """The program at *path* answered so, with the stat that it had."""
        ...


def hemlock_version(environ: Mapping[str, str], memory: Memory) -> Version | None:
    """The version of the ``hemlock`` on the PATH; ``None`` if there is none or it does not say."""
    found = _on_path(environ)
    if found is None:
        return None
    try:
        stat = list(signature(found))
    except OSError:
        return None
    known = memory.tools.get(found)
    if known is None or known[:-1] != stat:
        known = [*stat, _ask(found)]
        memory.keep_tool(found, known)
    return Version.parse(known[-1]) if known[-1] else None


def finds_packages_above(environ: Mapping[str, str], memory: Memory) -> bool | None:
    """Whether the ``hemlock`` on the PATH finds packages in a ``hem_modules`` above the importing file.

    ``None`` if there is no interpreter, or if it does not even find those beside it.
    """
    found = _on_path(environ)
    if found is None:
        return None
    found = os.path.abspath(found)
    try:
        stat = list(signature(found))
    except OSError:
        return None
    key = f"{found} finds packages"
    known = memory.tools.get(key)
    if known is None or known[:-1] != stat:
        known = [*stat, _try_imports(found)]
        memory.keep_tool(key, known)
    answer: bool | None = known[-1]
    return answer


def _on_path(environ: Mapping[str, str]) -> str | None:
    """The ``hemlock`` that a shell would start."""
    path = environ.get("PATH")
    if path is None or os.name == "nt":  # there a program's file has one of several endings
        import shutil

        return shutil.which("hemlock", path=path)
    places = (os.path.join(folder, "hemlock") for folder in path.split(os.pathsep)) if path else ()
    return next((place for place in places if os.access(place, os.X_OK) and not os.path.isdir(place)), None)


def _try_imports(binary: str) -> bool | None:
    """Run one import that every interpreter knows how to resolve, and one that not every one does."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="hpm-probe-") as folder:
        for path, text in _PROBE.items():
            place = os.path.join(folder, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="ascii") as file:
                file.write(text)
        if _prints_found(binary, folder, "src/main.hml"):
            return True
        return False if _prints_found(binary, folder, "main.hml") else None


def _prints_found(binary: str, folder: str, path: str) -> bool:
    import subprocess

    try:
        ran = subprocess.run(
            [binary, os.path.join(folder, path)],
            cwd=folder,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.stdout.strip() == _FOUND.encode()


def version_told_by(binary: str) -> str:
    """What *binary* prints when it is asked for its version.

    Raises:
        OSError: It cannot be run.
        subprocess.TimeoutExpired: It does not end.
    """
    import subprocess

    return subprocess.run(
        [binary, "--version"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_PATIENCE_SECONDS,
        stdin=subprocess.DEVNULL,
        check=False,
    ).stdout


def _ask(binary: str) -> str:
    import subprocess

    try:
        match = _VERSION.search(version_told_by(binary))
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if match is None:
        return ""
    try:
        return str(Version.parse(match[1]))
    except ValueError:
        return ""
