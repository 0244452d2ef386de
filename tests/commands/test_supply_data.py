"""What audit, licenses, sbom and verify print with --json is what their schemas say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from tests.support.advisories import advisory, write_database
from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.pages import ROOT
from tests.support.signing import make_key, needs_ssh_keygen, sign_tag


def checked(verb: str, data: Any) -> Any:
    """*data*, which the schema of *verb* accepts; with one field more it does not."""
    schema = json.loads((ROOT / f"docs/{verb}.schema.json").read_text(encoding="utf-8"))
    OAS31Validator.check_schema(schema)
    validator = OAS31Validator(schema)
    assert [error.message for error in validator.iter_errors(data)] == []
    assert not validator.is_valid({**data, "more": 1})
    return data


@pytest.fixture
def locked(own_shell: CommandLine) -> CommandLine:
    """acme/a and acme/b from GitHub, o/x from a folder."""
    own_shell.write(
        "packages/o/x/v1.0.0/package.json", '{"name": "o/x", "version": "1.0.0", "license": "MIT"}'
    )
    own_shell.environ["HPM_SOURCES"] = '[{"match": "o/*", "type": "directory", "path": "packages"}]'
    own_shell.require({"acme/a": "*", "o/x": "*"})
    assert own_shell.run("install").code == 0
    return own_shell


def test_audit(locked: CommandLine) -> None:
    """Findings of every kind, ignored ones, and what --fix did."""
    ignore = [{"id": "HEM-2", "reason": "r", "until": "2999-01-01"}, {"id": "HEM-9", "reason": "r"}]
    locked.write(
        "package.json", json.dumps(locked.manifest() | {"hpm": {"audit": {"ignore": ignore}}}, indent=2)
    )
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    write_database(
        locked.project / "db",
        advisory("HEM-1", "acme/b", fixed="2.0.0", severity=vector),
        advisory("HEM-2", "o/x"),
    )
    (locked.project / "db/bad.json").write_text('{"id": 1, "acme/b": 1}')
    data = checked("audit", locked.run("audit", "--db", "db", "--json").data)
    assert [each["counts"] for each in data["findings"]] == [True, False]
    assert (len(data["problems"]), data["unusedIgnores"]) == (1, ["HEM-9"])
    checked("audit", locked.run("audit", "--db", "db", "--fix", "--dry-run", "--json").data)
    assert checked("audit", locked.run("audit", "--db", "db", "--fix", "--json").data)["left"] == []


def test_licenses(locked: CommandLine) -> None:
    """With a license and without."""
    data = checked("licenses", locked.run("licenses", "--allow", "MIT", "--json").data)
    assert {each["name"]: each["verdict"] for each in data["packages"]}["o/x"] == "allowed"


def test_sbom(locked: CommandLine) -> None:
    """Printed, and written to a file."""
    checked("sbom", locked.run("sbom", "--json").data)
    checked("sbom", locked.run("sbom", "--format", "spdx", "--output", "x.json", "--json").data)


@needs_ssh_keygen
def test_verify(locked: CommandLine, own_server: GithubServer, tmp_path: Path) -> None:
    """Signed, not signed, not provable, and unreadable."""
    key = make_key(tmp_path / "keys", "ada@example.com")
    commit = locked.lock()["dependencies"]["acme/a"]["commit"]
    sign_tag(own_server.repository("acme/a"), "v1.1.0", commit, key)
    data = checked("verify", locked.run("verify", "--json").data)
    assert data["packages"][0]["signature"]["key"] == f"ssh {key.fingerprint}"
    own_server.delete("acme/b")
    data = checked("verify", locked.run("verify", "--json").data)
    assert [each["contents"] for each in data["packages"]] == ["same", "failed", "unprovable"]
