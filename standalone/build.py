"""build: dist/hpm.pyz, hpm with everything that it needs in one file; ``python3 dodo.py standalone``.

Taken are the packages of the environment that this runs in, as uv.lock names them. Compiled modules
are of this Python; ``--python 3.12 --python 3.13`` fetches those of others with uv. The same packages
make the same bytes.
"""  # noqa: INP001  a script, not a package

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from main import platform
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
OWN = "hpmtasks"
_COMPILED = (".so", ".pyd", ".dylib")
_LEFT_OUT = ("__pycache__", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
# 1980, the first that a zip can tell.
_THEN = (1980, 1, 1, 0, 0, 0)
_RUNNABLE = 0o755 << 16

#: Paths in the archive, and what stands there.
Files = dict[str, bytes]


def closure(name: str) -> Iterator[Distribution]:
    """The distribution *name* and all that it requires here, without extras; each once."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        each = canonicalize_name(waiting.pop())
        if each in seen:
            continue
        seen.add(each)
        found = distribution(each)
        yield found
        for line in found.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)


def is_compiled(package: Distribution) -> bool:
    """Whether *package* is for one Python only."""
    return any(path.name.endswith(_COMPILED) for path in package.files or ())


def files_of(package: Distribution, below: str) -> Files:
    """The files of an installed *package*, below the folder *below* of the archive."""
    found = {}
    for path in package.files or ():
        if path.parts[0] != ".." and path.suffix != ".pth" and not set(path.parts) & set(_LEFT_OUT):
            found[f"{below}/{path.as_posix()}"] = Path(str(package.locate_file(path))).read_bytes()
    return found


def files_in(folder: Path, below: str) -> Files:
    """Every file of *folder*, below the folder *below* of the archive."""
    return {
        f"{below}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not set(path.parts) & set(_LEFT_OUT)
    }


def fetched(packages: Iterable[Distribution], version: str) -> Files:
    """The files of compiled *packages* for Python *version*, fetched by uv."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = [f"{each.name}=={each.version}" for each in packages]
        options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--target", folder]
        command = [sys.executable, "-m", "uv", "pip", "install", *options, "--python-version", version]
        subprocess.run([*command, *wanted], check=True)
        return files_in(Path(folder), tag_of(version))


def tag_of(version: str) -> str:
    """``3.12`` as compiled modules are called: ``cp312``."""
    return "cp" + version.replace(".", "")


def contents(pythons: Iterable[str]) -> Files:
    """Everything but the beginning; *pythons* besides this one."""
    here = tag_of(".".join(map(str, sys.version_info[:2])))
    files = files_in(ROOT / OWN, f"common/{OWN}")
    compiled = []
    for package in closure(OWN):
        if is_compiled(package):
            compiled.append(package)
        files |= files_of(package, here if is_compiled(package) else "common")
    for version in pythons:
        files |= fetched(compiled, version)
    return files


def build(target: Path, pythons: Iterable[str]) -> None:
    """*target* is hpm as one file that a Python of *pythons*, or this one, can run."""
    files = contents(pythons)
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{hashlib.sha256(files[path]).hexdigest()}\n".encode())
    tags = sorted({path.partition("/")[0] for path in files} - {"common"}, key=lambda tag: (len(tag), tag))
    beginning = (ROOT / "standalone/main.py").read_text(encoding="utf-8")
    for mark, value in (
        ("@DIGEST@", digest.hexdigest()),
        ("@PYTHONS@", " ".join(tags)),
        ("@PLATFORM@", platform()),
    ):
        beginning = beginning.replace(mark, value)
    target.parent.mkdir(parents=True, exist_ok=True)
    growing = target.with_name(f".tmp-{target.name}")
    with growing.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path, data in sorted({**files, "__main__.py": beginning.encode()}.items()):
                entry = zipfile.ZipInfo(path, _THEN)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = _RUNNABLE
                archive.writestr(entry, data)
    growing.chmod(0o755)
    growing.replace(target)
    size = target.stat().st_size / 1e6
    print(f"{target}: {size:.1f} MB, for {', '.join(tags)} on {platform()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "dist/hpm.pyz")
    parser.add_argument("--python", action="append", default=[], metavar="X.Y", help="another Python")
    given = parser.parse_args()
    build(given.output, given.python)
