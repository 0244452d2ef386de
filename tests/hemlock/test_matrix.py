"""How the interpreter finds packages: what hpm believes of it, asked of the one on the PATH.

Hemlock 1.6.7 as released looks only beside the importing file on Linux; where it looks above, as it
means to, the second column holds.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hpmtasks.project.state import State
from hpmtasks.session.interpreter import finds_packages_above
from tests.support.interpreter import hemlock, needs_hemlock

pytestmark = needs_hemlock

LOW = 'export fn low() { return "low"; }\n'
USES_LOW = 'import { low } from "nest/low";\nprint(low());\n'
TOP = 'import { low } from "nest/low";\nexport fn top() { return low(); }\n'
USES_TOP = 'import { top } from "nest/top";\nprint(top());\n'
PLACE = "hem_modules/nest/low/src/index.hml"
IN_TOP = "hem_modules/nest/top/src/hem_modules/nest/low/src/index.hml"
FLAT = {PLACE: LOW, "hem_modules/nest/top/src/index.hml": TOP}


@dataclass(frozen=True)
class Case:
    """Files and links of a project, and whether ``low`` is printed.

    Attributes:
        released: By Hemlock 1.6.7 on Linux.
        above: By an interpreter that looks above.
        links: Symbolic links, with what they hold.
        main: What is run, in the project's root.
    """

    released: bool
    above: bool
    files: dict[str, str]
    links: dict[str, str] = field(default_factory=dict)
    main: str = "main.hml"


def manifest(text: str, file: str = "lib.hml") -> dict[str, str]:
    """A project whose package has this package.json, and its module in *file*."""
    return {
        "main.hml": USES_LOW,
        f"hem_modules/nest/low/{file}": LOW,
        "hem_modules/nest/low/package.json": text,
    }


def sub(path: str, file: str) -> dict[str, str]:
    """A project that imports *path* of a package that has *file*."""
    return {"main.hml": USES_LOW.replace("nest/low", f"nest/low/{path}"), f"hem_modules/nest/low/{file}": LOW}


CASES = {
    "a package beside the program": Case(True, True, {"main.hml": USES_LOW, PLACE: LOW}),
    "a program below the root": Case(
        False, True, {"src/main.hml": USES_LOW, PLACE: LOW}, main="src/main.hml"
    ),
    "a package that imports a package": Case(False, True, {"main.hml": USES_TOP, **FLAT}),
    "a copy beside the importing package": Case(True, True, {"main.hml": USES_TOP, **FLAT, IN_TOP: LOW}),
    "a link beside the importing package": Case(
        False, False, {"main.hml": USES_TOP, **FLAT}, {IN_TOP.partition("/src/index")[0]: "../../../low"}
    ),
    "hem_modules that is a link": Case(
        False,
        False,
        {"main.hml": USES_LOW, PLACE.replace("hem_modules", "real"): LOW},
        {"hem_modules": "real"},
    ),
    "a shim beside the importing package": Case(
        True,
        True,
        {"main.hml": USES_TOP, **FLAT, IN_TOP: 'export { low } from "../../../../../../low/src/index.hml";'},
    ),
    "a shim that imports everything": Case(
        True,
        True,
        {
            "main.hml": USES_TOP,
            **FLAT,
            IN_TOP: 'import * from "../../../../../../low/src/index.hml"; export { low };',
        },
    ),
    "a link below the current folder": Case(
        True,
        True,
        {"src/main.hml": USES_LOW, "low/x.hml": LOW},
        {"nest/low.hml": "../low/x.hml"},
        "src/main.hml",
    ),
    "an empty hem_modules that is nearer": Case(
        False, False, {"src/main.hml": USES_LOW, PLACE: LOW, "src/hem_modules/x": ""}, main="src/main.hml"
    ),
    "a nested copy at the package's root": Case(
        False, True, {"main.hml": USES_TOP, **FLAT, "hem_modules/nest/top/" + PLACE: LOW}
    ),
    "a folder of a monorepo": Case(
        False, True, {"apps/web/main.hml": USES_LOW, PLACE: LOW}, main="apps/web/main.hml"
    ),
    # package.json
    "main": Case(True, True, manifest('{"main": "lib.hml"}')),
    "main without its suffix": Case(True, True, manifest('{"main": "lib"}')),
    "main with ./": Case(False, False, manifest('{"main": "./lib.hml"}')),
    "main with a slash at its end": Case(False, False, manifest('{"main": "lib/"}', "lib/index.hml")),
    "main in another object": Case(False, False, manifest('{"scripts": {"main": "x"},\n"main": "lib"}')),
    "main with its value below": Case(False, False, manifest('{"main":\n"lib"}')),
    "main in a file of one line": Case(True, True, manifest('{"name":"nest/low","main":"lib.hml","v":1}')),
    "main that is not there": Case(True, True, manifest('{"main": "gone.hml"}', "src/index.hml")),
    "no package.json": Case(True, True, {"main.hml": USES_LOW, PLACE: LOW}),
    # parts of packages
    "a file of a package": Case(True, True, sub("x", "x.hml")),
    "a folder of a package": Case(True, True, sub("x", "x/index.hml")),
    "a file in its src": Case(True, True, sub("x", "src/x.hml")),
    "a folder in its src": Case(True, True, sub("x", "src/x/index.hml")),
    "a file with its suffix": Case(False, False, sub("x.hml", "x.hml")),
    # names
    "capitals and dots": Case(
        True,
        True,
        {"main.hml": USES_LOW.replace("nest/low", "Nest/l.o_w"), "hem_modules/Nest/l.o_w/src/index.hml": LOW},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_how_packages_are_found(tmp_path: Path, name: str) -> None:
    """As hpm believes; where it does not hold any more, docs/imports.md and the shims have to follow."""
    case = CASES[name]
    for path, text in case.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for path, target in case.links.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).symlink_to(target)
    looks_above = finds_packages_above(os.environ, State(tmp_path / "state.json"))
    ran = hemlock(case.main, cwd=tmp_path)
    assert (ran.stdout == "low\n") is (case.above if looks_above else case.released), ran.stderr
