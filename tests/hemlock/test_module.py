"""What a source imports and exports, to the scanner, and to the interpreter where there is one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from hpmtasks.hemlock.module import read_module
from hpmtasks.hemlock.tokens import KEYWORDS, Unreadable, source_of, tokens_of
from tests.support.interpreter import hemlock, needs_hemlock

IMPORTS = {
    'import { a } from "acme/b";': [("named", "acme/b", ("a",))],
    'import { a, b as c } from "acme/b/sub"': [("named", "acme/b/sub", ("a", "c"))],
    'import * from "./x.hml";': [("star", "./x.hml", ())],
    'import * as ns from "@stdlib/fs";': [("namespace", "@stdlib/fs", ())],
    'export { a as b } from "x";': [("reexport", "x", ("b",))],
    'import"lib.so";import{as}from"y";': [("named", "y", ("as",))],
    'import { from as as } from "y";': [("named", "y", ("as",))],
    'import /* } from "no" */ { a // "no"\n } from "yes";': [("named", "yes", ("a",))],
    'import { a } from "acme\\x2fb\\u{e9}";': [
        ("named", "acme/b\N{LATIN SMALL LETTER E WITH ACUTE}", ("a",))
    ],
    '#!/usr/bin/env hemlock import { a } from "no";\nimport { a } from "yes";': [("named", "yes", ("a",))],
    # What is written in a string, a template, a comment or a rune is no import.
    '"import { a } from \\"no\\";";': [],
    '`import { a } from "no"; ${"`" + "x"} `;': [],
    '// import { a } from "no";\n/* import { a } from "no"; */': [],
    "let r = '\"'; import { a } from \"yes\"; let s = '\\'';": [("named", "yes", ("a",))],
    # Inside of anything the interpreter does not honour it.
    'if (true) { import { a } from "no"; }': [],
    'if (x) import { a } from "no";': [],
    'fn f() { import { a } from "no"; } import { b } from "yes";': [("named", "yes", ("b",))],
    'let o = { k: [1, (2)] }; import { b } from "yes";': [("named", "yes", ("b",))],
    'import { a } from "yes";\0import { a } from "no";': [("named", "yes", ("a",))],
    # Nonsense is passed over.
    "import { } from": [],
    'import { a, } from "x";': [("named", "x", ("a",))],
    "import": [],
}

EXPORTS = {
    "export let a = 1; export const b = 2; export fn c() {} export async fn d() {}": ("a", "b", "c", "d"),
    'let a = 1; fn hidden() {} export { a }; export { x as y } from "z";': ("a", "y"),
    "fn a() { export fn no() {} } export { a };": ("a",),
    "enum E { A, B } export { E };": ("E",),
    "export extern fn puts(s: string): i32;": ("puts",),
    'import { a } from "x"; import * as ns from "y"; export { a, ns };': ("a", "ns"),
    # Types are known everywhere once the module is loaded; there is nothing to take.
    "export define Point { x: i32 }": (),
    # The interpreter looks for a binding called "shown", and there is none.
    "fn hidden() {} export { hidden as shown };": (),
    "export { missing };": (),
    'import * from "x"; export { perhaps };': ("perhaps",),
    "export let a = `${fn() { return 1; }}`; export let b = '}';": ("a", "b"),
}


@pytest.mark.parametrize("source", IMPORTS)
def test_imports(source: str) -> None:
    """Each import at the top level is found, with what it takes; nothing else is."""
    found = read_module(source_of(source.encode())).imports
    assert [(each.kind, each.path, tuple(own for _, own in each.names)) for each in found] == IMPORTS[source]


@pytest.mark.parametrize("source", EXPORTS)
def test_exports(source: str) -> None:
    """What a re-export may take is what is listed and really there."""
    assert read_module(source_of(source.encode())).offered == EXPORTS[source]


def test_places() -> None:
    """A statement's place reaches from its first letter to its semicolon, and its line counts from 1."""
    source = '// one\nlet a = 1;\n  import { b }\n from "c" ; let d = 2;'
    (found,) = read_module(source).imports
    assert source[found.start : found.end] == 'import { b }\n from "c" ;'
    assert found.line == 3


def test_what_does_not_end_is_told() -> None:
    """What stood before it is known all the same."""
    module = read_module('import { a } from "b";\nlet s = "open;\n')
    assert [each.path for each in module.imports] == ["b"]
    assert module.problem == "line 2: a literal that begins here does not end"


@given(
    st.binary(max_size=300) | st.text("import{}export from \"`'\\/*;\n${}ab", max_size=300).map(str.encode)
)
@settings(max_examples=400)
def test_any_bytes_are_read(data: bytes) -> None:
    """Nothing crashes the scanner, and its tokens lie one after another in the source."""
    source = source_of(data)
    read_module(source)
    end = 0
    try:
        for token in tokens_of(source):
            assert token.start >= end
            assert source[token.start : token.end] == token.text
            end = token.end
    except Unreadable:
        pass


@pytest.mark.parametrize("piece", ['"\\', "/*", "`${", "{(", "'", "a.", 'import { a } from "b";', "1.e"])
def test_size_costs_no_more_than_size(piece: str) -> None:
    """Half a million characters of one thing are read to the end, however the pieces lean on each other."""
    source = piece * (500_000 // len(piece))
    assert len(read_module(source).imports) == source.count("import")


# ---- the interpreter's own opinion


def declarations(dice: random.Random, names: list[str]) -> str:
    """A module that has *names* in one way or another, and some that are none of its exports."""
    forms = [
        "export let {} = {};",
        "export const {} = {};",
        "export fn {}(a) {{ return {}; }}",
        "export async fn {}() {{ return {}; }}",
        "let {0} = {1}; export {{ {0} }};",
        "fn {0}(x) {{ let export_{0} = {1}; return `import ${{x}}`; }} export {{ {0} }};",
        "enum {0} {{ A, B }} /* {1} */ export {{ {0} }};",
        "define T{0} {{ x: i32 }} export let {0} = {1};",
        "if (true) {{ let inner_{0} = '}}'; }} // export let no = 1;\nexport let {0} = {1};",
    ]
    return "\n".join(dice.choice(forms).format(name, at) for at, name in enumerate(names))


@needs_hemlock
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_the_interpreter_lists_the_same_names(tmp_path: Path, seed: int) -> None:
    """A namespace of the module, and of one that re-exports it, has the names that the scanner offers."""
    dice = random.Random(seed)  # noqa: S311  a test of nothing secret
    letters = "abcdefgh_ABC019"
    names = {dice.choice("xyz") + "".join(dice.choices(letters, k=dice.randrange(1, 6))) for _ in range(8)}
    names -= KEYWORDS
    source = declarations(dice, sorted(names))
    (tmp_path / "lib.hml").write_text(source)
    again = ", ".join(f"{name} as {name}_" if dice.random() < 0.5 else name for name in sorted(names))
    (tmp_path / "again.hml").write_text(f'export {{ {again} }} from "./lib.hml";')
    for file in ("lib.hml", "again.hml"):
        main = f'import * as ns from "./{file}";\nfor (let key, value in ns) {{ print(key); }}\n'
        (tmp_path / "main.hml").write_text(main)
        ran = hemlock("main.hml", cwd=tmp_path)
        offered = read_module(source_of((tmp_path / file).read_bytes())).offered
        assert sorted(ran.stdout.split()) == sorted(offered), ran.stderr
