"""proof: that a locked package is what its repository has, recomputed from git alone.

Nothing of the store and nothing that a forge packed is believed: the commit is fetched by
git, ``git archive`` makes the files, and their digest is compared with the lock's.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import HpmError
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.session import Session
from hpmtasks.session.executor import Step
from hpmtasks.sources.clone import Clone, RemoteSource, told
from hpmtasks.sources.git_process import GitFailed
from hpmtasks.sources.signatures import Signature, read_signature
from hpmtasks.store.store import Store

#: ``same``: the files are those that are locked. ``different``: they are not. ``unlocked``: the
#: lock has no digest to compare with. ``unprovable``: the package does not come from git.
#: ``failed``: it could not be found out.
Contents = Literal["same", "different", "unlocked", "unprovable", "failed"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What git says of one locked package.

    Attributes:
        tree: The digest of the files that git has for the commit; ``None`` if there is none.
        tag_commit: What the version's tag points at now; ``None`` if there is no tag.
        signature: Of the tag; ``None`` if there is no tag, or it points elsewhere.
        reason: Why it could not be found out.
    """

    package: ResolvedPackage
    contents: Contents
    tree: str | None = None
    tag_commit: str | None = None
    signature: Signature | None = None
    reason: str = ""

    @property
    def is_moved(self) -> bool:
        """Whether the tag points at another commit than the locked one."""
        return self.tag_commit is not None and self.tag_commit != self.package.commit


def prove(session: Session, packages: Sequence[ResolvedPackage], signers: str | None) -> list[Proof]:
    """What git says of each of *packages*.

    Args:
        signers: A file of allowed ssh keys, instead of the one in git's settings.
    """
    for package in packages:
        session.executor.start(_step(session, package, signers))
    return [session.executor.collect(*_step(session, package, signers)) for package in packages]


def is_proven(proof: Proof, *, signed: bool) -> bool:
    """Whether *proof* has nothing that anybody should look into.

    Args:
        signed: Whether every tag has to be signed by a key that the user's settings trust.
    """
    if proof.contents == "unprovable":
        return not signed
    if proof.contents != "same" or proof.is_moved:
        return False
    if proof.signature is not None and proof.signature.state == "bad":
        return False
    return not signed or (proof.signature is not None and proof.signature.is_trusted)


def _step(session: Session, package: ResolvedPackage, signers: str | None) -> Step:
    return f"proof of {package.name.key} {package.commit}", lambda: _prove(session, package, signers)


def _prove(session: Session, package: ResolvedPackage, signers: str | None) -> Proof:
    source = session.source_of(package.name)
    if not isinstance(source, RemoteSource):
        return Proof(package, "unprovable", reason="it comes from a folder, not from git")
    try:
        remote = source.remote(package.name)
    except HpmError as error:
        return Proof(package, "failed", reason=_first_line(error))
    with Clone(remote, sha256=len(package.commit) == 64) as clone:
        try:
            with session.progress(f"reading {package.id} from git"):
                tag, tag_commit = _fetch(clone, package) or ("", None)
            tree = _tree(clone, package)
        except GitFailed as failed:
            return Proof(package, "failed", reason=_first_line(told(failed, package.name, remote)))
        except HpmError as error:
            return Proof(package, "failed", reason=_first_line(error))
        signature = None
        if tag_commit == package.commit:
            signature = read_signature(clone, tag, package.commit, session.settings.environ, signers)
    contents: Contents = "same" if tree == package.tree else "different"
    if package.tree is None:
        contents = "unlocked"
    return Proof(package, contents, tree, tag_commit, signature)


def _fetch(clone: Clone, package: ResolvedPackage) -> tuple[str, str] | None:
    """The commit of *package* is in *clone*; the result is its tag, if there is one, and the tag's commit."""
    found = None
    for tag in dict.fromkeys((package.tag, f"v{package.version}", str(package.version))):
        with suppress(GitFailed):
            found = tag, clone.fetch_tag(tag)
            break
    if found is None or found[1] != package.commit:
        clone.fetch(f"{package.commit}:refs/hpm/commit", shallow=True)
    return found


def _tree(clone: Clone, package: ResolvedPackage) -> str:
    """The digest of what would be installed of the commit, by a store that holds nothing else."""
    own = Store(Path(clone.path) / "hpm")

    own.add_archive(package.name, package.commit, lambda into: clone.archive(package.commit, into))
    return own.unpack(package.name, package.commit).digest


def _first_line(error: HpmError) -> str:
    """The sentence of *error*, and what git said."""
    return " ".join(line for line in str(error).splitlines() if line).rstrip(".")
