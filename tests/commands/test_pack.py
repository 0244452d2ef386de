"""hpm pack --list: exactly what an installation would give, and what users would stumble over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine
from tests.support.git_repositories import Content
from tests.support.github_server import GithubServer
from tests.support.golden import Golden
from tests.support.working_copies import Workspace, manifest, workspace

GOOD: dict[str, Content] = {"package.json": manifest(), "lib.hml": "export let one = 1;\n"}
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    """A shell in an empty project; no command of these tests needs a network."""
    return CommandLine(tmp_path)


@pytest.fixture
def work(shell: CommandLine) -> Workspace:
    """The project as a working copy without a commit."""
    return workspace(shell.project, shell.folder / "remote.git")


def found(shell: CommandLine) -> dict[str, list[str]]:
    """The rules that found something, each with its paths."""
    ran = shell.run("pack", "--list", "--json")
    assert ran.code == 0, ran.err
    return {each["rule"]: each["paths"] for each in ran.data["findings"]}


def packed(shell: CommandLine) -> list[str]:
    """The paths that users would get."""
    return [file["path"] for file in shell.run("pack", "--list", "--json").data["files"]]


def test_sound_package_has_its_files_and_no_findings(shell: CommandLine, work: Workspace) -> None:
    """What is listed is what is committed; --fail has nothing to fail for."""
    commit = work.commit(GOOD)
    ran = shell.run("pack", "--list", "--fail")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"me/kit@1.0.0, commit {commit[:12]}\n")
    assert packed(shell) == ["lib.hml", "package.json"]
    assert found(shell) == {}


def test_page_of_a_package_with_faults(shell: CommandLine, work: Workspace, golden: Golden) -> None:
    """Files with sizes, the sum, and a sentence for each finding."""
    work.commit(
        {
            "package.json": manifest(files=["src/", "logo.png"], main="./src/lib.hml"),
            "src/lib.hml": "x" * 2000,
            "src/aux.hml": "",
            "tests/run.hml": "",
            "logo.png": POINTER,
            ".gitignore": "generated.hml\n",
        }
    )
    work.write({"src/generated.hml": "", "src/new.hml": "", "tests/new.hml": ""})
    ran = shell.run("pack", "--list")
    assert (ran.code, ran.err) == (0, "")
    golden.check("pack/faults.txt", ran.out.replace(work.git("rev-parse", "HEAD")[:12], "COMMIT"))
    assert shell.run("pack", "--list", "--fail").code == 10


def test_list_is_what_an_installation_gives(
    tmp_path: Path, github_server: GithubServer, shell: CommandLine, work: Workspace
) -> None:
    """The same commit, installed as a dependency, has the same files with the same sizes and modes."""
    files: dict[str, Content] = {
        "package.json": manifest(files=["src/**/*.hml", "!src/skip", "bin"], main="src/lib"),
        "src/lib.hml": "1",
        "src/deep/a.hml": "12",
        "src/skip/b.hml": "3",
        "src/hidden.hml": "4",
        "bin/run": "#!/bin/sh\n",
        "README.md": "# Kit\n",
        "other.txt": "5",
        ".gitattributes": "src/hidden.hml export-ignore\n",
    }
    work.write(files)
    (work.root / "bin/run").chmod(0o755)
    work.commit()
    github_server.publish("me/kit", "v1.0.0", files, executable=["bin/run"])
    other = CommandLine(tmp_path / "other", github_server.environment())
    other.require({"me/kit": "*"})
    assert other.run("install").code == 0
    folder = other.project / "hem_modules/me/kit"

    listed = shell.run("pack", "--list", "--json").data["files"]

    assert listed == [
        {
            "path": path.relative_to(folder).as_posix(),
            "size": path.stat().st_size,
            "executable": os.access(path, os.X_OK),
        }
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix())
        if path.is_file()
    ]
    assert found(shell)["export-ignore"] == ["src/hidden.hml"]


@pytest.mark.parametrize(
    ("files", "rule", "paths"),
    [
        ({"lib.hml": "x" * 1_000_001}, "large", ["lib.hml"]),
        ({"con.hml": "", "a/b:c.hml": "", "end.": ""}, "windows-name", ["a/b:c.hml", "con.hml", "end."]),
        ({f"{'d' * 100}/{'f' * 100}": ""}, "long-path", [f"{'d' * 100}/{'f' * 100}"]),
        ({"Lib.hml": ""}, "case-clash", ["Lib.hml", "lib.hml"]),
        ({"big.bin": POINTER}, "lfs", ["big.bin"]),
        ({"package.json": manifest(main="lib/")}, "main", []),
        ({"package.json": manifest(main="none.hml")}, "main", []),
        ({"package.json": manifest(scripts={f"s{n}": "x" for n in range(33)})}, "members", []),
        ({"package.json": manifest(dependencies={"a/b": "nonsense!"})}, "manifest", []),
        ({"package.json": "{"}, "manifest", []),
    ],
)
def test_each_fault_of_the_commit_is_found(
    shell: CommandLine, work: Workspace, files: Mapping[str, Content], rule: str, paths: list[str]
) -> None:
    """The fault alone is told, by the name of its rule and with its files."""
    work.commit({**GOOD, **files})
    work.write(GOOD)  # what stands on the disk is not what counts
    told = found(shell)
    told.pop("changed", None)
    assert told == {rule: paths}


def test_files_with_no_end_of_patterns(shell: CommandLine, work: Workspace) -> None:
    """An installation refuses it, and here that is told."""
    work.commit({**GOOD, "package.json": manifest(files=[f"a*{number}" for number in range(300)])})
    ran = shell.run("pack", "--list")
    assert ran.code == 0
    assert "An installation refuses the package: files has more than 256 patterns" in ran.out


def test_links_are_told_and_links_that_lead_out_refused(shell: CommandLine, work: Workspace) -> None:
    """A link inside the package is a copy for users; one that leads out makes it uninstallable."""
    work.write(GOOD)
    (work.root / "inside.hml").symlink_to("lib.hml")
    (work.root / "outside.hml").symlink_to("/etc/hostname")
    work.commit()
    assert found(shell) == {
        "not-installable": ["outside.hml"],
        "symlink": ["inside.hml", "outside.hml"],
    }
    assert "inside.hml" in packed(shell)


def test_submodule_is_told(shell: CommandLine, work: Workspace) -> None:
    """Nobody gets the files of a submodule."""
    commit = work.commit(GOOD)
    work.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor")
    work.git("commit", "--quiet", "--message", "Add vendor")
    assert found(shell)["submodule"] == ["vendor"]


@pytest.mark.parametrize(
    ("tags", "is_found"),
    [
        ([], False),
        (["v1.0.0"], False),
        (["v1.1.0"], True),
        (["v1.1.0", "1.0.0"], False),
        (["nightly"], False),
    ],
)
def test_tag_at_head_has_to_be_the_version(
    shell: CommandLine, work: Workspace, tags: list[str], is_found: bool
) -> None:
    """Of the tags that are versions one has to be that of package.json."""
    work.commit(GOOD)
    for tag in tags:
        work.git("tag", tag)
    assert ("tag" in found(shell)) == is_found


def test_what_is_not_committed_is_told_if_the_package_would_have_it(
    shell: CommandLine, work: Workspace
) -> None:
    """Without files: all that git does not ignore. With files: also what it ignores, if it is named."""
    work.commit({**GOOD, ".gitignore": "build/\n"})
    work.write({"lib.hml": "changed\n", "new.hml": "", "build/out.hml": "", "hem_modules/a/b/c.hml": ""})
    assert found(shell) == {"changed": ["lib.hml"], "untracked": ["new.hml"]}

    work.commit({"package.json": manifest(files=["build"])})
    work.write({"other.hml": ""})
    assert found(shell) == {"ignored": ["build/out.hml"]}


def test_main_that_is_ignored_is_told(shell: CommandLine, work: Workspace) -> None:
    """A generated main that nobody committed is missing for users."""
    work.commit({"package.json": manifest(), ".gitignore": "lib.hml\n"})
    work.write({"lib.hml": ""})
    assert found(shell) == {"ignored": ["lib.hml"], "main": []}


def test_filters_of_this_copy_do_not_count(shell: CommandLine, work: Workspace) -> None:
    """Where Git LFS is set up, its author sees files; users still get pointers."""
    work.commit({**GOOD, "big.bin": POINTER, ".gitattributes": "*.bin filter=lfs\n"})
    work.git("config", "filter.lfs.clean", "cat")
    work.git("config", "filter.lfs.smudge", "echo the real content")
    work.git("config", "filter.lfs.required", "true")
    assert found(shell)["lfs"] == ["big.bin"]


def test_project_below_the_root_of_its_repository(shell: CommandLine, work: Workspace) -> None:
    """Users get the root, where package.json is not."""
    work.commit({f"kit/{path}": content for path, content in GOOD.items()})
    shell.below = "kit"
    assert set(found(shell)) == {"place", "manifest"}


def test_nothing_is_written(shell: CommandLine, work: Workspace) -> None:
    """Neither the project nor git's own folder changes."""
    work.commit(GOOD)
    before = shell.everything()
    assert shell.run("pack", "--list").code == 0
    assert shell.everything() == before


def test_pack_needs_a_commit(shell: CommandLine) -> None:
    """Without git, without a repository, without a commit: each has its sentence."""
    shell.write("package.json", '{"name": "me/kit", "version": "1.0.0"}')
    assert "is not in a git repository" in shell.run("pack", "--list").err
    assert "There is no git" in shell.run("pack", "--list", PATH="").err
    workspace(shell.project, shell.folder / "remote.git")
    ran = shell.run("pack", "--list")
    assert "has no commit yet" in ran.err
    assert ran.code == 64


def test_pack_alone_says_how_packages_are_published(shell: CommandLine, work: Workspace) -> None:
    """Without --list there is nothing to do."""
    work.commit(GOOD)
    ran = shell.run("pack")
    assert ran.code == 64
    assert "published by pushing a tag" in ran.err


def test_git_that_cannot_say_how_things_stand(shell: CommandLine, work: Workspace) -> None:
    """What git complains of is passed on, as an error of its caller's."""
    work.commit({**GOOD, ".gitattributes": "*.hml filter=gone\n"})
    work.git("config", "filter.gone.clean", "false")
    work.git("config", "filter.gone.required", "true")
    (work.root / "lib.hml").write_text("export let one = 2;\n")
    ran = shell.run("pack", "--list")
    assert ran.code == 64
    assert "git says:" in ran.err


def test_data_holds_what_the_page_shows(shell: CommandLine, work: Workspace) -> None:
    """Name, version, commit, files with sizes, their sum."""
    commit = work.commit(GOOD)
    told: dict[str, Any] = shell.run("pack", "--list", "--json").data
    assert (told["name"], told["version"], told["commit"]) == ("me/kit", "1.0.0", commit)
    assert told["size"] == sum(file["size"] for file in told["files"])


def test_imports_that_users_cannot_resolve(shell: CommandLine, work: Workspace) -> None:
    """A file that is left out, and a package that only development requires; what is there is not told."""
    work.commit(
        {
            "package.json": manifest(
                files=["src/"],
                main="src/lib.hml",
                dependencies={"acme/a": "*"},
                devDependencies={"acme/b": "*"},
            ),
            "src/lib.hml": (
                'import { a } from "acme/a/part";\nimport { b } from "acme/b";\n'
                'import { c } from "../tests/c";\nimport { d } from "./d.hml";\nimport * from "@stdlib/fs";\n'
            ),
            "src/d.hml": 'export { me } from "me/kit/src/lib";\n',
            "tests/c.hml": 'import { nothing } from "./gone";\n',
        }
    )
    ran = shell.run("pack", "--list", "--json")
    assert [each["message"] for each in ran.data["findings"] if each["rule"] == "import"] == [
        'src/lib.hml:2: imports "acme/b": dependencies do not name acme/b.',
        'src/lib.hml:3: imports "../tests/c", and there is no tests/c.hml.',
    ]
