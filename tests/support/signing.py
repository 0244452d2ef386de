"""signing: ssh keys, and tags that are signed with them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.git_repositories import GitRepository

needs_ssh_keygen = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen here"
)


@dataclass(frozen=True)
class Key:
    """An ssh key.

    Attributes:
        path: Of its private half.
        fingerprint: ``SHA256:…``.
        line: What a file of allowed signers says to trust it.
    """

    path: Path
    fingerprint: str
    line: str


def make_key(folder: Path, owner: str) -> Key:
    """A new key of *owner*, in *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / owner.partition("@")[0]
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", owner, "-f", str(path)]
    subprocess.run(words, check=True, capture_output=True)
    told = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{path}.pub"], check=True, capture_output=True, text=True
    )
    kind, public, *_ = Path(f"{path}.pub").read_text().split()
    return Key(path, told.stdout.split()[1], f'{owner} namespaces="git" {kind} {public}\n')


def sign_tag(git: GitRepository, tag: str, commit: str, key: Key) -> None:
    """*tag* of *git* is a tag of *commit* that *key* signed."""
    settings = {
        "gpg.format": "ssh",
        "user.signingkey": str(key.path),
        "user.name": "Ada Example",
        "user.email": "ada@example.com",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    git.git(*options, "tag", "--sign", "--force", "-m", f"Release {tag}", tag, commit)
