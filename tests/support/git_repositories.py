"""git_repositories: bare git repositories made in milliseconds, the same commits for the same calls."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

#: The content of one file; a mapping is written as JSON.
Content = str | bytes | Mapping[str, Any]

_IDENTITY = "Ada Example <ada@example.com>"
_FIRST_SECOND = 1_700_000_000
_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tbare = true
[uploadpack]
\tallowAnySHA1InWant = {any_commit}
[gc]
\tauto = 0
"""


def package(name: str, version: str, dependencies: Mapping[str, str] | None = None) -> dict[str, Content]:
    """The files of a small package: a manifest and one source file that tells its version."""
    manifest: dict[str, Any] = {"name": name, "version": version, "main": "src/index.hml"}
    if dependencies:
        manifest["dependencies"] = dict(dependencies)
    return {"package.json": manifest, "src/index.hml": f'export let version = "{version}";\n'}


def content_bytes(content: Content) -> bytes:
    """*content* as it stands in the repository."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    return (json.dumps(content, indent=2) + "\n").encode()


class GitRepository:
    """A bare repository at *path*, empty at first. Its commits are a second apart, since 2023-11-14.

    *any_commit*: whether it hands out commits that no ref points at, as the big forges do.
    """

    def __init__(self, path: Path, *, any_commit: bool = True) -> None:
        self.path = path
        self._commits = 0
        for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
            (path / folder).mkdir(parents=True)
        (path / "HEAD").write_text("ref: refs/heads/main\n")
        (path / "config").write_text(_CONFIG.format(any_commit=str(any_commit).lower()))

    def publish(
        self,
        tag: str | None,
        files: Mapping[str, Content],
        *,
        executable: Iterable[str] = (),
        symlinks: Mapping[str, str] | None = None,
        annotated: bool = False,
    ) -> str:
        """The commit, on top of ``main``, that holds just *files*; *tag* (if any) points at it."""
        second = _FIRST_SECOND + self._commits
        stream = [f"commit refs/heads/main\nmark :1\ncommitter {_IDENTITY} {second} +0000\n".encode()]
        stream.append(_data(f"Release {tag}".encode()))
        if self._commits:
            stream.append(b"from refs/heads/main^0\n")
        stream.append(b"deleteall\n")
        runnable = set(executable)
        for path, content in files.items():
            mode = "100755" if path in runnable else "100644"
            stream += [f"M {mode} inline {path}\n".encode(), _data(content_bytes(content))]
        for path, target in (symlinks or {}).items():
            stream += [f"M 120000 inline {path}\n".encode(), _data(target.encode())]
        stream.append(b"\nget-mark :1\n")
        if tag and annotated:
            stream.append(
                f"tag {tag}\nfrom :1\ntagger {_IDENTITY} {second} +0000\n".encode() + _data(b"Release")
            )
        elif tag:
            stream.append(f"reset refs/tags/{tag}\nfrom :1\n\n".encode())
        self._commits += 1
        return self.git("fast-import", "--quiet", "--force", stdin=b"".join(stream)).decode().strip()

    def tag(self, name: str, commit: str) -> None:
        """Tag *name* points at *commit*, wherever it pointed before."""
        self.git("update-ref", f"refs/tags/{name}", commit)

    def tag_many(self, names: Iterable[str], commit: str) -> None:
        """Every one of *names* is a tag of *commit*."""
        lines = "".join(f"update refs/tags/{name} {commit}\n" for name in names)
        self.git("update-ref", "--stdin", stdin=lines.encode())

    def delete_tag(self, name: str) -> None:
        """There is no tag *name*."""
        self.git("update-ref", "-d", f"refs/tags/{name}")

    def tags(self) -> dict[str, str]:
        """Every tag and its commit (peeled), in git's own order."""
        listing = self.git(
            "for-each-ref", "--format=%(refname:strip=2) %(objectname) %(*objectname)", "refs/tags"
        )
        rows = [line.split() for line in listing.decode().splitlines()]
        return {row[0]: row[-1] for row in rows}

    def commit_of(self, ref: str) -> str | None:
        """The commit that *ref* (a commit, a tag, a branch, a full ref) names."""
        for full in (f"{ref}^{{commit}}", f"refs/tags/{ref}^{{commit}}"):
            found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", full)
            if found.returncode == 0:
                return found.stdout.decode().strip()
        return None

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What git prints; it must succeed."""
        done = self.run(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise RuntimeError(f"git {arguments[0]} failed: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def run(
        self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git in the repository, untouched by the settings of whoever runs the tests."""
        return subprocess.run(
            ["git", "--git-dir", str(self.path), *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env={
                "PATH": os.environ.get("PATH", ""),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "LC_ALL": "C",
                **(environment or {}),
            },
        )


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
