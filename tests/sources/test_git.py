"""Any git server: what git is allowed, and what does not depend on whose machine it is."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hpmtasks.errors import NetworkFailure, PackageNotFound
from hpmtasks.model.package import PackageName
from hpmtasks.sources.git import GitSource
from hpmtasks.sources.git_process import GitFailed, alone, connecting, git_output, options, run_git
from hpmtasks.sources.git_url import GitUrl
from tests.support.git_repositories import Content, GitRepository
from tests.support.places import archive_of

NAME = PackageName.parse("acme/json")
FILES: dict[str, Content] = {"package.json": "{}", "a.txt": "one\ntwo\n"}
HERE = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """acme/json, empty."""
    return GitRepository(tmp_path / "git/acme/json.git")


@pytest.fixture
def template(tmp_path: Path) -> str:
    """Where it is."""
    return f"file://{tmp_path}/git/{{owner}}/{{repo}}.git"


def source(template: str, environ: dict[str, str] | None = None) -> GitSource:
    return GitSource(GitUrl.parse(template, "test"), HERE | (environ or {}))


def test_plain_path_works_like_a_file_url(repository: GitRepository, tmp_path: Path) -> None:
    """Blanks in it do no harm."""
    moved = repository.path.parents[1].rename(tmp_path / "my git")
    commit = GitRepository(moved / "acme/two.git").publish("v1.0.0", FILES)
    two = source(f"{moved}/{{owner}}/{{repo}}.git")
    assert two.tags(PackageName.parse("acme/two")).tags[0].commit == commit
    assert archive_of(two, "acme/two", commit)["a.txt"][1] == b"one\ntwo\n"


@pytest.mark.parametrize("annotated", [True, False])
def test_server_that_refuses_bare_commits_is_asked_for_the_tag(tmp_path: Path, annotated: bool) -> None:
    """Old servers give only what they advertise: an old release then comes by its tag."""
    old_server = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.version", "GIT_CONFIG_VALUE_0": "0"}
    repository = GitRepository(tmp_path / "acme/json.git", any_commit=False)
    commit = repository.publish("v1.0.0", FILES, annotated=annotated)
    repository.tag("hidden", repository.publish(None, {"a.txt": "newer"}))
    old = source(f"file://{tmp_path}/{{owner}}/{{repo}}.git", old_server)
    assert archive_of(old, "acme/json", commit, "1.0.0")["a.txt"][1] == b"one\ntwo\n"


def test_moved_tag_does_not_stand_in_for_the_commit(tmp_path: Path) -> None:
    """Where the bare commit is refused and the tag has another one, nothing is delivered."""
    old_server = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.version", "GIT_CONFIG_VALUE_0": "0"}
    repository = GitRepository(tmp_path / "acme/json.git", any_commit=False)
    commit = repository.publish("v1.0.0", FILES)
    repository.tag("v1.0.0", repository.publish(None, {"a.txt": "evil"}))
    with pytest.raises(PackageNotFound, match=commit):
        archive_of(
            source(f"file://{tmp_path}/{{owner}}/{{repo}}.git", old_server), "acme/json", commit, "1.0.0"
        )


def test_commit_that_no_ref_has_is_given(repository: GitRepository, template: str) -> None:
    """A release whose tag was moved is still there for who has it locked."""
    commit = repository.publish("v1.0.0", FILES)
    repository.tag("v1.0.0", repository.publish(None, {"a.txt": "newer"}))
    assert archive_of(source(template), "acme/json", commit, "1.0.0")["a.txt"][1] == b"one\ntwo\n"


def test_settings_of_the_user_do_not_change_contents(
    repository: GitRepository, template: str, tmp_path: Path
) -> None:
    """Line endings, filters and attributes that the user has configured leave every byte alone."""
    commit = repository.publish(
        "v1.0.0", {**FILES, ".gitattributes": "*.dat filter=shout\n", "x.dat": "quiet\n"}
    )
    attributes = tmp_path / "attributes"
    attributes.write_text("* text eol=crlf\na.txt export-ignore\n")
    config = tmp_path / "gitconfig"
    config.write_text(
        f"[core]\n\tautocrlf = true\n\teol = crlf\n\tattributesFile = {attributes}\n"
        '[filter "shout"]\n\tsmudge = tr a-z A-Z\n[tar]\n\tumask = 0777\n'
    )
    found = archive_of(source(template, {"GIT_CONFIG_GLOBAL": str(config)}), "acme/json", commit)
    assert found["a.txt"] == (0o644, b"one\ntwo\n")
    assert found["x.dat"][1] == b"quiet\n"


def test_attributes_of_the_package_count(repository: GitRepository, template: str) -> None:
    """export-ignore leaves files out, as in every git archive."""
    commit = repository.publish("v1.0.0", {**FILES, ".gitattributes": "a.txt export-ignore\n"})
    assert set(archive_of(source(template), "acme/json", commit)) == {"package.json", ".gitattributes"}


def test_url_rewriting_of_the_user_counts(repository: GitRepository, tmp_path: Path) -> None:
    """insteadOf leads https to ssh, which then is spoken: that is how many reach their private servers."""
    asked = tmp_path / "asked"
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" > {asked}\nexit 1\n')
    ssh.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text('[url "ssh://git@inner.example/"]\n\tinsteadOf = https://git.example/\n')
    rewritten = source(
        "https://git.example/{owner}/{repo}.git", {"GIT_CONFIG_GLOBAL": str(config), "GIT_SSH": str(ssh)}
    )
    with pytest.raises((NetworkFailure, PackageNotFound)):
        rewritten.tags(NAME)
    assert "git@inner.example git-upload-pack '/acme/json.git'" in asked.read_text()


@pytest.mark.parametrize("target", ["ext::touch {file}", "file://{git}/"])
def test_rewriting_to_other_protocols_is_stopped(
    repository: GitRepository, tmp_path: Path, target: str
) -> None:
    """Neither a program nor, for a server's URL, a local path may come out of it."""
    repository.publish("v1.0.0", FILES)
    made = tmp_path / "made"
    base = target.format(file=made, git=repository.path.parents[1])
    config = tmp_path / "gitconfig"
    config.write_text(f'[url "{base}"]\n\tinsteadOf = https://git.example/\n[protocol]\n\tallow = always\n')
    with pytest.raises(NetworkFailure, match="not allowed"):
        source("https://git.example/{owner}/{repo}.git", {"GIT_CONFIG_GLOBAL": str(config)}).tags(NAME)
    assert not made.exists()


def test_environment_that_points_elsewhere_is_dropped() -> None:
    """What a hook of another repository leaves behind, traces and dialogs do not reach git; logins do."""
    environ = {
        "PATH": "/bin",
        "HOME": "/h",
        "GIT_DIR": "/other",
        "GIT_WORK_TREE": "/other",
        "GIT_OBJECT_DIRECTORY": "/other",
        "GIT_ALLOW_PROTOCOL": "ext",
        "GIT_TRACE_CURL": "1",
        "SSH_ASKPASS": "/dialog",
        "SSH_AUTH_SOCK": "/agent",
        "GIT_SSH_COMMAND": "ssh -i key",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": "Authorization: x",
        "SSL_CERT_FILE": "/ca",
    }
    kept = connecting(environ)
    dropped = {name for name in environ if name not in kept}
    assert dropped == {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALLOW_PROTOCOL",
        "GIT_TRACE_CURL",
        "SSH_ASKPASS",
    }
    assert (kept["GIT_SSL_CAINFO"], kept["GIT_TERMINAL_PROMPT"]) == ("/ca", "0")
    assert "GIT_CONFIG_COUNT" not in alone(environ)


def test_hooks_of_the_users_template_do_not_run(
    repository: GitRepository, template: str, tmp_path: Path
) -> None:
    """A fetch into the temporary repository runs no reference-transaction hook."""
    commit = repository.publish("v1.0.0", FILES)
    made = tmp_path / "made"
    hooks = tmp_path / "template/hooks"
    hooks.mkdir(parents=True)
    hook = hooks / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {made}\n")
    hook.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(f"[init]\n\ttemplateDir = {hooks.parent}\n[core]\n\thooksPath = {hooks}\n")
    archive_of(source(template, {"GIT_CONFIG_GLOBAL": str(config)}), "acme/json", commit)
    assert not made.exists()


@pytest.mark.parametrize("path", ["{tmp}", "{tmp}/nothing"])
def test_missing_git_is_one_clear_sentence(
    template: str, repository: GitRepository, tmp_path: Path, path: str
) -> None:
    """Without the program, or with something else of its name, the user is told to install it."""
    with pytest.raises(NetworkFailure, match=r"(?s)no git on the PATH.*install git"):
        source(template, {"PATH": path.format(tmp=tmp_path)}).tags(NAME)


def test_unreachable_server_is_a_network_failure() -> None:
    """A closed port is not a missing package."""
    with pytest.raises(NetworkFailure, match=r"could not connect to 127\.0\.0\.1") as failure:
        source("http://127.0.0.1:1/{owner}/{repo}.git").tags(NAME)
    assert failure.value.exit_code == 4


def test_temporary_repositories_are_removed(
    repository: GitRepository, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After success and failure alike the temp folder is empty."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    commit = repository.publish("v1.0.0", FILES)
    archive_of(source(template), "acme/json", commit)
    with pytest.raises(PackageNotFound):
        archive_of(source(template), "acme/json", "f" * 40)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("commit", ["HEAD", "v1.0.0", "--output=/x", "", "a" * 39, "A" * 40, "a" * 40 + "\n"])
def test_only_commits_are_asked_for(repository: GitRepository, template: str, commit: str) -> None:
    """What is not forty (or sixty-four) lower-case hex digits never reaches git."""
    repository.publish("v1.0.0", FILES)
    with pytest.raises(PackageNotFound, match="is not a commit"):
        archive_of(source(template), "acme/json", commit)


def test_process_is_killed_with_its_children(tmp_path: Path) -> None:
    """What takes too long ends, and so does what it has started."""
    with pytest.raises(NetworkFailure, match="took longer"):
        run_git(["-c", "alias.wait=!sleep 100 & sleep 100", "wait"], HERE, lambda _: None, seconds=0.05)


def test_interrupted_process_does_not_go_on() -> None:
    """Ctrl-C while git prints ends git."""
    before = threading.active_count()

    def interrupt(_: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_git(["-c", "alias.talk=!echo x; sleep 100", "talk"], HERE, interrupt)
    assert threading.active_count() <= before + 1


def test_endless_output_ends() -> None:
    """More than the limit is refused."""
    with pytest.raises(NetworkFailure, match="more than 10 bytes"):
        run_git(["-c", "alias.talk=!yes", "talk"], HERE, lambda _: None, limit_bytes=10)


def test_what_git_says_is_shown_without_secrets() -> None:
    """A password in a rewritten URL and control characters are left out."""
    talk = "alias.talk=!printf 'fatal: https://u:canary@h/x\\033[31m' >&2; exit 1"
    with pytest.raises(GitFailed) as failed:
        git_output(["-c", talk, "talk"], HERE)
    assert failed.value.told == "fatal: https://***@h/x[31m"


def test_public_template_is_what_the_lockfile_says() -> None:
    """The canonical URL and the commit, for https and both forms of ssh."""
    tag = ("v1.0.0", "c" * 40)
    from hpmtasks.semver.version import Version

    for template, expected in (
        ("https://git.example/{owner}/{repo}.git", "https://git.example/acme/json.git#"),
        ("git@git.example:{owner}/{repo}.git", "git@git.example:acme/json.git#"),
        ("http://localhost/{owner}/{repo}.git", "git:acme/json#"),
    ):
        assert source(template).resolved(NAME, *tag, Version.parse("1.0.0")) == expected + "c" * 40


def test_only_the_listed_protocols_are_allowed() -> None:
    """The options begin with a general refusal."""
    given = options(("https",))
    assert given[:4] == ["-c", "protocol.allow=never", "-c", "protocol.https.allow=always"]
