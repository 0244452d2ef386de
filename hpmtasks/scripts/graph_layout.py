"""graph_layout: where each node of a graph stands, in layers from left to right.

The method is that of Sugiyama, Tagawa and Toda (1981): each node stands one layer behind the last
of what it needs; a line that crosses layers gets a point in each; within a layer, nodes and points
are ordered by the middle of their neighbours, back and forth, as Gansner et al. (1993) do; then
each moves towards that middle as far as its neighbours in the layer let it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from hpmtasks.dataclass import dataclass

#: Unit: pixels of a page that is shown in its own size.
NODE_HEIGHT = 34.0
GAP_BETWEEN_NODES = 14.0
GAP_BETWEEN_LAYERS = 64.0
MARGIN = 24.0
_SWEEPS = 12
#: A point of a line takes less room than a node.
_POINT_HEIGHT = 8.0


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node stands; *x*, *y* is its upper left corner."""

    x: float
    y: float
    width: float
    height: float = NODE_HEIGHT


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph with places.

    Attributes:
        boxes: Where each node stands.
        lines: By (what is needed, what needs it): the points that the line goes through.
        width, height: Of all of it.
    """

    boxes: Mapping[str, Box]
    lines: Mapping[tuple[str, str], tuple[tuple[float, float], ...]]
    width: float
    height: float


def lay_out(needs: Mapping[str, Sequence[str]], widths: Mapping[str, float]) -> Layout:
    """Where everything stands.

    Args:
        needs: What each node needs, without cycles; each node behind all that it needs.
        widths: How wide each is drawn.
    """
    drawing = _Drawing(needs, widths)
    drawing.order_layers()
    return drawing.placed()


#: A node by its name, or the point where the line from one to another crosses a layer.
_Item = str | tuple[str, str, int]


class _Drawing:
    """The graph in layers, with points where lines cross them."""

    def __init__(self, needs: Mapping[str, Sequence[str]], widths: Mapping[str, float]) -> None:
        self._needs = needs
        self._widths = widths
        self._layer: dict[str, int] = {}
        for name, needed in needs.items():
            self._layer[name] = 1 + max((self._layer[each] for each in needed), default=-1)
        self._layers: list[list[_Item]] = [[] for _ in range(1 + max(self._layer.values(), default=-1))]
        self._before: dict[_Item, list[_Item]] = {}
        self._behind: dict[_Item, list[_Item]] = {}
        self._chains: dict[tuple[str, str], list[_Item]] = {}
        for name in needs:
            self._add(name, self._layer[name])
        for name, needed in needs.items():
            for each in needed:
                self._connect(each, name)

    def _add(self, item: _Item, layer: int) -> None:
        self._layers[layer].append(item)
        self._before[item], self._behind[item] = [], []

    def _connect(self, start: str, end: str) -> None:
        chain: list[_Item] = [start]
        for layer in range(self._layer[start] + 1, self._layer[end]):
            point = (start, end, layer)
            self._add(point, layer)
            chain.append(point)
        chain.append(end)
        self._chains[start, end] = chain
        for one, other in pairwise(chain):
            self._behind[one].append(other)
            self._before[other].append(one)

    def order_layers(self) -> None:
        """Within each layer, neighbours of neighbours stand together."""
        place = {item: float(index) for layer in self._layers for index, item in enumerate(layer)}
        for sweep in range(_SWEEPS):
            forward = sweep % 2 == 0
            neighbours = self._before if forward else self._behind
            for layer in self._layers if forward else reversed(self._layers):
                middles = {item: self._middle(neighbours[item], place, place[item]) for item in layer}
                layer.sort(key=lambda item: middles[item])
                place.update({item: float(index) for index, item in enumerate(layer)})

    @staticmethod
    def _middle(neighbours: Sequence[_Item], place: Mapping[_Item, float], own: float) -> float:
        return median(place[each] for each in neighbours) if neighbours else own

    def placed(self) -> Layout:
        """Everything at its place."""
        centre: dict[_Item, float] = {}
        for layer in self._layers:
            y = 0.0
            for item in layer:
                y += self._height(item) / 2
                centre[item] = y
                y += self._height(item) / 2 + GAP_BETWEEN_NODES
        for sweep in range(_SWEEPS):
            forward = sweep % 2 == 0
            neighbours = self._before if forward else self._behind
            for layer in self._layers if forward else reversed(self._layers):
                self._settle(layer, neighbours, centre)
        top = min((centre[item] - self._height(item) / 2 for item in centre), default=0.0)
        return self._finished({item: y - top + MARGIN for item, y in centre.items()})

    def _settle(
        self,
        layer: Sequence[_Item],
        neighbours: Mapping[_Item, Sequence[_Item]],
        centre: dict[_Item, float],
    ) -> None:
        """Each of *layer* is as near to the middle of its neighbours as the order allows, all told."""
        wished = [self._middle(neighbours[item], centre, centre[item]) for item in layer]
        # Isotonic regression: with the room that each needs taken away, wishes must not descend, and
        # where they do, those in question stand together around their mean.
        offset, offsets = 0.0, []
        for index, item in enumerate(layer):
            if index:
                offset += (self._height(layer[index - 1]) + self._height(item)) / 2 + GAP_BETWEEN_NODES
            offsets.append(offset)
        blocks: list[tuple[float, int]] = []
        for wish, room in zip(wished, offsets, strict=True):
            total, count = wish - room, 1
            while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
                more, members = blocks.pop()
                total, count = total + more, count + members
            blocks.append((total, count))
        places = [total / count for total, count in blocks for _ in range(count)]
        for item, place, room in zip(layer, places, offsets, strict=True):
            centre[item] = place + room

    @staticmethod
    def _height(item: _Item) -> float:
        return NODE_HEIGHT if isinstance(item, str) else _POINT_HEIGHT

    def _finished(self, centre: Mapping[_Item, float]) -> Layout:
        left: list[float] = []
        x = MARGIN
        room = [max((self._width(item) for item in layer), default=0.0) for layer in self._layers]
        for width in room:
            left.append(x)
            x += width + GAP_BETWEEN_LAYERS
        boxes = {
            name: Box(left[layer], centre[name] - NODE_HEIGHT / 2, self._widths[name])
            for name, layer in self._layer.items()
        }
        lines = {ends: tuple(self._points(chain, centre, left, room)) for ends, chain in self._chains.items()}
        height = max((y + NODE_HEIGHT / 2 for y in centre.values()), default=0.0) + MARGIN
        return Layout(boxes, lines, max(x - GAP_BETWEEN_LAYERS, 0.0) + MARGIN, height)

    def _points(
        self,
        chain: Sequence[_Item],
        centre: Mapping[_Item, float],
        left: Sequence[float],
        room: Sequence[float],
    ) -> list[tuple[float, float]]:
        start, end = str(chain[0]), str(chain[-1])
        points = [(left[self._layer[start]] + self._widths[start], centre[start])]
        for item in chain[1:-1]:
            layer = int(item[2])
            points += [(left[layer], centre[item]), (left[layer] + room[layer], centre[item])]
        points.append((left[self._layer[end]], centre[end]))
        return points

    def _width(self, item: _Item) -> float:
        return self._widths[item] if isinstance(item, str) else 0.0
