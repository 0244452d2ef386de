"""Peers are driven through the scenarios as the set-up beside this project has them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.benchmarks.installations import DEFAULT_TOOLS
from tests.benchmarks.peers import Peers, program
from tests.benchmarks.presentation import ROOT
from tests.benchmarks.timing import take

HARNESS = ROOT.parent / "shared/bench/peers.py"
SETUP = """
import os, shutil
HOME = os.path.join(os.path.dirname(__file__), "home")

class Tool:
    def __init__(self, size, lat):
        self.env, self.extra, self.done = {"PATH": "/usr/bin:/bin"}, 0, []
    def setup(self):
        os.makedirs(self.c); os.makedirs(self.p); self.write("manifest", "whole")
    def write(self, name, text):
        with open(f"{self.p}/{name}", "w") as file: file.write(text)
    def rm_tree(self): shutil.rmtree(f"{self.p}/tree", ignore_errors=True); self.done.append("tree")
    def rm_cache(self): self.done.append("cache")
    def rm_lock(self): self.done.append("lock")
    def mutable(self): return ["manifest"]
    def cmd(self, scenario):
        if scenario == "add": return ["/bin/sh", "-c", f"echo {self.extra} > manifest"]
        return ["/bin/sh", "-c", "mkdir -p tree"]
    def ok(self, scenario): return os.path.isdir(f"{self.p}/tree"), "0/1"

class Absent(Tool):
    def cmd(self, scenario): return ["/nowhere/tool", "install"]

TOOLS = {"tool": Tool, "absent": Absent}
"""


@pytest.fixture
def peers(tmp_path: Path) -> Peers:
    """A set-up with one tool that is there."""
    (tmp_path / "peers.py").write_text(SETUP)
    return Peers(tmp_path, tmp_path / "work")


@pytest.mark.parametrize(
    ("scenario", "removed"),
    [("cold", ["tree", "cache", "lock"]), ("locked", ["tree", "cache"]), ("warm", ["tree"]), ("noop", [])],
)
def test_scenarios_remove_what_they_say(peers: Peers, scenario: str, removed: list[str]) -> None:
    """A cold start has nothing, one with a lock has the lock, a warm one the cache, too."""
    peer = peers.make("tool", "small", 0)
    peer._tool.done.clear()
    command = peer.ready(scenario, 0)
    assert command
    take(command)
    assert peer._tool.done == removed
    assert peer.problem(scenario, 0) == ""


def test_a_package_is_added_to_what_was_there_before(peers: Peers, tmp_path: Path) -> None:
    """Each turn adds another package, to the same manifest."""
    peer = peers.make("tool", "small", 0)
    manifest = tmp_path / "work/tool-small-0/project/manifest"
    for turn in (3, 4):
        command = peer.ready("add", turn)
        assert command
        assert manifest.read_text() == "whole"
        take(command)
        assert manifest.read_text() == f"{turn}\n"
    peer.ready("cold", 5)
    assert manifest.read_text() == "whole"


def test_a_tree_that_is_not_complete_is_told(peers: Peers) -> None:
    """What the set-up says of a tree is believed, in the first turn."""
    peer = peers.make("tool", "small", 0)
    assert peer.problem("cold", 0) == "the tree is not complete: 0/1"
    assert peer.problem("cold", 1) == ""


def test_scenarios_of_hpm_alone_are_not_the_peers(peers: Peers) -> None:
    """No peer has a graph to ask."""
    assert peers.make("tool", "small", 0).ready("graph", 0) is None


def test_who_is_not_there_is_told(peers: Peers) -> None:
    """A tool that the set-up does not know, and one that is not installed, are different mistakes."""
    with pytest.raises(KeyError):
        peers.make("unknown", "small", 0)
    with pytest.raises(FileNotFoundError, match="/nowhere/tool"):
        peers.make("absent", "small", 0)


@pytest.mark.skipif(not HARNESS.exists(), reason="../shared/bench is not here")
def test_the_set_up_has_the_tools_and_scenarios_that_are_asked_for(tmp_path: Path) -> None:
    """What is measured by default is known to the set-up, by the names that are used for it."""
    shutil.copy(HARNESS, tmp_path)
    peers = Peers(tmp_path, tmp_path / "work")
    assert set(DEFAULT_TOOLS.split(",")) - {"hpm"} <= set(peers._classes)
    assert all(hasattr(each, "cmd") and hasattr(each, "ok") for each in peers._classes.values())


def test_program_of_a_command() -> None:
    """A script belongs to what runs it, options do not."""
    assert program(["/usr/bin/node", "/lib/npm.js", "install", "/a"]) == ["/usr/bin/node", "/lib/npm.js"]
