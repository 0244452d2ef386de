"""interpreter_rules: what the Hemlock interpreter makes of a package.json, which is not always what it says.

Observed of Hemlock 1.6.7 (``src/frontend/module.c``): it does not parse package.json. It reads lines
of up to 1023 bytes, takes the first that holds ``"main"``, and there the text between the two quotes
after the next colon. The path is used as it is spelled.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection, Iterator
from typing import Any

from hpmtasks.model.contents import DEFAULT_MAIN
from hpmtasks.model.json_load import decode, load
from hpmtasks.model.json_scan import MalformedJson, scan

#: The longest ``main`` that is taken, in bytes.
LONGEST_MAIN = 255
#: The most members of an object that a program in Hemlock can parse; with more it crashes.
MOST_MEMBERS = 32

_LINE = re.compile(rb"[^\n]{0,1022}\n|[^\n]{1,1023}")
_KEY = b'"main"'
_VALUE = re.compile(rb'"main"[^:]*:[^"]*"([^"]*)"', re.DOTALL)


def main_as_loaded(data: bytes) -> str:
    """The ``main`` that the interpreter takes from the package.json *data*; the default if it finds none."""
    for line in _LINE.findall(data):
        if _KEY in line:
            found = _VALUE.search(line)
            usable = found is not None and 0 < len(found[1]) <= LONGEST_MAIN
            return found[1].decode("utf-8", "replace") if found and usable else DEFAULT_MAIN
    return DEFAULT_MAIN


def declared_main(data: bytes) -> str:
    """The ``main`` that the package.json *data* means; the default if it says none, or is not valid."""
    try:
        document = load(data)
    except MalformedJson:
        return DEFAULT_MAIN
    wanted = document.get("main") if isinstance(document, dict) else None
    return wanted if isinstance(wanted, str) and wanted else DEFAULT_MAIN


def issues_of_main(data: bytes, paths: Collection[str] | None = None) -> list[str]:
    """Why an import of the package would fail, or load another file than ``main``; a sentence for each.

    Args:
        data: A package.json that was found usable.
        paths: The files of the package, relative; ``None``: whether the file is there does not matter.
    """
    main = declared_main(data)
    return [*_misread(data, main), *_misspelled(main), *_missing(main, paths)]


def issues_of_members(data: bytes) -> list[str]:
    """Each object in the JSON document *data* that has more members than a program in Hemlock can parse."""
    return [
        f"{where} has {count} members; programs written in Hemlock, the first hpm among them, crash on"
        f" more than {MOST_MEMBERS} in one object."
        for where, count in _crowded(load(data), "package.json")
    ]


def _misread(data: bytes, main: str) -> Iterator[str]:
    """What stands in package.json so that the interpreter does not find *main* there."""
    loaded = main_as_loaded(data)
    if loaded == main:
        return
    takes = f"the interpreter, which reads package.json line by line, takes {json.dumps(loaded)}"
    if len(main.encode()) > LONGEST_MAIN:
        yield f"main is longer than {LONGEST_MAIN} bytes; {takes}."
        return
    text = decode(data)
    member = scan(text).member("main")
    first = data.find(_KEY)
    line = data.count(b"\n", 0, first) + 1
    if first < 0:  # a key that is spelled with escapes
        yield f'main is not spelled "main"; {takes}.'
    elif member is None or first != len(text[: member.start].encode()):
        yield f'Another "main" stands on line {line}, before that of the package; {takes}. Put main first.'
    else:
        yield (
            f'"main" on line {line} has its value on another line, too far away or written with escapes;'
            f" {takes}. Write both on a line of their own."
        )


def _misspelled(main: str) -> Iterator[str]:
    plain = posixpath.normpath(main)
    if main.endswith("/"):
        yield f"main is {json.dumps(main)}; the interpreter opens no folders. Name a file."
    elif main != plain:
        yield (
            f"main is {json.dumps(main)}; the interpreter does not find a module that is spelled so."
            f" Write {json.dumps(plain)}."
        )


def _missing(main: str, paths: Collection[str] | None) -> Iterator[str]:
    if paths is None:
        return
    plain = posixpath.normpath(main)
    file = plain if plain.endswith(".hml") else f"{plain}.hml"
    if file in paths:
        return
    if file != DEFAULT_MAIN and DEFAULT_MAIN in paths:
        yield f"main is {json.dumps(main)}, which is not there; an import loads {DEFAULT_MAIN} instead."
    else:
        yield f"main is {json.dumps(main)}, and there is no {file}; an import of the package fails."


def _crowded(value: Any, where: str) -> Iterator[tuple[str, int]]:
    """Each object in *value* with too many members, and how many. No deeper than what ``load`` lets by."""
    if isinstance(value, dict):
        if len(value) > MOST_MEMBERS:
            yield where, len(value)
        for name, item in value.items():
            yield from _crowded(item, f"{where}: {name}")
    elif isinstance(value, list):
        for item in value:
            yield from _crowded(item, where)
