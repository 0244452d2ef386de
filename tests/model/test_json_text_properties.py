from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from hpmtasks.model.json_scan import scan
from hpmtasks.model.json_text import REMOVE, HugeNumber, MalformedJson, edit_member, load
from tests.support.json_documents import Literal, Style, Tree, names, objects, strings, styles, trees, write

paths = st.lists(names, min_size=1, max_size=3)


def plain(text: str) -> Any:
    """The value of *text* by the standard library alone, numbers as they are spelled."""
    return json.loads(text.removeprefix("\ufeff"), parse_int=HugeNumber, parse_float=HugeNumber)


def with_member(document: Any, path: list[str], value: str) -> Any:
    """*document* with *value* at *path*; ``None`` and what is missing become objects."""
    if not path:
        return value
    if document is None:
        document = {}
    assume(isinstance(document, dict))
    return {**document, path[0]: with_member(document.get(path[0]), path[1:], value)}


def without_member(document: Any, path: list[str]) -> Any:
    """*document* without the member at *path*, if it is there."""
    if not isinstance(document, dict) or path[0] not in document:
        return document
    if len(path) == 1:
        return {name: value for name, value in document.items() if name != path[0]}
    return {**document, path[0]: without_member(document[path[0]], path[1:])}


def shared(before: str, after: str) -> int:
    """How many characters the two texts share at their beginnings."""
    return next(
        (at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )


def is_one_change(before: str, after: str) -> bool:
    """Whether one text is the other with one stretch taken out or put in, and no more."""
    return shared(before, after) + shared(before[::-1], after[::-1]) >= min(len(before), len(after))


@given(objects, styles, paths, strings)
def test_setting_changes_the_member_and_nothing_else(
    document: dict[str, Tree], style: Style, path: list[str], value: str
) -> None:
    """After a member is set, the document means the old one with that member, in an order that agrees."""
    text = write(document, style)
    expected = with_member(plain(text), path, value)
    result = edit_member(text, path, value)
    assert plain(result) == expected
    kept = [name for name in plain(result) if name in document]
    assert kept == list(document)
    assert edit_member(result, path, value) == result


@given(objects, objects, styles, st.tuples(names, names), strings)
def test_removing_what_was_added_restores_the_text(
    document: dict[str, Tree], held: dict[str, Tree], style: Style, path: tuple[str, str], value: str
) -> None:
    """Adding a member is one insertion, and removing it gives back every byte."""
    assume(path[1] not in held)
    text = write({**document, path[0]: held}, style)
    longer = edit_member(text, path, value)
    assert is_one_change(text, longer)
    assert edit_member(longer, path, REMOVE) == text


@given(objects, styles, names, strings)
def test_removing_what_was_added_at_the_top_restores_the_text(
    document: dict[str, Tree], style: Style, name: str, value: str
) -> None:
    """The same holds for members of the outermost object, which are added at its end."""
    assume(name not in document)
    text = write(document, style)
    longer = edit_member(text, [name], value)
    assert list(plain(longer))[-1] == name
    assert edit_member(longer, [name], REMOVE) == text


@given(objects, styles, st.data())
def test_removing_takes_one_stretch_out(document: dict[str, Tree], style: Style, data: st.DataObject) -> None:
    """Removing a member that is there leaves the others as they are, and removes one stretch of text."""
    assume(document)
    path = [data.draw(st.sampled_from(sorted(document)))]
    held = document[path[0]]
    if isinstance(held, dict) and held:
        path.append(data.draw(st.sampled_from(sorted(held))))
    text = write(document, style)
    shorter = edit_member(text, path, REMOVE)
    assert len(shorter) < len(text)
    assert is_one_change(text, shorter)
    assert plain(shorter) == without_member(plain(text), path)


@given(objects, styles, strings, strings, names)
def test_setting_back_restores_the_text(
    document: dict[str, Tree], style: Style, old: str, new: str, name: str
) -> None:
    """A value that is replaced and put back leaves no trace."""
    text = write({**document, name: Literal(json.dumps(old, ensure_ascii=False))}, style)
    changed = edit_member(text, [name], new)
    assert plain(changed)[name] == new
    assert edit_member(changed, [name], old) == text


@given(trees, styles)
def test_loading_agrees_with_the_standard_library(tree: Tree, style: Style) -> None:
    """What is accepted has the value that json gives it, but for numbers that no Python number holds."""
    text = write(tree, style)
    value = load(text.encode())
    huge = "1E400" in text
    assert huge or value == json.loads(text.removeprefix("\ufeff"))


@given(trees, styles, st.integers(0), st.sampled_from([*'{}[]":,\\0 -.e\n\x00', "NaN", "null", "'", "//"]))
def test_accepting_agrees_with_the_standard_library(tree: Tree, style: Style, at: int, noise: str) -> None:
    """A damaged text is refused by the scanner, with a place, exactly if json refuses it."""
    text = write(tree, style).removeprefix("\ufeff")
    at %= len(text) + 1
    damaged = text[:at] + noise + text[at + 1 :]
    try:
        json.loads(damaged, parse_constant=_refuse, object_pairs_hook=_once)
    except ValueError:
        with pytest.raises(MalformedJson) as refusal:
            load(damaged.encode())
        assert refusal.value.line >= 1
        assert refusal.value.column >= 1
    else:
        load(damaged.encode())
        scan(damaged)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError(pairs)
    return dict(pairs)
