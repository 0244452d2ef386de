"""places: the rules that say where packages come from, joined from where they may stand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hpmtasks.net.fetcher import Fetcher
from hpmtasks.project.settings import Settings
from hpmtasks.sources.github import GithubSettings
from hpmtasks.sources.routing import Access, Routes, SourceRule, parse_rules


def make_routes(
    settings: Settings, own: Sequence[Any], root: Path, fetcher: Fetcher, *, offline: bool
) -> Routes:
    """The routes of one run: environment first, then package.json, then config.json, then GitHub.

    A GitHub host that a package.json names is not sent the user's token: the file came
    with the project, the token did not.

    Args:
        own: The sources in the project's package.json.
        root: The project's folder.

    Raises:
        InvalidSetting: A rule cannot be used.
    """
    rules = joined_rules(settings, own, root)
    access = Access(
        fetcher=fetcher,
        github=GithubSettings.from_environment(settings.environ, configured_token=settings.github_token),
        environ=settings.environ,
        offline=offline,
    )
    return Routes(rules, access)


def joined_rules(settings: Settings, own: Sequence[Any], root: Path) -> tuple[SourceRule, ...]:
    """All rules in the order in which they are tried, GitHub itself not among them.

    Args:
        own: Those of the project's package.json.
        root: What paths of the environment and of the project are relative to.

    Raises:
        InvalidSetting: A rule cannot be used.
    """
    return (
        *parse_rules(list(settings.environment_sources), origin="HPM_SOURCES", base=root, trusted=True),
        *parse_rules(list(own), origin="package.json (hpm.sources)", base=root, trusted=False),
        *parse_rules(
            list(settings.config_sources), origin=str(settings.config_path), base=settings.home, trusted=True
        ),
    )
