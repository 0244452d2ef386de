"""A graph is the same graph in every form, and stands where it can be read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given, settings, strategies

from hpmtasks.scripts.graph_layout import GAP_BETWEEN_LAYERS, lay_out
from hpmtasks.scripts.graph_view import (
    Node,
    as_data,
    as_dot,
    as_mermaid,
    collapse,
    in_order,
    summary,
    told_seconds,
    without_detours,
)

GRAPH = [
    Node("resolve", "installation", "fresh", ()),
    Node("download:acme/x", "package", "fresh", ("resolve",), 0.5, {"version": "1.0.0"}),
    Node("extract:acme/x", "package", "stale", ("resolve", "download:acme/x"), 0.25),
    Node("lock", "installation", "stale", ("extract:acme/x",)),
    Node("install", "installation", "stale", ("lock", "resolve")),
    Node("script:codegen", "script", "restored", ("install",), 3.21),
    Node("script:me/app#build", "script", "failed", ("install", "script:codegen", "script:gone"), 75),
]


def needs(nodes: Sequence[Node]) -> dict[str, tuple[str, ...]]:
    return {node.name: node.needs for node in nodes}


def test_the_stages_of_a_package_are_one_node() -> None:
    """It has the gravest of their states, the sum of their times, and what they need besides each other."""
    (package,) = [node for node in collapse(GRAPH) if node.group == "package"]
    assert package == Node(
        "acme/x", "package", "stale", ("resolve",), 0.75, {"version": "1.0.0", "stages": "download, extract"}
    )
    assert needs(collapse(GRAPH))["lock"] == ("acme/x",)


def test_what_another_need_implies_is_not_drawn() -> None:
    """A direct line goes where there is a way with more stops; needs that are not drawn go too."""
    assert needs(without_detours(collapse(GRAPH))) == {
        "resolve": (),
        "acme/x": ("resolve",),
        "lock": ("acme/x",),
        "install": ("lock",),
        "script:codegen": ("install",),
        "script:me/app#build": ("script:codegen",),
    }


def test_a_summary_counts_states() -> None:
    """Each state that there is, and how many have it."""
    assert summary(GRAPH) == "2 fresh, 3 stale, 1 restored, 1 failed"
    assert summary([]) == "nothing"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, ""),
        (0.0, "0 ms"),
        (0.0034, "3 ms"),
        (0.9994, "999 ms"),
        (3.21, "3.2 s"),
        (59.9, "59.9 s"),
        (75.4, "1 min 15 s"),
    ],
)
def test_seconds_are_told_as_one_says_them(seconds: float | None, told: str) -> None:
    """Short ones in milliseconds, long ones in minutes."""
    assert told_seconds(seconds) == told


HOSTILE = [
    Node('script:a"b', "script", "stale", (), None, {"command": 'echo "x" \\ \n</script>'}),
    Node("script:[end]#;|subgraph", "script", "fresh", ('script:a"b',)),
]


def test_json_has_every_node() -> None:
    """What is read back are the nodes that were written."""
    read = json.loads(json.dumps(as_data(GRAPH)))["nodes"]
    assert [(node["name"], node["state"], tuple(node["needs"]), node["seconds"]) for node in read] == [
        (node.name, node.state, node.needs, node.seconds) for node in GRAPH
    ]


def test_mermaid_has_every_line() -> None:
    """Nodes have numbers, scripts another form; what Mermaid would read as its own is escaped."""
    assert as_mermaid(without_detours(collapse(GRAPH))[3:]) == (
        "flowchart LR\n"
        '  n0["● install"]:::stale\n'
        '  n1(["↺ codegen (3.2 s)"]):::restored\n'
        '  n2(["✗ me/app#35;build (1 min 15 s)"]):::failed\n'
        "  n0 --> n1\n"
        "  n1 --> n2\n"
        "  classDef stale fill:#fdeccb,stroke:#b26a00,color:#1c2429\n"
        "  classDef restored fill:#d8e8fb,stroke:#2763a8,color:#1c2429\n"
        "  classDef failed fill:#fadbd8,stroke:#b3261e,color:#1c2429\n"
    )
    assert '(["● a#34;b"])' in as_mermaid(HOSTILE)
    assert '(["✓ #91;end#93;#35;#59;#124;subgraph"])' in as_mermaid(HOSTILE)


def test_dot_has_every_line() -> None:
    """Names are quoted, and the lines lead from what is needed."""
    dot = as_dot(HOSTILE)
    assert r'"script:a\"b" -> "script:[end]#;|subgraph";' in dot
    assert r'tooltip="stale\ncommand: echo \"x\" \\ \n</script>"' in dot
    assert len(re.findall("->", as_dot(without_detours(collapse(GRAPH))))) == 5


@pytest.mark.skipif(not shutil.which("dot"), reason="there is no Graphviz here")
def test_graphviz_reads_it() -> None:
    """Graphviz draws as many nodes as there are."""
    done = subprocess.run(
        ["dot", "-Tsvg"],
        input=as_dot([*GRAPH, *HOSTILE]).encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b'class="node"') == len(GRAPH) + len(HOSTILE)  # not the one that is only needed


@strategies.composite
def graphs(draw: strategies.DrawFn) -> list[Node]:
    count = draw(strategies.integers(0, 30))
    return [
        Node(f"n{index}", "script", "fresh", tuple(f"n{need}" for need in sorted(set(chosen))))
        for index in range(count)
        for chosen in [draw(strategies.lists(strategies.integers(0, index - 1), max_size=4)) if index else []]
    ]


@given(graphs(), strategies.randoms())
@settings(max_examples=150, deadline=None)
def test_every_graph_can_be_read(nodes: list[Node], random: object) -> None:
    """No two nodes overlap, all stand right of what they need, lines join them, nothing is outside."""
    random.shuffle(nodes)  # type: ignore[attr-defined]
    drawn = in_order(without_detours(nodes))
    layout = lay_out(needs(drawn), {node.name: 80.0 + 7 * len(node.name) for node in drawn})
    boxes = list(layout.boxes.values())
    assert len(boxes) == len(nodes)
    for index, one in enumerate(boxes):
        assert one.x >= 0 <= one.y
        assert one.x + one.width <= layout.width + 1e-6
        assert one.y + one.height <= layout.height + 1e-6
        for other in boxes[:index]:
            apart = abs(one.y - other.y) >= one.height or one.x + one.width <= other.x
            assert apart or other.x + other.width <= one.x
    for (start, end), points in layout.lines.items():
        first, last = layout.boxes[start], layout.boxes[end]
        assert points[0] == (first.x + first.width, first.y + first.height / 2)
        assert points[-1] == (last.x, last.y + last.height / 2)
        assert last.x >= first.x + first.width + GAP_BETWEEN_LAYERS - 1e-6
    assert set(layout.lines) == {(need, node.name) for node in drawn for need in node.needs}


@given(graphs())
@settings(max_examples=50, deadline=None)
def test_leaving_detours_out_changes_no_order(nodes: list[Node]) -> None:
    """Who comes before whom, directly or not, is the same with fewer lines."""

    def before(all_of_them: list[Node]) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for node in in_order(all_of_them):
            found[node.name] = frozenset(node.needs).union(*(found[need] for need in node.needs))
        return found

    assert before(without_detours(nodes)) == before(nodes)


def test_a_chain_of_thousands_is_laid_out() -> None:
    """No recursion, and one layer for each."""
    nodes = [Node(f"n{i}", "script", "fresh", (f"n{i - 1}",) if i else ()) for i in range(3000)]
    drawn = in_order(without_detours(nodes[::-1]))
    layout = lay_out(needs(drawn), dict.fromkeys(needs(drawn), 90.0))
    assert len({box.x for box in layout.boxes.values()}) == 3000
