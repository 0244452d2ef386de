"""The search for a token in what tests leave finds one that is there."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.support.canary import CANARY, found


def test_planted_token_is_found(tmp_path: Path) -> None:
    """As it is and as git's servers take it, in any file but config.json; a token of another kind is none."""
    (tmp_path / "config.json").write_text(CANARY)
    (tmp_path / "other").write_text("ghp_other")
    (tmp_path / "plain").write_text(f"x{CANARY}y")
    header = base64.b64encode(f"x-access-token:{CANARY}".encode())
    (tmp_path / "encoded").write_bytes(b"Authorization: Basic " + header)
    assert sorted(path.name for path in found(tmp_path)) == ["encoded", "plain"]
