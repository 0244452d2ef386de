"""Which source a package belongs to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.errors import InvalidSetting
from hpmtasks.model.package import PackageName
from hpmtasks.net.fetcher import OfflineFetcher
from hpmtasks.sources.github import GithubSettings
from hpmtasks.sources.routing import SOURCES, Access, Routes, SourceRule, parse_rules

BASE = Path("/base")


def rules(*entries: Any) -> tuple[SourceRule, ...]:
    return parse_rules(list(entries), origin="config.json", base=BASE, trusted=True)


def routes(*entries: Any) -> Routes:
    return Routes(rules(*entries), Access(OfflineFetcher(), GithubSettings(), {}))


def kind_of(name: str, *entries: Any) -> str:
    return routes(*entries).route(PackageName.parse(name)).kind


def test_everything_else_is_on_github() -> None:
    """Without rules, and where no rule matches."""
    assert kind_of("acme/json") == "github"
    assert kind_of("acme/json", {"match": "other/*", "type": "directory", "path": "x"}) == "github"


def test_first_match_decides() -> None:
    """Later rules for the same name do not count, however exact they are."""
    wide = {"match": "acme/*", "type": "directory", "path": "x"}
    exact = {"match": "acme/json", "type": "git", "url": "https://h/{repo}"}
    assert kind_of("acme/json", wide, exact) == "directory"
    assert kind_of("acme/json", exact, wide) == "git"


@pytest.mark.parametrize(
    ("match", "name", "covers"),
    [
        ("*", "acme/json", True),
        ("acme/*", "acme/json", True),
        ("ACME/*", "acme/JSON", True),
        ("acme/*", "acmecorp/json", False),
        ("acme/js*", "acme/json", True),
        ("*/json", "acme/json", True),
        ("acme/jso?", "acme/json", True),
        ("acme/json", "acme/json-x", False),
    ],
)
def test_patterns_cover_names_case_folded(match: str, name: str, covers: bool) -> None:
    """* is any text, ? any character, and case does not count."""
    rule = {"match": match, "type": "directory", "path": "x"}
    assert (kind_of(name, rule) == "directory") == covers


def test_rule_has_one_source_for_all_its_packages() -> None:
    """What a source learns about one package, it knows for the next."""
    made = routes({"match": "acme/*", "type": "directory", "path": "x"})
    one, two, other = (made.route(PackageName.parse(name)) for name in ("acme/a", "acme/b", "else/c"))
    assert one is two
    assert one is not other


def test_relative_path_belongs_to_where_it_was_set() -> None:
    """It does not depend on the folder hpm is started in; an absolute one stays."""
    relative = rules({"match": "*", "type": "directory", "path": "vendor/{owner}/{repo}"})[0]
    absolute = rules({"match": "*", "type": "directory", "path": "/srv"})[0]
    assert (relative.location, absolute.location) == ("/base/vendor/{owner}/{repo}", "/srv")


@pytest.mark.parametrize(
    ("entry", "issue"),
    [
        ("x", "sources[0] must be an object"),
        ({"type": "github"}, "sources[0].match is ''"),
        ({"match": "acme", "type": "github"}, "sources[0].match is 'acme'"),
        ({"match": "a/b/c", "type": "github"}, "sources[0].match"),
        ({"match": "*", "type": "npm"}, "sources[0].type is 'npm'; it must be one of github, git, directory"),
        ({"match": "*", "type": ["git"]}, "sources[0].type must be a text"),
        ({"match": "*", "type": "git"}, "sources[0].url is missing"),
        ({"match": "*", "type": "directory"}, "sources[0].path is missing"),
        ({"match": "*", "type": "git", "path": "x"}, "sources[0].path does not belong"),
        ({"match": "*", "type": "github", "branch": "x"}, "sources[0].branch does not belong"),
        ({"match": "*", "type": "git", "url": "https://h/x.git"}, "sources[0].url must hold {repo}"),
        ({"match": "*", "type": "git", "url": "https://h/{name}"}, "sources[0].url holds {name}"),
    ],
)
def test_every_mistake_is_named_with_its_place(entry: Any, issue: str) -> None:
    """The setting's origin, the rule's number, the field, and what would be right."""
    with pytest.raises(InvalidSetting) as invalid:
        rules(entry)
    assert issue in str(invalid.value)
    assert "config.json" in str(invalid.value)


def test_all_mistakes_are_told_at_once() -> None:
    """Who fixes one does not find the next by running again."""
    with pytest.raises(InvalidSetting) as invalid:
        rules({"match": "*", "type": "npm"}, {"match": "acme", "type": "github"})
    assert len(invalid.value.issues) == 2


@pytest.mark.parametrize("data", [None, {}, "x", 1])
def test_setting_must_be_a_list(data: object) -> None:
    """Anything else is refused as a whole."""
    with pytest.raises(InvalidSetting, match="list"):
        parse_rules(data, origin="HPM_SOURCES", base=BASE, trusted=True)


@pytest.mark.parametrize(
    ("kind", "url"), [("github", "http://ghe.example"), ("github", "ghe.example"), ("git", "ext::sh {repo}")]
)
def test_unusable_url_names_the_rule(kind: str, url: str) -> None:
    """It is found when the first package needs it, with the place where it was set."""
    made = routes({"match": "*", "type": kind, "url": url})
    with pytest.raises(InvalidSetting, match=r"config\.json, sources\[0\]"):
        made.route(PackageName.parse("acme/json"))


def test_github_rule_takes_a_host_or_a_template() -> None:
    """Both name the same Enterprise host."""
    for url in ("https://ghe.example", "https://ghe.example/", "https://ghe.example/{owner}/{repo}"):
        source = routes({"match": "*", "type": "github", "url": url}).route(PackageName.parse("acme/json"))
        from hpmtasks.semver.version import Version

        link = source.resolved(PackageName.parse("acme/json"), "v1.0.0", "c", Version.parse("1.0.0"))
        assert link == "https://ghe.example/acme/json/archive/refs/tags/v1.0.0.tar.gz"


def test_table_of_types_is_complete() -> None:
    """Every type that a rule may have can be made."""
    assert set(SOURCES) == {"github", "git", "directory"}


OFFLINE_RUN = """
import sys
def forbid(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork")):
        raise SystemExit(f"forbidden: {event}")
from pathlib import Path
from hpmtasks.errors import NotOffline
from hpmtasks.model.package import PackageName
from hpmtasks.net.http import open_fetcher
from hpmtasks.sources.github import GithubSettings
from hpmtasks.sources.routing import Access, Routes, parse_rules
sys.addaudithook(forbid)
access = Access(open_fetcher({}, offline=True), GithubSettings(), {"PATH": "/usr/bin"}, offline=True)
rules = [{"match": "a/*", "type": "git", "url": "https://git.example/{repo}"}]
routes = Routes(parse_rules(rules, origin="x", base=Path("/"), trusted=True), access)
for name in map(PackageName.parse, ("a/git", "b/github")):
    source = routes.route(name)
    for ask in (source.tags, lambda name: source.archive(name, "a" * 40, version=None, into=None)):
        try:
            ask(name)
        except NotOffline:
            continue
        raise SystemExit(f"{name} was asked for")
assert "httpx" not in sys.modules and "ssl" not in sys.modules
"""


def test_offline_opens_no_socket_and_starts_no_process() -> None:
    """The interpreter itself reports: nothing of the kind happens, and httpx is not even imported."""
    done = subprocess.run([sys.executable, "-c", OFFLINE_RUN], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_sources_are_cheap_to_import() -> None:
    """Neither the protocol nor the routes bring httpx, ssl, subprocess or pydantic along."""
    code = (
        "import sys, hpmtasks.sources.routing, hpmtasks.sources.git, hpmtasks.sources.directory\n"
        "import hpmtasks.net.http\n"
        "heavy = {'httpx', 'ssl', 'subprocess', 'pydantic', 'tarfile', 'asyncio', 'logging'}\n"
        "print(*(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
