"""config: ``~/.hpm/config.json``: what a user says once for all projects, and the one home of a token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpmtasks.errors import InvalidSetting


def read_config(path: Path) -> dict[str, Any]:
    """The document in the file *path*; empty if there is no such file, or nothing in it.

    Raises:
        InvalidSetting: It cannot be read, or does not hold a JSON object.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidSetting(str(path), [f"It cannot be read: {error.strerror}."]) from error
    if not data.strip():
        return {}  # `touch config.json`, as older documentation advised
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidSetting(str(path), [f"It is not valid JSON: {error}."]) from error
    if not isinstance(document, dict):
        raise InvalidSetting(str(path), ['It must hold a JSON object, as in {"github_token": "..."}.'])
    return document


def write_config(path: Path, document: Mapping[str, Any]) -> None:
    """The file *path* holds *document*, and nobody but its owner may read or write it.

    Raises:
        StorageFailure: The file system refuses; the old content is still there.
    """
    from hpmtasks.files.atomic import write_atomically
    from hpmtasks.files.failures import storage_failures

    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only spell out
        data = (json.dumps(document, indent=2) + "\n").encode()
    with storage_failures("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.chmod(0o600)  # before the secret is in it, not after
    write_atomically(path, data, durable=True, mode=0o600)
