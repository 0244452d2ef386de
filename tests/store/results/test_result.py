"""Results on the wire, beside the real protobuf, and results that no honest run has."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from hpmtasks.store.results import wire
from hpmtasks.store.results.digest import EMPTY, Digest
from hpmtasks.store.results.entry import seal, unseal
from hpmtasks.store.results.result import EMPTY_TREE, ActionResult, OutputFile, OutputLink
from hpmtasks.store.results.wire import Malformed
from tests.support.reapi import canonical, message_class

ACTION = Digest.of(b"an action")
HELLO = Digest.of(b"hello")
PART = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0.", categories=["L", "N"]), min_size=1, max_size=6
)
PATHS = st.lists(PART, min_size=1, max_size=3).map("/".join)
DIGESTS = st.binary(max_size=5).map(Digest.of)


@st.composite
def results(draw: st.DrawFn) -> ActionResult:
    """A result that an honest run may have."""
    paths = draw(st.lists(PATHS, unique=True, max_size=8))
    above = {path[:at] for path in paths for at in range(len(path)) if path[at] == "/"}
    leaves = [path for path in paths if path not in above]
    files, links, folders = [], [], []
    for path in leaves:
        match draw(st.sampled_from("fld")):
            case "f":
                files.append(OutputFile(path, draw(DIGESTS), draw(st.booleans())))
            case "l":
                links.append(OutputLink(path, draw(PART)))
            case _:
                folders.append(path)
    order = tuple(draw(st.lists(st.integers(1, 1 << 40), max_size=5)))
    stdout, stderr = (Digest(draw(DIGESTS).hash, sum(order[at::2])) for at in (0, 1))
    return ActionResult(
        tuple(sorted(files)),
        tuple(sorted(links)),
        tuple(sorted(folders)),
        draw(st.integers(-255, 255)),
        stdout if stdout.size else EMPTY,
        stderr if stderr.size else EMPTY,
        order,
        draw(st.integers(0, 10**9)) / 1000,
    )


@given(results())
def test_a_result_is_written_as_protobuf_writes_it(result: ActionResult) -> None:
    """The bytes of a result are those that the real protobuf writes, and they mean the same again."""
    encoded = result.encode()
    theirs = message_class("ActionResult").FromString(encoded)
    assert canonical(theirs) == encoded
    assert ActionResult.decode(encoded) == result
    assert {file.path: (file.digest.hash, file.is_executable) for file in theirs.output_files} == {
        file.path: (file.digest.hash, file.executable) for file in result.files
    }
    assert {link.path: link.target for link in theirs.output_symlinks} == {
        link.path: link.target for link in result.links
    }
    assert theirs.exit_code == result.exit_code


@given(results(), st.randoms(use_true_random=False))
def test_equal_results_have_equal_bytes(result: ActionResult, chance: Any) -> None:
    """The order in which outputs were found does not show in the bytes."""
    files, links, folders = list(result.files), list(result.links), list(result.folders)
    for each in (files, links, folders):
        chance.shuffle(each)
    shuffled = replace(result, files=tuple(files), links=tuple(links), folders=tuple(folders))
    assert shuffled.encode() == result.encode()


@given(st.binary(max_size=200))
def test_anything_is_a_result_or_malformed(encoded: bytes) -> None:
    """Arbitrary bytes never raise anything but Malformed."""
    with suppress(Malformed):
        ActionResult.decode(encoded)


@given(results(), st.integers(0, 10_000), st.integers(1, 255))
def test_an_altered_result_is_noticed(result: ActionResult, at: int, change: int) -> None:
    """A stored result with any byte changed, or any part of its end missing, is Malformed."""
    stored = bytearray(seal(ACTION, result))
    assert unseal(ACTION, bytes(stored)) == result
    with pytest.raises(Malformed):
        unseal(ACTION, bytes(stored[: at % len(stored)]))
    stored[at % len(stored)] ^= change
    with pytest.raises(Malformed):
        unseal(ACTION, bytes(stored))


def test_a_result_of_another_action_is_noticed() -> None:
    """A server that gives out one result for everything is not believed."""
    with pytest.raises(Malformed):
        unseal(Digest.of(b"another"), seal(ACTION, ActionResult()))


def test_a_stored_result_is_one_to_others() -> None:
    """Who reads REAPI reads a stored result, and does not mind the seal."""
    stored = seal(ACTION, ActionResult((OutputFile("a", HELLO),), seconds=1.5))
    theirs = message_class("ActionResult").FromString(stored)
    assert [file.path for file in theirs.output_files] == ["a"]
    assert theirs.execution_metadata.virtual_execution_duration.nanos == 500_000_000


def test_an_empty_folder_is_a_tree_to_others() -> None:
    """An empty folder stands as an OutputDirectory whose Tree is the empty one, as REAPI has it."""
    result = ActionResult(folders=("dist",))
    theirs = message_class("ActionResult").FromString(result.encode())
    tree = message_class("Tree")(root=message_class("Directory")())
    assert canonical(tree) == EMPTY_TREE
    (folder,) = theirs.output_directories
    assert (folder.path, folder.tree_digest.hash) == ("dist", Digest.of(EMPTY_TREE).hash)
    assert Digest.of(EMPTY_TREE) in set(result.digests())


HOSTILE_PATHS = [
    "../x",
    "a/../../x",
    "/etc/passwd",
    "",
    "a//b",
    "./a",
    "a/.",
    "a\0b",
    "a\\..\\b",
    "hem_modules/acme/greet/index.hml",
    "HEM_MODULES/x",
    ".hpm/state.json",
    "packages/one/.hpm/state.json",
    ".git/hooks/post-checkout",
    ".GIT/config",
    ".git./config",
    ".g\u200cit/config",
    "\uff0egit/config",
    ".tmp-0-1-2",
    "x" * 256,
    "x/" * 500 + "x",
]


@pytest.mark.parametrize("number", range(len(HOSTILE_PATHS)))
@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_a_path_that_is_no_output_is_refused(number: int, kind: str) -> None:
    """A file, link or folder at a place that is not the script's makes the whole result Malformed."""
    path = HOSTILE_PATHS[number]
    result = {
        "file": ActionResult((OutputFile(path, HELLO),)),
        "link": ActionResult(links=(OutputLink(path, "x"),)),
        "folder": ActionResult(folders=(path,)),
    }[kind]
    with pytest.raises(Malformed, match="the path"):
        ActionResult.decode(result.encode())


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("a", "/etc/passwd"),
        ("a", ".."),
        ("a", "../x"),
        ("a/b", "../../x"),
        ("a/b", "c/../x"),
        ("a", "b/../../x"),
        ("a", ""),
        ("a", "b\0c"),
        ("a", "..\\x"),
        ("a", ".git/hooks"),
        ("a", "hem_modules"),
        ("a", "b//c"),
    ],
)
def test_a_link_that_leads_out_is_refused(path: str, target: str) -> None:
    """A link that leads out of the folder, or could by way of another link, makes the result Malformed."""
    with pytest.raises(Malformed, match="the link"):
        ActionResult.decode(ActionResult(links=(OutputLink(path, target),)).encode())


@pytest.mark.parametrize(
    ("path", "target"), [("a", "b"), ("a", "./b"), ("a/b", ".."), ("a/b", "../c"), ("a/b", "../c/d/")]
)
def test_a_link_that_stays_inside_is_kept(path: str, target: str) -> None:
    """A link inside the folder is a part of the result, letter by letter."""
    result = ActionResult(links=(OutputLink(path, target),))
    assert ActionResult.decode(result.encode()) == result


@pytest.mark.parametrize(
    "result",
    [
        ActionResult((OutputFile("a", HELLO), OutputFile("a", EMPTY))),
        ActionResult((OutputFile("a", HELLO),), links=(OutputLink("a", "b"),)),
        ActionResult((OutputFile("a/b", HELLO),), links=(OutputLink("a", "b"),)),
        ActionResult((OutputFile("a", HELLO), OutputFile("a/b/c", HELLO))),
        ActionResult((OutputFile("a", HELLO),), folders=("a",)),
        ActionResult((OutputFile("a", HELLO),), folders=("a/b",)),
        ActionResult((OutputFile("a", Digest("x", 1)),)),
        ActionResult(stdout=HELLO, order=(4,)),
        ActionResult(stdout=HELLO, order=(6, -1)),
        ActionResult(seconds=-1.0),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(result: ActionResult) -> None:
    """Two things at one place, a file below a link, a log of another length: all Malformed."""
    with pytest.raises(Malformed):
        ActionResult.decode(result.encode())


@pytest.mark.parametrize(
    "fields",
    [
        {"output_files": [{"path": "a"}]},
        {"output_directories": [{"path": "a"}]},
        {"output_directories": [{"path": "a", "tree_digest": {"hash": HELLO.hash, "size_bytes": 5}}]},
    ],
)
def test_what_hpm_does_not_write_is_malformed(fields: dict[str, Any]) -> None:
    """A file without contents, and a folder whose files stand elsewhere, are not half read."""
    with pytest.raises(Malformed):
        ActionResult.decode(canonical(message_class("ActionResult")(**fields)))


def test_a_result_with_too_much_in_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of outputs has an end."""
    monkeypatch.setattr("hpmtasks.store.results.result.MOST_OUTPUTS", 2)
    outputs = [OutputFile(name, HELLO) for name in "abc"]
    assert ActionResult.decode(ActionResult(tuple(outputs[:2])).encode()).files == tuple(outputs[:2])
    with pytest.raises(Malformed, match="more than 2"):
        ActionResult.decode(ActionResult(tuple(outputs)).encode())


def test_metadata_of_others_is_left_aside() -> None:
    """A result with a worker and with metadata of unknown types is read without them."""
    theirs = message_class("ActionResult")(
        execution_metadata={
            "worker": "w1",
            "execution_start_timestamp": {"seconds": 5},
            "auxiliary_metadata": [{"type_url": "type.example/x", "value": b"\xff"}],
        }
    )
    assert ActionResult.decode(canonical(theirs)) == ActionResult()
    assert wire.Message(ActionResult().encode()).message(9) is None
