"""Git's wire format."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from hpmtasks.sources.pkt_line import NotGit, ls_refs_request, pkt_line, tags_in

ONE, TWO = "1" * 40, "2" * 40


def test_request_is_the_one_of_the_specification() -> None:
    """Lengths count their own four digits; delimiter and flush stand where gitprotocol-v2 wants them."""
    assert ls_refs_request("x") == (
        b"0014command=ls-refs\n000cagent=x\n00010009peel\n001aref-prefix refs/tags/\n0000"
    )


def test_annotated_tags_are_peeled() -> None:
    """The commit is the peeled one, other attributes and other refs do not matter."""
    lines = [
        f"{ONE} refs/tags/v1.0.0",
        f"{ONE} refs/tags/v2.0.0 peeled:{TWO}",
        f"{ONE} refs/heads/main",
        f"{ONE} refs/tags/deep/v3 symref-target:x peeled:{TWO}",
    ]
    body = b"".join(map(pkt_line, lines)) + b"0000"
    assert tags_in(body, "h") == [("v1.0.0", ONE), ("v2.0.0", TWO), ("deep/v3", TWO)]


def test_empty_repository_has_no_tags() -> None:
    """Just a flush."""
    assert tags_in(b"0000", "h") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"000",
        b"zzzz",
        b"0003",
        b"ffff",
        b"<html>login</html>",
        pkt_line(f"{ONE} refs/tags/v1.0.0"),
        pkt_line("ERR access denied") + b"0000",
        pkt_line("nothex refs/tags/v1") + b"0000",
        pkt_line(f"{ONE} refs/tags/v1 peeled:short") + b"0000",
        b"0009\xff\xff\xff\xff\xff0000",
    ],
)
def test_anything_else_is_not_git(body: bytes) -> None:
    """A cut answer, a page, an error and a wrong length are told from an empty repository."""
    with pytest.raises(NotGit, match=r"example\.com does not answer as a git server"):
        tags_in(body, "example.com")


@given(st.binary(max_size=300))
def test_no_answer_breaks_the_reader(body: bytes) -> None:
    """Whatever arrives, it is tags or NotGit."""
    try:
        found = tags_in(body, "h")
    except NotGit:
        return
    assert all(len(commit) in {40, 64} for _, commit in found)


@given(st.lists(st.from_regex(r"[!-~]{1,40}", fullmatch=True), unique=True), st.data())
def test_every_cut_is_noticed(names: list[str], data: st.DataObject) -> None:
    """An answer is read back in full, and no true prefix of it is an answer."""
    body = b"".join(pkt_line(f"{ONE} refs/tags/{name}") for name in names) + b"0000"
    assert tags_in(body, "h") == [(name, ONE) for name in names]
    with pytest.raises(NotGit):
        tags_in(body[: data.draw(st.integers(0, len(body) - 1))], "h")
