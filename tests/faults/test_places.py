"""F22: odd places and odd circumstances: none of them is a defect, most of them simply work."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.conftest import Survived
from tests.support.faults.forked import Forks
from tests.support.faults.invariant import Scene

_NAMES = {
    "blanks": "a folder  with blanks ",
    "newline": "a\nb",
    "tabulator": "a\tb",
    "quotes": "a'b\"c",
    "shell": "$(touch x);`y`&|<>*?",
    "percent": "100%s%(x)s",
    "option": "-rf",
    "accent": "caf\u00e9",
    "another accent": "cafe\u0301",
    "many bytes": "\u6f22" * 60,
    "colon": "a:b",
    "backslash": "a\\b",
}


@pytest.mark.parametrize("kind", _NAMES)
def test_folder_of_an_odd_name(tmp_path: Path, forks: Forks, survived: Survived, kind: str) -> None:
    """Project, home and registry below a folder with any name: installed, killed in the middle, completed."""
    folder = tmp_path / _NAMES[kind]
    folder.mkdir()
    scene = Scene.prepare(folder, forks)
    with closing(scene.shell):
        scene.check_everything(scene.run(fault={"number": 60}))
    survived("odd places")


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such names")
def test_folder_that_is_not_in_utf_8(tmp_path: Path, forks: Forks, survived: Survived) -> None:
    """Bytes that no text has, in every path."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    folder.mkdir()
    rule = f'[{{"match": "*", "type": "directory", "path": "{tmp_path / "registry"}"}}]'
    scene = Scene.prepare(tmp_path / "plain", forks)
    with closing(scene.shell):
        (tmp_path / "registry").symlink_to(scene.shell.registry.folder)
        for name in ("package.json",):
            (folder / name).write_bytes((scene.shell.project / name).read_bytes())
        environ = {**scene.shell.environ, "HPM_SOURCES": rule, "HPM_HOME": str(folder / "home")}
        ran = forks.run("install", cwd=folder, environ=environ)
        scene.check_told(ran)
        assert ran.code == 0, ran
    survived("odd places")


@pytest.fixture
def odd(scene: Scene) -> Scene:
    """The scene, without a cache."""
    from hpmtasks.files.removal import remove_tree

    remove_tree(scene.shell.home / "cache")
    return scene


def test_cache_behind_a_link(odd: Scene, survived: Survived) -> None:
    """A cache folder that is a link to a folder elsewhere is that folder."""
    elsewhere = odd.folder / "elsewhere"
    elsewhere.mkdir()
    (odd.shell.home / "cache").symlink_to(elsewhere)
    odd.check_everything(odd.well())
    assert (elsewhere / "v1").is_dir()
    survived("odd places")


@pytest.mark.parametrize("kind", ["file", "dangling link", "link to itself"])
def test_cache_that_is_no_folder(odd: Scene, survived: Survived, kind: str) -> None:
    """It is told, and left as it is."""
    cache = odd.shell.home / "cache"
    if kind == "file":
        cache.write_text("mine")
    else:
        cache.symlink_to("cache" if kind == "link to itself" else "nowhere")
    ran = odd.run()
    odd.check_told(ran)
    if ran.code:
        assert str(cache) in ran.err
        cache.unlink()
    odd.check_state()
    odd.check_recovery()
    survived("odd places")


@pytest.mark.parametrize("kind", ["file", "link elsewhere"])
def test_modules_that_are_no_folder(scene: Scene, survived: Survived, kind: str) -> None:
    """What a user put in the place of hem_modules is not written through, and nothing outside changes."""
    import shutil

    modules = scene.shell.project / "hem_modules"
    shutil.rmtree(modules)
    outside = scene.folder / "outside"
    outside.mkdir()
    if kind == "file":
        modules.write_text("mine")
    else:
        modules.symlink_to(outside)
    ran = scene.run()
    scene.check_told(ran)
    assert ran.code != 0
    assert list(outside.iterdir()) == []
    modules.unlink()
    scene.check_recovery()
    survived("odd places")


@pytest.mark.parametrize("missing", [("HOME",), ("HOME", "HPM_HOME"), ("HOME", "HPM_HOME", "USER", "PATH")])
def test_environment_without(scene: Scene, survived: Survived, missing: tuple[str, ...]) -> None:
    """Without HOME and its like hpm installs all the same, or says what it misses."""
    environ = {name: value for name, value in scene.shell.environ.items() if name not in missing}
    ran = scene.forks.run("install", cwd=scene.shell.cwd, environ=environ)
    scene.check_told(ran)
    scene.check_state()
    scene.check_recovery()
    survived("odd places")


@pytest.mark.parametrize("umask", [0, 0o002, 0o077, 0o777])
def test_umask(scene: Scene, survived: Survived, umask: int) -> None:
    """Whatever the umask is, nothing is torn; a usual one makes what others may read."""
    ran = scene.run(umask=umask)
    scene.check_told(ran)
    if umask != 0o777:
        assert ran.code == 0, ran
    scene.check_state()
    scene.check_recovery()
    survived("odd places")
