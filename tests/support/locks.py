"""locks: small lockfiles and manifests, drawn as text."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hpmtasks.model.lockfile import LockEntry, Lockfile, create_entry
from hpmtasks.model.manifest import Manifest, parse_manifest
from hpmtasks.model.package import PackageName


def entry(version: str, needs: str = "") -> LockEntry:
    """An entry of *version* that needs what ``"a/b@^1.0.0, c/d@*"`` says."""
    pairs = [need.strip().partition("@") for need in needs.split(",") if need]
    return create_entry(
        version, "https://example.org/x.tar.gz", None, {name: text for name, _, text in pairs}
    )


def lock(**packages: str) -> Lockfile:
    """A lockfile of packages ``x/<keyword>``, each ``"1.0.0"`` or ``"1.0.0: x/b@^1, x/c@*"``."""
    entries = {}
    for repo, drawn in packages.items():
        version, _, needs = drawn.partition(":")
        entries[PackageName("x", repo)] = entry(version, needs)
    return Lockfile(entries)


def manifest(
    dependencies: Mapping[str, str],
    dev: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
    *,
    name: str = "me/app",
    version: str = "1.0.0",
) -> Manifest:
    """A project's manifest, or that of a member of a workspace, with these requirements on ``x/<key>``."""
    document = {
        "name": name,
        "version": version,
        "dependencies": {f"x/{repo}": text for repo, text in dependencies.items()},
        "devDependencies": {f"x/{repo}": text for repo, text in (dev or {}).items()},
        "overrides": overrides or {},
    }
    return parse_manifest(json.dumps(document).encode(), "package.json")
