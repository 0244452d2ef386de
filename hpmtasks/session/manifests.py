"""manifests: what the package.json of a published version says; read once in a run, whoever asks first."""

from __future__ import annotations

from hpmtasks.model.manifest import Manifest, parse_dependency_manifest
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version
from hpmtasks.session.acquire import acquire, acquisition, healing
from hpmtasks.session.session import Session


def published_manifest(session: Session, name: PackageName, version: Version, commit: str) -> Manifest | None:
    """What the package.json of *commit* says, by its archive; ``None`` if it has none.

    Foresight, the resolver, and the question for retractions all come here, mostly for the same
    versions.

    Raises:
        ValueError: It cannot be used; the sentence says why.
        UnsafeArchive: The archive cannot be used.
        HpmError: The archive cannot be had.
    """

    def read() -> Manifest | None:
        asked = acquisition(session, name, version, commit)
        text = healing(session, asked, f"{name}@{version}", lambda: _text(session, name, commit))
        return None if text is None else parse_dependency_manifest(text)

    key = f"package.json of {name.key} {commit}"
    if not session.executor.has_done(key):
        acquire(session, name, version, commit)  # which says so where it has to wait
    return session.executor.collect(key, read)


def _text(session: Session, name: PackageName, commit: str) -> bytes | None:
    came = session.manifests
    own = (name.key, commit)
    return came[own] if own in came else session.store.read_manifest(name, commit)
