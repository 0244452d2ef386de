"""chart: grouped horizontal bars as SVG, readable on light and on dark pages, and without eyes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 720
_LABELS = 96  # what stands left of the bars
_VALUES = 130  # what stands right of the longest
_BAR, _STEP = 13, 18  # the height of a bar, and of its line
_TITLE, _GAP = 22, 12  # the line above a group, and the room below it
_TOP = 30  # the line of the chart's own title

_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.head { font-weight: 600; font-size: 14px; }
.group { font-weight: 600; }
.label { text-anchor: end; }
.own { fill: #0969da; }
.other { fill: #9aa4ae; }
.limit { fill: none; stroke: #9aa4ae; stroke-dasharray: 3 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .own { fill: #4493f8; }
  .other { fill: #656d76; }
  .limit { stroke: #8b949e; }
}"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: Whose it is.
        value: How long it is, in the unit of its group; None: there is no bar, only the words.
        words: What stands behind it.
        kind: How it looks: ``own``, ``other`` or ``limit``.
    """

    label: str
    value: float | None
    words: str
    kind: str = "other"


@dataclass(frozen=True, slots=True)
class Group:
    """Bars that are compared with each other; the longest takes all the room."""

    title: str
    bars: Sequence[Bar]


def chart(title: str, description: str, groups: Sequence[Group]) -> str:
    """The SVG document; *title* stands above the bars, and *description* is for who cannot see them."""
    height = _TOP + sum(_TITLE + _STEP * len(group.bars) + _GAP for group in groups)
    box = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-labelledby="title description">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            f"<style>\n{_STYLE}\n</style>",
            f'<text class="head" x="0" y="16">{escape(title)}</text>',
            *_groups(groups),
            "</svg>\n",
        ]
    )


def _groups(groups: Sequence[Group]) -> Iterator[str]:
    top = _TOP
    for group in groups:
        yield f'<text class="group" x="0" y="{top + 14}">{escape(group.title)}</text>'
        top += _TITLE
        longest = max((bar.value or 0 for bar in group.bars), default=0)
        for bar in group.bars:
            yield from _bar(bar, group.title, top, longest)
            top += _STEP
        top += _GAP


def _bar(bar: Bar, group: str, top: int, longest: float) -> Iterator[str]:
    """A line of a group: whose, the bar, how much."""
    room = WIDTH - _LABELS - _VALUES
    length = max(1.0, room * bar.value / longest) if bar.value and longest else 0.0
    middle = top + _BAR - 2
    yield f"<g><title>{escape(f'{group}: {bar.label} {bar.words}')}</title>"
    yield f'<text class="label" x="{_LABELS - 8}" y="{middle}">{escape(bar.label)}</text>'
    if length:
        place = f'x="{_LABELS}" y="{top}" width="{length:.1f}" height="{_BAR}"'
        yield f'<rect class="{bar.kind}" {place} rx="2"/>'
    yield f'<text x="{_LABELS + length + 6:.1f}" y="{middle}">{escape(bar.words)}</text></g>'
