"""tools: the programs that hpm uses: Python, git, Hemlock."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

from hpmtasks import __version__
from hpmtasks.project.state import State
from hpmtasks.session import compiled_front
from hpmtasks.session.diagnosis.finding import Finding, warning
from hpmtasks.session.interpreter import hemlock_version, version_told_by


def look(environ: Mapping[str, str], state: State) -> Iterator[Finding]:
    """Which there are, and their versions."""
    yield Finding("hpm", f"{__version__}, by Python {platform.python_version()} ({sys.executable})")
    yield _git(environ)
    yield _hemlock(environ, state)
    yield from _front(environ)


def _git(environ: Mapping[str, str]) -> Finding:
    found = shutil.which("git", path=environ.get("PATH"))
    if found is None:
        return warning(
            "git", "not found on the PATH", "Install it; sources of type git, pack and release need it."
        )
    try:
        answer = version_told_by(found)
    except (OSError, subprocess.TimeoutExpired) as error:
        return warning("git", f"{found} does not run ({error})", "Install it anew.")
    version = re.search(r"\d+\.\d+(\.\d+)?", answer)
    if version is None:
        return warning("git", f"{found} does not say its version", "Install it anew.")
    return Finding("git", f"{version[0]} ({found})")


def _hemlock(environ: Mapping[str, str], state: State) -> Finding:
    found = shutil.which("hemlock", path=environ.get("PATH"))
    if found is None:
        return warning(
            "Hemlock",
            "not found on the PATH",
            "Install it to run what is installed; hpm itself works without.",
        )
    version = hemlock_version(environ, state)
    if version is None:
        return warning("Hemlock", f"{found} does not say its version", "Install it anew.")
    return Finding("Hemlock", f"{version} ({found})")


def _front(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The compiled front, if somebody made one."""
    found = compiled_front.look(environ)
    if found.status == "current":
        yield Finding("front", str(found.path))
    elif found.status == "outdated":
        told = f"{found.path} was made for another hpm, and leaves everything to that"
        yield warning("front", told, "Run 'hpm front install'.")
