"""trust: a package that was signed stays signed (``"trust": "no-downgrade"``).

Whoever takes over an account or a server can push tags, and cannot sign them. So once the
locked version of a package has a signed tag, a newer one has to be signed by the same
key, or by one that the user's own settings trust. Nothing has to be configured for that: the
key that signed what is locked is known by its fingerprint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpmtasks.model.lockfile import LockEntry
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.model.policy import trust_of
from hpmtasks.model.resolution import tag_of
from hpmtasks.session.once import once
from hpmtasks.session.session import Session
from hpmtasks.sources.source import Tag

if TYPE_CHECKING:
    from hpmtasks.sources.signatures import Signature


class Trust:
    """What one run demands of signatures."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._locked: dict[PackageName, Signature] = {}

    @once
    def is_demanded(self) -> bool:
        """Whether package.json asks for it.

        Raises:
            InvalidManifest: ``hpm.trust`` is something else than ``no-downgrade``.
        """
        project, documents = self._session.project, self._session.documents
        return trust_of(documents.manifest, str(project.manifest_path)) is not None

    def refusal(self, package: PackageId, tag: Tag) -> str | None:
        """Why *package*, the version of *tag*, is a downgrade, as a clause; ``None`` if it is none.

        Only what is newer than the locked version is asked about, in packages that come from git.

        Raises:
            HpmError: The repository cannot be read.
        """
        entry = self._session.documents.entries.get(package.name)
        if not self.is_demanded or entry is None or entry.commit is None or package.version <= entry.version:
            return None
        locked = self._of_locked(package.name, entry)
        if locked.state != "signed":
            return None
        signature = self._read(package.name, tag.name, tag.commit)
        if signature.state == "signed" and (signature.key == locked.key or signature.is_trusted):
            return None
        before = f"{entry.version}, which is locked, is {locked}"
        return f"is {signature}, while {before}, and hpm.trust is no-downgrade"

    def _of_locked(self, name: PackageName, entry: LockEntry) -> Signature:
        if name not in self._locked:
            tag = next(
                (
                    each.name
                    for each in self._session.tags(name).tags
                    if str(each.version) == str(entry.version)
                ),
                tag_of(entry),
            )
            self._locked[name] = self._read(name, tag, entry.commit or "")
        return self._locked[name]

    def _read(self, name: PackageName, tag: str, commit: str) -> Signature:
        """The signature of *tag*; there is none of one that is gone, or points elsewhere than at *commit*."""
        from hpmtasks.sources.clone import Clone, RemoteSource, told
        from hpmtasks.sources.git_process import GitFailed
        from hpmtasks.sources.signatures import Signature, read_signature

        source = self._session.source_of(name)
        if not isinstance(source, RemoteSource):
            return Signature("none")
        remote = source.remote(name)
        with (
            Clone(remote, sha256=len(commit) == 64) as clone,
            self._session.progress(f"reading the signature of {name} {tag}"),
        ):
            try:
                found = clone.fetch_tag(tag)
            except GitFailed as failed:
                if any(each.name == tag for each in self._session.tags(name).tags):
                    raise told(failed, name, remote) from None
                return Signature("none")
            if found != commit:
                return Signature("none")
            return read_signature(clone, tag, commit, self._session.settings.environ)
