"""git_ignoring: git's own word on what ``.gitignore`` files leave out."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path


def files_left_by_git(root: Path) -> list[str]:
    """The files below *root* that git would add, were it a repository, sorted."""
    with tempfile.TemporaryDirectory() as elsewhere:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": elsewhere,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_DIR": elsewhere,
            "GIT_WORK_TREE": str(root),
        }
        git = ["git", "-c", "core.ignoreCase=false"]
        subprocess.run([*git, "init", "--quiet"], env=environ, cwd=root, check=True)
        arguments = ["ls-files", "--others", "-z", "--exclude-per-directory=.gitignore"]
        listed = subprocess.run([*git, *arguments], env=environ, cwd=root, check=True, capture_output=True)
    return sorted(os.fsdecode(path) for path in listed.stdout.split(b"\0") if path)
