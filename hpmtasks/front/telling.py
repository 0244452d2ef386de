"""telling: what a plan did, in the words of the graph, to people. Imports are those of ``stamp``."""

from __future__ import annotations

import os
import sys

from hpmtasks.front.stamp import is_painted, up_to_date

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_COLOURS = {"+": 32, "-": 31, "~": 33}


class Change:
    """What a plan does to ``hem_modules``.

    Attributes:
        befores: Of each package of the plan the version that stood in its place, empty if none did;
            ``None`` if it stays.
        gone: Name and version of what goes, by key.
    """

    def __init__(
        self, plan: Mapping[str, Any], befores: Sequence[str | None], gone: Sequence[tuple[str, str]]
    ) -> None:
        self.plan = plan
        self.befores = befores
        self.gone = gone
        #: The packages that come, by their place in the plan.
        self.comes = [at for at, before in enumerate(befores) if before is not None]

    def name_of(self, at: int) -> str:
        """The name of the package in that place of the plan."""
        name: str = self.plan["packages"][at][0]
        return name


def told(change: Change, seconds: float) -> str:
    """What an installation says of *change*; notes go to stderr at once."""
    lines = {name.lower(): f"  - {name}@{version}" for name, version in change.gone}
    for at in change.comes:
        name = change.name_of(at)
        lines[name.lower()] = _came(name, change.befores[at], *change.plan["told"][at])
        for note in change.plan["noted"].get(name, ()):
            print(note, file=sys.stderr)
    if not lines:
        return up_to_date(len(change.plan["packages"]))
    updated = sum(1 for before in change.befores if before)
    counts = (
        ("installed", len(change.comes) - updated),
        ("updated", updated),
        ("removed", len(change.gone)),
    )
    parts = [f"{verb} {count} package{'' if count == 1 else 's'}" for verb, count in counts if count]
    paint = _painted if is_painted(os.environ, sys.stdout) else str
    shown = [paint(line) for _, line in sorted(lines.items())]
    if sys.stdout is not None:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # as the command line
    return "\n".join([*shown, f"\n{', '.join(parts).capitalize()} in {seconds:.1f}s"])


def _came(name: str, before: str | None, version: str, because: str) -> str:
    """As ``commands.changes.told`` says it."""
    if not before or before == version:
        return f"  + {name}@{version}{because}"
    return f"  ~ {name}: {before} \u2192 {version}{because}"


def _painted(line: str) -> str:
    """A line of what came or went, in the colours of ``commands.colour``."""
    head, because, parents = line.removeprefix("  ").partition(" (")
    what = f"  \x1b[{_COLOURS[head[0]]}m{head}\x1b[0m"
    return f"{what}\x1b[2m{because}{parents}\x1b[0m" if because else what
