"""manifests: what the package.json of a published version says; read once in a run, whoever asks first."""

from __future__ import annotations

from collections.abc import Callable

from hpmtasks.model.manifest import Manifest, parse_dependency_manifest
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version
from hpmtasks.session.acquire import acquisition, healing
from hpmtasks.session.session import Session


def reading(
    session: Session, name: PackageName, version: Version, commit: str
) -> tuple[str, Callable[[], tuple[bytes | None]]]:
    """The key and the work of reading the bytes of a package.json, for the executor; ``None`` is no bytes.

    A worker is lent this, too, and tells it before the files of the package are written.
    """

    def read() -> tuple[bytes | None]:
        asked = acquisition(session, name, version, commit)
        return (healing(session, asked, f"{name}@{version}", lambda: _text(session, name, commit)),)

    return f"text of {name.key} {commit}", read


def published_manifest(session: Session, name: PackageName, version: Version, commit: str) -> Manifest | None:
    """What the package.json of *commit* says, by its archive; ``None`` if it has none.

    Foresight, the resolver, and the question for retractions all come here, mostly for the same
    versions.

    Raises:
        ValueError: It cannot be used; the sentence says why.
        UnsafeArchive: The archive cannot be used.
        HpmError: The archive cannot be had.
    """

    def parse() -> Manifest | None:
        return None if text is None else parse_dependency_manifest(text)

    (text,) = session.executor.collect(*reading(session, name, version, commit))
    return session.executor.collect(f"package.json of {name.key} {commit}", parse)


def _text(session: Session, name: PackageName, commit: str) -> bytes | None:
    came = session.manifests
    own = (name.key, commit)
    return came[own] if own in came else session.store.read_manifest(name, commit)
