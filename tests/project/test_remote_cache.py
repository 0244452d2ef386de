"""Where results are shared: what the environment and config.json say, and whose token goes where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpmtasks.errors import InvalidSetting
from hpmtasks.project.remote_cache import RemoteCache
from hpmtasks.project.settings import Settings

URL = "https://cache.example/hpm"


def load(tmp_path: Path, config: dict[str, object], **environ: str) -> RemoteCache | None:
    """The cache that the settings name."""
    (tmp_path / "config.json").write_text(json.dumps(config))
    return Settings.load({"HPM_HOME": str(tmp_path), **environ}).remote_cache


def test_there_is_none_by_default(tmp_path: Path) -> None:
    """Without a URL there is no cache, whatever else is set."""
    assert load(tmp_path, {"remote.write": True, "remote.token": "t"}, HPM_REMOTE_WRITE="on") is None
    assert load(tmp_path, {"remote.cache": ""}, HPM_REMOTE_CACHE="") is None


def test_config_names_a_cache(tmp_path: Path) -> None:
    """All three settings of config.json count, and a cache is only read unless it is said otherwise."""
    assert load(tmp_path, {"remote.cache": f"{URL}/"}) == RemoteCache(URL)
    config = {"remote.cache": URL, "remote.write": True, "remote.token": "me:se cret"}
    assert load(tmp_path, config) == RemoteCache(URL, write=True, token="me:se cret")


def test_the_environment_goes_before_config(tmp_path: Path) -> None:
    """Each variable replaces the one setting that it stands for; an empty URL does not."""
    config = {"remote.cache": URL, "remote.write": True, "remote.token": "own"}
    assert load(tmp_path, config, HPM_REMOTE_WRITE="off") == RemoteCache(URL, token="own")
    assert load(tmp_path, config, HPM_REMOTE_CACHE_TOKEN="other") == RemoteCache(
        URL, write=True, token="other"
    )
    assert load(tmp_path, {}, HPM_REMOTE_CACHE=URL, HPM_REMOTE_WRITE="1") == RemoteCache(URL, write=True)


@pytest.mark.parametrize(
    ("named", "token"),
    [
        ("https://cache.example/other", "own"),
        ("https://cache.example:8443/hpm", None),
        ("https://elsewhere.example/hpm", None),
        ("http://127.0.0.1:1234", None),
    ],
)
def test_the_token_of_config_is_for_its_server_alone(tmp_path: Path, named: str, token: str | None) -> None:
    """A cache that the environment names on another host or port is not sent the token of config.json."""
    found = load(tmp_path, {"remote.cache": URL, "remote.token": "own"}, HPM_REMOTE_CACHE=named)
    assert found == RemoteCache(named, token=token)


@pytest.mark.parametrize(
    "url",
    [
        "http://cache.example",
        "grpc://cache.example",
        "https://user:canary@cache.example",
        "https://cache.example/?token=canary",
        "https://cache.example/#canary",
        "cache.example",
        "https://",
        "https://[",
        "https://cache.example/ canary",
    ],
)
def test_a_url_that_cannot_be_used_is_refused(tmp_path: Path, url: str) -> None:
    """What is no https URL, or has a secret in it, is refused by the name of its setting, and not shown."""
    for config, environ, name in (
        ({"remote.cache": url}, {}, "remote.cache"),
        ({}, {"HPM_REMOTE_CACHE": url}, "HPM_REMOTE_CACHE"),
    ):
        with pytest.raises(InvalidSetting, match=name) as caught:
            load(tmp_path, dict(config), **environ)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({"remote.cache": 5}, {}),
        ({"remote.cache": URL, "remote.write": "perhaps"}, {}),
        ({"remote.cache": URL, "remote.write": 1}, {}),
        ({"remote.cache": URL, "remote.token": 5}, {}),
        ({"remote.cache": URL}, {"HPM_REMOTE_WRITE": "perhaps"}),
        ({"remote.cache": URL}, {"HPM_REMOTE_CACHE_TOKEN": "canary with blanks"}),
        ({"remote.cache": URL}, {"HPM_REMOTE_CACHE_TOKEN": "me:canary\nX-Header: y"}),
    ],
)
def test_a_value_of_another_kind_is_refused(
    tmp_path: Path, config: dict[str, object], environ: dict[str, str]
) -> None:
    """A switch that is neither on nor off, and a token that no header can carry, are InvalidSetting."""
    with pytest.raises(InvalidSetting) as caught:
        load(tmp_path, config, **environ)
    assert "canary" not in str(caught.value)


def test_the_token_is_not_shown(tmp_path: Path) -> None:
    """Neither the cache nor the settings print it."""
    assert "canary" not in repr(load(tmp_path, {"remote.cache": URL, "remote.token": "canary"}))
