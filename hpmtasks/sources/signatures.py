"""signatures: who signed a tag, as git, ssh-keygen and gpg tell it.

A signature counts only for the tag that it was made for: the signed text names the tag and
the commit, and both are compared. A tag object put under another name proves nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.sources.clone import Clone
from hpmtasks.sources.git_process import GitFailed, connecting, git_output, run_git

#: ``signed``: by the key, beyond doubt. ``unknown``: the key is not at hand, so nothing is proven.
#: ``bad``: there is a signature, and it is not one of this tag. ``none``: it is not signed.
State = Literal["signed", "unknown", "bad", "none"]
_SSH = re.compile(
    r'^Good "git" signature(?: for (?P<who>.+?))? with \S+ key (?P<key>SHA256:\S+)', re.MULTILINE
)
_GPG_VALID = re.compile(r"^\[GNUPG:\] VALIDSIG ([0-9A-F]+)(?:.* ([0-9A-F]{40,}))?$", re.MULTILINE)
_GPG_GOOD = re.compile(r"^\[GNUPG:\] (?:GOOD|EXPKEY)SIG [0-9A-F]+ (.+)$", re.MULTILINE)
_GPG_NO_KEY = re.compile(r"^\[GNUPG:\] (?:ERRSIG|NO_PUBKEY) ([0-9A-F]+)", re.MULTILINE)
_GPG_BAD = re.compile(r"^\[GNUPG:\] (?:BADSIG|REVKEYSIG|EXPSIG) ", re.MULTILINE)
_BEGIN = ("-----BEGIN SSH SIGNATURE-----", "-----BEGIN PGP SIGNATURE-----", "-----BEGIN SIGNED MESSAGE-----")


@dataclass(frozen=True, slots=True)
class Signature:
    """What is known of the signature of a tag.

    Attributes:
        key: The fingerprint of the key, with its kind: ``ssh SHA256:…``, ``gpg 0123…``; empty if unknown.
        signer: Whom the user's own settings know the key by; empty if they do not.
        is_trusted: Whether those settings trust the key: gpg's keyring, ssh's file of allowed signers.
    """

    state: State
    key: str = ""
    signer: str = ""
    is_trusted: bool = False

    def __str__(self) -> str:
        """As people are told."""
        if self.state == "none":
            return "not signed"
        if self.state == "bad":
            return "signed, and the signature is not right"
        by = f"{self.signer} ({self.key})" if self.signer else self.key
        return (
            f"signed by {by}" if self.state == "signed" else f"signed by {by}, a key that is not known here"
        )


def read_signature(
    clone: Clone, tag: str, commit: str, environ: Mapping[str, str], signers: str | None = None
) -> Signature:
    """The signature of *tag*, which was fetched into *clone*.

    Args:
        commit: What it has to be a tag of.
        environ: The environment, for git's own settings and gpg's keyring.
        signers: A file of allowed ssh keys, instead of the one in git's settings.
    """
    try:
        text = clone.git("cat-file", "tag", f"refs/tags/{tag}")
    except GitFailed:  # a lightweight tag: nothing that could be signed
        return Signature("none")
    if not any(line in _BEGIN for line in text.splitlines()):
        return Signature("none")
    head, _, _ = text.partition("\n\n")
    fields = dict(line.partition(" ")[::2] for line in head.splitlines())
    if (fields.get("tag"), fields.get("object"), fields.get("type")) != (tag, commit, "commit"):
        return Signature("bad")
    own = connecting(environ)
    allowed = signers or _allowed_signers(own) or os.devnull
    said: list[str] = []
    is_accepted = True
    command = ["-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-tag", "--raw", f"refs/tags/{tag}"]
    try:
        run_git([f"--git-dir={clone.path}", *command], own, lambda _: None, remarks=said)
    except GitFailed as failed:
        is_accepted = False
        said.append(failed.told)
    return _judged("\n".join(said), is_accepted=is_accepted)


def _judged(said: str, *, is_accepted: bool) -> Signature:
    if ssh := _SSH.search(said):
        return Signature("signed", f"ssh {ssh['key']}", ssh["who"] or "", is_trusted=is_accepted)
    if _GPG_BAD.search(said):
        return Signature("bad")
    # Of a key that has expired since, the signature is as right as it was; it is not trusted for new ones.
    if valid := _GPG_VALID.search(said):
        good = _GPG_GOOD.search(said)
        # The last field is the primary key: a new subkey is still the same person's.
        return Signature("signed", f"gpg {valid[2] or valid[1]}", good[1] if good else "", is_accepted)
    if unknown := _GPG_NO_KEY.search(said):
        return Signature("unknown", f"gpg {unknown[1]}")
    return Signature("bad")


def _allowed_signers(environ: Mapping[str, str]) -> str | None:
    """The file of allowed signers in git's own settings, if it is there."""
    with suppress(GitFailed):
        told = git_output(["config", "--type=path", "--get", "gpg.ssh.allowedSignersFile"], environ)
        path = told.removesuffix("\n")
        return path if path and os.path.exists(path) else None
    return None
