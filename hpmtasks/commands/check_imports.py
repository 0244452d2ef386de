"""check_imports: ``hpm check --imports``: will the interpreter find what is imported?"""

from __future__ import annotations

import io
import json
import posixpath
from collections.abc import Sequence

from hpmtasks.commands.command import Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.project_change import change_project, open_session, options_of
from hpmtasks.dataclass import replace
from hpmtasks.model.json_text import edit_member
from hpmtasks.model.manifest import read_manifest, write_manifest
from hpmtasks.model.resolution import Resolution, from_entry
from hpmtasks.session import Session
from hpmtasks.session.import_findings import ImportFinding, import_findings
from hpmtasks.stages.imports.action import importers, lacks_shims

#: The exit code when something was found.
FINDINGS = 10


def check_imports(context: Context) -> int:
    """Tell what is found; with ``--fix``, put right first what hpm may."""
    found = _look(context)
    put_right: list[str] = []
    if found and context.arguments.fix:
        put_right = _fix(context, found)
        found = _look(context) if put_right else found
    console = context.console
    console.result({"ok": not found, "findings": [_as_data(each) for each in found], "fixed": put_right})
    for line in put_right:
        console.line(f"Put right: {line}")
    if not found:
        console.line("Every import leads to a module, and every main is read as it is meant.")
        return 0
    console.line("This will not work:")
    for each in found:
        console.line(f"  - {each}")
    if not context.arguments.fix and any(_fixable(context, each) for each in found):
        console.line("\nRun 'hpm check --imports --fix' to put right what hpm can.")
    return FINDINGS


def _look(context: Context) -> list[ImportFinding]:
    session = open_session(context, options_of(context))
    try:
        lockfile = session.documents.lockfile
        entries = lockfile.entries if lockfile else {}
        session.resolution = Resolution(
            tuple(from_entry(name, entry, entry.commit or "") for name, entry in entries.items())
        )
        with context.console.progress("reading imports"):
            return [*import_findings(session), *_missing_shims(session)]
    finally:
        session.close()


def _missing_shims(session: Session) -> list[ImportFinding]:
    """What an installation would do; a package that is not there is somebody else's finding."""
    stale = [each for each in importers(session) if each.folder.is_dir() and lacks_shims(session, each)]
    return [
        ImportFinding(
            "shims",
            session.project.relative(each.folder) if each.name else ".",
            None,
            "its imports were not prepared for the interpreter since they changed; run 'hpm install'.",
        )
        for each in stale
    ]


def _fixable(context: Context, finding: ImportFinding) -> bool:
    return finding.rule == "shims" or (finding.rule == "main" and _plain_main(context, finding) is not None)


def _fix(context: Context, found: Sequence[ImportFinding]) -> list[str]:
    """Spell ``main`` plainly in the project's own manifests, and install; what was done."""
    done = []
    for path in sorted({each.path for each in found if each.rule == "main"}):
        finding = next(each for each in found if each.path == path and each.rule == "main")
        plain = _plain_main(context, finding)
        if plain is not None:
            place = context.project.root / path
            text = read_manifest(place, strict_own=False).text
            write_manifest(place, edit_member(text, ["main"], plain))
            done.append(f'main in {path} is "{plain}".')
    if any(each.rule in {"shims", "import"} for each in found):
        silent = replace(context, console=Console(verbose=context.console.verbose, out=io.StringIO()))
        change_project(silent, options_of(context), lambda _: (), lambda _, __: None)
        done.append("What is required is installed, and its imports are prepared.")
    return done


def _plain_main(context: Context, finding: ImportFinding) -> str | None:
    """How *finding*'s manifest can spell ``main`` so that the interpreter finds the same file.

    Only one of the project's own is changed, and only where the file is there.
    """
    path = context.project.root / finding.path
    if context.project.modules in path.parents:
        return None
    main = read_manifest(path, strict_own=False).main
    plain = posixpath.normpath(main)
    exists = any((path.parent / each).is_file() for each in (plain, f"{plain}.hml"))
    return plain if exists and json.dumps(plain) != json.dumps(main) else None


def _as_data(finding: ImportFinding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
    }
