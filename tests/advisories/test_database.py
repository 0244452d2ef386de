"""A folder or a zip of advisories: what it holds, and what is told when it holds none."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from hpmtasks.advisories.database import Database
from hpmtasks.errors import InvalidDatabase
from tests.support.advisories import advisory, write_database


def ids(path: Path, *names: str) -> list[str]:
    """The advisories below *path* that mention one of *names*."""
    return [each.id for each in Database(path).mentioning(names)]


def zipped(path: Path, *documents: object) -> Path:
    """*path* is a zip of *documents*."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, document in enumerate(documents):
            archive.writestr(f"deep/{index}.json", json.dumps(document).replace("/", "\\/"))
        archive.writestr("README.md", "no advisory")
    return path


def test_folder_zip_and_zip_in_a_folder(tmp_path: Path) -> None:
    """All are read alike, escaped slashes too; each id once."""
    first, second = advisory("HEM-2", "Acme/A"), advisory("HEM-1", "acme/a")
    folder = write_database(tmp_path / "db/sub", first)
    archive = zipped(tmp_path / "db/all.zip", second, first)
    assert ids(folder, "acme/a") == ["HEM-2"]
    assert ids(archive, "acme/a") == ["HEM-1", "HEM-2"]
    assert ids(tmp_path / "db", "acme/a") == ["HEM-1", "HEM-2"]


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    """Advisories on others are left out, and so are those that were withdrawn."""
    withdrawn = advisory("HEM-3", "acme/a", withdrawn="2024-02-01T00:00:00Z")
    folder = write_database(tmp_path, advisory("HEM-1", "acme/a"), advisory("HEM-2", "acme/b"), withdrawn)
    assert ids(folder, "acme/a") == ["HEM-1"]
    assert ids(folder) == []


def test_unreadable_record_is_named(tmp_path: Path) -> None:
    """One that mentions the package and cannot be read hides no other."""
    write_database(tmp_path, advisory("HEM-1", "acme/a"))
    (tmp_path / "bad.json").write_text('{"id": "HEM-0", "acme/a": ')
    database = Database(tmp_path)
    assert [each.id for each in database.mentioning(["acme/a"])] == ["HEM-1"]
    (told,) = database.unreadable
    assert "bad.json: it is not valid JSON" in told


@pytest.mark.parametrize("kind", ["absent", "empty", "text", "damaged"])
def test_no_database(tmp_path: Path, kind: str) -> None:
    """A path that holds no advisories is an error, never "nothing is wrong"."""
    path = tmp_path / "db"
    if kind == "empty":
        path.mkdir()
    elif kind == "text":
        path.write_text("hello")
    elif kind == "damaged":
        path = path.with_suffix(".zip")
        path.write_bytes(zipped(tmp_path / "good.zip", advisory("HEM-1", "acme/a")).read_bytes()[:-30])
    with pytest.raises(InvalidDatabase):
        ids(path, "acme/a")
