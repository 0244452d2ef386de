"""GitHub in particular: transports, tokens, renames, limits."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hpmtasks.errors import HpmError, InvalidSetting, NetworkFailure, PackageNotFound, RateLimited
from hpmtasks.model.package import PackageName
from hpmtasks.net.fetcher import Token
from hpmtasks.sources.github import GithubSettings, GithubSource
from hpmtasks.sources.github_refusals import Forbidden
from hpmtasks.sources.pkt_line import NotGit
from hpmtasks.sources.routing import Routes, parse_rules
from hpmtasks.sources.source import GlimpsedSource
from tests.support.github_server import FAR_RESET, GithubServer, github
from tests.support.loopback_server import Reply
from tests.support.places import Place, archive_of

NAME = PackageName.parse("acme/json")
CANARY = "ghp_canary0123456789"
UPLOAD_PACK = "web *git-upload-pack"


@pytest.fixture
def place(github_server: GithubServer, tmp_path: Path) -> Place:
    """GitHub with one package, by whichever transport."""
    github_server.publish("acme/json", "v1.0.0")
    return Place("auto", github_server, tmp_path)


def commit_of(server: GithubServer, tag: str = "v1.0.0") -> str:
    return server.repository("acme/json").tags()[tag]


# ---------------------------------------------------------------- requests


def test_cold_package_costs_two_requests_and_a_redirect(place: Place) -> None:
    """One POST for the tags and one GET for the archive, whose redirect goes to codeload; no API."""
    source = place.source("acme/json")
    archive_of(source, "acme/json", source.tags(NAME).tags[0].commit)
    assert [(request.place, request.method) for request in place.server.requests] == [
        ("web", "POST"),
        ("web", "GET"),
        ("codeload", "GET"),
    ]


def test_one_redirect_shows_the_way_for_all(place: Place) -> None:
    """Each further archive is asked for where the first link led: one request, and no redirect."""
    place.server.publish("acme/other", "v1.0.0")
    source = place.source("acme/json")
    archive_of(source, "acme/json", commit_of(place.server))
    place.server.clear_log()
    other = place.server.repository("acme/other").tags()["v1.0.0"]
    assert b"acme/other" in archive_of(source, "acme/other", other)["package.json"][1]
    assert [request.place for request in place.server.requests] == ["codeload"]


@pytest.mark.parametrize("answer", [Reply(404), Reply(200, b"<html>", {"Content-Type": "text/html"})])
def test_what_is_not_where_links_lead_is_asked_for_by_its_link(place: Place, answer: Reply) -> None:
    """So are then all packages of its owner, at once; nothing of the first answer remains."""
    commits = [place.server.publish("globex/a", "v1.0.0"), place.server.publish("globex/b", "v1.0.0")]
    source = place.source("acme/json")
    archive_of(source, "acme/json", commit_of(place.server))
    place.server.clear_log()
    place.server.fail("codeload /globex/*", answer)
    for name, commit in zip(("globex/a", "globex/b"), commits, strict=True):
        assert "package.json" in archive_of(source, name, commit)
    assert [request.place for request in place.server.requests] == [
        "codeload",
        *("web", "codeload"),
        *("web", "codeload"),
    ]


def test_private_package_after_a_public_one(place: Place) -> None:
    """Its link, asked with the token, gives it; its key is kept for nobody, and codeload sees no token."""
    secret = place.server.publish("globex/secret", "v1.0.0")
    place.server.make_private("globex/secret", CANARY)
    source = place.source("acme/json", GITHUB_TOKEN=CANARY)
    for name, commit in (
        ("globex/secret", secret),
        ("acme/json", commit_of(place.server)),
        ("globex/secret", secret),
    ):
        assert "package.json" in archive_of(source, name, commit)
    at_codeload = [request for request in place.server.requests if request.place == "codeload"]
    assert not any(request.token for request in at_codeload)
    assert [bool(request.query.get("token")) for request in at_codeload] == [True, False, False, True]


def test_archive_is_fetched_by_commit(place: Place) -> None:
    """Never by tag: a moved tag gives what was resolved."""
    old = commit_of(place.server)
    new = place.server.publish("acme/json", None, {"package.json": "moved"})
    place.server.repository("acme/json").tag("v1.0.0", new)
    assert b"1.0.0" in archive_of(place.source("acme/json"), "acme/json", old)["package.json"][1]
    assert place.server.count(f"web */archive/{old}.tar.gz") == 1


@pytest.mark.parametrize("transport", ["git", "api"])
@pytest.mark.parametrize("annotated", [True, False])
def test_annotated_tags_lead_to_commits(
    github_server: GithubServer, tmp_path: Path, transport: str, annotated: bool
) -> None:
    """Both kinds of tag give the commit that publishing made."""
    commit = github_server.publish("acme/json", "v1.0.0", annotated=annotated)
    place = Place("x", github_server, tmp_path, transport)
    assert [tag.commit for tag in place.source("acme/json").tags(NAME).tags] == [commit]


@pytest.mark.parametrize("transport", ["git", "api"])
def test_spelling_does_not_matter(place: Place, transport: str) -> None:
    """ACME/JSON is acme/json, as on GitHub."""
    place.transport = transport
    assert len(place.source("ACME/JSON").tags(PackageName.parse("ACME/JSON")).tags) == 1


@pytest.mark.parametrize("transport", ["git", "api"])
def test_empty_repository_has_no_tags(github_server: GithubServer, tmp_path: Path, transport: str) -> None:
    """The API's 409 and git's bare flush both mean: no versions."""
    github_server.create("acme/json")
    place = Place("x", github_server, tmp_path, transport)
    assert place.source("acme/json").tags(NAME).tags == ()


# ---------------------------------------------------------------- API


def test_every_page_of_tags_is_read(place: Place) -> None:
    """250 tags are three pages, reached by the links as they were sent; the number comes along."""
    place.transport = "api"
    git = place.server.repository("acme/json")
    git.tag_many([f"v2.0.{patch}" for patch in range(249)], commit_of(place.server))
    found = place.source("acme/json").tags(NAME)
    assert len(found.tags) == 250
    assert found.repository == place.server.repository_id("acme/json")
    number = found.repository
    assert [request.target for request in place.server.requests] == [
        "/repos/acme/json",
        "/repos/acme/json/tags?per_page=100",
        f"/repositories/{number}/tags?per_page=100&page=2",
        f"/repositories/{number}/tags?per_page=100&page=3",
    ]


@pytest.mark.parametrize(
    "link",
    [
        '<http://127.0.0.2:1/x>; rel="next"',
        '<https://evil.example/x>; rel="next"',
        '<{here}>; rel="next"',
        "<file:///etc/passwd>; rel=next",
    ],
)
def test_links_elsewhere_and_in_circles_are_refused(place: Place, link: str) -> None:
    """The token would go where the next page is said to be; the same page twice would never end."""
    place.transport = "api"
    here = f"{place.server.api_url}/repos/acme/json/tags?per_page=100"
    place.server.fail("api */tags", Reply(200, b"[]", {"Link": link.format(here=here)}), times=None)
    with pytest.raises(NetworkFailure):
        place.source("acme/json", GITHUB_TOKEN="").tags(NAME)
    assert len(place.server.requests) == 2


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"{}", b"[1]", b'[{"name": "v1.0.0"}]', b'[{"name": "v1.0.0", "commit": {"sha": "../x"}}]'],
)
def test_nonsense_from_the_api_is_a_network_failure(place: Place, body: bytes) -> None:
    """A login page or a broken mirror is told as such, never as a package without versions."""
    place.transport = "api"
    place.server.fail("api */tags", Reply(200, body))
    with pytest.raises(NetworkFailure, match="HPM_GITHUB_API_URL"):
        place.source("acme/json").tags(NAME)


def test_known_answers_are_confirmed_not_sent_again(place: Place) -> None:
    """The second time each answer is a 304: the same tags, and nothing off the limit of who has a token."""
    place.transport = "api"
    place.server.tokens.add(CANARY)
    access = place.access(GITHUB_TOKEN=CANARY)
    source = GithubSource(access.github, access.fetcher, access.answers)
    first = source.tags(NAME)
    used = place.server.limits.authenticated.used
    assert source.tags(NAME) == first
    assert place.server.limits.authenticated.used == used == 2
    place.server.publish("acme/json", "v1.1.0")
    assert len(source.tags(NAME).tags) == 2


def test_manifest_is_read_at_a_commit(place: Place) -> None:
    """The raw bytes at that commit, and None where there is no package.json."""
    old = commit_of(place.server)
    bare = place.server.publish("acme/json", "v1.1.0", {"README.md": "no manifest"})
    access = place.access()
    api = GithubSource(access.github, access.fetcher, access.answers)._api
    assert b'"version": "1.0.0"' in (api.manifest(NAME, old) or b"")
    assert api.manifest(NAME, bare) is None


def test_glimpse_is_what_everybody_sees_of_the_default_branch(place: Place) -> None:
    """The bytes of its package.json, released or not; of a private one nothing, and no page to sign in."""
    place.server.publish("acme/json", None, {"package.json": b"newest"})
    place.server.publish("acme/secret", "v1.0.0")
    place.server.make_private("acme/secret", CANARY)
    source = place.source("acme/json", GITHUB_TOKEN=CANARY)
    assert isinstance(source, GlimpsedSource)
    assert source.glimpse(NAME) == b"newest"
    assert source.glimpse(PackageName.parse("acme/secret")) is None
    place.server.fail("web /raw/*", Reply(200, b"<html>", {"Content-Type": "text/html"}))
    assert source.glimpse(NAME) is None


@pytest.mark.parametrize("refusal", [Reply(500), Reply(429, b"", {"Retry-After": "1"})])
def test_a_glimpse_is_not_asked_for_twice(place: Place, refusal: Reply) -> None:
    """Whatever goes wrong, and it counts for nothing in what is tried again elsewhere."""
    place.server.fail("web /raw/*", refusal, times=None)
    source = place.source("acme/json")
    assert isinstance(source, GlimpsedSource)
    with pytest.raises(HpmError):
        source.glimpse(NAME)
    assert place.server.count("web /raw/*") == 1
    place.server.reset(UPLOAD_PACK)
    assert len(source.tags(NAME).tags) == 1


# ---------------------------------------------------------------- auto


@pytest.mark.parametrize(
    "refusal",
    [
        Reply(403, b"no"),
        Reply(429, b"slow down", {"Retry-After": "3600"}),
        Reply(200, b"<html>sign in</html>", {"Content-Type": "text/html"}),
        Reply(200, b"", {"Content-Type": "application/x-git-upload-pack-result"}),
    ],
    ids=["403", "429", "page", "cut"],
)
def test_auto_changes_to_the_api_for_the_rest_of_the_run(place: Place, refusal: Reply) -> None:
    """Where git is refused or not spoken, the API answers, and git is not tried a second time."""
    place.server.fail(UPLOAD_PACK, refusal, times=None)
    source = place.source("acme/json")
    assert len(source.tags(NAME).tags) == 1
    assert len(source.tags(NAME).tags) == 1
    archive_of(source, "acme/json", commit_of(place.server))
    assert place.server.count("web *") == 1
    assert place.server.count("api *") == 5


@pytest.mark.parametrize(
    ("status", "expected"), [(404, PackageNotFound), (401, PackageNotFound), (500, NetworkFailure)]
)
def test_auto_stays_with_git_otherwise(place: Place, status: int, expected: type[HpmError]) -> None:
    """A missing repository or a broken server is no reason to spend API requests."""
    place.server.fail(UPLOAD_PACK, Reply(status), times=None)
    with pytest.raises(expected):
        place.source("acme/json").tags(NAME)
    assert place.server.count("api *") == 0


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Reply(403, b"no"), Forbidden),
        (Reply(429, b"", {"Retry-After": "3600"}), RateLimited),
        (Reply(200, b"<html>", {"Content-Type": "text/html"}), NotGit),
    ],
)
def test_git_alone_never_asks_the_api(place: Place, refusal: Reply, expected: type[HpmError]) -> None:
    """HPM_GITHUB_TRANSPORT=git means just that."""
    place.transport = "git"
    place.server.fail(UPLOAD_PACK, refusal, times=None)
    with pytest.raises(expected):
        place.source("acme/json").tags(NAME)
    assert place.server.count("api *") == 0


def test_page_instead_of_an_archive_is_noticed(place: Place) -> None:
    """With auto the API's archive replaces it, and nothing of the page remains."""
    page = Reply(200, b"<html>" * 10000, {"Content-Type": "text/html; charset=utf-8"})
    place.server.fail("web */archive/*", page)
    found = archive_of(place.source("acme/json"), "acme/json", commit_of(place.server))
    assert "package.json" in found


def test_cut_archive_is_fetched_again(place: Place) -> None:
    """A connection that breaks in the middle leaves no trace."""
    place.server.cut("codeload *", 100)
    assert "package.json" in archive_of(place.source("acme/json"), "acme/json", commit_of(place.server))
    assert place.server.count("codeload *") == 2


# ---------------------------------------------------------------- tokens


@pytest.mark.parametrize("transport", ["git", "api", "auto"])
def test_private_package_needs_its_token(place: Place, transport: str) -> None:
    """Without it the package is not found, with it tags and archive come; codeload never sees the token."""
    place.transport = transport
    place.server.make_private("acme/json", CANARY)
    with pytest.raises(PackageNotFound, match="GITHUB_TOKEN"):
        place.source("acme/json").tags(NAME)
    source = place.source("acme/json", GITHUB_TOKEN=CANARY)
    assert "package.json" in archive_of(source, "acme/json", source.tags(NAME).tags[0].commit)
    at_codeload = [request for request in place.server.requests if request.place == "codeload"]
    assert at_codeload
    assert not any(request.token or CANARY in str(request) for request in at_codeload)


@pytest.mark.parametrize("transport", ["git", "api"])
def test_wrong_token_is_told_as_such(place: Place, transport: str) -> None:
    """Who has set a token is not advised to set one; the token itself is not printed."""
    place.transport = transport
    place.server.make_private("acme/json", "another")
    with pytest.raises(NetworkFailure, match="does not accept the token") as refused:
        place.source("acme/json", GITHUB_TOKEN=CANARY).tags(NAME)
    assert CANARY not in str(refused.value)
    assert "set GITHUB_TOKEN" not in str(refused.value)


def test_token_stays_with_its_host_unless_the_user_names_another(
    place: Place, tmp_path: Path, github_server: GithubServer
) -> None:
    """A package.json that routes packages to a host of its own does not get the user's token sent there."""
    with github(tmp_path / "other", enterprise=True) as other:
        other.publish("acme/json", "v9.0.0")
        other.tokens.add(CANARY)
        rule = [{"match": "acme/*", "type": "github", "url": other.server_url}]
        for trusted in (False, True):
            other.clear_log()
            rules = parse_rules(rule, origin="test", base=tmp_path, trusted=trusted)
            source = Routes(rules, place.access(GITHUB_TOKEN=CANARY)).route(NAME)
            assert str(source.tags(NAME).tags[0].version) == "9.0.0"
            assert [bool(request.token) for request in other.requests] == [trusted]


def test_archive_link_that_refuses_the_token_is_replaced_by_the_api(place: Place) -> None:
    """In auto, for who has a token, a hidden archive is asked for by the API once."""
    place.server.make_private("acme/json", CANARY)
    place.server.fail("web */archive/*", Reply(404), times=None)
    source = place.source("acme/json", GITHUB_TOKEN=CANARY)
    assert "package.json" in archive_of(source, "acme/json", commit_of(place.server))
    with pytest.raises(PackageNotFound):
        archive_of(place.source("acme/json"), "acme/json", commit_of(place.server))


# ---------------------------------------------------------------- renames, Enterprise


@pytest.mark.parametrize("transport", ["git", "api"])
def test_renamed_repository_is_followed(place: Place, transport: str) -> None:
    """The old name still gives tags and archive, and the API the same number as before."""
    place.transport = transport
    commit = commit_of(place.server)
    number = place.server.repository_id("acme/json")
    place.server.rename("acme/json", "globex/json")
    source = place.source("acme/json")
    found = source.tags(NAME)
    assert [tag.commit for tag in found.tags] == [commit]
    assert found.repository == (number if transport == "api" else None)
    assert "package.json" in archive_of(source, "acme/json", commit)


@pytest.mark.parametrize("transport", ["git", "api"])
def test_enterprise_host_is_one_server(tmp_path: Path, transport: str) -> None:
    """REST below /api/v3, archives on the host itself."""
    with github(tmp_path, enterprise=True) as server:
        server.publish("acme/json", "v1.0.0")
        source = Place("x", server, tmp_path, transport).source("acme/json")
        found = source.tags(NAME)
        assert "package.json" in archive_of(source, "acme/json", found.tags[0].commit)
        assert {request.place for request in server.requests} == {"web"}


# ---------------------------------------------------------------- limits and refusals


@pytest.mark.parametrize("status", [403, 429])
def test_exhausted_limit_tells_everything_to_who_has_no_token(place: Place, status: int) -> None:
    """Which limit, how much of it, when it is over, and that a token would help; one request only."""
    place.transport = "api"
    place.server.exhaust(status=status)
    with pytest.raises(RateLimited) as limited:
        place.source("acme/json").tags(NAME)
    message = str(limited.value)
    assert "60 of 60 requests of the 'core' limit are used, without a token" in message
    assert "2100-01-01 00:00:00 UTC" in message
    assert "GITHUB_TOKEN" in message
    assert (limited.value.reset, limited.value.exit_code) == (FAR_RESET, 7)
    assert len(place.server.requests) == 1


def test_exhausted_limit_is_told_differently_with_a_token(place: Place) -> None:
    """Who has a token is not told to make one."""
    place.transport = "api"
    place.server.tokens.add(CANARY)
    place.server.exhaust()
    with pytest.raises(RateLimited, match="5000 of 5000") as limited:
        place.source("acme/json", GITHUB_TOKEN=CANARY).tags(NAME)
    assert "with your token" in str(limited.value)
    assert "GITHUB_TOKEN" not in str(limited.value)


@pytest.mark.parametrize(
    "refusal",
    [
        Reply(
            403, b'{"message": "You have exceeded a secondary rate limit."}', {"x-ratelimit-remaining": "50"}
        ),
        Reply(429, b"", {"Retry-After": "120"}),
        Reply(403, b"", {"Retry-After": "120"}),
    ],
)
def test_secondary_limit_is_recognised(place: Place, refusal: Reply) -> None:
    """By its message or its pause, though requests remain."""
    place.transport = "api"
    place.server.fail("api *", refusal, times=None)
    with pytest.raises(RateLimited, match="secondary limit"):
        place.source("acme/json").tags(NAME)
    assert len(place.server.requests) == 1


def test_refusal_without_a_limit_is_about_permission(place: Place) -> None:
    """A plain 403 repeats GitHub's words and its headers about permissions, and is not called a limit."""
    place.transport = "api"
    headers = {
        "X-GitHub-SSO": "required; url=https://github.com/orgs/acme/sso",
        "x-ratelimit-remaining": "59",
    }
    place.server.fail("api *", Reply(403, b'{"message": "Resource protected by SAML\\u001b[31m"}', headers))
    with pytest.raises(Forbidden, match="Resource protected by SAML") as refused:
        place.source("acme/json").tags(NAME)
    assert "X-GitHub-SSO: required" in str(refused.value)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("transport", ["git", "api"])
def test_repository_taken_down_is_told(place: Place, transport: str) -> None:
    """451 is a package that is not shown, for legal reasons."""
    place.transport = transport
    place.server.fail("* *json*", Reply(451), times=None)
    with pytest.raises(PackageNotFound, match="legal"):
        place.source("acme/json").tags(NAME)


def test_half_written_archive_does_not_survive_a_refusal(place: Place) -> None:
    """What a refused archive leaves behind is nothing."""
    into = io.BytesIO()
    with pytest.raises(PackageNotFound):
        place.source("acme/json").archive(NAME, "f" * 40, version=None, into=into)
    assert into.getvalue() == b""


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("environ", "server", "api"),
    [
        ({}, "https://github.com", "https://api.github.com"),
        (
            {"GITHUB_SERVER_URL": "https://ghe.example/", "GITHUB_API_URL": "https://ghe.example/api/v3/"},
            "https://ghe.example",
            "https://ghe.example/api/v3",
        ),
        ({"GITHUB_SERVER_URL": "https://ghe.example"}, "https://ghe.example", "https://ghe.example/api/v3"),
        ({"HPM_GITHUB_SERVER_URL": "https://t.ghe.com"}, "https://t.ghe.com", "https://api.t.ghe.com"),
        (
            {
                "HPM_GITHUB_SERVER_URL": "https://mirror.example/gh",
                "GITHUB_API_URL": "https://api.github.com",
            },
            "https://mirror.example/gh",
            "https://mirror.example/gh/api/v3",
        ),
        (
            {"HPM_GITHUB_API_URL": "http://127.0.0.1:1", "GITHUB_API_URL": "https://api.github.com"},
            "https://github.com",
            "http://127.0.0.1:1",
        ),
    ],
)
def test_hosts_come_from_the_environment(environ: dict[str, str], server: str, api: str) -> None:
    """Own variables first, then those of Actions as a pair, then GitHub; the lock always names GitHub."""
    settings = GithubSettings.from_environment(environ)
    assert (settings.server_url, settings.api_url) == (server, api)
    assert settings.canonical_url == "https://github.com"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"GITHUB_TOKEN": "a", "GH_TOKEN": "b"}, "a"),
        ({"GITHUB_TOKEN": "", "GH_TOKEN": "b\n"}, "b"),
        ({}, "configured"),
    ],
)
def test_environment_has_the_first_word_on_the_token(environ: dict[str, str], expected: str) -> None:
    """GITHUB_TOKEN, then GH_TOKEN, then config.json; blanks around it do not count."""
    settings = GithubSettings.from_environment(environ, configured_token="configured")
    assert settings.token == Token(expected)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"HPM_GITHUB_SERVER_URL": "http://github.com"}, "HPM_GITHUB_SERVER_URL"),
        ({"HPM_GITHUB_API_URL": "api.github.com"}, "HPM_GITHUB_API_URL"),
        ({"GITHUB_SERVER_URL": "https://h/?q"}, "GITHUB_SERVER_URL"),
        ({"HPM_GITHUB_TRANSPORT": "ssh"}, "HPM_GITHUB_TRANSPORT"),
        ({"GITHUB_TOKEN": "a\nX-Evil: 1"}, "GITHUB_TOKEN"),
    ],
)
def test_senseless_settings_are_named(environ: dict[str, str], named: str) -> None:
    """The message tells the variable, and never the token."""
    with pytest.raises(InvalidSetting, match=named) as invalid:
        GithubSettings.from_environment(environ)
    assert "X-Evil" not in str(invalid.value)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://github.com", "https://github.com"),
        ("https://ghe.example/", "https://ghe.example"),
        ("http://127.0.0.1:1", "https://github.com"),
    ],
)
def test_lockfile_names_the_host_of_the_rule(url: str, canonical: str) -> None:
    """An Enterprise host is a package's home; a loopback address never is."""
    assert GithubSettings().for_host(url, with_token=False).canonical_url == canonical
