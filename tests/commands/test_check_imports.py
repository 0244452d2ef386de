"""hpm check --imports: what the interpreter would stumble over, before it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.git_repositories import package
from tests.support.golden import Golden
from tests.support.projects import ProjectFolder

FINE = "Every import leads to a module, and every main is read as it is meant.\n"
BAD = """\
import { x } from "acme/gone";
import { x } from "acme/wanted";
import { x } from "./nofile";
import { x } from "acme/a/src/index.hml";
import { x } from "acme/a/part";
import { x } from "Acme/a";
import { x } from "acme/";
import { version } from "acme/a";
import { x } from "./main.hml";
import * as fs from "@stdlib/fs";
let s = "open
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ProjectFolder]:
    """An installed project with ``acme/a``."""
    with closing(ProjectFolder(tmp_path)) as opened:
        opened.registry.publish("acme/a", "1.0.0")
        write(opened)
        opened.write("src/main.hml", 'import { version } from "acme/a";\n')
        opened.tasks()
        yield opened


def write(project: ProjectFolder, mode: str = "shims", **more: object) -> None:
    """package.json requires ``acme/a``."""
    document = {"name": "me/app", "version": "1.0.0", "dependencies": {"acme/a": "*"}, **more}
    project.write("package.json", json.dumps({**document, "hpm": {"imports": mode}}, indent=2))


def messages(project: ProjectFolder, *words: str) -> list[str]:
    """What is found, each with its place."""
    ran = project.run("check", "--imports", "--json", *words)
    found = ran.data["findings"]
    assert (ran.code, ran.data["ok"]) == ((10, False) if found else (0, True))
    return [f"{each['path']}: {each['message']}" for each in found]


def test_all_lead_somewhere(project: ProjectFolder) -> None:
    """Exit code 0, and nothing is written."""
    before = project.everything()
    ran = project.run("check", "--imports")
    assert (ran.code, ran.out, ran.err) == (0, FINE, "")
    assert project.everything() == before


def test_each_kind_has_its_sentence(project: ProjectFolder, golden: Golden) -> None:
    """With the way out; what can be resolved is not among them."""
    write(project, dependencies={"acme/a": "*", "acme/wanted": "*"})
    project.write("src/bad.hml", BAD)
    ran = project.run("check", "--imports")
    assert ran.code == 10
    golden.check("check/imports.txt", ran.out)


def test_main_that_is_misread(project: ProjectFolder) -> None:
    """In the project, where it can be mended, and in a package, where it cannot."""
    files = {
        **package("acme/b", "1.0.0"),
        "package.json": {"name": "acme/b", "version": "1.0.0", "main": "./lib"},
    }
    project.registry.publish("acme/b", "1.0.0", files={**files, "lib.hml": "export let b = 1;"})
    write(project, main="./src/main.hml", dependencies={"acme/a": "*", "acme/b": "*"})
    project.tasks()
    plain = 'the interpreter does not find a module that is spelled so. Write "lib".'
    of_package = (
        f'hem_modules/acme/b/package.json: main is "./lib"; {plain}'
        " Its author can mend that; until then, 'hpm patch acme/b' can."
    )
    found = messages(project)
    assert [each.partition(":")[0] for each in found] == ["package.json", "hem_modules/acme/b/package.json"]
    assert found[1] == of_package

    ran = project.run("check", "--imports", "--fix", "--json")
    assert (ran.code, ran.data["fixed"]) == (10, ['main in package.json is "src/main.hml".'])
    assert project.manifest()["main"] == "src/main.hml"
    assert messages(project) == [of_package]


def test_an_object_with_more_members_than_hemlock_can_parse(project: ProjectFolder) -> None:
    """It is told of the project's own package.json."""
    write(project, scripts={f"s{number}": "true" for number in range(33)})
    (found,) = messages(project)
    assert "scripts has 33 members" in found


def test_shims_that_are_not_there(project: ProjectFolder) -> None:
    """Of the sources as they are now; --fix installs."""
    project.write("lib/new.hml", 'import { version } from "acme/a";\n')
    assert messages(project) == [
        ".: its imports were not prepared for the interpreter since they changed; run 'hpm install'."
    ]
    ran = project.run("check", "--imports", "--fix")
    assert ran.code == 0
    assert ran.out == f"Put right: What is required is installed, and its imports are prepared.\n{FINE}"
    assert (project.project / "lib/hem_modules/acme/a/src/index.hml").exists()


def test_somebody_elses_hem_modules_in_the_way(project: ProjectFolder) -> None:
    """It is named; hpm does not remove it."""
    project.write("lib/new.hml", 'import { version } from "acme/a";\n')
    project.write("lib/hem_modules/x", "")
    (found,) = messages(project, "--fix")
    assert found.startswith('lib/new.hml: imports "acme/a": lib/hem_modules is looked at instead of')
    assert (project.project / "lib/hem_modules/x").exists()


def test_a_project_that_was_never_installed(project: ProjectFolder) -> None:
    """Without lock and folders, what is required is told to be missing."""
    project.delete_modules()
    (project.project / "package-lock.json").unlink()
    assert messages(project) == [
        "src/main.hml: imports \"acme/a\": acme/a is not installed; run 'hpm install'.",
    ]
    assert project.run("check", "--imports", "--fix").code == 0
