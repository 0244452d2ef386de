"""json_documents: hypothesis strategies for JSON texts in many people's styles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias

from hypothesis import strategies as st

#: A value as nested dicts and lists whose leaves are :class:`Literal`.
Tree: TypeAlias = "Literal | list[Tree] | dict[str, Tree]"


@dataclass(frozen=True)
class Literal:
    """A leaf, as it is spelled in the text."""

    spelled: str


@dataclass(frozen=True)
class Style:
    """How one author writes JSON."""

    indent: str
    newline: str
    colon: str
    byte_order_mark: bool
    final_newline: bool
    escape: bool
    #: Objects deeper than this stand in one line.
    inline_below: int


names = st.one_of(
    st.sampled_from(["dependencies", "scripts", "name", "acme/json", "b/b", "Z/z", "", "a.b", "é", "\u2028"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
strings = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
literals = st.one_of(
    st.sampled_from(
        [
            *("true", "false", "null", "0", "-0", "1e3", "1.10", "12345678901234567890", "1E400", "-1e-400"),
            *('""', '"\\u0001"', '"\\ud800"', '"\\/"', '"\\u0041"', '"a,}]"', '"\\\\\\""'),
        ]
    ),
    strings.map(json.dumps),
).map(Literal)
trees: st.SearchStrategy[Tree] = st.recursive(
    literals,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=5)),
    max_leaves=12,
)
objects: st.SearchStrategy[dict[str, Tree]] = st.dictionaries(names, trees, max_size=6)
styles = st.builds(
    Style,
    indent=st.sampled_from(["  ", "    ", "\t", "", " "]),
    newline=st.sampled_from(["\n", "\r\n"]),
    colon=st.sampled_from([": ", ":", " : "]),
    byte_order_mark=st.booleans(),
    final_newline=st.booleans(),
    escape=st.booleans(),
    inline_below=st.integers(0, 3),
)


def write(tree: Tree, style: Style) -> str:
    """The text of *tree* as the author of *style* writes it."""
    text = _written(tree, style, 0)
    mark = "\ufeff" if style.byte_order_mark else ""
    return f"{mark}{text}{style.newline if style.final_newline else ''}"


def _written(tree: Tree, style: Style, depth: int) -> str:
    if isinstance(tree, Literal):
        return tree.spelled
    if isinstance(tree, list):
        return "[" + ", ".join(_written(item, style, depth + 1) for item in tree) + "]"
    members = [
        json.dumps(name, ensure_ascii=style.escape) + style.colon + _written(value, style, depth + 1)
        for name, value in tree.items()
    ]
    if not members:
        return "{}"
    if depth >= style.inline_below:
        return "{" + ", ".join(members) + "}"
    inner = style.newline + style.indent * (depth + 1)
    return "{" + inner + ("," + inner).join(members) + style.newline + style.indent * depth + "}"
