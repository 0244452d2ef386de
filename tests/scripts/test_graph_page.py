"""The page of a graph needs nothing but itself, and does in a real browser what it promises."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.scripts.graph_page import page
from hpmtasks.scripts.graph_view import LOOKS, Node, State

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
#: What a name, a command or a title may be at worst.
HOSTILE = '</script><img src=x onerror="alert(1)"> @SVG@ & \\u003c <!--'
STATES: list[State] = list(LOOKS)
NODES = [
    Node("resolve", "installation", "fresh", (), 0.1),
    *(Node(f"acme/x{i}", "package", "stale", ("resolve",), None, {"version": f"1.0.{i}"}) for i in range(6)),
    Node("install", "installation", "stale", tuple(f"acme/x{i}" for i in range(6))),
    *(Node(f"script:{state}", "script", state, ("install",), 1.5, {"command": HOSTILE}) for state in STATES),
    Node(
        "script:last",
        "script",
        "fresh",
        ("script:fresh", "script:failed"),
        75.0,
        {"because": "lib.hml changed"},
    ),
]


class Elements(HTMLParser):
    """Every element with its attributes, and the text in each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found[-1:] and self.found[-1][0] == "script":
            self.scripts.append(data)


def test_the_page_needs_nothing_else() -> None:
    """No element has an address, no style imports one, and the page forbids itself to ask for any."""
    text = page("me/app", NODES)
    elements = Elements(text).found
    assert not [
        name for _, given in elements for name in given if name in {"src", "href", "action", "xlink:href"}
    ]
    assert not re.findall(r"url\(|@import|https?://|fetch\(|XMLHttp|WebSocket|import\(", text)
    (policy,) = [given["content"] for tag, given in elements if given.get("http-equiv")]
    assert (policy or "").startswith("default-src 'none'")
    assert not re.findall(r"@[A-Z]+@", text.replace("@SVG@", ""))


def test_texts_of_a_project_stay_texts() -> None:
    """A hostile name makes no element, ends no script, and is shown as it is."""
    nodes = [Node(HOSTILE, "script", "stale", (), None, {HOSTILE: HOSTILE})]
    elements = Elements(page(HOSTILE, nodes))
    assert not [tag for tag, _ in elements.found if tag == "img"]
    assert json.loads(elements.scripts[0])["nodes"][0]["name"] == HOSTILE


def test_an_empty_graph_is_a_page() -> None:
    """There is nothing to see, and nothing breaks."""
    assert "nothing" in page("me/app", [])


# What a person does, done by events; the answers are left in the page for the test to read.
DRIVER = f"<script>{Path(__file__).with_name('graph_page_driver.js').read_text(encoding='utf-8')}</script>"


def in_browser(text: str, folder: Path) -> Any:
    """What the driver saw when *text* was opened from a file."""
    assert BROWSER is not None
    file = folder / "a graph é.html"
    file.write_text(text.replace("<script>", DRIVER + "<script>", 1), encoding="utf-8")
    done = subprocess.run(
        [
            *(BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *(f"--user-data-dir={folder / 'profile'}", "--window-size=1400,900", "--no-first-run"),
            *("--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom"),
            file.as_uri(),
        ],
        capture_output=True,
        check=False,
        timeout=120,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
    )
    dom = done.stdout.decode()
    found = re.search(r'<output id="told">(.*?)</output>', dom, re.DOTALL)
    assert found, f"{done.returncode}\n{dom[:500]}\n{done.stderr.decode()[-2000:]}"
    assert "data-failed" not in dom
    return json.loads(html.unescape(found[1]))


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
def test_a_real_browser_shows_it(tmp_path: Path) -> None:
    """It fits, zooms, pans, tells, chooses, finds and changes its colours, opened from a file."""
    told = in_browser(page("me/app", NODES), tmp_path)
    hover = told.pop("hover")
    assert "lib.hml changed" in hover
    assert "1 min 15 s" in hover
    assert told.pop("themes") in (
        ["rgb(255, 255, 255)", "rgb(20, 25, 29)"],
        ["rgb(20, 25, 29)", "rgb(255, 255, 255)"],
    )
    assert told == {
        "allInView": True,
        "textInside": True,
        "wheelZooms": True,
        "zeroFits": True,
        "plusZooms": True,
        "panned": 60,
        "hoverShown": "block",
        "hoverGone": "none",
        "near": 11,
        "nearAfter": 0,
        "hits": ["script:last, fresh 1 min 15 s"],
        "found": "1 found",
        "centred": True,
        "fills": len(STATES),
        "images": 0,
    }
