"""compiled_fronts: the front as a program that leads to a stub, which tells that it was asked, and what."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hpmtasks.session.compiled_front import compile_for

#: The exit code of the stub.
LEFT = 42
_STUB = '#!/bin/sh\necho "$PWD"\nfor word; do echo "$word"; done\nexit 42\n'
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class StubbedFront:
    """A compiled front; the hpm that it was made for is a stub."""

    path: Path

    def run(self, cwd: Path, environ: Mapping[str, str], *words: str) -> tuple[int, str]:
        """Its exit code and all that it prints."""
        done = subprocess.run(
            [self.path, *words],
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout

    def says(self, cwd: Path, environ: Mapping[str, str], *words: str) -> str | None:
        """What it says itself; ``None`` if it leaves *words* to the hpm that it was made for, in *cwd*."""
        code, out = self.run(cwd, environ, *words)
        if code == LEFT:
            assert out.splitlines() == [str(cwd.resolve()), *words]
            return None
        assert code == 0, out
        return out.removesuffix("\n")


def make(folder: Path) -> StubbedFront:
    """A front in *folder*; the test is skipped where there is no compiler."""
    made = make_if_possible(folder)
    if made is None:
        pytest.skip("needs a C compiler: cc")
    return made


def make_if_possible(folder: Path) -> StubbedFront | None:
    """A front in *folder*; ``None`` where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    stub, front = folder / "stub", folder / "hpm"
    stub.write_text(_STUB)
    compile_for(["/bin/sh", str(stub)], front, front, compiler, os.environ)
    return StubbedFront(front)
