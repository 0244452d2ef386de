"""Charts are SVG that says in words what it shows."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.benchmarks.chart import Bar, Group, chart

SVG = "{http://www.w3.org/2000/svg}"
GROUPS = [
    Group(
        "nothing & nobody",
        [Bar("hpm", 10.0, "10", "own"), Bar("<bun>", 40.0, "40"), Bar("npm", None, "failed")],
    ),
    Group("much", [Bar("hpm", 1000.0, "1000", "own"), Bar("limit", 1.0, "1", "limit")]),
]


def parsed() -> ET.Element:
    """The chart of :data:`GROUPS`."""
    return ET.fromstring(chart("Title", "All in words.", GROUPS))  # noqa: S314  it is our own


def widths() -> list[float]:
    """How long each bar is."""
    return [float(bar.get("width", 0)) for bar in parsed().iter(f"{SVG}rect")]


def test_bars_are_as_long_as_their_values_within_their_group() -> None:
    """A quarter of the value is a quarter of the length; each group has the whole width."""
    hpm, bun, large, limit = widths()
    assert hpm * 4 == bun == large
    assert 1 <= limit < hpm


def test_what_has_no_value_has_words_and_no_bar() -> None:
    """A failure is told, and not drawn as nothing."""
    texts = [text.text for text in parsed().iter(f"{SVG}text")]
    assert "failed" in texts
    assert len(widths()) == 4


def test_nothing_leaves_the_picture() -> None:
    """Every bar and every word begins inside of the width and the height."""
    root = parsed()
    width, height = (float(root.get(name, 0)) for name in ("width", "height"))
    for kind in ("rect", "text"):
        for each in root.iter(f"{SVG}{kind}"):
            x, y, own = (float(each.get(name, 0)) for name in ("x", "y", "width"))
            assert 0 <= x + own < width - 20
            assert 0 <= y <= height - 5


def test_it_can_be_read_without_eyes() -> None:
    """The picture has a title and a description, and each bar says whose it is and how long."""
    root = parsed()
    assert root.get("role") == "img"
    named = {each.get("id"): each.text for each in root if each.tag in {f"{SVG}title", f"{SVG}desc"}}
    assert named == {"title": "Title", "description": "All in words."}
    assert root.get("aria-labelledby") == "title description"
    bars = [group.findtext(f"{SVG}title") for group in root.iter(f"{SVG}g")]
    assert bars[1] == "nothing & nobody: <bun> 40"


def test_it_knows_dark_pages() -> None:
    """Colours are others where the reader's pages are dark."""
    style = parsed().findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme: dark" in style
