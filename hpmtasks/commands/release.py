"""release: a new version of the project: tested, written, committed, tagged, pushed."""

from __future__ import annotations

import argparse
from datetime import datetime

from hpmtasks.commands.asking import Asked
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.members import own_folder
from hpmtasks.commands.running import Wishes, run_tasks
from hpmtasks.model.manifest import read_manifest
from hpmtasks.project import Project
from hpmtasks.project.workspace import read_workspace
from hpmtasks.scripts.tasks import TaskId
from hpmtasks.session import releasing
from hpmtasks.sources.working_copy import WorkingCopy


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm release``."""
    parser.add_argument(
        "version",
        metavar="major|minor|patch|prerelease|X.Y.Z",
        help="the new version, or which part of it grows",
    )
    parser.add_argument("--push", action="store_true", help="push the branch and the tag, both or neither")
    parser.add_argument("--no-test", action="store_true", help="do not run the script 'test'")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def run(context: Context) -> int:
    """Release; see :data:`COMMAND`."""
    given, console, project = context.arguments, context.console, Project(own_folder(context))
    manifest = read_manifest(project.manifest_path)
    copy = WorkingCopy.around(project.root, context.environ)
    today = datetime.now().astimezone().date()
    console.progress("looking at the repository")
    release = releasing.plan_release(
        copy, project, manifest, given.version, context.environ, push=given.push, day=today
    )
    tests = "test" in manifest.scripts and not given.no_test
    steps = ["run the script test"] if tests else []
    steps += releasing.steps(release, project, manifest)
    told = {"version": release.version, "tag": release.tag, "branch": release.branch, "steps": steps}
    if given.dry_run:
        console.result({"dryRun": True, **told})
        console.line(f"Would release {manifest.name} {release.version}:")
        for step in steps:
            console.line(f"  - {step}")
        return 0
    if tests and (code := _test(context)):
        console.note(
            f"\nThe script test failed (exit code {code}). Nothing was released, nothing was changed."
        )
        return code
    if tests:
        releasing.require_clean(copy, untracked_too=False)
    console.last_words = "Interrupted. Nothing was released; everything is as it was."
    commit = releasing.carry_out(copy, release, context.environ)
    console.last_words = f"Interrupted. {release.tag} is committed and tagged here; it may not be pushed."
    if release.remote:
        console.progress(f"pushing to {release.remote}")
        releasing.push(copy, release, context.environ)
    console.result({**told, "commit": commit, "pushed": release.remote})
    for step in steps:
        console.line(f"  - {step}")
    console.line(f"\nReleased {manifest.name} {release.version}, commit {commit[:12]}.")
    if not release.remote:
        console.line(f"Publish it: git {' '.join(release.push_command)}")
    return 0


def _test(context: Context) -> int:
    """The exit code of the script ``test``; what it prints goes to stderr, if stdout is for JSON."""
    workspace = read_workspace(context.project)
    test = TaskId.of(workspace.at(context.project.start), "test")
    return run_tasks(context, workspace, Asked((test,)), Wishes(installs=False, tells=False))


COMMAND = Command(
    name="release",
    summary="make a new version: test, write, commit, tag, push",
    description=(
        "Afterwards package.json has the new version, what CHANGELOG.md calls 'Unreleased' stands below"
        " it with today's date, and both are committed and tagged as vX.Y.Z; the tag is signed if git is"
        " set up to sign. Everything has to be committed before, the tag must not exist, and the script"
        " 'test', if there is one, must succeed. Whatever fails before the push leaves everything as it"
        " was. With --push the branch and the tag are pushed, both or neither."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm release minor --dry-run", "say what would be done"),
        ("hpm release minor", "1.2.3 becomes 1.3.0, here"),
        ("hpm release patch --push", "and users have it"),
        ("hpm release 2.0.0-rc.1", "this version; 'prerelease' makes rc.2 of it"),
    ),
)
