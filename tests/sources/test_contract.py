"""What every source must do, whichever place it stands for."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from hpmtasks.errors import NotOffline, PackageNotFound
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version
from tests.support.git_repositories import Content
from tests.support.github_server import GithubServer
from tests.support.places import KINDS, Place, archive_of, place_of

NAME = PackageName.parse("acme/json")
FILES: dict[str, Content] = {
    "package.json": '{"name": "acme/json"}',
    "src/index.hml": b"\x00\xff\r\n",
    "bin/tool": "run\n",
}
NETWORKED = [kind for kind in KINDS if kind not in {"directory", "git by path"}]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, github_server: GithubServer, tmp_path: Path) -> Place:
    """Each place in turn."""
    return place_of(request.param, github_server, tmp_path / "packages")


def test_tags_are_versions_in_ascending_order(place: Place) -> None:
    """1.10.0 follows 1.9.0, a prerelease precedes its release, and what is no version is left out."""
    for tag in ("v1.10.0", "v1.9.0", "v2.0.0-rc.1", "v2.0.0", "nightly", "v1.2", "release-3.0.0"):
        place.publish("acme/json", tag, {"package.json": tag})
    tags = place.source("acme/json").tags(NAME).tags
    assert [str(tag.version) for tag in tags] == ["1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0"]
    assert [tag.name for tag in tags] == ["v1.9.0", "v1.10.0", "v2.0.0-rc.1", "v2.0.0"]


def test_v_wins_over_bare(place: Place) -> None:
    """With v1.0.0 and 1.0.0 the first one's commit counts; a bare tag alone is taken."""
    place.publish("acme/json", "1.0.0", {"a": "bare"})
    place.publish("acme/json", "v1.0.0", {"a": "with v"})
    place.publish("acme/json", "2.0.0", {"a": "bare only"})
    source = place.source("acme/json")
    first, second = source.tags(NAME).tags
    assert (first.name, second.name) == ("v1.0.0", "2.0.0")
    assert archive_of(source, "acme/json", first.commit, "1.0.0")["a"][1] == b"with v"


def test_commits_are_lower_case_hex(place: Place) -> None:
    """Forty digits, different for different contents."""
    place.publish("acme/json", "v1.0.0", {"a": "1"})
    place.publish("acme/json", "v1.1.0", {"a": "2"})
    commits = [tag.commit for tag in place.source("acme/json").tags(NAME).tags]
    assert len(set(commits)) == 2
    assert all(len(commit) == 40 and set(commit) <= set("0123456789abcdef") for commit in commits)


def test_archive_is_exactly_the_commit(place: Place) -> None:
    """Every file with its bytes and its executable bit, below one top folder; older commits too."""
    place.publish("acme/json", "v1.0.0", FILES, executable=("bin/tool",))
    place.publish("acme/json", "v1.1.0", {"package.json": "other"})
    source = place.source("acme/json")
    commit = source.tags(NAME).tags[0].commit
    found = archive_of(source, "acme/json", commit, "1.0.0")
    assert {path: content for path, (_, content) in found.items()} == {
        "package.json": b'{"name": "acme/json"}',
        "src/index.hml": b"\x00\xff\r\n",
        "bin/tool": b"run\n",
    }
    assert {path for path, (mode, _) in found.items() if mode & 0o100} == {"bin/tool"}


def test_archive_needs_no_version(place: Place) -> None:
    """The commit alone names the contents."""
    place.publish("acme/json", "v1.0.0", FILES)
    source = place.source("acme/json")
    commit = source.tags(NAME).tags[0].commit
    assert "package.json" in archive_of(source, "acme/json", commit)


def test_archive_is_written_behind_the_position(place: Place) -> None:
    """What *into* held before stays."""
    place.publish("acme/json", "v1.0.0", FILES)
    source = place.source("acme/json")
    into = io.BytesIO(b"before")
    into.seek(6)
    source.archive(NAME, source.tags(NAME).tags[0].commit, version=Version.parse("1.0.0"), into=into)
    assert into.getvalue()[:6] == b"before"
    assert len(into.getvalue()) > 200


def test_missing_package_is_not_found(place: Place) -> None:
    """The error names the package; it is no failure of the network."""
    place.publish("acme/json", "v1.0.0", FILES)
    with pytest.raises(PackageNotFound, match="acme/nothing") as missing:
        place.source("acme/nothing").tags(PackageName.parse("acme/nothing"))
    assert missing.value.exit_code == 2


def test_missing_commit_is_not_found(place: Place) -> None:
    """A commit that was force-pushed away is told with its id or version."""
    place.publish("acme/json", "v1.0.0", FILES)
    with pytest.raises(PackageNotFound, match="dead"):
        archive_of(place.source("acme/json"), "acme/json", "dead" * 10)


def test_package_without_versions_has_no_tags(place: Place) -> None:
    """That is no error: the package exists."""
    place.publish("acme/json", "nightly", FILES)
    assert place.source("acme/json").tags(NAME).tags == ()


def test_resolved_is_the_same_on_every_machine(place: Place) -> None:
    """Neither the stand-in's address nor a path of this machine gets into a lockfile."""
    place.publish("acme/json", "v1.0.0", FILES)
    source = place.source("acme/json")
    tag = source.tags(NAME).tags[0]
    expected = {
        "github": "https://github.com/acme/json/archive/refs/tags/v1.0.0.tar.gz",
        "git": f"git:acme/json#{tag.commit}",
        "directory": "directory:acme/json@1.0.0",
    }[source.kind]
    assert source.resolved(NAME, tag.name, tag.commit, tag.version) == expected


def test_only_github_archives_are_worth_recording(place: Place) -> None:
    """The others are made on the spot, so their bytes promise nothing."""
    place.publish("acme/json", "v1.0.0", FILES)
    source = place.source("acme/json")
    assert source.has_archives == (source.kind == "github")


def test_threads_share_a_source(place: Place) -> None:
    """Eight threads asking one source for different packages each get their own."""
    for number in range(8):
        place.publish(f"acme/p{number}", f"v{number}.0.0", FILES)
    routes = place.routes()
    seen: dict[int, str] = {}

    def ask(number: int) -> None:
        name = PackageName.parse(f"acme/p{number}")
        source = routes.route(name)
        tag = source.tags(name).tags[0]
        archive_of(source, str(name), tag.commit, str(tag.version))
        seen[number] = tag.name

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {number: f"v{number}.0.0" for number in range(8)}


@pytest.mark.parametrize("kind", NETWORKED)
def test_offline_asks_nobody(kind: str, github_server: GithubServer, tmp_path: Path) -> None:
    """Under --offline no request arrives, and the refusal says what was wanted and the way out."""
    place = place_of(kind, github_server, tmp_path)
    place.publish("acme/json", "v1.0.0", FILES)
    source = place.source("acme/json", offline=True)
    with pytest.raises(NotOffline, match=r"(?s)the tags of acme/json.*without --offline"):
        source.tags(NAME)
    with pytest.raises(NotOffline, match="acme/json"):
        archive_of(source, "acme/json", "a" * 40)
    assert github_server.requests == []


@pytest.mark.parametrize("kind", ["directory", "git by path"])
def test_local_places_work_offline(kind: str, github_server: GithubServer, tmp_path: Path) -> None:
    """What is on this machine needs no network."""
    place = place_of(kind, github_server, tmp_path / "packages")
    place.publish("acme/json", "v1.0.0", FILES)
    source = place.source("acme/json", offline=True)
    commit = source.tags(NAME).tags[0].commit
    assert "package.json" in archive_of(source, "acme/json", commit)
