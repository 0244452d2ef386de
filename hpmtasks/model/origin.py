"""origin: where the published sources of a locked package are, as its entry in the lock says."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from hpmtasks.model.lock_entry import LockEntry
from hpmtasks.model.package import PackageName
from hpmtasks.pattern import pattern

_ARCHIVE = pattern(r"/archive/(?:refs/tags/)?[^/?#]+\.tar\.gz\Z")
_GITHUB = "github.com"


def repository_url(entry: LockEntry) -> str | None:
    """The public address of the repository that *entry* was locked from.

    ``None`` if it has none: a folder, or a git server that only one machine knows.
    """
    return address_in(entry.resolved, entry.commit)


def address_in(resolved: str, commit: str | None) -> str | None:
    """The public address of the repository in *resolved*, which names *commit*; ``None`` if there is none."""
    archive = _ARCHIVE.search(resolved)
    if archive:
        return resolved[: archive.start()]
    address, mark, named = resolved.rpartition("#")
    if not mark or named != commit or address.startswith("git:"):
        return None
    return address


def repository_key(url: str | None) -> str:
    """*url* of a repository so that all spellings of one are equal, such as ``github.com/owner/repo``.

    Empty if there is no *url*.
    """
    bare = (url or "").partition("://")[2] or re.sub(r"^[^/@]*@([^/:]+):", r"\1/", url or "")
    host, slash, path = bare.rstrip("/").removesuffix(".git").partition("/")
    return f"{host.rpartition('@')[2]}{slash}{path}".lower()


def package_url(name: PackageName, entry: LockEntry) -> str:
    """The purl of a locked package: ``pkg:github/owner/repo@v1.2.3`` with the version as its tag spells it.

    Of a package that is not on github.com: ``pkg:generic``, with its address as ``vcs_url``
    if it has one. See https://github.com/package-url/purl-spec.
    """
    url = repository_url(entry)
    if url is not None and urlsplit(url).hostname == _GITHUB:
        owner, repo = (quote(part.lower(), safe="") for part in (name.owner, name.repo))
        return f"pkg:github/{owner}/{repo}@{quote(_tag(entry), safe='')}"
    owner, repo = (quote(part, safe="") for part in (name.owner, name.repo))
    qualifier = f"?vcs_url={quote(f'git+{url}@{entry.commit}', safe='')}" if url else ""
    return f"pkg:generic/{owner}/{repo}@{quote(str(entry.version), safe='')}{qualifier}"


def _tag(entry: LockEntry) -> str:
    from hpmtasks.model.resolution import tag_of

    return tag_of(entry)
