"""clean_environment: hpm as its users have it: a plain wheel, compiled, in an environment of its own.

An editable installation costs each start some milliseconds of ``.pth`` files, and the environment of the
project has many. This one is kept in ``build/bench``; it is made anew when uv.lock or Python are others.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.benchmarks.presentation import ROOT

_FOLDER = ROOT / "build/bench"
_UV = (sys.executable, "-m", "uv", "--quiet")


def hpm() -> Path:
    """The program ``hpm`` of a wheel of this checkout as it is now.

    Raises:
        subprocess.CalledProcessError: The wheel, or what it needs, cannot be had; uv said why.
    """
    environment = _FOLDER / f"environment-{_fingerprint()}"
    python = environment / "bin/python"
    if not (environment / "complete").exists():
        venv.create(environment, clear=True, symlinks=True)
        wanted = _FOLDER / "requirements.txt"
        _run("export", "--frozen", "--no-dev", "--no-emit-project", "--output-file", str(wanted))
        _run("pip", "install", "--python", str(python), "--compile-bytecode", "--requirements", str(wanted))
        (environment / "complete").touch()
    wheels = _FOLDER / "wheel"
    for old in wheels.glob("*.whl"):
        old.unlink()
    _run("build", "--wheel", "--out-dir", str(wheels))
    (wheel,) = wheels.glob("*.whl")
    options = ("--no-deps", "--reinstall", "--compile-bytecode")
    _run("pip", "install", "--python", str(python), *options, str(wheel))
    return environment / "bin/hpm"


def _fingerprint() -> str:
    """What the environment is made from."""
    return hashlib.sha256((ROOT / "uv.lock").read_bytes() + sys.version.encode()).hexdigest()[:12]


def _run(*arguments: str) -> None:
    """uv does what *arguments* say."""
    # A variable that forbids compiling would leave hpm without compiled modules, too.
    hidden = ("PYTHON", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    subprocess.run([*_UV, *arguments], cwd=ROOT, env=kept, stdout=subprocess.DEVNULL, check=True)
