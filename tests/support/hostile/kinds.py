"""kinds: members that are no files, and symbolic links."""

from __future__ import annotations

from tests.support.archives import END, TOP, header, member, pax
from tests.support.hostile.case import Case, linked, tar

_TO_MANIFEST = f"{TOP}/package.json".encode()


def _doubling(depth: int) -> bytes:
    """Each folder holds the next one twice."""
    members = [member(f"{TOP}/d{depth}/file", b"x" * 600)]
    for level in range(depth):
        members += [linked(f"../d{level + 1}", f"{TOP}/d{level}/{side}") for side in "ab"]
    return tar(*members)


def _chain(length: int) -> bytes:
    """Links, each to the next, the last to a file."""
    return tar(
        member(f"{TOP}/l{length}", b"1"),
        *(linked(f"l{number + 1}", f"{TOP}/l{number}") for number in range(length)),
    )


NOT_FILES = (
    Case("hard link", tar(header(f"{TOP}/a", b"1", link=_TO_MANIFEST)), "hard link"),
    Case("hard link outside", tar(header(f"{TOP}/a", b"1", link=b"/etc/passwd")), "hard link"),
    Case("hard link up", tar(header(f"{TOP}/a", b"1", link=b"../../a")), "hard link"),
    Case("hard link with content", tar(member(f"{TOP}/a", b"x", b"1", link=_TO_MANIFEST)), "hard link"),
    Case("hard link to a link", tar(linked("/etc"), header(f"{TOP}/a", b"1", link=b"link")), "hard link"),
    Case("character device", tar(header(f"{TOP}/a", b"3")), "device"),
    Case("block device", tar(header(f"{TOP}/a", b"4")), "device"),
    Case("device as the manifest", header(f"{TOP}/package.json", b"3") + END, "device"),
    Case("pipe", tar(header(f"{TOP}/a", b"6")), "pipe"),
    Case("sparse, GNU", tar(header(f"{TOP}/a", b"S", magic=b"ustar  \0")), "sparse"),
    Case("sparse, pax", tar(pax({"GNU.sparse.major": "1"}), member(f"{TOP}/a")), "sparse"),
    Case("sparse, another name", tar(pax({"GNU.sparse.name": "/etc/x"}), member(f"{TOP}/a")), "sparse"),
    Case("sparse, a larger size", tar(pax({"GNU.sparse.realsize": "9" * 18}), member(f"{TOP}/a")), "sparse"),
    Case("sparse for all", tar(pax({"GNU.sparse.map": "0,1"}, b"g"), member(f"{TOP}/a")), "sparse"),
    *(
        Case(f"kind {kind!r}", tar(header(f"{TOP}/a", kind.encode())), "unknown kind")
        for kind in "789ADEIMNVXsz !"
    ),
    Case("kind beyond ASCII", tar(header(f"{TOP}/a", b"\xff")), "unknown kind"),
)

MODES = (
    Case("setuid", tar(member(f"{TOP}/a", b"1", mode=b"0004755\0")), files={"a": b"1"}),
    Case("setgid and sticky", tar(member(f"{TOP}/a", b"1", mode=b"0003777\0")), files={"a": b"1"}),
    Case("no permission at all", tar(member(f"{TOP}/a", b"1", mode=b"0000000\0")), files={"a": b"1"}),
    Case(
        "folder without permission",
        tar(header(f"{TOP}/d", b"5", mode=b"0000000\0"), member(f"{TOP}/d/a", b"1")),
        files={"d/a": b"1"},
    ),
    Case("mode that is no number", tar(member(f"{TOP}/a", mode=b"rwxr-xr\0")), "number"),
    Case("mode with a sign", tar(member(f"{TOP}/a", mode=b"-000755\0")), "number"),
)

LINKS = (
    Case("link to root", tar(linked("/etc/passwd")), "out of the package"),
    Case("link to the root of all", tar(linked("/")), "out of the package"),
    Case("link up", tar(linked("../outside")), "out of the package"),
    Case("link up only", tar(linked("..")), "out of the package"),
    Case("link up and back", tar(linked(f"../{TOP}/package.json")), "out of the package"),
    Case(
        "link up from below", tar(member(f"{TOP}/d/x"), linked("../../x", f"{TOP}/d/l")), "out of the package"
    ),
    Case("link up by pax", tar(pax({"linkpath": "../x"}), linked("package.json")), "out of the package"),
    Case("link up by GNU", tar(member("K", b"../x\0", b"K"), linked("package.json")), "out of the package"),
    Case(
        "link by a link",
        tar(linked("..", f"{TOP}/a/up"), linked("a/up/../x"), manifest=b'{"files": ["link"]}'),
        "out of the package",
    ),
    Case(
        "manifest by a link outside", linked("/etc/passwd", f"{TOP}/package.json") + END, "out of the package"
    ),
    Case(
        "readme by a link outside",
        tar(linked("/etc/passwd", f"{TOP}/README.md"), manifest=b'{"files": []}'),
        "out of the package",
    ),
    Case(
        "link that says too much",
        tar(pax({"linkpath": "./" * 3000 + "package.json"}), linked("a")),
        "says too much",
    ),
    Case("link not in UTF-8", tar(linked(b"\xff")), "UTF-8"),
    Case("link to itself", tar(linked("link")), "circle"),
    Case("link to itself by its folder", tar(linked("../d/l", f"{TOP}/d/l")), "circle"),
    Case("links to each other", tar(linked("b", f"{TOP}/a"), linked("a", f"{TOP}/b")), "circle"),
    Case("links in a row, too many", _chain(41), "circle"),
    Case("links in a row", _chain(3), files={f"l{number}": b"1" for number in range(4)}),
    Case("link to its folder", tar(linked(".")), "leads back"),
    Case("link to a folder above", tar(linked("..", f"{TOP}/d/l")), "leads back"),
    Case(
        "folders that hold each other",
        tar(linked("../b", f"{TOP}/a/l"), linked("../a", f"{TOP}/b/l")),
        "leads back",
    ),
    Case("link bomb", _doubling(24), "multiply"),
    Case("link bomb, deep", _doubling(60), "too deep"),
    Case("link with content", tar(member(f"{TOP}/a", b"x", b"2", link=b"b")), "has content"),
    Case("link to nothing", tar(linked("nothing")), files={}),
    Case("link to an empty name", tar(linked("")), "leads back"),
    Case("link through a file", tar(linked("package.json/x")), files={}),
    Case("link with a backslash", tar(linked("..\\..\\x")), files={}),
    Case("link to a file", tar(member(f"{TOP}/a", b"1"), linked("a")), files={"a": b"1", "link": b"1"}),
    Case(
        "link to a folder", tar(member(f"{TOP}/d/a", b"1"), linked("d")), files={"d/a": b"1", "link/a": b"1"}
    ),
    Case(
        "link to a link up one folder",
        tar(member(f"{TOP}/a", b"1"), linked("../a", f"{TOP}/d/x"), linked("d/./x")),
        files={"a": b"1", "d/x": b"1", "link": b"1"},
    ),
    Case(
        "link before what it leads to",
        tar(linked("z"), member(f"{TOP}/z", b"1")),
        files={"link": b"1", "z": b"1"},
    ),
    Case(
        "manifest by a link",
        linked("m", f"{TOP}/package.json") + member(f"{TOP}/m", b"{}") + END,
        files={"m": b"{}"},
    ),
    Case("link that is not selected", tar(linked("/"), manifest=b'{"files": []}'), files={}),
    Case("link in a folder that is never part", tar(linked("/", f"{TOP}/.git/l")), files={}),
    Case("link to git", tar(member(f"{TOP}/.git/config", b"1"), linked(".git")), files={"link/config": b"1"}),
)

CASES = NOT_FILES + MODES + LINKS
