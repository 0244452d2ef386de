"""places: the same packages, published where each kind of source would find them."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpmtasks.model.package import PackageName
from hpmtasks.net.fetcher import OfflineFetcher
from hpmtasks.net.http import open_fetcher
from hpmtasks.semver.version import Version
from hpmtasks.sources.github import GithubSettings
from hpmtasks.sources.routing import Access, Routes, parse_rules
from hpmtasks.sources.source import Source
from tests.support.git_repositories import Content, content_bytes
from tests.support.github_server import GithubServer


def plain_environment(server: GithubServer, **more: str) -> dict[str, str]:
    """The environment of a run against *server*, with nothing of whoever runs the tests but the PATH."""
    nothing = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": os.devnull}
    return {"PATH": os.environ.get("PATH", ""), **nothing, **server.environment(), **more}


@dataclass
class Place:
    """Somewhere to publish packages, and the source that finds them there.

    Attributes:
        kind: ``github by git``, ``github by api``, ``git over http``, ``git by path``, ``directory``.
        rules: The ``sources`` setting that leads there.
    """

    kind: str
    server: GithubServer
    folder: Path
    transport: str = "auto"
    rules: list[dict[str, Any]] = field(default_factory=list)

    def publish(
        self, name: str, tag: str, files: Mapping[str, Content], *, executable: tuple[str, ...] = ()
    ) -> None:
        """*name* has a version *tag* with *files*."""
        if self.kind != "directory":
            self.server.publish(name, tag, files, executable=executable)
            return
        (self.folder / name / tag).mkdir(parents=True)
        for path, content in files.items():
            place = self.folder / name / tag / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content_bytes(content))
            place.chmod(0o755 if path in executable else 0o644)

    def source(self, name: str, *, offline: bool = False, **environ: str) -> Source:
        """The source of *name*; its fetcher must be closed by nobody: connections end with the server."""
        return self.routes(offline=offline, **environ).route(PackageName.parse(name))

    def routes(self, *, offline: bool = False, **environ: str) -> Routes:
        """The routes of a run."""
        return Routes(
            parse_rules(self.rules, origin="the test", base=self.folder, trusted=True),
            self.access(offline=offline, **environ),
        )

    def access(self, *, offline: bool = False, **environ: str) -> Access:
        """What a run has to get at its places."""
        environment = plain_environment(self.server, HPM_GITHUB_TRANSPORT=self.transport, **environ)
        fetcher = open_fetcher(environment, offline=offline)
        if not isinstance(fetcher, OfflineFetcher):
            self.server.at_end(fetcher.close)
        return Access(fetcher, GithubSettings.from_environment(environment), environment, offline)


def place_of(kind: str, server: GithubServer, folder: Path) -> Place:
    """The place of *kind*, one of :data:`KINDS`."""
    web = {"match": "*", "type": "git", "url": f"{server.server_url}/{{owner}}/{{repo}}.git"}
    disk = {"match": "*", "type": "git", "url": f"file://{server.tree}/{{owner}}/{{repo}}.git"}
    return {
        "github by git": Place(kind, server, folder, "git"),
        "github by api": Place(kind, server, folder, "api"),
        "git over http": Place(kind, server, folder, rules=[web]),
        "git by path": Place(kind, server, folder, rules=[disk]),
        "directory": Place(kind, server, folder, rules=[{"match": "*", "type": "directory", "path": "."}]),
    }[kind]


KINDS = ("github by git", "github by api", "git over http", "git by path", "directory")


def archive_of(
    source: Source, name: str, commit: str, version: str | None = None
) -> dict[str, tuple[int, bytes]]:
    """Mode and content by path, below the one top folder, of what *source* gives for *commit*."""
    into = io.BytesIO(b"")
    parsed = Version.parse(version) if version else None
    source.archive(PackageName.parse(name), commit, version=parsed, into=into)
    return unpacked(into.getvalue())


def unpacked(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """Mode and content by path below the top folder; there must be just one."""
    found: dict[str, tuple[int, bytes]] = {}
    tops: set[str] = set()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            top, _, path = member.name.partition("/")
            tops.add(top)
            if member.isfile():
                content = tar.extractfile(member)
                assert content
                found[path] = (member.mode & 0o777, content.read())
            elif member.issym():
                found[path] = (0o120000, member.linkname.encode())
    assert len(tops) == 1, tops
    return found
