"""hpm as one file: it installs an example with a plain Python and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.support.command_line import PATIENCE_SECONDS, REPOSITORY

pytestmark = [pytest.mark.slow]
#: The Python that the environment was made with, which has none of its packages.
PLAIN = Path(sys.base_prefix) / ("python.exe" if os.name == "nt" else f"bin/python{sys.version_info.major}")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``hpm.pyz``, made out of the packages of this environment."""
    target = tmp_path_factory.mktemp("standalone") / "hpm.pyz"
    build(target)
    return target


def build(target: Path) -> None:
    """*target* is hpm as one file."""
    builder = REPOSITORY / "standalone/build.py"
    command = [sys.executable, str(builder), "--output", str(target)]
    subprocess.run(command, check=True, timeout=PATIENCE_SECONDS * 5, stdout=subprocess.PIPE)


def ran(built: Path, project: Path, home: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """What the file does with *arguments* in *project*, run by a plain Python in an empty environment."""
    command = [str(PLAIN), "-I", str(built), *arguments]
    done = subprocess.run(
        command,
        cwd=project,
        env={"PATH": os.defpath, "HOME": str(home), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """``examples/hello`` with its registry, never installed."""
    ignore = shutil.ignore_patterns("hem_modules", ".hpm")
    for name in ("hello", "registry"):
        shutil.copytree(REPOSITORY / "examples" / name, tmp_path / "examples" / name, ignore=ignore)
    return tmp_path / "examples/hello"


@pytest.mark.skipif(not PLAIN.exists(), reason="the environment does not say which Python it was made with")
def test_it_installs_an_example(built: Path, project: Path, tmp_path: Path) -> None:
    """And again, by the stamp; what it unpacked is one folder, complete, and stays as it is."""
    home = tmp_path / "home"
    code, said = ran(built, project, home, "install")
    assert code == 0, said
    assert (project / "hem_modules/acme/greet/package.json").is_file()
    (folder,) = (home / ".hpm/standalone").iterdir()
    before = folder.stat()
    code, said = ran(built, project, home, "install")
    assert (code, said.partition("(")[0]) == (0, "Everything is up to date "), said
    assert list((home / ".hpm/standalone").iterdir()) == [folder]
    assert folder.stat().st_ino == before.st_ino
    assert ran(built, project, home, "--version")[0] == 0


@pytest.mark.skipif(not PLAIN.exists(), reason="the environment does not say which Python it was made with")
@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_where_nothing_can_be_written(built: Path, project: Path, tmp_path: Path) -> None:
    """One sentence with the way out."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o500)
    code, said = ran(built, project, home, "install")
    assert code == 1
    assert said.startswith("hpm: cannot unpack into ")
    assert "Set HPM_HOME" in said


@pytest.mark.skipif(not PLAIN.exists(), reason="the environment does not say which Python it was made with")
def test_another_python(built: Path, project: Path, tmp_path: Path) -> None:
    """A file that holds nothing for this Python says for which it is."""
    other = tmp_path / "other.pyz"
    with zipfile.ZipFile(built) as old, zipfile.ZipFile(other, "w") as new:
        text = old.read("__main__.py").decode()
        here = f"cp{sys.version_info.major}{sys.version_info.minor}"
        new.writestr("__main__.py", text.replace(f'PYTHONS = "{here}"', 'PYTHONS = "cp309"'))
    code, said = ran(other, project, tmp_path / "home", "install")
    assert code == 1
    assert said.startswith("hpm: this file is for Python 3.09 on ")
    assert not (tmp_path / "home").exists()


def test_the_same_packages_make_the_same_file(built: Path, tmp_path: Path) -> None:
    """Byte for byte; and nothing of the builder's machine is in it."""
    build(tmp_path / "again.pyz")
    assert (tmp_path / "again.pyz").read_bytes() == built.read_bytes()
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
        assert not [name for name in names if name.endswith((".pyc", ".pth", "direct_url.json"))]
        assert "common/hpmtasks/front/__init__.py" in names
        home = sysconfig.get_path("purelib").encode()
        assert not [name for name in names if name.startswith("common/") and home in archive.read(name)]
