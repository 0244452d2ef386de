"""One source out of many modules: what things are called in it, and that it does the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpmtasks.hemlock.bundle.gather import Places, Unlinkable, gather
from hpmtasks.hemlock.bundle.link import link
from hpmtasks.hemlock.bundle.rename import changed_in, rewritten, variables_in
from tests.support.interpreter import hemlock, needs_hemlock


def bundled(root: Path, files: dict[str, str], *, keep_names: bool = True) -> str:
    """The bundle of main.hml in a project with *files*."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    places = Places(str(root), str(root / "hem_modules"))
    return link(gather(str(root / "main.hml"), places), keep_names=keep_names).decode()


def statements(text: str) -> list[str]:
    """The lines of *text* that are neither empty nor comments."""
    code = text.partition("*/")[2]
    return [line.strip() for line in code.splitlines() if line.strip() and not line.startswith("//")]


# ---- names


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = x + 1; f(x)[x];", "n = n + 1; f(n)[n];"),
        ("a.x; a?.x; a.y(x);", "a.x; a?.x; a.y(n);"),
        ("let o = { x: x, y: { x: 1 } };", "let o = { x: n, y: { x: 1 } };"),
        ("let o = { x, y };", "let o = { x: n, y };"),
        ("let y = a ? x : x;", "let y = a ? n : n;"),
        ("switch (x) { case x: f(); }", "switch (n) { case n: f(); }"),
        ("fn f(x: i32, y?: x) { return x; }", "fn f(n: i32, y?: n) { return n; }"),
        ("let x: i32 = 1;", "let n: i32 = 1;"),
        ("define T { x: i32, y?: x } enum E { A = x, x }", "define T { x: i32, y?: n } enum E { A = n, x }"),
        ("if (a) { x; } f(...x);", "if (a) { n; } f(...n);"),
        ("\"x\"; // x\n/* x */ 'x';", "\"x\"; // x\n/* x */ 'x';"),
        ("`x ${x} {x} ${a.x} ${f({ x: x })}`", "`x ${n} {x} ${a.x} ${f({ x: n })}`"),
        ("while (x) { break x; }", "while (n) { break x; }"),
        ("let xx = x_; x1(X);", "let xx = x_; x1(X);"),
    ],
)
def test_only_variables_are_renamed(before: str, after: str) -> None:
    """Not properties, keys, fields, variants, labels, text."""
    assert rewritten(before, {"x": "n"}, {}) == after


def test_pieces_keep_the_lines() -> None:
    """What is replaced leaves as many lines, and nothing in it is renamed."""
    source = 'import {\n  x\n} from "a";\nx();'
    assert (
        rewritten(source, {"x": "n"}, {(0, source.index(";") + 1): "const n = 1;"})
        == "const n = 1;\n\n\nn();"
    )


def test_words() -> None:
    """Names in templates count."""
    assert variables_in("a.b(`c ${d}`); // e") == {"a", "b", "d"}


@pytest.mark.parametrize("source", ["x = 1;", "x += 1;", "x++;", "--x;", "fn f() { x = 2; }", "x ??= 1;"])
def test_what_changes(source: str) -> None:
    """An assignment in any form."""
    assert changed_in(f"let x = 0; {source}", "x")


@pytest.mark.parametrize("source", ["x == 1;", "a.x = 1;", "y = x;", "x => 1;", "x.y = 1;", "f(x);"])
def test_what_does_not_change(source: str) -> None:
    """Comparing, reading, and changing what the value holds."""
    assert not changed_in(f"let x = 0; {source}", "x")


# ---- modules


def test_names_that_meet(tmp_path: Path) -> None:
    """The program keeps its own; two modules with one name get two."""
    text = bundled(
        tmp_path,
        {
            "main.hml": 'import { a } from "./a";\nimport { a as b } from "./b";\nlet n = 1;\nprint(n);',
            "a.hml": "let n = 10;\nexport fn a() { return n; }",
            "b.hml": "let n = 100;\nexport fn a() { return n; }",
        },
    )
    assert "let n = 1;" in statements(text)
    assert len({line for line in statements(text) if line.startswith("let n")}) == 3
    assert len({line.partition("(")[0] for line in statements(text) if line.startswith("fn ")}) == 2


def test_a_name_that_another_module_means_otherwise(tmp_path: Path) -> None:
    """A module with its own ``print`` leaves everybody else the real one."""
    files = {
        "main.hml": 'import { say } from "./a";\nprint(say());',
        "a.hml": "fn print() {}\nexport fn say() {}",
    }
    assert statements(bundled(tmp_path, files))[0] == "fn print_2() {}"
    assert statements(bundled(tmp_path, files, keep_names=False))[:2] == ["fn print_2() {}", "fn say_2() {}"]


def test_where_parts_come_from(tmp_path: Path) -> None:
    """Each has a comment with its file, and its lines below it as they were."""
    files = {
        "main.hml": '#!/usr/bin/env hemlock\nimport { b } from "acme/b";\nb();',
        "hem_modules/acme/b/src/index.hml": "\n\nexport fn b() {}",
    }
    text = bundled(tmp_path, files)
    lines = text.splitlines()
    first = lines.index("// ==== hem_modules/acme/b/src/index.hml, from its line 1 ====")
    assert lines[first + 3] == "fn b() {}"
    second = lines.index("// ==== main.hml, from its line 1 ====")
    assert lines[second + 3] == "b();"


def test_the_stdlib_stays_imported(tmp_path: Path) -> None:
    """Once for all modules, at the top."""
    files = {
        "main.hml": 'import { a } from "./a";\nimport { sin } from "@stdlib/math";\nprint(a(sin(0.0)));',
        "a.hml": 'import { sin as s } from "@stdlib/math";\nimport * as m from "@stdlib/math";\n'
        "export fn a(x) { return s(x) + m.PI; }",
    }
    text = statements(bundled(tmp_path, files))
    assert text[:2] == ['import { sin } from "@stdlib/math";', 'import * as m from "@stdlib/math";']
    assert len([line for line in text if line.startswith("import")]) == 2


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"main.hml": 'print(1);\nimport { a } from "./gone";'}, "main.hml:2: ./gone is not there."),
        ({"main.hml": 'import { a } from "acme/gone";'}, "main.hml:1: acme/gone is not there."),
        ({"main.hml": 'import { a } from "./a";', "a.hml": "let b = 1;"}, "main.hml:1: ./a has no a."),
        (
            {
                "main.hml": 'import { a } from "./a";',
                "a.hml": 'import { b } from "./b";',
                "b.hml": 'import * from "./a";',
            },
            "a.hml -> b.hml -> a.hml is a circle of imports.",
        ),
        (
            {
                "main.hml": 'import * from "./a";\nextern fn f(x: i32): i32;',
                "a.hml": "extern fn f(x: string): i32;",
            },
            "main.hml: extern fn f is declared otherwise elsewhere.",
        ),
        ({"main.hml": 'let s = "open'}, "main.hml: line 1: a literal that begins here does not end."),
    ],
)
def test_what_makes_no_program(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    """It is told with its place."""
    with pytest.raises(Unlinkable) as refused:
        bundled(tmp_path, files)
    assert refused.value.problems == (problem,)


PROGRAMS = {
    "names": {
        "main.hml": 'import { a, n } from "./a";\nimport * as b from "./b";\n'
        'import { c as d } from "./deep/c";\nlet count = 5;\n'
        "print(`${a(n)} ${b.a} ${b.count()} ${d.x} ${count} ${ { count: count }.count }`);",
        "a.hml": 'import { count } from "./b";\nexport let n = 1;\n'
        "export fn a(n) { return `${n} ${count()}`; }",
        "b.hml": "let c = 0;\nexport const a = 7;\nexport fn count() { c = c + 1; return c; }",
        "deep/c.hml": 'import { a as x } from "../a";\nconst c = { x: 3, a: x(2) };\nexport { c };',
    },
    "order": {
        "main.hml": 'print("main");\nimport * from "./b";\nimport * from "./a";\nprint(a + b);',
        "a.hml": 'import * from "./b";\nprint("a");\nexport let a = b + 1;',
        "b.hml": 'print("b");\nexport let b = 1;',
    },
    "values of the moment": {
        "main.hml": 'import { n, set } from "./a";\nset(5);\nimport { n as later } from "./a";\n'
        'import { seen } from "./b";\nprint(`${n} ${later} ${seen}`);',
        "a.hml": "export let n = 1;\nexport fn set(x) { n = x; }\nset(2);",
        "b.hml": 'import { n, set } from "./a";\nexport let seen = n;\nset(9);',
    },
    "types": {
        "main.hml": 'import { make } from "./a";\nimport { Color } from "./b";\nlet p: Point = make();\n'
        "print(`${p.x} ${Color.GREEN} ${p.Color}`);",
        "a.hml": "export define Point { x: i32, Color: i32 }\n"
        "export fn make() { let p: Point = { x: 4, Color: 1 }; return p; }",
        "b.hml": "enum Color { RED, GREEN }\nexport { Color };",
    },
    "locals": {
        "main.hml": 'import { f } from "./a";\nlet x = 1;\n'
        "fn g(y) { let f = y + x; return f; }\nprint(f(g(2)));",
        "a.hml": "let y = 10;\nlet x = 100;\n"
        "export fn f(x) { let g = fn(y) { return x + y; }; return g(y) + h(); }\n"
        "fn h() { let out = 0; for (let x in [1, 2]) { out = out + x; } return out + x; }",
    },
    "the stdlib": {
        "main.hml": 'import { max } from "./a";\nimport { floor } from "@stdlib/math";\n'
        "print(max(floor(2.5), 1));",
        "a.hml": 'import * as math from "@stdlib/math";\nexport fn max(a, b) { return math.max(a, b); }',
    },
    "a re-export": {
        "main.hml": 'import { one, two } from "./a";\nprint(one() + two());',
        "a.hml": 'export { one, one as two } from "./b";\nprint(two());',
        "b.hml": "export fn one() { return 1; }",
    },
}


@needs_hemlock
@pytest.mark.parametrize("keep_names", [True, False], ids=["names kept", "names new"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_bundle_does_the_same(tmp_path: Path, name: str, *, keep_names: bool) -> None:
    """It prints what the interpreter prints of the modules."""
    text = bundled(tmp_path, PROGRAMS[name], keep_names=keep_names)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/bundle.hml").write_text(text)
    direct = hemlock("main.hml", cwd=tmp_path)
    ran = hemlock("bundle.hml", cwd=tmp_path / "elsewhere")
    assert (ran.stdout, ran.returncode) == (direct.stdout, 0), ran.stderr + direct.stderr
    assert ran.stdout
