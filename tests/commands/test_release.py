"""hpm release: a whole release, or none."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.command_line import PATIENCE_SECONDS, CommandLine
from tests.support.golden import Golden
from tests.support.working_copies import Workspace, manifest, workspace

CHANGES = "# Changelog\n\n## Unreleased\n\n- A new thing.\n\n## 1.0.0 - 2026-01-01\n\n- All of it.\n"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[CommandLine]:
    """A shell in an empty project; nothing here needs a network."""
    with closing(CommandLine(tmp_path)) as opened:
        yield opened


@pytest.fixture
def work(shell: CommandLine) -> Workspace:
    """The project as a clean working copy of ``me/kit`` 1.0.0 with a changelog, pushed."""
    made = workspace(shell.project, shell.folder / "remote.git")
    made.commit({"package.json": manifest(), "lib.hml": "", "CHANGELOG.md": CHANGES})
    made.git("push", "--quiet", "origin", "main")
    return made


def everything(work: Workspace) -> tuple[str, str, str, str, bytes, bytes]:
    """All that a release may change."""
    return (
        work.git("rev-parse", "HEAD"),
        work.git("symbolic-ref", "HEAD"),
        work.git("for-each-ref"),
        work.git("status", "--porcelain"),
        (work.root / "package.json").read_bytes(),
        (work.root / "CHANGELOG.md").read_bytes(),
    )


def hook(work: Workspace, name: str, script: str, *, remote: bool = False) -> None:
    """A git hook, here or in the remote."""
    path = (work.remote if remote else work.root / ".git") / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_release_is_one_commit_and_an_annotated_tag(shell: CommandLine, work: Workspace) -> None:
    """The version and the changelog are committed as vX.Y.Z and tagged; nothing is pushed."""
    before, remote = work.git("rev-parse", "HEAD"), work.refs()
    ran = shell.run("release", "minor")
    assert (ran.code, ran.err) == (0, "")
    assert work.git("status", "--porcelain") == ""
    assert work.git("log", "-1", "--format=%s %P") == f"v1.1.0 {before}"
    assert work.git("show", "--name-only", "--format=").split() == ["CHANGELOG.md", "package.json"]
    assert work.git("cat-file", "-t", "v1.1.0") == "tag"
    assert work.git("rev-parse", "v1.1.0^{commit}") == work.git("rev-parse", "HEAD")
    assert shell.manifest()["version"] == "1.1.0"
    today = datetime.now().astimezone().date().isoformat()
    assert f"## Unreleased\n\n## 1.1.0 - {today}\n\n- A new thing." in (
        (work.root / "CHANGELOG.md").read_text()
    )
    assert work.refs() == remote
    assert "Publish it: git push --quiet --atomic origin HEAD:refs/heads/main refs/tags/v1.1.0" in ran.out


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ("major", "2.0.0"),
        ("patch", "1.0.1"),
        ("prerelease", "1.0.1-0"),
        ("1.4.0-rc.1", "1.4.0-rc.1"),
        ("v3.0.0", "3.0.0"),
    ],
)
def test_new_version(shell: CommandLine, work: Workspace, wanted: str, version: str) -> None:
    """A level, or the version itself."""
    assert shell.run("release", wanted, "--json").data["version"] == version
    assert work.git("tag") == f"v{version}"


def test_first_release_of_the_version_that_stands_there(shell: CommandLine, work: Workspace) -> None:
    """Where package.json has the version already and the changelog too, HEAD itself is tagged."""
    head = work.git("rev-parse", "HEAD")
    assert shell.run("release", "1.0.0").code == 0
    assert work.git("rev-parse", "v1.0.0^{commit}", "HEAD").split() == [head, head]


def test_package_json_keeps_its_form(shell: CommandLine, work: Workspace) -> None:
    """Only the version's own characters change."""
    text = '{ "version" : "1.0.0",\r\n\t"name": "me/kit", "x": 1e3 }'
    work.commit({"package.json": text})
    assert shell.run("release", "patch").code == 0
    assert (work.root / "package.json").read_bytes().decode() == text.replace("1.0.0", "1.0.1")


def test_push_takes_branch_and_tag_along(shell: CommandLine, work: Workspace) -> None:
    """The remote has both afterwards, under the name that the branch has there."""
    work.git("switch", "--quiet", "--create", "work")
    work.git("config", "branch.work.remote", "origin")
    work.git("config", "branch.work.merge", "refs/heads/main")
    ran = shell.run("release", "minor", "--push", "--json")
    assert (ran.code, ran.data["pushed"]) == (0, "origin")
    refs = work.refs()
    assert refs["refs/heads/main"] == refs["refs/tags/v1.1.0^{}"] == ran.data["commit"]
    assert "refs/heads/work" not in refs


def test_dry_run_changes_nothing_and_runs_nothing(
    shell: CommandLine, work: Workspace, golden: Golden
) -> None:
    """Every step is named; the tests are not run."""
    work.commit({"package.json": manifest(scripts={"test": "touch ran"})})
    before = everything(work)
    ran = shell.run("release", "major", "--dry-run", "--push")
    assert (ran.code, ran.err) == (0, "")
    golden.check("release/dry-run.txt", ran.out)
    assert everything(work) == before
    assert not (work.root / "ran").exists()


def test_tests_run_first_and_their_failure_ends_it(shell: CommandLine, work: Workspace) -> None:
    """The exit code is the script's, and nothing is changed; --no-test leaves them out."""
    work.commit({"package.json": manifest(scripts={"test": "exit 7"})})
    before = everything(work)
    ran = shell.process("release", "minor")
    assert (ran.code, ran.out) == (7, "")
    assert "Nothing was released" in ran.err
    assert everything(work) == before
    assert shell.process("release", "minor", "--no-test").code == 0


def test_json_stays_json_beside_talkative_tests(shell: CommandLine, work: Workspace) -> None:
    """What the tests print to stdout does not get between."""
    work.commit({"package.json": manifest(scripts={"test": "echo all is well"})})
    ran = shell.process("release", "minor", "--json")
    assert ran.data["version"] == "1.1.0"
    assert "all is well" in ran.err


def test_tests_that_change_files_end_it(shell: CommandLine, work: Workspace) -> None:
    """What was tested has to be what is released."""
    work.commit({"package.json": manifest(scripts={"test": "echo 1 > lib.hml"})})
    ran = shell.process("release", "minor")
    assert ran.code == 64
    assert "lib.hml" in ran.err
    assert work.git("tag") == ""


def test_tests_that_commit_end_it(shell: CommandLine, work: Workspace) -> None:
    """What came in between is nobody's to take back."""
    work.commit({"package.json": manifest(scripts={"test": "git commit -q --allow-empty -m sneaked"})})
    ran = shell.process("release", "minor")
    assert ran.code == 64
    assert "Another commit is checked out" in ran.err
    assert work.git("log", "-1", "--format=%s") == "sneaked"


@pytest.mark.parametrize("name", ["pre-commit", "commit-msg"])
def test_refused_commit_leaves_everything(shell: CommandLine, work: Workspace, name: str) -> None:
    """A hook that says no is quoted, and the files are as they were."""
    hook(work, name, "echo not on a Friday >&2; exit 1")
    before = everything(work)
    ran = shell.run("release", "minor")
    assert (ran.code, ran.out) == (64, "")
    assert "not on a Friday" in ran.err
    assert everything(work) == before


def signing(work: Workspace, script: str) -> None:
    """Git signs with a program that runs *script*."""
    program = work.root.parent / "sign"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    work.git("config", "gpg.program", str(program))
    work.git("config", "user.signingKey", "ada")


SIGNED = "cat > /dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; echo '-----BEGIN PGP SIGNATURE-----'"


def test_tag_is_signed_where_git_is_set_up_to_sign(shell: CommandLine, work: Workspace) -> None:
    """A signing key is enough; tag.gpgSign=false overrules it."""
    signing(work, SIGNED)
    assert shell.run("release", "minor").code == 0
    assert "BEGIN PGP SIGNATURE" in work.git("cat-file", "tag", "v1.1.0")
    work.git("config", "tag.gpgSign", "false")
    assert shell.run("release", "minor").code == 0
    assert "SIGNATURE" not in work.git("cat-file", "tag", "v1.2.0")


def test_failed_signature_leaves_everything(shell: CommandLine, work: Workspace) -> None:
    """The commit was made already; it is taken back."""
    signing(work, "echo no key >&2; exit 2")
    before = everything(work)
    ran = shell.run("release", "minor")
    assert ran.code == 64
    assert "git tag failed" in ran.err
    assert everything(work) == before


def test_interrupt_while_git_works_leaves_everything(shell: CommandLine, work: Workspace) -> None:
    """Ctrl-C during a long hook or signature: the commit is not there afterwards."""
    reached, go_on = shell.folder / "reached", shell.folder / "go-on"
    os.mkfifo(reached)
    os.mkfifo(go_on)
    signing(work, f'echo here > "{reached}"; read line < "{go_on}"; {SIGNED}')
    before = everything(work)
    started = shell.start("release", "minor")
    with reached.open() as signal_of_git:
        assert signal_of_git.readline() == "here\n"
    started.send_signal(signal.SIGINT)
    go_on.write_text("now\n")
    _, err = started.communicate(timeout=PATIENCE_SECONDS)
    assert started.returncode == 130, err
    assert "everything is as it was" in err
    assert everything(work) == before


@pytest.mark.parametrize("kind", ["changed", "untracked", "staged"])
def test_what_is_not_committed_ends_it(shell: CommandLine, work: Workspace, kind: str) -> None:
    """A changed, a new, a staged file: each is named."""
    work.write({"new.hml" if kind == "untracked" else "lib.hml": "1\n"})
    if kind == "staged":
        work.git("add", "--all")
    before = everything(work)
    ran = shell.run("release", "minor")
    assert ran.code == 64
    assert ("new.hml" if kind == "untracked" else "lib.hml") in ran.err
    assert everything(work) == before


def test_ignored_files_and_those_of_hpm_do_not_matter(shell: CommandLine, work: Workspace) -> None:
    """hem_modules and .hpm may be there although nobody ignored them."""
    work.commit({".gitignore": "build\n"})
    work.write({"build/x": "", "hem_modules/a/b/c": "", ".hpm/state.json": ""})
    assert shell.run("release", "minor").code == 0


@pytest.mark.parametrize(
    ("prepare", "wanted", "said"),
    [
        (["tag", "v1.1.0"], "minor", "There is a tag v1.1.0 already"),
        (["tag", "1.1.0"], "minor", "There is a tag 1.1.0 already"),
        (["switch", "--detach", "--quiet"], "minor", "No branch is checked out"),
        (["status"], "0.9.0", "0.9.0 comes before 1.0.0"),
        (["status"], "huge", "'huge' is neither major"),
        (["remote", "remove", "origin"], "minor", "There is no remote to push to"),
        (["push", "--quiet", "origin", "HEAD:refs/tags/v1.1.0"], "minor", "origin has a tag v1.1.0 already"),
    ],
)
def test_what_cannot_be_released(
    shell: CommandLine, work: Workspace, prepare: list[str], wanted: str, said: str
) -> None:
    """One sentence each, exit code 64, and nothing is changed."""
    work.git(*prepare)
    head, status = work.git("rev-parse", "HEAD"), work.git("status", "--porcelain")
    ran = shell.run("release", wanted, "--push")
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err
    assert (work.git("rev-parse", "HEAD"), work.git("status", "--porcelain")) == (head, status)


def test_project_below_its_repository_cannot_be_released(shell: CommandLine, work: Workspace) -> None:
    """A tag is of the whole repository, and so is a package."""
    work.commit({"kit/package.json": manifest()})
    shell.below = "kit"
    assert "a package is a whole repository" in shell.run("release", "minor").err


def test_remote_that_is_ahead_is_noticed_before_anything_is_done(shell: CommandLine, work: Workspace) -> None:
    """Somebody else pushed: the release would not be taken, so it is not made."""
    work.commit({"other.hml": ""})
    work.git("push", "--quiet", "origin", "main")
    work.git("reset", "--quiet", "--hard", "HEAD~1")
    before = everything(work)
    ran = shell.run("release", "minor", "--push")
    assert ran.code == 4
    assert "nothing was changed" in ran.err
    assert everything(work) == before


def test_refused_push_leaves_nothing_there_and_says_how_to_go_on(shell: CommandLine, work: Workspace) -> None:
    """The remote refuses tags: it does not get the branch either."""
    hook(work, "update", 'case "$1" in refs/tags/*) echo no tags >&2; exit 1;; esac', remote=True)
    remote = work.refs()
    ran = shell.run("release", "minor", "--push")
    assert ran.code == 4
    assert work.refs() == remote
    assert "v1.1.0 is committed and tagged here, and was not pushed" in ran.err
    undo = next(line for line in ran.err.splitlines() if line.startswith("Or take it back: "))
    for command in undo.removeprefix("Or take it back: ").split(" && "):
        work.git(*command.split()[1:])
    assert (work.git("tag"), shell.manifest()["version"]) == ("", "1.0.0")


def test_release_as_data(shell: CommandLine, work: Workspace) -> None:
    """Version, tag, branch, commit, and what was done."""
    told = json.loads(shell.run("release", "minor", "--json").out)
    assert (told["tag"], told["branch"], told["pushed"]) == ("v1.1.0", "main", None)
    assert told["commit"] == work.git("rev-parse", "HEAD")
    assert len(told["steps"]) == 4
