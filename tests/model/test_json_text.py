from __future__ import annotations

import json

import pytest

from hpmtasks.model.json_scan import DEEPEST
from hpmtasks.model.json_text import REMOVE, HugeNumber, MalformedJson, edit_member, load

BAD = [
    (b"", "line 1, column 1: expected a value, found the end of the file"),
    (b'{"a":1,}', "line 1, column 8: expected a name in double quotes, found '}'; is there a comma too many"),
    (b'{\n  "a" 1}', "line 2, column 7: expected ':', found '1'"),
    (b'{"a":1\r\n"b":2}', "line 2, column 1: expected ',' or '}', found '\"'"),
    (b"[1 2]", "line 1, column 4: expected ',' or ']', found '2'"),
    (b"[1,]", "line 1, column 4: expected a value, found ']'; is there a comma too many"),
    (b"{\n // x\n}", "line 2, column 2: expected a name in double quotes, found '/'; JSON has no"),
    (
        b"{'a':1}",
        'line 1, column 2: expected a name in double quotes, found "\'"; JSON has only double quotes',
    ),
    (b'{"a":NaN}', "line 1, column 6: expected a value, found NaN; JSON has no such number"),
    (b"[-Infinity]", "line 1, column 2: expected a value, found -Infinity; JSON has no such number"),
    (b'{"a":1,\n"\\u0061":2}', 'line 2, column 1: "a" stands twice in one object'),
    (b'"a\nb"', "line 1, column 3: '\\n' may not stand in a text unescaped; is a quote missing?"),
    (b'{"a": "b', "line 1, column 7: this text has no closing quote"),
    (b'"\\x"', "line 1, column 2: '\\\\x' is no escape of JSON"),
    (b"{} x", "line 1, column 4: expected the end of the file, found 'x'"),
    (b"[01]", "line 1, column 3: expected ',' or ']', found '1'"),
    (b"\xef\xbb\xbf{]", "line 1, column 2: expected a name in double quotes, found ']'"),
    (b'{\n"\xc3\xa9": "\xe9"}', "line 2, column 7: byte 0xe9 is not UTF-8; save the file as UTF-8"),
    ('{"a":1}'.encode("utf-16"), "saved as UTF-16; save it as UTF-8"),
    (b"[" * 101 + b"]" * 101, f"line 1, column 101: nested more than {DEEPEST} levels deep"),
    (b"[" * 100_000, f"line 1, column 101: nested more than {DEEPEST} levels deep"),
]


@pytest.mark.parametrize(("data", "message"), BAD)
def test_what_is_no_document_is_refused_with_its_place(data: bytes, message: str) -> None:
    """The message names line, column, what was expected and what stands there."""
    with pytest.raises(MalformedJson) as refusal:
        load(data)
    assert str(refusal.value).startswith(message)


def test_a_document_larger_than_the_limit_is_refused() -> None:
    """One byte more than the limit is too much; the limit itself is not."""
    data = b'"' + b"x" * (1024 * 1024 - 2) + b'"'
    assert len(load(data, limit=1024 * 1024)) == 1024 * 1024 - 2
    with pytest.raises(MalformedJson, match="larger than 1 MiB"):
        load(data + b" ", limit=1024 * 1024)


def test_the_deepest_document_is_read() -> None:
    """A hundred levels are not too many, of arrays and objects alike."""
    assert load(b"[" * 100 + b"]" * 100)
    assert load(b'{"a":' * 99 + b"{}" + b"}" * 99)


def test_numbers_keep_their_value() -> None:
    """Long integers are exact, and what Python cannot hold keeps its spelling."""
    digits = "9" * 5000
    value = load(f'{{"long": 12345678901234567890, "longer": {digits}, "huge": -1e999}}'.encode())
    assert value == {"long": 12345678901234567890, "longer": HugeNumber(digits), "huge": HugeNumber("-1e999")}


EDITS = [
    # two spaces; the section is sorted, so the new member goes to its place
    (
        '{\n  "name": "a/b",\n  "dependencies": {\n    "b/b": "1",\n    "d/d": "1"\n  }\n}\n',
        (
            '{\n  "name": "a/b",\n  "dependencies": {\n    "b/b": "1",\n'
            '    "c/c": "^1",\n    "d/d": "1"\n  }\n}\n'
        ),
    ),
    # tabs and CRLF
    (
        '{\r\n\t"name": "a/b",\r\n\t"dependencies": {\r\n\t\t"b/b": "1"\r\n\t}\r\n}',
        '{\r\n\t"name": "a/b",\r\n\t"dependencies": {\r\n\t\t"b/b": "1",\r\n\t\t"c/c": "^1"\r\n\t}\r\n}',
    ),
    # not sorted: at the end
    (
        '{"dependencies": {"z/z": "1", "b/b": "1"}}',
        '{"dependencies": {"z/z": "1", "b/b": "1", "c/c": "^1"}}',
    ),
    # sorted as people sort, capitals not counted
    (
        '{"dependencies": {"A/a": "1", "b/b": "1", "D/d": "1"}}',
        '{"dependencies": {"A/a": "1", "b/b": "1", "c/c": "^1", "D/d": "1"}}',
    ),
    # packed, and with a byte order mark
    ('\ufeff{"dependencies":{"b/b":"1"}}\n', '\ufeff{"dependencies":{"b/b":"1","c/c":"^1"}}\n'),
    # spaces inside the braces
    ('{ "dependencies": { "d/d": "1" } }', '{ "dependencies": { "c/c": "^1", "d/d": "1" } }'),
    # an empty section in a document of four spaces
    (
        '{\n    "name": "a/b",\n    "dependencies": {}\n}\n',
        '{\n    "name": "a/b",\n    "dependencies": {\n        "c/c": "^1"\n    }\n}\n',
    ),
    # an empty section spread over lines
    (
        '{\n  "dependencies": {\n  },\n  "x": 1\n}\n',
        '{\n  "dependencies": {\n    "c/c": "^1"\n  },\n  "x": 1\n}\n',
    ),
    # no section; big numbers, odd escapes, inline lists and blank lines survive
    (
        '{\n  "n": 12345678901234567890, "e": 1e3,\n\n  "s": "\\u00e9\\/",  "l": [1,2 ,3]\n}\n',
        (
            '{\n  "n": 12345678901234567890, "e": 1e3,\n\n  "s": "\\u00e9\\/",  "l": [1,2 ,3],\n'
            '  "dependencies": {\n    "c/c": "^1"\n  }\n}\n'
        ),
    ),
    # the names before stand on lines of their own, and so do the values
    (
        '{\n  "a":\n    1,\n  "dependencies": {}\n}\n',
        '{\n  "a":\n    1,\n  "dependencies": {\n    "c/c": "^1"\n  }\n}\n',
    ),
    # an empty section in a document of one line
    ('{"name": "a/b", "dependencies": {}}', '{"name": "a/b", "dependencies": {"c/c": "^1"}}'),
    # null counts as missing
    ('{\n  "dependencies": null\n}\n', '{\n  "dependencies": {\n    "c/c": "^1"\n  }\n}\n'),
    # nothing at all
    ("{}\n", '{\n  "dependencies": {\n    "c/c": "^1"\n  }\n}\n'),
    # a value that is there is replaced, whatever it was
    ('{"dependencies": {"c/c": {"version": 1}}}', '{"dependencies": {"c/c": "^1"}}'),
    # the name is found in any spelling
    ('{"dependencies": {"\\u0063/c": "1"}}', '{"dependencies": {"\\u0063/c": "^1"}}'),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_a_member_is_set_in_the_style_of_the_document(before: str, after: str) -> None:
    """The new member looks like its neighbours, and nothing else changes."""
    assert edit_member(before, ["dependencies", "c/c"], "^1") == after


def test_setting_the_same_value_keeps_its_escapes() -> None:
    """A value that means the same already is not spelled anew."""
    text = '{"a": "\\u0041\\/"}'
    assert edit_member(text, ["a"], "A/") == text


REMOVALS = [
    ('{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n', "a", '{\n  "b": 2,\n  "c": 3\n}\n'),
    ('{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n', "b", '{\n  "a": 1,\n  "c": 3\n}\n'),
    ('{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n', "c", '{\n  "a": 1,\n  "b": 2\n}\n'),
    ('{ "a": 1 }\n', "a", "{}\n"),
    ('{"a": 1}', "x", '{"a": 1}'),
]


@pytest.mark.parametrize(("before", "name", "after"), REMOVALS)
def test_a_member_is_removed_with_its_comma(before: str, name: str, after: str) -> None:
    """Removing leaves neither comma nor blank line, and removing nothing changes nothing."""
    assert edit_member(before, [name], REMOVE) == after


@pytest.mark.parametrize("text", ["[]", '{"dependencies": []}', '{"dependencies": "x"}', '"x"'])
def test_a_member_cannot_be_set_in_what_is_no_object(text: str) -> None:
    """What stands in the way is named, not overwritten."""
    with pytest.raises(ValueError, match="is not an object"):
        edit_member(text, ["dependencies", "a/b"], "1")


def test_half_a_surrogate_pair_is_written_as_an_escape() -> None:
    """The edited text can always be encoded as UTF-8."""
    text = edit_member("{}", ["a"], "\ud800é")
    assert text.encode()
    assert json.loads(text) == {"a": "\ud800é"}


def test_a_damaged_document_is_not_edited() -> None:
    """Editing reads as strictly as loading."""
    with pytest.raises(MalformedJson, match="twice"):
        edit_member('{"a": 1, "a": 2}', ["a"], REMOVE)
