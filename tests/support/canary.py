"""canary: the tests once more, with a token in every environment; it must be nowhere afterwards.

``python -m tests.support.canary [PYTEST ARGUMENTS]`` runs them with ``GITHUB_TOKEN`` and its like set to a
text that is nothing else, keeps every file that they leave, and looks for it in all of them and in
all that hpm printed (see :meth:`CommandLine.run`). What the tests themselves say does not count here: some
expect to be without a token.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hpmtasks.files.removal import remove_tree
from tests.support.command_line import CANARY_VARIABLE, REPOSITORY

CANARY = "ghp_canaryCanaryCANARYcanaryCanaryCANARY"
#: The forms in which it would be found: as it is, and as git's servers take it.
_FORMS = (CANARY.encode(), base64.b64encode(f"x-access-token:{CANARY}".encode()).rstrip(b"=")[:-1])
#: The one file that a token may be in.
_ALLOWED = "config.json"


def found(folder: Path) -> Iterator[Path]:
    """The files below *folder* that hold the canary."""
    for at, _, names in os.walk(folder):
        for name in names:
            path = Path(at, name)
            if name == _ALLOWED or path.is_symlink() or not path.is_file():
                continue
            content = path.read_bytes()
            if any(form in content for form in _FORMS):
                yield path


def main(arguments: list[str]) -> int:
    """Run, and look; 0 if it is nowhere."""
    folder = Path(tempfile.mkdtemp(prefix="hpm-canary-"))
    try:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "--dist",
            "loadfile",
            "-p",
            "no:cacheprovider",
        ]
        command += ["--tb=no", "-m", "not faults", f"--basetemp={folder / 'files'}"]
        command += ["--ignore=tests/commands/test_canary.py"]  # which puts one where it must be found
        command += ["-o", "tmp_path_retention_policy=all", *arguments]
        environ = {**os.environ, CANARY_VARIABLE: CANARY}
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        (folder / "files").mkdir(exist_ok=True)
        files = sum(len(names) for _, _, names in os.walk(folder / "files"))
        leaks = list(found(folder / "files"))
        print(done.stdout.decode(errors="replace").splitlines()[-1])
        print(f"{files} files were looked into; the canary is in {len(leaks)} of them.")
        for path in leaks[:20]:
            print(f"  {path.relative_to(folder)}")
        return 1 if leaks or not files else 0
    finally:
        remove_tree(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
