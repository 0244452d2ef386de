"""settings: the environment and config.json, read as docs/configuration.md says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpmtasks.errors import InvalidSetting
from hpmtasks.project.settings import Settings


def test_defaults_stand_in_the_home_folder(tmp_path: Path) -> None:
    """Without a word about it, everything is below ~/.hpm."""
    settings = Settings.load({"HOME": str(tmp_path)})
    assert settings.home == tmp_path / ".hpm"
    assert settings.cache_dir == tmp_path / ".hpm" / "cache"


def test_each_folder_can_be_moved_alone(tmp_path: Path) -> None:
    """HPM_HOME moves both folders, HPM_CACHE_DIR the cache only."""
    environ = {"HOME": str(tmp_path), "HPM_HOME": str(tmp_path / "h")}
    assert Settings.load(environ).cache_dir == tmp_path / "h" / "cache"
    environ["HPM_CACHE_DIR"] = str(tmp_path / "c")
    settings = Settings.load(environ)
    assert (settings.home, settings.cache_dir) == (tmp_path / "h", tmp_path / "c")


def test_config_gives_token_and_sources(tmp_path: Path) -> None:
    """What config.json says is kept apart from what the environment says."""
    rules = [{"match": "*", "type": "github"}]
    (tmp_path / "config.json").write_text(json.dumps({"github_token": "secret", "sources": rules}))
    settings = Settings.load({"HPM_HOME": str(tmp_path)})
    assert settings.github_token == "secret"
    assert list(settings.config_sources) == rules
    assert list(settings.environment_sources) == []


def test_token_is_not_shown(tmp_path: Path) -> None:
    """Neither the settings nor an error about the token print it."""
    (tmp_path / "config.json").write_text('{"github_token": "canary"}')
    assert "canary" not in repr(Settings.load({"HPM_HOME": str(tmp_path), "GITHUB_TOKEN": "canary"}))
    (tmp_path / "config.json").write_text('{"github_token": "canary with blanks"}')
    with pytest.raises(InvalidSetting) as caught:
        Settings.load({"HPM_HOME": str(tmp_path)})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("text", ["{}", "[", "1"])
def test_sources_must_be_a_list(tmp_path: Path, text: str) -> None:
    """HPM_SOURCES that is no JSON list is refused by its name."""
    with pytest.raises(InvalidSetting, match="HPM_SOURCES"):
        Settings.load({"HPM_HOME": str(tmp_path), "HPM_SOURCES": text})
