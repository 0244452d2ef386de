"""golden: texts that are kept in files, so that a change of wording is seen and read.

``pytest --update-goldens`` writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GOLDENS = Path(__file__).resolve().parents[1] / "goldens"


@dataclass(frozen=True)
class Golden:
    """The kept texts. *updating*: what is shown is kept instead of compared."""

    updating: bool

    def check(self, name: str, shown: str) -> None:
        """*shown* is the text that is kept as *name*."""
        path = GOLDENS / name
        if self.updating:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(shown, encoding="utf-8")
        assert path.exists(), f"there is no {path}; pytest --update-goldens makes it"
        assert shown == path.read_text(encoding="utf-8")
