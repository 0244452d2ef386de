"""graph_page: a graph as one page that needs nothing else: no server, no network, no other file.

Every text of a project stands in it escaped, and the page allows itself no address at all
(Content-Security-Policy), so that whoever opens it asks nobody for anything.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from hpmtasks.scripts.graph_layout import NODE_HEIGHT, Box, Layout, lay_out
from hpmtasks.scripts.graph_view import (
    LOOKS,
    Node,
    State,
    escaped,
    in_order,
    summary,
    told_seconds,
    without_detours,
)

#: By state: how a node is filled and bordered on dark paper.
_DARK: Mapping[State, tuple[str, str]] = {
    "fresh": ("#173a24", "#5fbf7f"),
    "stale": ("#43300c", "#e0a13a"),
    "restored": ("#14304f", "#6ea8e6"),
    "failed": ("#4d1b18", "#f08078"),
    "service": ("#33234d", "#b491e6"),
    "unknown": ("#2a343a", "#90a0aa"),
}
_MEANINGS: Mapping[State, str] = {
    "fresh": "fresh: nothing to do",
    "stale": "stale: would run",
    "restored": "stored: would be put back",
    "failed": "failed when it ran last",
    "service": "a service",
    "unknown": "known once resolve has run",
}
_PLACE = re.compile("@([A-Z]+)@")
# About what a letter of 13 pixels takes, and what stands beside the name.
_LETTER, _BESIDE, _NARROWEST = 8.2, 48.0, 90.0


def page(title: str, nodes: Sequence[Node]) -> str:
    """The page of *nodes*, under *title*."""
    drawn = in_order(without_detours(nodes))
    layout = lay_out({node.name: node.needs for node in drawn}, {node.name: _width(node) for node in drawn})
    states = [state for state in LOOKS if any(node.state == state for node in drawn)]
    parts = {
        "TITLE": escaped(title),
        "SUMMARY": escaped(summary(drawn)),
        "LIGHT": _colours({state: LOOKS[state][:2] for state in states}),
        "DARK": _colours({state: _DARK[state] for state in states}),
        "STATES": "\n".join(
            f".{state} rect.body, #legend .{state} {{ fill: var(--{state}-fill); stroke: var(--{state}-edge);"
            f" background: var(--{state}-fill); border-color: var(--{state}-edge); }}"
            for state in states
        ),
        "SVG": _svg(drawn, layout),
        "LEGEND": "".join(
            f'<li><i class="{state}">{LOOKS[state][2]}</i>{escaped(_MEANINGS[state])}</li>'
            for state in states
        ),
        "DATA": _script_json(
            {
                "width": round(layout.width, 1),
                "height": round(layout.height, 1),
                "nodes": [_about(node, drawn) for node in drawn],
            }
        ),
    }
    template = files("hpmtasks.scripts").joinpath("graph_page.html").read_text(encoding="utf-8")
    return _PLACE.sub(lambda found: parts[found[1]], template)


def _script_json(document: object) -> str:
    """*document* as JSON that ends no script element."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _colours(states: Mapping[State, tuple[str, ...]]) -> str:
    return "\n".join(
        f"  --{state}-fill: {fill}; --{state}-edge: {edge};" for state, (fill, edge) in states.items()
    )


def _width(node: Node) -> float:
    time = told_seconds(node.seconds)
    beside = _BESIDE + (len(time) * 7.0 + 12 if time else 0)
    return max(_NARROWEST, round(len(node.label) * _LETTER + beside, 1))


def _about(node: Node, nodes: Sequence[Node]) -> dict[str, object]:
    """What the page says of *node* when it is pointed at, and by what it is found."""
    needed_by = [other.label for other in nodes if node.name in other.needs]
    told = {
        "state": _MEANINGS[node.state],
        "took": told_seconds(node.seconds),
        **node.details,
        "needs": ", ".join(need.removeprefix("script:") for need in node.needs),
        "needed by": ", ".join(needed_by),
    }
    rows = [[key, value] for key, value in told.items() if value]
    own = [node.name, node.state, node.group, *node.details.values()]
    return {"name": node.name, "told": rows, "sought": "\n".join(own).lower()}


# ---------------------------------------------------------------- the drawing


def _svg(nodes: Sequence[Node], layout: Layout) -> str:
    opening = (
        f'<svg id="graph" role="group" aria-label="The graph: {escaped(summary(nodes))}"'
        f' viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" preserveAspectRatio="xMidYMid meet">'
    )
    inside = [*_edges(nodes, layout), *_boxes(nodes, layout)]
    return "\n".join([opening, '<g id="scene">', *inside, "</g>", "</svg>"])


def _edges(nodes: Sequence[Node], layout: Layout) -> Iterator[str]:
    numbers = {node.name: index for index, node in enumerate(nodes)}
    for (start, end), points in layout.lines.items():
        yield (
            f'<path class="edge" data-from="{numbers[start]}" data-to="{numbers[end]}" d="{_curve(points)}"/>'
        )


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A line through *points* that leaves and enters each of them level."""
    (x, y), *rest = points
    drawn = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        middle = (x + to_x) / 2
        level = f"L{to_x:.1f} {to_y:.1f}"
        curved = f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        drawn.append(level if math.isclose(y, to_y) else curved)
        x, y = to_x, to_y
    return "".join(drawn)


def _boxes(nodes: Sequence[Node], layout: Layout) -> Iterator[str]:
    longest = max((node.seconds or 0.0 for node in nodes), default=0.0)
    for index, node in enumerate(nodes):
        box = layout.boxes[node.name]
        spoken = escaped(f"{node.name}, {node.state} {told_seconds(node.seconds)}".strip())
        yield f'<g class="node {node.state}" data-index="{index}" tabindex="0" role="button"'
        yield f' aria-label="{spoken}">'
        yield from _body(node, box)
        yield from _heat(node, box, longest)
        yield "</g>"


def _body(node: Node, box: Box) -> Iterator[str]:
    middle = box.y + box.height / 2
    radius = NODE_HEIGHT / 2 if node.group == "script" else 6
    yield (
        f'<rect class="body" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}"'
        f' height="{box.height:.1f}" rx="{radius:.0f}"/>'
    )
    yield f'<text x="{box.x + 13:.1f}" y="{middle:.1f}">{LOOKS[node.state][2]} {escaped(node.label)}</text>'
    if node.seconds is not None:
        time = escaped(told_seconds(node.seconds))
        yield f'<text class="time" x="{box.x + box.width - 13:.1f}" y="{middle:.1f}">{time}</text>'


def _heat(node: Node, box: Box, longest: float) -> Iterator[str]:
    """How long *node* took, as a line below it: the longest is all of it, and the darkest."""
    if not node.seconds or not longest:
        return
    # By the square root, so that what is a hundredth of the longest can still be seen.
    share = math.sqrt(node.seconds / longest)
    width = max(2.0, (box.width - 26) * share)
    yield (
        f'<rect class="heat" x="{box.x + 13:.1f}" y="{box.y + box.height - 5:.1f}" width="{width:.1f}"'
        f' height="3" rx="1.5" opacity="{0.3 + 0.7 * share:.2f}"/>'
    )
