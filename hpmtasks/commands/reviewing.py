"""reviewing: the sources of what would change are shown, and the user is asked."""

from __future__ import annotations

from hpmtasks.commands.command import Context
from hpmtasks.commands.differences import patch, title
from hpmtasks.errors import Interrupted, Usage
from hpmtasks.session import Session
from hpmtasks.session.review import review, summary_of
from hpmtasks.stages.resolve.action import resolve


def require_someone_to_ask(context: Context) -> None:
    """There is a person to ask, or nothing to ask.

    Raises:
        Usage: A question would have no answer.
    """
    given = context.arguments
    if not (given.yes or given.dry_run or (context.is_interactive and not context.console.as_json)):
        raise Usage(
            "--review asks before anything is written, and nobody sits at a terminal to answer.\n\n"
            "Add --yes to go on after showing the differences, or --dry-run to stop there."
        )


def review_and_ask(context: Context, session: Session) -> None:
    """What differs in the sources of the packages that would change was shown, and the user agrees.

    Nothing is asked if nothing differs, with ``--yes``, or in a preview. The differences are a
    remark, on stderr, where stdout is for JSON.

    Raises:
        Interrupted: The user does not agree. Nothing was written.
        HpmError: No choice is possible, or contents cannot be had.
    """
    console = context.console
    say = console.note if console.as_json else console.line
    warnings = list(session.warnings)
    after = resolve(session)
    session.warnings[:] = warnings  # it is resolved once more, from the same answers, when it is installed
    packages = 0
    for found in review(session, session.documents.lockfile, after):
        packages += 1
        say(title(found) if found.after is None else f"{title(found)}: {summary_of(found.files)}")
        for line in patch(found):
            say(line)
        say("")
    if not packages or context.arguments.yes or context.arguments.dry_run:
        return
    console.still()
    what = "this package" if packages == 1 else f"these {packages} packages"
    try:
        answer = input(f"Take {what}? [y/N] ")
    except EOFError:
        answer = ""
        console.line()
    if answer.strip().lower() not in {"y", "yes"}:
        raise Interrupted("Not taken. Nothing was changed.")
