"""Signatures of tags: which key, whom it is known by, and for which tag alone it counts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hpmtasks.sources.clone import Clone, Remote
from hpmtasks.sources.signatures import Signature, _judged, read_signature
from tests.support.git_repositories import GitRepository
from tests.support.signing import Key, make_key, needs_ssh_keygen, sign_tag

pytestmark = needs_ssh_keygen


@pytest.fixture
def key(tmp_path: Path) -> Key:
    """Ada's key."""
    return make_key(tmp_path / "keys", "ada@example.com")


@pytest.fixture
def git(tmp_path: Path) -> GitRepository:
    """A repository."""
    return GitRepository(tmp_path / "a.git")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a home of its own."""
    home = tmp_path / "user"
    home.mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


def read(
    git: GitRepository, tag: str, commit: str, environ: dict[str, str], signers: str | None = None
) -> Signature:
    """The signature of *tag*, fetched from *git*."""
    with Clone(Remote(str(git.path), "here", ("file",), environ)) as clone:
        clone.fetch_tag(tag)
        return read_signature(clone, tag, commit, environ, signers)


def test_lightweight_and_annotated_tags_are_not_signed(git: GitRepository, environ: dict[str, str]) -> None:
    """There is nothing to be signed, or it was not."""
    light = git.publish("v1.0.0", {"a": "1"})
    heavy = git.publish("v1.1.0", {"a": "2"}, annotated=True)
    assert read(git, "v1.0.0", light, environ) == Signature("none")
    assert read(git, "v1.1.0", heavy, environ) == Signature("none")


def test_key_that_nobody_vouches_for(git: GitRepository, environ: dict[str, str], key: Key) -> None:
    """The signature is right, and its key known by its fingerprint alone."""
    commit = git.publish("v1.0.0", {"a": "1"})
    sign_tag(git, "v1.0.0", commit, key)
    found = read(git, "v1.0.0", commit, environ)
    assert found == Signature("signed", f"ssh {key.fingerprint}")
    assert str(found) == f"signed by ssh {key.fingerprint}"


@pytest.mark.parametrize("where", ["argument", "git's settings"])
def test_key_that_is_allowed(
    git: GitRepository, environ: dict[str, str], key: Key, tmp_path: Path, where: str
) -> None:
    """A file of allowed signers tells whose it is, and that it is trusted."""
    commit = git.publish("v1.0.0", {"a": "1"})
    sign_tag(git, "v1.0.0", commit, key)
    allowed = tmp_path / "allowed signers"
    allowed.write_text(key.line)
    signers: str | None = str(allowed)
    if where != "argument":
        (tmp_path / "user/.gitconfig").write_text(f'[gpg "ssh"]\n\tallowedSignersFile = "{allowed}"\n')
        signers = None
    found = read(git, "v1.0.0", commit, environ, signers)
    assert found == Signature("signed", f"ssh {key.fingerprint}", "ada@example.com", is_trusted=True)


def test_signature_counts_for_its_own_tag_only(git: GitRepository, environ: dict[str, str], key: Key) -> None:
    """A signed tag put under another name, or told of another commit, is bad."""
    commit = git.publish("v1.0.0", {"a": "1"})
    sign_tag(git, "v1.0.0", commit, key)
    git.git("update-ref", "refs/tags/v1.1.0", git.git("rev-parse", "refs/tags/v1.0.0").decode().strip())
    assert read(git, "v1.1.0", commit, environ).state == "bad"
    assert read(git, "v1.0.0", "f" * 40, environ).state == "bad"


def test_signature_of_other_text_is_bad(git: GitRepository, environ: dict[str, str], key: Key) -> None:
    """One letter of the signed text changed, and it is no signature of it."""
    commit = git.publish("v1.0.0", {"a": "1"})
    sign_tag(git, "v1.0.0", commit, key)
    text = git.git("cat-file", "tag", "refs/tags/v1.0.0").replace(b"Release v1.0.0", b"Release v1.0.1")
    forged = git.git("hash-object", "-t", "tag", "-w", "--stdin", stdin=text).decode().strip()
    git.git("update-ref", "refs/tags/v1.0.0", forged)
    assert read(git, "v1.0.0", commit, environ) == Signature("bad")


FINGERPRINT, PRIMARY = "A" * 40, "B" * 40
GOOD = f"""\
[GNUPG:] NEWSIG
[GNUPG:] GOODSIG {FINGERPRINT[:16]} Ada Example <ada@example.com>
[GNUPG:] VALIDSIG {FINGERPRINT} 2024-01-01 1704067200 0 4 0 1 10 00 {PRIMARY}
[GNUPG:] TRUST_ULTIMATE 0 pgp
"""


@pytest.mark.parametrize(
    ("said", "accepted", "expected"),
    [
        (GOOD, True, Signature("signed", f"gpg {PRIMARY}", "Ada Example <ada@example.com>", is_trusted=True)),
        (f"[GNUPG:] ERRSIG {'C' * 16} 1 10 00 1704067200 9", False, Signature("unknown", f"gpg {'C' * 16}")),
        (f"[GNUPG:] BADSIG {'C' * 16} Ada", False, Signature("bad")),
        (
            GOOD.replace("GOODSIG", "EXPKEYSIG"),
            False,
            Signature("signed", f"gpg {PRIMARY}", "Ada Example <ada@example.com>"),
        ),
        (f"[GNUPG:] REVKEYSIG {'C' * 16} Ada\n{GOOD}", False, Signature("bad")),
        ("Could not verify signature.", False, Signature("bad")),
        ("", False, Signature("bad")),
    ],
)
def test_what_gpg_says(said: str, accepted: bool, expected: Signature) -> None:
    """Status lines of gpg, as its documentation has them; the primary key is who it is."""
    assert _judged(said, is_accepted=accepted) == expected


def test_gpg_itself(git: GitRepository, environ: dict[str, str], tmp_path: Path) -> None:
    """A key in the keyring signs; without the keyring it is unknown."""
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    own = environ | {"GNUPGHOME": str(home)}
    made = subprocess.run(
        ["gpg", "--batch", "--passphrase", "", "--quick-gen-key", "Ada <ada@example.com>", "ed25519", "sign"],
        env=own,
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip("there is no gpg here that can make a key")
    commit = git.publish("v1.0.0", {"a": "1"})
    words = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "tag", "-s", "-m", "x", "v1.0.0"]
    signed = git.run(*words, "-f", commit, environment=own)
    assert signed.returncode == 0, signed.stderr
    found = read(git, "v1.0.0", commit, own)
    subprocess.run(["gpgconf", "--kill", "all"], env=own, check=False, capture_output=True)
    assert (found.state, found.signer, found.is_trusted) == ("signed", "Ada <ada@example.com>", True)
    stranger = environ | {"GNUPGHOME": str(tmp_path / "nobody")}
    (tmp_path / "nobody").mkdir(mode=0o700)
    assert read(git, "v1.0.0", commit, stranger).state == "unknown"
    subprocess.run(["gpgconf", "--kill", "all"], env=stranger, check=False, capture_output=True)
