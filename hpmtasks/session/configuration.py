"""configuration: what can be set in config.json, what is set, by whom, and what of it counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidSetting
from hpmtasks.files.mutex import Mutex
from hpmtasks.project.config import read_config, write_config
from hpmtasks.project.remote_cache import checked_secret, checked_switch, checked_url
from hpmtasks.project.settings import checked_token

#: What is shown of a secret.
MASK = "***"


@dataclass(frozen=True, slots=True)
class Key:
    """A field of config.json that hpm reads.

    Attributes:
        meaning: One line.
        variables: Of the environment; each goes before the ones behind it, and all before config.json.
        read: The value in a text that somebody typed.
        is_secret: It is never shown.
        adds_up: Values of several places are joined, not replaced by each other.
    """

    meaning: str
    variables: tuple[str, ...]
    read: Callable[[str, Path], Any]
    is_secret: bool = False
    adds_up: bool = False


def _read_token(text: str, path: Path) -> str:
    token = checked_token(text.strip(), str(path))
    if token is None:
        raise InvalidSetting("github_token", ["A token is not empty; 'hpm config unset' removes it."])
    return token


def _read_sources(text: str, path: Path) -> list[Any]:
    from hpmtasks.sources.routing import check_rules, parse_rules

    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSetting("sources", [f"It is not valid JSON: {error}."]) from error
    check_rules(parse_rules(value, origin="sources", base=path.parent, trusted=True))
    return list(value)


def _read_database(text: str, path: Path) -> str:  # noqa: ARG001  # the signature of all of them
    if not Path(text).expanduser().exists():
        raise InvalidSetting("audit_database", [f"There is no file or folder {text}."])
    return str(Path(text).expanduser().absolute())


def _read_cache(text: str, path: Path) -> str:
    url = checked_url(text, f"{path}: remote.cache")
    if url is None:
        raise InvalidSetting("remote.cache", ["A URL is not empty; 'hpm config unset' removes it."])
    return url


def _read_write(text: str, path: Path) -> bool:
    return checked_switch(text, f"{path}: remote.write")


def _read_secret(text: str, path: Path) -> str:
    secret = checked_secret(text.strip(), f"{path}: remote.token")
    if secret is None:
        raise InvalidSetting("remote.token", ["A token is not empty; 'hpm config unset' removes it."])
    return secret


def _read_age(text: str, path: Path) -> str:  # noqa: ARG001  # the signature of all of them
    from hpmtasks.model.policy import parse_age

    try:
        parse_age(text)
    except ValueError as error:
        raise InvalidSetting("minimum_release_age", [f"{text!r} cannot be used: {error}."]) from None
    return text


#: Everything that config.json may hold, as ``docs/configuration.md`` has it.
KEYS: Mapping[str, Key] = {
    "github_token": Key("token for GitHub", ("GITHUB_TOKEN", "GH_TOKEN"), _read_token, is_secret=True),
    "audit_database": Key(
        "a folder or zip of advisories that 'hpm audit' reads", ("HPM_AUDIT_DATABASE",), _read_database
    ),
    "remote.cache": Key(
        "URL of a cache that shares the results of scripts", ("HPM_REMOTE_CACHE",), _read_cache
    ),
    "remote.write": Key("whether that cache is given results too", ("HPM_REMOTE_WRITE",), _read_write),
    "remote.token": Key(
        "token for that cache, or user:password", ("HPM_REMOTE_CACHE_TOKEN",), _read_secret, is_secret=True
    ),
    "minimum_release_age": Key(
        "how long versions have to be out before they are chosen", ("HPM_MINIMUM_RELEASE_AGE",), _read_age
    ),
    "sources": Key("where packages come from, a JSON list", ("HPM_SOURCES",), _read_sources, adds_up=True),
}


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is set somewhere.

    Attributes:
        origin: The variable, or the path of config.json.
        shown: As people may see it.
        counts: Whether nothing else goes before it.
    """

    key: str
    origin: str
    shown: Any
    counts: bool


def values(path: Path, environ: Mapping[str, str]) -> Iterator[Value]:
    """All that is set, in the order of :data:`KEYS`, of each key what goes first first.

    Raises:
        InvalidSetting: config.json cannot be read.
    """
    config = read_config(path)
    for name, key in KEYS.items():
        set_in: list[tuple[str, Any]] = [
            (variable, environ[variable]) for variable in key.variables if environ.get(variable)
        ]
        if config.get(name) not in (None, "", []):
            set_in.append((str(path), config[name]))
        for rank, (origin, value) in enumerate(set_in):
            shown = MASK if key.is_secret else _plain(value)
            yield Value(name, origin, shown, counts=rank == 0 or key.adds_up)


def _plain(value: Any) -> Any:
    """A variable's text as the JSON that it should hold."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def set_value(path: Path, name: str, text: str) -> None:
    """config.json at *path* has the value that *text* means for the key *name*; all else stays.

    Raises:
        InvalidSetting: *text* means none, or config.json cannot be read; it is as it was.
        StorageFailure: It cannot be written; it is as it was.
    """
    value = KEYS[name].read(text, path)
    with _mutex(path):
        write_config(path, {**read_config(path), name: value})


def unset_value(path: Path, name: str) -> bool:
    """config.json at *path* has no key *name*; the result is whether it had one.

    Raises:
        InvalidSetting, StorageFailure: As :func:`set_value`.
    """
    if name not in read_config(path):
        return False
    with _mutex(path):
        config = read_config(path)
        if config.pop(name, None) is None:
            return False
        write_config(path, config)
    return True


def _mutex(path: Path) -> Mutex:
    """Held from the reading of config.json to its writing, so that no change is lost to another one."""
    return Mutex(path.with_name(f"{path.name}.mutex"))
