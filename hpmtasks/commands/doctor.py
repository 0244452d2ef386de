"""doctor: is everything there that hpm needs, and what to do if not."""

from __future__ import annotations

import argparse
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.errors import HpmError, InvalidManifest
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.session import Session
from hpmtasks.session.diagnosis import Finding, found_by
from hpmtasks.session.options import Options
from hpmtasks.sources.routing import SourceRule

_MARKS = {"ok": "\u2713", "warning": "!", "broken": "\u2717"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm doctor``."""
    parser.add_argument("--offline", action="store_true", help="ask nobody; open no socket")
    parser.add_argument("--deep", action="store_true", help="read everything in the store")


def run(context: Context) -> int:
    """Look at everything; see :data:`COMMAND`."""
    found = list(_findings(context))
    _tell(context.console, found)
    return next((each.exit_code for each in found if each.status == "broken"), 0)


def _findings(context: Context) -> Iterator[Finding]:
    from hpmtasks.session.diagnosis import cache, network, project as of_project, tools

    given, progress = context.arguments, context.console.progress
    home = _project(context)
    state = State((home.root if home else context.folder) / ".hpm" / "state.json")
    with progress("asking the programs that hpm uses"):
        yield from found_by("programs", lambda: tools.look(context.environ, state))
    settings: list[Settings] = []
    yield from found_by("settings", lambda: _settings(context, settings))
    if settings:
        session = Session(home, settings[0], state, Options(offline=given.offline)) if home else None
        rules: list[SourceRule] = []
        yield from found_by("sources", lambda: _rules(settings[0], session, context.folder, rules))
        with progress("asking the sources"):
            asked = found_by("network", lambda: network.look(settings[0], rules, offline=given.offline))
        yield from asked
        is_online = not given.offline and all(each.status != "broken" for each in asked)
        root = home.root if home else None
        with progress("looking at the store"):
            yield from found_by("cache", lambda: cache.look(settings[0].cache_dir, root, deep=given.deep))
        if session is not None:
            with progress("looking at the project"):
                yield from found_by("project", lambda: of_project.look(session, ask_sources=is_online))
            session.close()
    if home is None:
        yield Finding("project", "none here; 'hpm init' makes one")


def _project(context: Context) -> Project | None:
    try:
        return context.project
    except InvalidManifest:
        return None


def _settings(context: Context, into: list[Settings]) -> Iterator[Finding]:
    settings = Settings.load(context.environ)
    into.append(settings)
    path = settings.config_path
    if not path.exists():
        return
    if settings.github_token and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding("settings", f"others may read the token in {path}", "warning", f"Run: chmod 600 {path}")
    else:
        yield Finding("settings", f"{path} can be used")


def _rules(
    settings: Settings, session: Session | None, folder: Path, into: list[SourceRule]
) -> Iterator[Finding]:
    from hpmtasks.session.places import joined_rules

    try:
        own = session.documents.manifest.sources if session else ()
    except HpmError:
        own = ()  # told where the project is looked at
    into.extend(joined_rules(settings, own, session.project.root if session else folder))
    yield from ()


def _tell(console: Console, found: Sequence[Finding]) -> None:
    broken = [each for each in found if each.status == "broken"]
    console.result(
        {
            "ok": not broken,
            "findings": [
                {"subject": each.subject, "status": each.status, "told": each.told, "remedy": each.remedy}
                for each in found
            ],
        }
    )
    for each in found:
        if console.quiet and each.status == "ok":
            continue
        mark = _MARKS[each.status] if console.is_unicode else each.status
        console.mark(f"{mark} {each.subject}: {each.told}{f'. {each.remedy}' if each.remedy else ''}")


COMMAND = Command(
    name="doctor",
    summary="look whether everything is there that hpm needs",
    description=(
        "Looks at the programs, the settings, the sources (how fast they answer, by which proxy, whether the"
        " token is valid and how many requests are left), the clock, the cache (space, locks, links) and the"
        " project, one line each, with what to do where something is wrong. Exit code 0 unless something is"
        " broken; then that of the first such thing. Nothing is changed."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm doctor", "look at everything"),
        ("hpm doctor --offline --deep", "ask nobody, but read all of the store"),
        ("hpm doctor --json", "the same as data, for a bug report"),
    ),
)
