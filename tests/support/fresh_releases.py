"""fresh_releases: releases whose commits were made a moment ago, unlike those of other tests."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tests.support.git_repositories import package
from tests.support.github_server import GithubServer

HOUR = 3600


def publish_fresh(
    server: GithubServer,
    name: str,
    version: str,
    dependencies: Mapping[str, str] | None = None,
    *,
    hours: int = 1,
) -> str:
    """A release of *name* whose commit says that it is *hours* old."""
    git = server.create(name)
    made = git.publish(None, package(name, version, dependencies))
    tree = git.git("rev-parse", f"{made}^{{tree}}").decode().strip()
    moment = f"{int(time.time()) - hours * HOUR} +0000"
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"), ("DATE", moment))
    }
    done = git.run("commit-tree", tree, "-m", f"Release {version}", environment=identity)
    assert done.returncode == 0, done.stderr
    commit = done.stdout.decode().strip()
    git.tag(f"v{version}", commit)
    return commit
