"""graph_view: the stages of an installation and the scripts as one graph to be looked at.

What is drawn are values of its own, made from whatever laid the graph, so that every form of it
(Mermaid, DOT, JSON, a page) shows the same.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from hpmtasks.dataclass import dataclass, field, replace

#: ``fresh``: nothing to do. ``stale``: it would run. ``restored``: the result is stored, and would be
#: put back. ``failed``: it failed when it ran last. ``service``: runs while it is needed.
#: ``unknown``: known once ``resolve`` has run.
State = Literal["fresh", "stale", "restored", "failed", "service", "unknown"]
Group = Literal["installation", "package", "script"]

#: By state: how a node is filled and bordered in the forms that name colours, and its mark.
LOOKS: Mapping[State, tuple[str, str, str]] = {
    "fresh": ("#d9f2df", "#2e7d46", "✓"),
    "stale": ("#fdeccb", "#b26a00", "●"),
    "restored": ("#d8e8fb", "#2763a8", "↺"),
    "failed": ("#fadbd8", "#b3261e", "✗"),
    "service": ("#e9def8", "#6b3fa0", "∞"),
    "unknown": ("#eceff1", "#78868f", "?"),
}
#: What several nodes that are drawn as one are together: the first of these that one of them is.
_GRAVEST: tuple[State, ...] = ("failed", "stale", "unknown", "restored", "service", "fresh")
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A task, or several that are drawn as one.

    Attributes:
        name: What a user calls it: ``resolve``, ``acme/x``, ``script:build``. No two are the same.
        group: What kind of thing it is.
        state: See :data:`State`.
        needs: Names of the nodes that come before it; others are not drawn.
        seconds: How long it took when it ran last; ``None`` if that is not known.
        details: What else is to be said of it, each with what it is.
    """

    name: str
    group: Group
    state: State
    needs: tuple[str, ...] = ()
    seconds: float | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name as it is drawn: the form already says that it is a script."""
        return self.name.removeprefix("script:")


def collapse(nodes: Iterable[Node]) -> list[Node]:
    """*nodes* with the stages of each package (``extract:acme/x`` …) as one node ``acme/x``.

    It is as grave as the gravest of them, takes as long as all of them, and needs what they need
    besides each other.
    """
    given = list(nodes)
    renamed = {node.name: node.name.partition(":")[2] for node in given if node.group == "package"}
    merged: dict[str, Node] = {}
    for node in given:
        name = renamed.get(node.name, node.name)
        needs = [renamed.get(need, need) for need in node.needs]
        details = dict(node.details)
        if name != node.name:
            details["stages"] = node.name.partition(":")[0]
        seen = replace(node, name=name, needs=tuple(needs), details=details)
        merged[name] = _together(merged[name], seen) if name in merged else seen
    return [
        replace(node, needs=tuple(need for need in dict.fromkeys(node.needs) if need != node.name))
        for node in merged.values()
    ]


def _together(one: Node, other: Node) -> Node:
    seconds = [node.seconds for node in (one, other) if node.seconds is not None]
    stages = f"{one.details['stages']}, {other.details['stages']}"
    return replace(
        one,
        state=min(one.state, other.state, key=_GRAVEST.index),
        needs=(*one.needs, *other.needs),
        seconds=sum(seconds) if seconds else None,
        details={**one.details, **other.details, "stages": stages},
    )


def without_detours(nodes: Sequence[Node]) -> list[Node]:
    """*nodes* without the needs that another need already implies, and without those that nobody drew."""
    by_name = {node.name: node for node in nodes}
    above: dict[str, frozenset[str]] = {}
    for node in in_order(nodes):
        needs = [need for need in node.needs if need in by_name]
        above[node.name] = frozenset(needs).union(*(above[need] for need in needs))
    drawn = []
    for node in nodes:
        needs = [need for need in dict.fromkeys(node.needs) if need in by_name]
        implied = frozenset[str]().union(*(above[need] for need in needs))
        drawn.append(replace(node, needs=tuple(need for need in needs if need not in implied)))
    return drawn


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """*nodes*, each behind all that it needs, else as they are given."""
    by_name = {node.name: node for node in nodes}
    done: dict[str, Node] = {}
    for start in nodes:
        stack = [start]
        while stack:
            node = stack[-1]
            waiting = [by_name[need] for need in node.needs if need in by_name and need not in done]
            if waiting and node.name not in done:
                stack.extend(reversed(waiting))
            else:
                done.setdefault(stack.pop().name, node)
    return list(done.values())


def told_seconds(seconds: float | None) -> str:
    """*seconds* as one says it; empty if it is not known."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _SECONDS_PER_MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _SECONDS_PER_MINUTE)
    return f"{minutes} min {rest} s"


# ---------------------------------------------------------------- the forms


def as_data(nodes: Sequence[Node]) -> dict[str, Any]:
    """The graph as JSON has it."""
    return {
        "nodes": [
            {
                "name": node.name,
                "group": node.group,
                "state": node.state,
                "seconds": node.seconds,
                "needs": list(node.needs),
                "details": dict(node.details),
            }
            for node in nodes
        ]
    }


def as_mermaid(nodes: Sequence[Node]) -> str:
    """The graph as Mermaid draws it: https://mermaid.js.org."""
    ids = {node.name: f"n{index}" for index, node in enumerate(nodes)}
    return "\n".join(["flowchart LR", *_mermaid_lines(nodes, ids)]) + "\n"


def _mermaid_lines(nodes: Sequence[Node], ids: Mapping[str, str]) -> Iterator[str]:
    for node in nodes:
        opening, closing = ("([", "])") if node.group == "script" else ("[", "]")
        yield f'  {ids[node.name]}{opening}"{_mermaid_text(_told(node))}"{closing}:::{node.state}'
    for node in nodes:
        for need in node.needs:
            if need in ids:
                yield f"  {ids[need]} --> {ids[node.name]}"
    for state in dict.fromkeys(node.state for node in nodes):
        fill, border, _ = LOOKS[state]
        yield f"  classDef {state} fill:{fill},stroke:{border},color:#1c2429"


def _mermaid_text(text: str) -> str:
    return "".join(
        each if each.isalnum() or each in " /.@:-_,()✓●↺✗∞?" else f"#{ord(each)};" for each in text
    )


def as_dot(nodes: Sequence[Node]) -> str:
    """The graph as Graphviz draws it: https://graphviz.org."""
    lines = [
        "digraph hpm {",
        "  rankdir=LR;",
        '  node [shape=box, style="rounded,filled", fontname="sans-serif"];',
    ]
    for node in nodes:
        fill, border, _ = LOOKS[node.state]
        attributes = {
            "label": _told(node),
            "fillcolor": fill,
            "color": border,
            "tooltip": "\n".join([node.state, *(f"{key}: {value}" for key, value in node.details.items())]),
        }
        if node.group == "script":
            attributes["shape"] = "ellipse"
        told = ", ".join(f"{key}={_dot_text(value)}" for key, value in attributes.items())
        lines.append(f"  {_dot_text(node.name)} [{told}];")
    names = {node.name for node in nodes}
    for node in nodes:
        lines += [f"  {_dot_text(need)} -> {_dot_text(node.name)};" for need in node.needs if need in names]
    return "\n".join([*lines, "}", ""])


def _dot_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _told(node: Node) -> str:
    taken = told_seconds(node.seconds)
    return f"{LOOKS[node.state][2]} {node.label}" + (f" ({taken})" if taken else "")


def summary(nodes: Sequence[Node]) -> str:
    """How many there are of each state, in one line."""
    counts = {state: sum(node.state == state for node in nodes) for state in LOOKS}
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "nothing"


def escaped(text: str) -> str:
    """*text* as it stands in a page."""
    return html.escape(text, quote=True)
