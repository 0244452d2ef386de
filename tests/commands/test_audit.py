"""hpm audit: what is found, what is left out, and what --fix does about it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.advisories import advisory, is_vulnerable, random_database, write_database
from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.golden import Golden
from tests.support.osv_server import OsvServer, osv

CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
LOW = "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"


@pytest.fixture
def locked(own_shell: CommandLine) -> CommandLine:
    """acme/a@1.1.0, which requires acme/b@1.2.0; both are installed."""
    own_shell.require({"acme/a": "^1.0.0"})
    assert own_shell.run("install").code == 0
    return own_shell


@pytest.fixture
def service() -> Iterator[OsvServer]:
    """An OSV service on loopback."""
    with osv() as running:
        yield running


def database(shell: CommandLine, *documents: dict[str, Any]) -> Path:
    """The folder ``db`` of the project holds *documents*."""
    return write_database(shell.project / "db", *documents)


def policy(shell: CommandLine, **fields: Any) -> None:
    """package.json has *fields* under ``hpm``."""
    shell.write("package.json", json.dumps(shell.manifest() | {"hpm": fields}, indent=2) + "\n")


def commit_of(shell: CommandLine, name: str) -> str:
    """The locked commit of *name*."""
    return str(shell.lock()["dependencies"][name]["commit"])


BAD_B = advisory(
    "HEM-1", "acme/b", introduced="1.0.0", fixed="1.3.0", severity=CRITICAL, aliases=["CVE-2024-1"]
)
BAD_A = advisory("HEM-2", "acme/a", severity=LOW)


# ---------------------------------------------------------------- finding


def test_findings_of_a_database(locked: CommandLine, golden: Golden) -> None:
    """The worst first, with what mends it; exit code 10; the lock alone is enough."""
    database(locked, BAD_A, BAD_B, advisory("HEM-3", "acme/b", introduced="1.3.0"))
    (locked.project / "package.json").unlink()
    locked.delete_modules()
    before = locked.everything()

    ran = locked.process("audit", "--db", "db", "--offline")

    assert ran.code == 10
    golden.check("audit/findings.txt", ran.out + ran.err)
    assert locked.everything() == before


def test_nothing_found(locked: CommandLine) -> None:
    """Exit code 0 and one sentence."""
    database(locked, advisory("HEM-1", "acme/other"))
    ran = locked.run("audit", "--db", "db")
    assert (ran.code, ran.out, ran.err) == (0, "No known weaknesses in 2 packages.\n", "")


@pytest.mark.parametrize(("level", "ids"), [("low", {"HEM-1", "HEM-2"}), ("high", {"HEM-1"})])
def test_severity_leaves_out_what_is_less(locked: CommandLine, level: str, ids: set[str]) -> None:
    """What does not count is still told of, as data and as a number."""
    database(locked, BAD_A, BAD_B)
    ran = locked.run("audit", "--db", "db", "--severity", level, "--json")
    assert {each["id"] for each in ran.data["findings"] if each["counts"]} == ids
    assert len(ran.data["findings"]) == 2
    told = locked.run("audit", "--db", "db", "--severity", level)
    assert ("1 finding below high left out" in told.err) == (level == "high")


def test_prod_leaves_out_development(own_shell: CommandLine) -> None:
    """What only devDependencies need is not looked at with --prod."""
    own_shell.require({}, dev={"acme/b": "^1.0.0"})
    own_shell.run("install")
    database(own_shell, BAD_B)
    assert own_shell.run("audit", "--db", "db").code == 10
    assert own_shell.run("audit", "--db", "db", "--prod").code == 0


def test_without_a_lock(shell: CommandLine) -> None:
    """Exit code 9, since nothing is locked that could be looked at."""
    shell.require({"acme/a": "*"})
    assert shell.run("audit").code == 9


def test_unreadable_advisory_is_told(locked: CommandLine) -> None:
    """A warning names the file: it may hide a finding."""
    database(locked, advisory("HEM-9", "acme/other"))
    locked.write("db/broken.json", '{"id": "HEM-8", "acme/a"')
    ran = locked.run("audit", "--db", "db")
    assert ran.code == 0
    assert "Warning: An advisory cannot be read" in ran.err
    assert "broken.json" in ran.err


@pytest.mark.parametrize("where", ["option", "environment", "package.json", "config.json"])
def test_places_that_name_a_database(locked: CommandLine, where: str) -> None:
    """Each of them is enough, and no service is asked."""
    path = str(database(locked, BAD_B))
    closed = {"HPM_OSV_URL": "http://127.0.0.1:9"}
    words, environ = ["audit"], dict(closed)
    if where == "option":
        words += ["--db", path]
    elif where == "environment":
        environ["HPM_AUDIT_DATABASE"] = path
    elif where == "package.json":
        policy(locked, audit={"database": "db"})
    else:
        assert locked.run("config", "set", "audit_database", path).code == 0
    assert locked.run(*words, **environ).code == 10


def test_database_that_is_none(locked: CommandLine) -> None:
    """Exit code 5, never "nothing is wrong"."""
    ran = locked.run("audit", "--db", "nowhere")
    assert (ran.code, ran.out) == (5, "")
    assert "There is no such file or folder" in ran.err


# ---------------------------------------------------------------- by commit


def in_repository(repo: str, **events: str) -> dict[str, Any]:
    """An advisory that knows nothing but commits."""
    listed = [{key: value} for key, value in events.items()]
    ranges = [{"type": "GIT", "repo": f"https://github.com/{repo}", "events": listed}]
    return {"id": "GHSA-git", "summary": "A bad commit", "affected": [{"ranges": ranges}]}


def test_commits_are_compared_by_their_history(locked: CommandLine, own_server: GithubServer) -> None:
    """A commit between the introduction and the fix is affected; one behind the fix is not."""
    git = own_server.repository("acme/b")
    first, second, third = (git.commit_of(f"v{each}") for each in ("1.0.0", "1.2.0", "2.0.0"))
    assert first
    assert third
    assert commit_of(locked, "acme/b") == second
    database(locked, in_repository("acme/b", introduced=first, fixed=third))
    assert locked.run("audit", "--db", "db").code == 10
    database(locked, in_repository("acme/b", introduced="0", fixed=first))
    ran = locked.run("audit", "--db", "db")
    assert (ran.code, ran.err) == (0, "")
    database(locked, in_repository("acme/b", introduced="0", last_affected=first))
    assert locked.run("audit", "--db", "db").code == 0


def test_without_the_network_history_stays_undecided(locked: CommandLine, own_server: GithubServer) -> None:
    """It is told, and does not count; no request is made."""
    database(locked, in_repository("acme/b", introduced="0", fixed="f" * 40))
    own_server.clear_log()
    ran = locked.run("audit", "--db", "db", "--offline")
    assert ran.code == 0
    assert "GHSA-git (acme/b@1.2.0) could not be decided" in ran.err
    assert own_server.requests == []


def test_token_is_sent_for_history(locked: CommandLine, own_server: GithubServer) -> None:
    """The history of a private repository is read with the token, which nothing prints."""
    own_server.make_private("acme/b", "canary-token")
    database(locked, in_repository("acme/b", introduced="0", fixed="f" * 40))
    ran = locked.run("audit", "--db", "db", GITHUB_TOKEN="canary-token")
    assert ran.code == 10
    assert "canary" not in ran.out + ran.err
    assert "cannot be read" in locked.run("audit", "--db", "db").err


# ---------------------------------------------------------------- the service


def test_service_is_asked_by_commit(locked: CommandLine, service: OsvServer) -> None:
    """Without a database; what it finds counts like any other finding."""
    service.add(advisory("GHSA-1", "acme/b", fixed="1.3.0"), commit_of(locked, "acme/b"))
    ran = locked.run("audit", "--json", **service.environment())
    assert ran.code == 10
    assert [each["id"] for each in ran.data["findings"]] == ["GHSA-1"]
    assert ran.data["findings"][0]["commit"] == commit_of(locked, "acme/b")


def test_service_that_is_down(locked: CommandLine) -> None:
    """Exit code 4, never "nothing is wrong"."""
    ran = locked.run("audit", HPM_OSV_URL="http://127.0.0.1:9")
    assert (ran.code, ran.out) == (4, "")
    assert locked.run("audit", "--offline").code == 4


def test_service_that_cannot_be_one(locked: CommandLine) -> None:
    """Plain http to another machine is refused before anything is sent."""
    assert locked.run("audit", HPM_OSV_URL="http://osv.example").code == 5


# ---------------------------------------------------------------- ignoring


def test_ignored_with_a_reason(locked: CommandLine, golden: Golden) -> None:
    """By id or alias, until a day; what nothing is affected by is told."""
    database(locked, BAD_B, BAD_A)
    policy(
        locked,
        audit={
            "ignore": [
                {"id": "CVE-2024-1", "reason": "We never parse strangers' files.", "until": "2999-12-31"},
                {"id": "HEM-2", "reason": "Looked at."},
                {"id": "HEM-7", "reason": "Gone."},
            ]
        },
    )
    ran = locked.run("audit", "--db", "db")
    assert ran.code == 0
    golden.check("audit/ignored.txt", ran.out + ran.err)


def test_expired_ignore(locked: CommandLine) -> None:
    """It counts again, and the reason is shown to whoever decides anew."""
    database(locked, BAD_B)
    ignore = {"id": "HEM-1", "reason": "Until the release.", "until": "2000-01-01"}
    policy(locked, audit={"ignore": [ignore]})
    ran = locked.run("audit", "--db", "db")
    assert ran.code == 10
    assert "was ignored until 2000-01-01: Until the release." in ran.out


@pytest.mark.parametrize(
    ("audit", "told"),
    [
        ([], "hpm.audit must be an object"),
        ({"ignore": {}}, "hpm.audit.ignore must be a list"),
        ({"ignore": ["HEM-1"]}, "hpm.audit.ignore[0] must be an object"),
        ({"ignore": [{"id": "HEM-1"}]}, "hpm.audit.ignore[0].reason is missing"),
        ({"ignore": [{"reason": "x", "until": "soon"}]}, "hpm.audit.ignore[0].until must be a day"),
        ({"database": 1}, "hpm.audit.database must be"),
    ],
)
def test_policy_that_cannot_be_used(locked: CommandLine, audit: Any, told: str) -> None:
    """Exit code 5, and the field is named; installing goes on."""
    policy(locked, audit=audit)
    ran = locked.run("audit", "--db", "db")
    assert ran.code == 5
    assert told in ran.err
    assert locked.run("install").code == 0


# ---------------------------------------------------------------- mending


def test_fix_within_the_requirements(locked: CommandLine, own_server: GithubServer, golden: Golden) -> None:
    """An update is enough where it takes what is mended; package.json stays as it is."""
    own_server.publish("acme/b", "v1.3.0")
    database(locked, BAD_B)
    before = locked.documents()["package.json"]

    ran = locked.run("audit", "--db", "db", "--fix")

    assert (ran.code, ran.err) == (0, "")
    golden.check("audit/fix-update.txt", ran.out)
    assert locked.installed()["acme/b"] == "1.3.0"
    assert locked.documents()["package.json"] == before


def test_fix_by_an_override(locked: CommandLine, golden: Golden) -> None:
    """Where the requirements do not allow a mended version, package.json overrules them."""
    database(locked, advisory("HEM-1", "acme/b", fixed="2.0.0"))
    preview = locked.run("audit", "--db", "db", "--fix", "--dry-run")
    assert preview.code == 10
    assert "overrides" not in locked.manifest()

    ran = locked.run("audit", "--db", "db", "--fix")

    assert (ran.code, ran.err) == (0, "")
    golden.check("audit/fix-override.txt", preview.out + "---\n" + ran.out)
    assert locked.manifest()["overrides"] == {"acme/b": "2.0.0"}
    assert locked.installed() == {"acme/a": "1.1.0", "acme/b": "2.0.0"}
    assert locked.run("install", "--locked").code == 0


def test_fix_passes_over_versions_that_are_bad_too(locked: CommandLine, own_server: GithubServer) -> None:
    """The highest that is allowed is bad as well, so an override holds to the one below it."""
    own_server.publish("acme/b", "v1.3.0")
    own_server.publish("acme/b", "v1.4.0")
    database(locked, BAD_B, advisory("HEM-2", "acme/b", versions=["v1.4.0"]))
    assert locked.run("audit", "--db", "db", "--fix").code == 0
    assert locked.installed()["acme/b"] == "1.3.0"
    assert locked.manifest()["overrides"] == {"acme/b": "1.3.0"}


def test_fix_where_there_is_none(locked: CommandLine) -> None:
    """Exit code 10, the package is named, and nothing is written."""
    database(locked, advisory("HEM-1", "acme/b"))
    before = locked.documents()
    ran = locked.run("audit", "--db", "db", "--fix")
    assert ran.code == 10
    assert "acme/b@1.2.0: there is no later version that is not affected" in ran.out
    assert locked.documents() == before


def test_fix_as_data(locked: CommandLine) -> None:
    """One object: what was found, what was changed, and what is left."""
    database(locked, advisory("HEM-1", "acme/b", fixed="2.0.0"))
    data = locked.run("audit", "--db", "db", "--fix", "--json").data
    assert [each["id"] for each in data["findings"]] == ["HEM-1"]
    assert data["manifest"] == [{"name": "acme/b", "constraint": "2.0.0", "section": "overrides"}]
    assert data["left"] == []


def test_fix_asks_the_service_about_later_versions(
    locked: CommandLine, own_server: GithubServer, service: OsvServer
) -> None:
    """What the service warns of is not taken instead."""
    bad = own_server.publish("acme/b", "v1.3.0")
    own_server.publish("acme/b", "v1.4.0")
    service.add(advisory("GHSA-1", "acme/b"), commit_of(locked, "acme/b"), bad)
    assert locked.run("audit", "--fix", **service.environment()).code == 0
    assert locked.installed()["acme/b"] == "1.4.0"


# ---------------------------------------------------------------- against the schema's own algorithm


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whole_database_agrees_with_the_schema(
    locked: CommandLine, own_server: GithubServer, seed: int
) -> None:
    """Of a hundred advisories of every form just those are found that a plain evaluation finds."""
    dice = random.Random(seed)  # noqa: S311  # dice, not secrets
    names = ("acme/a", "acme/b", "acme/other")
    graph: dict[str, list[str]] = {}
    for name in names[:2]:
        git = own_server.repository(name)
        for line in git.git("rev-list", "--all", "--parents").decode().splitlines():
            commit, *parents = line.split()
            graph[commit] = parents
    documents = random_database(dice, names, [*graph, "f" * 40], 100)
    write_database(locked.project / "db", *documents)
    entries = locked.lock()["dependencies"]
    expected = {
        (name, document["id"])
        for name, entry in entries.items()
        for document in documents
        if is_vulnerable(document, name, entry["version"], entry["commit"], graph)
    }
    ran = locked.run("audit", "--db", "db", "--json")
    assert {(each["name"], each["id"]) for each in ran.data["findings"]} == expected
    assert ran.code == (10 if expected else 0)
    assert len(expected) >= 10
    assert not any(each["undecided"] for each in ran.data["findings"])


def test_fix_in_a_workspace(own_shell: CommandLine) -> None:
    """From the folder of a member; the override stands in the root's package.json, where alone it counts."""
    root = {"name": "me/app", "version": "1.0.0", "workspaces": ["packages/*"]}
    member = {"name": "me/one", "version": "1.0.0", "dependencies": {"acme/a": "^1.0.0"}}
    own_shell.write("package.json", json.dumps(root))
    own_shell.write("packages/one/package.json", json.dumps(member))
    assert own_shell.run("install").code == 0
    path = database(own_shell, advisory("HEM-1", "acme/b", fixed="2.0.0"))
    own_shell.below = "packages/one"
    assert own_shell.run("audit", "--db", str(path), "--fix").code == 0
    assert own_shell.manifest() == root | {"overrides": {"acme/b": "2.0.0"}}
    assert json.loads((own_shell.project / "packages/one/package.json").read_text()) == member
