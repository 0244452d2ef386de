"""config.json: read as its user wrote it, written for nobody else's eyes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hpmtasks.errors import InvalidSetting
from hpmtasks.project.config import read_config, write_config


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A written document comes back equal, from a folder that did not exist before."""
    path = tmp_path / "home" / "config.json"
    document = {"github_token": "secret", "sources": [{"match": "*", "type": "github"}]}
    write_config(path, document)
    assert read_config(path) == document


@pytest.mark.parametrize("mode", [None, 0o644, 0o666])
def test_only_the_owner_may_read_it(tmp_path: Path, mode: int | None) -> None:
    """The file has mode 0600, also where one with wider permissions stood before."""
    path = tmp_path / "config.json"
    if mode is not None:
        path.write_text("{}")
        path.chmod(mode)
    write_config(path, {"github_token": "secret"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_file_says_nothing(tmp_path: Path, content: str) -> None:
    """A config.json that was only touched, like one that is missing, sets nothing."""
    path = tmp_path / "config.json"
    assert read_config(path) == {}
    path.write_text(content)
    assert read_config(path) == {}


@pytest.mark.parametrize(("content", "says"), [("[]", "must hold a JSON object"), ("{", "not valid JSON")])
def test_a_damaged_file_is_named(tmp_path: Path, content: str, says: str) -> None:
    """What is not a JSON object is refused with the name of the file."""
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(InvalidSetting, match=says) as caught:
        read_config(path)
    assert str(path) in str(caught.value)
