"""Modules.installed: what hpm laid out and is still there."""

from __future__ import annotations

from pathlib import Path

from hpmtasks.model.package import PackageName
from hpmtasks.project import Project
from hpmtasks.project.state import Installed, State
from hpmtasks.session.modules import Modules


def _modules(root: Path, *packages: tuple[str, str]) -> Modules:
    """The modules of a project in *root* whose state remembers *packages*, names with versions."""
    project = Project(root)
    state = State(project.state_path)
    for name, version in packages:
        state.keep_package(PackageName.parse(name).key, Installed(name, version, "sha256-" + "0" * 64, 1, 1))
    return Modules(project, state)


def test_installed_names_what_is_there_with_its_version(tmp_path: Path) -> None:
    """Only remembered packages whose folders stand are installed, in the order of their names."""
    modules = _modules(tmp_path, ("acme/text", "1.1.0"), ("Acme/Frame", "1.0.0"), ("acme/gone", "2.0.0"))
    for folder in ("acme/text", "Acme/Frame", "acme/foreign"):
        (tmp_path / "hem_modules" / folder).mkdir(parents=True)
    found = modules.installed()
    assert [(str(name), version) for name, version in found.items()] == [
        ("Acme/Frame", "1.0.0"),
        ("acme/text", "1.1.0"),
    ]


def test_a_link_is_not_an_installed_package(tmp_path: Path) -> None:
    """A link in the place of a package is not called installed."""
    modules = _modules(tmp_path, ("acme/text", "1.1.0"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "hem_modules" / "acme").mkdir(parents=True)
    (tmp_path / "hem_modules" / "acme" / "text").symlink_to(tmp_path / "elsewhere")
    assert modules.installed() == {}


def test_what_nobody_wants_is_extraneous(tmp_path: Path) -> None:
    """Of the installed packages those are extraneous that are not wanted; foreign folders never are."""
    modules = _modules(tmp_path, ("acme/text", "1.1.0"), ("acme/frame", "1.0.0"))
    for folder in ("acme/text", "acme/frame", "acme/foreign"):
        (tmp_path / "hem_modules" / folder).mkdir(parents=True)
    assert [str(name) for name in modules.extraneous({"acme/text"})] == ["acme/frame"]
