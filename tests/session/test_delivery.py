"""Deliveries: whichever way the files of an order get ready, they are those that the lock promises."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from hpmtasks.model.package import PackageName
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.semver.version import Version
from hpmtasks.session import Session
from hpmtasks.session.delivery import Delivery, Order, deliver
from hpmtasks.store.entries import LinkMethod
from hpmtasks.store.store import Store
from hpmtasks.store.tree import digest_folder
from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer

NAME, VERSION = PackageName.parse("acme/lib"), Version.parse("1.0.0")


@pytest.fixture
def commit(github_server: GithubServer) -> str:
    """A published version."""
    github_server.publish(str(NAME), f"v{VERSION}")
    return github_server.repository(str(NAME)).tags()[f"v{VERSION}"]


@pytest.fixture
def session(tmp_path: Path, github_server: GithubServer) -> Iterator[Session]:
    shell = CommandLine(tmp_path, {**github_server.environment(), "HPM_WORKERS": "0"})
    shell.require({str(NAME): "^1.0.0"})
    project = Project.find(shell.project)
    with closing(Session(project, Settings.load(shell.environ), State(project.state_path))) as opened:
        yield opened


def _delivered(session: Session, commit: str, *, tree: str | None = None, lays_out: bool = True) -> Delivery:
    order = Order(NAME, VERSION, commit, tree=tree, lays_out=lays_out)
    return deliver(session, order, nullcontext(), lambda _: None)


def _temporary(session: Session) -> list[Path]:
    return list(session.project.state_folder.glob(".tmp-*"))


def test_what_is_fetched_is_laid_out_in_the_same_go(
    session: Session, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody goes through the files a second time."""
    monkeypatch.setattr(Store, "prepare", lambda *_, **__: pytest.fail("a second time"))
    came = _delivered(session, commit)
    assert came.method == LinkMethod.HARD_LINK
    assert _temporary(session) == [Path(came.staged)]
    assert digest_folder(Path(came.staged)) == came.tree


def test_what_is_kept_is_laid_out_as_well(session: Session, commit: str) -> None:
    """The second order for a package finds it in the store, and has files of its own."""
    first, second = _delivered(session, commit), _delivered(session, commit)
    assert second.staged != first.staged
    assert digest_folder(Path(second.staged)) == first.tree


def test_where_files_cannot_be_linked_they_are_copied(
    session: Session, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache is on another disk: one complete folder all the same."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "other disk")

    monkeypatch.setattr(os, "link", refuse)
    came = _delivered(session, commit)
    assert came.method != LinkMethod.HARD_LINK
    assert _temporary(session) == [Path(came.staged)]
    assert digest_folder(Path(came.staged)) == came.tree


@pytest.mark.parametrize("is_kept", [False, True])
def test_what_is_not_as_promised_is_told_and_not_laid_out(
    session: Session, commit: str, *, is_kept: bool
) -> None:
    """Whether it has just come or was there: who collects it will compare, and say so."""
    if is_kept:
        _delivered(session, commit, lays_out=False)
    came = _delivered(session, commit, tree="sha256-" + "0" * 64)
    assert came.tree
    assert not came.staged
    assert _temporary(session) == []


def test_files_that_nobody_wants_are_not_laid_out(session: Session, commit: str) -> None:
    """The store has the package, and the project nothing."""
    came = _delivered(session, commit, lays_out=False)
    assert session.store.find_tree(came.tree) is not None
    assert _temporary(session) == []
