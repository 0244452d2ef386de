"""hpm.trust: what was signed when it was locked is not replaced by what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.signing import Key, make_key, needs_ssh_keygen, sign_tag

pytestmark = needs_ssh_keygen


@pytest.fixture
def ada(tmp_path: Path) -> Key:
    """The key of the author."""
    return make_key(tmp_path / "keys", "ada@example.com")


@pytest.fixture
def eve(tmp_path: Path) -> Key:
    """The key of somebody else."""
    return make_key(tmp_path / "keys", "eve@example.com")


def release(server: GithubServer, version: str, key: Key | None) -> str:
    """A release of acme/s, signed by *key*."""
    commit = server.publish("acme/s", f"v{version}")
    if key is not None:
        sign_tag(server.repository("acme/s"), f"v{version}", commit, key)
    return commit


@pytest.fixture
def locked(own_shell: CommandLine, own_server: GithubServer, ada: Key) -> CommandLine:
    """acme/s@1.0.0 is locked, and signed by Ada; no downgrade is wanted."""
    release(own_server, "1.0.0", ada)
    demand(own_shell, "no-downgrade")
    assert own_shell.run("install").code == 0
    return own_shell


def demand(shell: CommandLine, trust: object) -> None:
    """package.json requires acme/s, with *trust*."""
    document = {
        "name": "me/app",
        "version": "1.0.0",
        "dependencies": {"acme/s": "^1.0.0"},
        "hpm": {"trust": trust},
    }
    shell.write("package.json", json.dumps(document))


def version(shell: CommandLine) -> str:
    """The locked version of acme/s."""
    return str(shell.lock()["dependencies"]["acme/s"]["version"])


def test_same_key_is_taken(locked: CommandLine, own_server: GithubServer, ada: Key) -> None:
    """Without a word."""
    release(own_server, "1.1.0", ada)
    ran = locked.run("update")
    assert (ran.code, ran.err, version(locked)) == (0, "", "1.1.0")


def test_unsigned_version_is_passed_over(locked: CommandLine, own_server: GithubServer, ada: Key) -> None:
    """An older one that is signed is taken instead; the reason is told."""
    release(own_server, "1.1.0", ada)
    release(own_server, "1.2.0", None)
    ran = locked.run("update")
    assert (ran.code, version(locked)) == (0, "1.1.0")
    assert (
        f"acme/s@1.2.0 is not signed, while 1.0.0, which is locked, is signed by ssh {ada.fingerprint},"
        " and hpm.trust is no-downgrade; it is passed over."
    ) in ran.err


def test_another_key_is_passed_over(
    locked: CommandLine, own_server: GithubServer, eve: Key, ada: Key
) -> None:
    """The fingerprints of both are told."""
    release(own_server, "1.1.0", eve)
    ran = locked.run("update")
    assert (ran.code, version(locked)) == (0, "1.0.0")
    assert f"signed by ssh {eve.fingerprint}" in ran.err
    assert f"signed by ssh {ada.fingerprint}" in ran.err


def test_copied_signature_is_no_signature(locked: CommandLine, own_server: GithubServer) -> None:
    """The signed tag of 1.0.0 under the name of 1.1.0 is refused."""
    git = own_server.repository("acme/s")
    git.git("update-ref", "refs/tags/v1.1.0", git.git("rev-parse", "refs/tags/v1.0.0").decode().strip())
    ran = locked.run("update")
    assert version(locked) == "1.0.0"
    assert "the signature is not right" in ran.err


def test_another_key_that_is_trusted_is_taken(
    locked: CommandLine, own_server: GithubServer, eve: Key, tmp_path: Path
) -> None:
    """The way to change a key: git's own file of allowed signers has the new one."""
    release(own_server, "1.1.0", eve)
    allowed = tmp_path / "allowed"
    allowed.write_text(eve.line)
    config = tmp_path / "gitconfig"
    config.write_text(f'[gpg "ssh"]\n\tallowedSignersFile = {allowed}\n')
    assert locked.run("update", GIT_CONFIG_GLOBAL=str(config)).code == 0
    assert version(locked) == "1.1.0"


def test_nothing_else_remains(locked: CommandLine, own_server: GithubServer) -> None:
    """A requirement that only an unsigned version meets is an error that says why."""
    release(own_server, "2.0.0", None)
    before = locked.documents()
    ran = locked.run("install", "acme/s@^2.0.0")
    assert ran.code in {1, 3}
    assert "not signed, while 1.0.0" in ran.err
    assert locked.documents() == before


def test_what_was_never_signed_may_stay_so(own_shell: CommandLine, own_server: GithubServer) -> None:
    """The policy asks for no signature where there was none."""
    release(own_server, "1.0.0", None)
    demand(own_shell, "no-downgrade")
    assert own_shell.run("install").code == 0
    release(own_server, "1.1.0", None)
    assert own_shell.run("update").code == 0
    assert version(own_shell) == "1.1.0"


def test_without_the_policy_signatures_are_not_read(
    own_shell: CommandLine, own_server: GithubServer, ada: Key
) -> None:
    """Anything newer is taken, and git fetches nothing."""
    release(own_server, "1.0.0", ada)
    own_shell.require({"acme/s": "^1.0.0"})
    own_shell.run("install")
    release(own_server, "1.1.0", None)
    own_server.clear_log()
    assert own_shell.run("update").code == 0
    assert version(own_shell) == "1.1.0"
    assert own_server.count("web *.git/git-upload-pack") == 1


def test_installing_from_the_lock_asks_nobody(locked: CommandLine, own_server: GithubServer) -> None:
    """What is locked was decided on; only what is newer is looked at."""
    locked.delete_modules()
    own_server.clear_log()
    assert locked.run("install").code == 0
    assert own_server.requests == []


def test_policy_that_is_none(own_shell: CommandLine) -> None:
    """Exit code 5: a misspelled demand is not taken for none."""
    own_shell.require({"acme/b": "1.0.0"})
    own_shell.run("install")
    document = own_shell.manifest() | {"dependencies": {"acme/b": "^2.0.0"}, "hpm": {"trust": "yes"}}
    own_shell.write("package.json", json.dumps(document))
    ran = own_shell.run("install")
    assert ran.code == 5
    assert 'hpm.trust must be "no-downgrade"' in ran.err
