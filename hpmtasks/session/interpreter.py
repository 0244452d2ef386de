"""interpreter: which Hemlock is on the PATH, asked once for each binary.

Only a package that says ``engines.hemlock`` needs to know, and the answer is
remembered by the binary's path and stat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hpmtasks.files.fingerprint import signature
from hpmtasks.project.state import State
from hpmtasks.semver.version import Version

_VERSION = re.compile(r"\b(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\b")
_PATIENCE_SECONDS = 10


def hemlock_version(environ: Mapping[str, str], state: State) -> Version | None:
    """The version of the ``hemlock`` on the PATH; ``None`` if there is none or it does not say."""
    import shutil

    found = shutil.which("hemlock", path=environ.get("PATH"))
    if found is None:
        return None
    try:
        stat = list(signature(found))
    except OSError:
        return None
    known = state.tools.get(found)
    if known is None or known[:-1] != stat:
        known = [*stat, _ask(found)]
        state.keep_tool(found, known)
    return Version.parse(known[-1]) if known[-1] else None


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
