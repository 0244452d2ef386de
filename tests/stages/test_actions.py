"""The actions of the stages, each called as its task calls it, on a small project without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hpmtasks.engine import install
from hpmtasks.errors import IntegrityMismatch
from hpmtasks.model.package import PackageName
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.session import Session
from hpmtasks.stages.extract.action import extract, remove
from hpmtasks.stages.resolve.action import resolve
from hpmtasks.stages.verify.action import verify
from hpmtasks.store.tree import digest_folder

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GREET = PackageName.parse("acme/greet")

Open = Callable[[], Session]


class _Silent:
    """A listener who is not interested."""

    def task_was_fresh(self, name: str) -> None:
        """Not told."""

    def task_began(self, name: str) -> None:
        """Nothing is said."""


@pytest.fixture
def open_session(tmp_path: Path) -> Iterator[Open]:
    """Makes sessions over one copy of the example, as one run after another would."""
    shutil.copytree(
        EXAMPLES,
        tmp_path / "examples",
        ignore=shutil.ignore_patterns("hem_modules", ".hpm", "package-lock.json"),
    )
    opened: list[Session] = []

    def open_one() -> Session:
        project = Project(tmp_path / "examples" / "hello")
        settings = Settings.load({"HOME": str(tmp_path), "PATH": ""})
        opened.append(Session(project, settings, State(project.state_path)))
        return opened[-1]

    yield open_one
    for session in opened:
        session.close()


def test_install_runs_each_stage_once_and_then_nothing(open_session: Open) -> None:
    """The first run ends with the lock; the second finds every task fresh."""
    first = install(open_session(), _Silent())
    assert first.ran[0] == "tags:acme/frame"
    assert first.ran[-1] == "lock"
    assert len(first.ran) == len(set(first.ran))
    second = install(open_session(), _Silent())
    assert (second.ran, set(second.fresh) >= set(first.ran)) == ([], True)


def test_resolve_writes_nothing(open_session: Open) -> None:
    """The answer is complete, and the project's folder is as it was."""
    session = open_session()
    before = sorted(session.project.root.rglob("*"))
    resolution = resolve(session)
    assert [str(package.id) for package in resolution.packages] == [
        "acme/frame@1.0.0",
        "acme/greet@1.2.1",
        "acme/text@1.1.0",
    ]
    assert sorted(session.project.root.rglob("*")) == before


def test_verify_measures_what_no_lock_has_promised(open_session: Open) -> None:
    """Without a promise the contents of the commit are measured, and stand in the store under that digest."""
    session = open_session()
    package = resolve(session).by_name[GREET]
    record = verify(session, package)
    assert record.commit == package.commit
    assert session.store.find_tree(record.tree) is not None


def test_verify_refuses_other_contents(open_session: Open) -> None:
    """A tree that is not the promised one is refused, with both digests."""
    session = open_session()
    package = replace(resolve(session).by_name[GREET], tree="sha256-" + "0" * 64)
    with pytest.raises(IntegrityMismatch) as caught:
        verify(session, package)
    assert caught.value.expected == package.tree
    assert caught.value.actual != package.tree


def test_extract_lays_out_the_promised_tree_and_lets_it_stand(open_session: Open) -> None:
    """The folder holds exactly the tree; a second extraction finds it and touches nothing."""
    session = open_session()
    package = resolve(session).by_name[GREET]
    package = replace(package, tree=verify(session, package).tree)
    extract(session, package)
    folder = session.project.package_folder(GREET)
    assert digest_folder(folder) == package.tree
    inode = folder.stat().st_ino
    assert extract(session, package).method == "found"
    assert folder.stat().st_ino == inode


def test_remove_takes_the_package_and_an_empty_owner(open_session: Open) -> None:
    """Afterwards neither the package's folder nor its owner's is there, and the state knows of none."""
    install(open_session(), _Silent())
    session = open_session()
    for name in list(session.modules.installed()):
        remove(session, name)
    assert not (session.project.modules / "acme").exists()
    assert session.modules.installed() == {}
