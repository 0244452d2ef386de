"""audit: which locked packages have known weaknesses, and what would do away with them."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from hpmtasks.advisories.severity import RATINGS
from hpmtasks.commands.changes import Done, Edit, as_data, counted, told
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.fetch import open_locked_session
from hpmtasks.commands.pack import FINDINGS
from hpmtasks.commands.project_change import change_project, options_of
from hpmtasks.dataclass import dataclass, replace
from hpmtasks.errors import OutOfDate
from hpmtasks.model.package import PackageName
from hpmtasks.model.policy import ignores_of
from hpmtasks.session import Session
from hpmtasks.session.options import Options
from hpmtasks.supply.audit import Finding, counts, open_advisories, release_of, with_ignores
from hpmtasks.supply.mending import Mend, find_mends, overriding

_LEAST = RATINGS[0]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm audit``."""
    parser.add_argument(
        "--db",
        metavar="PATH",
        help="a folder or zip of advisories in OSV's form; no service is asked",
    )
    parser.add_argument(
        "--severity",
        metavar="LEVEL",
        choices=RATINGS,
        default=_LEAST,
        help="low, medium, high or critical: leave out what is less; what nobody has rated stays",
    )
    parser.add_argument(
        "--fix", action="store_true", help="take versions that are not affected, by overrides where needed"
    )
    parser.add_argument("--dry-run", action="store_true", help="with --fix: say what would change")
    parser.add_argument("--prod", action="store_true", help="leave out what only devDependencies need")
    parser.add_argument("--offline", action="store_true", help="use a database alone; open no socket")


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found.

    Attributes:
        findings: All of them, with what is to be ignored.
        packages: How many packages were looked at.
        problems: What could not be looked at, a sentence each.
        today: The day that decides whether a line of ``hpm.audit.ignore`` still counts.
        level: The least severity that counts.
        needless: The ignored ids that nothing was found for.
    """

    findings: Sequence[Finding]
    packages: int
    problems: Sequence[str]
    today: date
    level: str
    needless: Sequence[str]

    @property
    def acute(self) -> list[Finding]:
        """Those to act upon, the worst first."""
        found = [each for each in self.findings if counts(each, self.level, self.today)]
        by_name = sorted(found, key=lambda each: (each.release.name.key, each.advisory.id))
        return sorted(by_name, key=_rank, reverse=True)


def run(context: Context) -> int:
    """Audit; see :data:`COMMAND`."""
    audit = _look(context)
    if context.arguments.fix and audit.acute:
        return _fix(context, audit)
    console = context.console
    console.result(_as_data(audit))
    _tell(console, audit)
    return FINDINGS if audit.acute else 0


def _look(context: Context) -> Audit:
    given = context.arguments
    session = open_locked_session(context, Options(offline=given.offline, without_dev=given.prod))
    try:
        lockfile = session.documents.lockfile
        if lockfile is None:
            raise OutOfDate("There is no package-lock.json.\n\nRun 'hpm install' or 'hpm lock' to write one.")
        ignores = ignores_of(session.documents.manifest, str(session.project.manifest_path))
        entries = {name: each for name, each in lockfile.entries.items() if not (given.prod and each.dev)}
        with ExitStack() as endings, context.console.progress("reading advisories"):
            known = open_advisories(session, given.db, context.folder, endings)
            releases = [release_of(name, entry) for name, entry in entries.items()]
            findings = with_ignores(known.about(releases) if releases else [], ignores)
            problems = known.problems
        used = {finding.ignored for finding in findings}
        return Audit(
            findings,
            len(entries),
            problems,
            datetime.now(UTC).date(),
            given.severity,
            [ignore.id for ignore in ignores if ignore not in used],
        )
    finally:
        session.close()


# ---------------------------------------------------------------- telling


def _tell(console: Console, audit: Audit) -> None:
    for problem in audit.problems:
        console.warning(problem)
    for finding in audit.acute:
        for line in _lines(finding, audit.today):
            console.line(line)
    _tell_rest(console, audit)
    acute = audit.acute
    if not acute:
        console.line(f"No known weaknesses in {counted(audit.packages)}.")
        return
    packages = len({finding.release.name for finding in acute})
    console.line(f"\n{_many(len(acute), 'finding')} in {packages} of {counted(audit.packages)}.")
    console.line("'hpm audit --fix' takes versions that are not affected, where there are any.")


def _lines(finding: Finding, today: date) -> Iterator[str]:
    advisory, severity = finding.advisory, finding.advisory.severity
    score = f" {severity.score}" if severity.score is not None else ""
    yield f"{finding.release.name}@{finding.release.version}  {severity.rating}{score}  {advisory.id}"
    if advisory.summary:
        yield f"  {advisory.summary}"
    if advisory.aliases:
        yield f"  also known as {', '.join(advisory.aliases)}"
    yield f"  mended in {finding.mended}" if finding.mended else "  no mended version is named"
    if finding.ignored is not None and not finding.ignored.counts_on(today):
        yield f"  was ignored until {finding.ignored.until}: {finding.ignored.reason}"


def _tell_rest(console: Console, audit: Audit) -> None:
    """What was left out of the findings, and why."""
    for finding in audit.findings:
        subject = f"{finding.advisory.id} ({finding.release.name}@{finding.release.version})"
        if finding.is_undecided:
            console.note(f"{subject} could not be decided: that takes the history of the repository.")
        elif finding.ignored is not None and finding.ignored.counts_on(audit.today):
            until = f" until {finding.ignored.until}" if finding.ignored.until else ""
            console.note(f"{subject} is ignored{until}: {finding.ignored.reason}")
    below = sum(not each.advisory.severity.reaches(audit.level) for each in audit.findings)
    if below:
        console.note(f"{_many(below, 'finding')} below {audit.level} left out.")
    for name in audit.needless:
        console.note(f"package.json: hpm.audit.ignore names {name}, which nothing is affected by.")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _rank(finding: Finding) -> tuple[int, float]:
    severity = finding.advisory.severity
    order = ("none", *RATINGS, "unknown")
    return order.index(severity.rating), severity.score or 0.0


def _as_data(audit: Audit) -> dict[str, Any]:
    return {
        "packages": audit.packages,
        "findings": [_finding_as_data(each, audit) for each in audit.findings],
        "problems": list(audit.problems),
        "unusedIgnores": list(audit.needless),
    }


def _finding_as_data(finding: Finding, audit: Audit) -> dict[str, Any]:
    ignored = finding.ignored
    return {
        "name": str(finding.release.name),
        "version": str(finding.release.version),
        "commit": finding.release.commit,
        "id": finding.advisory.id,
        "aliases": list(finding.advisory.aliases),
        "summary": finding.advisory.summary,
        "severity": finding.advisory.severity.rating,
        "score": finding.advisory.severity.score,
        "fixed": finding.mended,
        "counts": counts(finding, audit.level, audit.today),
        "undecided": finding.is_undecided,
        "ignored": {"reason": ignored.reason, "until": ignored.until and ignored.until.isoformat()}
        if ignored
        else None,
    }


# ---------------------------------------------------------------- mending


def _fix(context: Context, audit: Audit) -> int:
    """Install versions that are not affected, then look again."""
    names = frozenset(finding.release.name for finding in audit.acute)
    mends: list[Mend] = []
    done: list[Done] = []
    # The installation's own report would be a second one.
    silent = replace(context, console=Console(verbose=context.console.verbose, out=io.StringIO()))
    change_project(
        silent,
        options_of(context, update=names),
        partial(_prepare, context, names, mends),
        lambda _, what: done.append(what),
    )
    console = context.console
    left = audit if context.arguments.dry_run else _look(context)
    console.result(
        {
            **_as_data(audit),
            "manifest": [edit.as_data() for edit in done[0].edits],
            "lock": as_data(done[0].locked),
            "left": [_finding_as_data(each, left) for each in left.acute],
            "dryRun": bool(context.arguments.dry_run),
        }
    )
    _tell_fix(context, mends, done[0], left)
    return FINDINGS if left.acute else 0


def _prepare(
    context: Context, names: frozenset[PackageName], mends: list[Mend], session: Session
) -> Sequence[Edit]:
    lockfile = session.documents.lockfile
    entries = lockfile.entries if lockfile else {}
    with ExitStack() as endings:
        known = open_advisories(session, context.arguments.db, context.folder, endings)
        mends += find_mends(session, names, entries, known)
    text = overriding(session.documents.manifest.text, mends)
    if text != session.documents.manifest.text:
        session.documents.adopt_candidate(text)
    return [Edit(mend.name, str(mend.version), "overrides") for mend in mends if mend.overrides]


def _tell_fix(context: Context, mends: Sequence[Mend], done: Done, left: Audit) -> None:
    console, is_preview = context.console, context.arguments.dry_run
    if done.edits:
        console.line("Would write:" if is_preview else "Wrote:")
    for edit in done.edits:
        console.line(str(edit))
    if done.locked:
        console.line("Would update:" if is_preview else "Updated:")
    for change in done.locked:
        console.change(told(change, done.resolution))
    for mend in mends:
        if mend.version is None:
            console.line(f"  {mend.name}@{mend.locked}: there is no later version that is not affected")
    if is_preview:
        return
    if left.acute:
        console.line(f"\n{_many(len(left.acute), 'finding')} left:")
        for finding in left.acute:
            console.line(f"  {finding.release.name}@{finding.release.version}  {finding.advisory.id}")
    else:
        console.line("\nNothing is left.")


COMMAND = Command(
    name="audit",
    summary="tell which locked packages have known weaknesses",
    description=(
        "Compares package-lock.json with advisories in OSV's form: by package and version, and by"
        " commit. They come from a folder or zip on this machine (--db, HPM_AUDIT_DATABASE, or"
        " hpm.audit.database in package.json), else from the service at osv.dev. The exit code is 10 if"
        " something is found. What the project can live with stands under hpm.audit.ignore in"
        " package.json, with a reason, and the day until which that holds. With --fix other versions are"
        " locked and installed; where the requirements do not allow them, package.json gets an override."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm audit", "ask the service"),
        ("hpm audit --db advisories --severity high", "a database of one's own, and only what is bad"),
        ("hpm audit --fix --dry-run", "what would do away with the findings"),
    ),
)
