"""hpm bundle: one file that does what the program does, without its packages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.git_repositories import package
from tests.support.interpreter import COMPILER, HEMLOCK, hemlock, needs_compiler, needs_hemlock, path_with
from tests.support.projects import ProjectFolder

MAIN = """\
import { up } from "acme/alpha";
import * as beta from "acme/beta";
import { max } from "@stdlib/math";
let n = 40;
print(max(up(), beta.bump() + n));
"""
SAID = "42\n"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """An installed project; its program imports a package that imports another one."""
    with closing(ProjectFolder(tmp_path)) as opened:
        alpha = package("acme/alpha", "1.0.0", {"acme/beta": "*"})
        text = 'import { bump } from "acme/beta";\nexport fn up() { return bump(); }\n'
        opened.registry.publish("acme/alpha", "1.0.0", files={**alpha, "src/index.hml": text})
        text = "let n = 0;\nexport fn bump() { n = n + 1; return n; }\n"
        beta = package("acme/beta", "1.0.0")
        opened.registry.publish("acme/beta", "1.0.0", files={**beta, "src/index.hml": text})
        opened.require({"acme/alpha": "*", "acme/beta": "*"})
        opened.write("src/main.hml", MAIN)
        opened.tasks()
        yield opened


def test_one_source(project: ProjectFolder) -> None:
    """The same for the same modules; which they are is told."""
    ran = project.run("bundle", "src/main.hml", "-o", "out/app.hml", "--json")
    assert ran.code == 0, ran.err
    assert ran.data["modules"] == [
        "hem_modules/acme/beta/src/index.hml",
        "hem_modules/acme/alpha/src/index.hml",
        "src/main.hml",
    ]
    first = (project.project / "out/app.hml").read_bytes()
    assert project.run("bundle", "src/main.hml", "-o", "out/app.hml").code == 0
    assert (project.project / "out/app.hml").read_bytes() == first
    assert b"// ==== src/main.hml, from its line 1 ====\n" in first


def test_from_a_folder_below(project: ProjectFolder) -> None:
    """Paths are those of the shell; packages are the project's."""
    project.below = "src"
    assert project.run("bundle", "main.hml", "-o", "../app.hml").code == 0
    assert (project.project / "app.hml").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("gone.hml", "-o", "app.hml"), 64, "There is no file gone.hml."),
        (("src/main.hml", "-o", "src/main.hml"), 64, "or the program itself"),
        (("src/main.hml", "-o", "src"), 64, "src is a folder"),
        (("src/main.hml", "-o", "app.hmlb"), 64, "call the output .hmlc"),
        (("src/main.hml", "-o", "app.hml", "--with-interpreter"), 64, "called as none"),
        (("src/main.hml", "-o", "app.hmlc"), 64, "hemlock is not on the PATH"),
        (("src/main.hml", "-o", "app"), 64, "hemlockc is not on the PATH"),
        (("src/bad.hml", "-o", "app.hml"), 2, "  - src/bad.hml:1: acme/gone is not there."),
    ],
)
def test_what_cannot_be(project: ProjectFolder, words: tuple[str, ...], code: int, said: str) -> None:
    """It is said, and nothing is written."""
    project.write("src/bad.hml", 'import { x } from "acme/gone";\n')
    before = project.everything()
    ran = project.run("bundle", *words, PATH="/nowhere")
    assert ran.code == code
    assert said in ran.err
    assert project.everything() == before


@needs_hemlock
@pytest.mark.parametrize("output", ["app.hml", "app.hmlc"])
def test_it_runs_without_packages(project: ProjectFolder, output: str) -> None:
    """As source and compiled, from anywhere."""
    project.environ["PATH"] = path_with(Path(HEMLOCK or ""))
    ran = project.run("bundle", "src/main.hml", "-o", f"../{output}")
    assert ran.code == 0, ran.err
    project.delete_modules()
    found = hemlock(output, cwd=project.folder)
    assert (found.stdout, found.returncode) == (SAID, 0), found.stderr


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize("words", [[], ["--with-interpreter"]])
def test_executables(project: ProjectFolder, words: list[str]) -> None:
    """By the compiler, and with the interpreter in it."""
    project.environ["PATH"] = path_with(Path(COMPILER or ""), Path(HEMLOCK or ""))
    ran = project.run("bundle", "src/main.hml", "-o", "app", *words)
    assert ran.code == 0, ran.err
    found = subprocess.run([project.project / "app"], capture_output=True, text=True, check=False)
    assert (found.stdout, found.returncode) == (SAID, 0), found.stderr


@needs_hemlock
def test_what_the_compiler_refuses(project: ProjectFolder) -> None:
    """Its own words are shown, and the old output stays."""
    project.environ["PATH"] = path_with(Path(HEMLOCK or ""))
    project.write("src/main.hml", "let = 1;\n")
    project.write("app.hmlc", "old")
    ran = project.run("bundle", "src/main.hml", "-o", "app.hmlc")
    assert (ran.code, (project.project / "app.hmlc").read_text()) == (2, "old")
    assert "hemlock refuses it: " in ran.err


@needs_hemlock
def test_the_documented_build_script(project: ProjectFolder) -> None:
    """``hpm run build`` of a project with packages makes a program that runs."""
    project.environ["PATH"] = path_with(Path(HEMLOCK or ""))
    document = project.manifest()
    document["scripts"] = {"build": f"{sys.executable} -m hpmtasks bundle src/main.hml -o dist/app.hmlc"}
    project.write("package.json", json.dumps(document))
    ran = project.process("run", "build")
    assert ran.code == 0, ran.err
    assert hemlock("dist/app.hmlc", cwd=project.project).stdout == SAID
