"""working_copies: a project under git, with an author and a bare remote of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.git_repositories import Content, content_bytes

#: Nothing of whoever runs the tests.
ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}


@dataclass(frozen=True)
class Workspace:
    """A working copy at *root*, on the branch ``main``, whose remote ``origin`` is *remote*."""

    root: Path
    remote: Path

    def git(self, *arguments: str, check: bool = True) -> str:
        """What git prints."""
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.root), **ALONE}
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, capture_output=True, check=False, env=environment
        )
        assert done.returncode == 0 or not check, done.stderr.decode()
        return done.stdout.decode().strip()

    def write(self, files: Mapping[str, Content]) -> None:
        """The files hold what is given."""
        for path, content in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content_bytes(content))

    def commit(self, files: Mapping[str, Content] | None = None, message: str = "Work") -> str:
        """Everything in the folder is committed, *files* included; the commit."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def refs(self) -> dict[str, str]:
        """What the remote has."""
        rows = self.git("ls-remote", str(self.remote)).splitlines()
        return {row.split("\t")[1]: row.split("\t")[0] for row in rows}


def workspace(root: Path, remote: Path) -> Workspace:
    """A new one; *root* may hold files already, which are not committed."""
    made = Workspace(root, remote)
    root.mkdir(parents=True, exist_ok=True)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("config", "user.name", "Ada Example")
    made.git("config", "user.email", "ada@example.com")
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    made.git("remote", "add", "origin", str(remote))
    return made


def manifest(**more: Any) -> dict[str, Any]:
    """A package.json of ``me/kit`` 1.0.0 with *more*."""
    return json.loads(json.dumps({"name": "me/kit", "version": "1.0.0", "main": "lib.hml", **more}))  # type: ignore[no-any-return]
