"""archives: honest ones, and every kind of hostile one, built block by block."""

from __future__ import annotations

import gzip
import io
import tarfile
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

TOP = "lib-1.0.0"
END = bytes(1024)


@dataclass(frozen=True)
class File:
    """A file to pack."""

    content: bytes = b""
    executable: bool = False


@dataclass(frozen=True)
class Link:
    """A symbolic link to pack."""

    target: str


def pack(
    entries: Mapping[str, bytes | File | Link],
    *,
    top: str = TOP,
    comment: str = "",
    tar_format: int = tarfile.PAX_FORMAT,
) -> bytes:
    """An uncompressed archive of *entries* as forges make them, written by the standard library."""
    out = io.BytesIO()
    headers = {"comment": comment} if comment else {}
    with tarfile.open(fileobj=out, mode="w", format=tar_format, pax_headers=headers) as archive:
        folder = tarfile.TarInfo(top)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o775
        archive.addfile(folder)
        for path, entry in entries.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            if isinstance(entry, Link):
                member.type, member.linkname = tarfile.SYMTYPE, entry.target
                archive.addfile(member)
                continue
            file = entry if isinstance(entry, File) else File(entry)
            member.size, member.mode = len(file.content), 0o775 if file.executable else 0o664
            archive.addfile(member, io.BytesIO(file.content))
    return out.getvalue()


def pack_gzip(entries: Mapping[str, bytes | File | Link], *, top: str = TOP, comment: str = "") -> bytes:
    """:func:`pack`, compressed; equal entries give equal bytes."""
    return gzip.compress(pack(entries, top=top, comment=comment), mtime=0)


def header(
    name: str | bytes,
    kind: bytes = b"0",
    *,
    size: int | bytes = 0,
    mode: bytes = b"0000644\0",
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
    checksum_off_by: int = 0,
) -> bytes:
    """One header block with a right checksum (unless told otherwise), whatever is in it."""
    raw = bytearray(512)
    name = name.encode() if isinstance(name, str) else name
    raw[0 : len(name)] = name
    raw[100:108] = mode
    raw[108:124] = b"0000000\x000000000\0"
    raw[124:136] = b"%011o\0" % size if isinstance(size, int) else size
    raw[136:148] = b"00000000000\0"
    raw[156:157] = kind
    raw[157 : 157 + len(link)] = link
    raw[257:265] = magic
    raw[345 : 345 + len(prefix)] = prefix
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % (sum(raw) + checksum_off_by)
    return bytes(raw)


def padded(content: bytes) -> bytes:
    """*content* filled up to whole blocks."""
    return content + bytes(-len(content) % 512)


def member(name: str | bytes, content: bytes = b"", kind: bytes = b"0", **fields: object) -> bytes:
    """A header and its content."""
    fields.setdefault("size", len(content))
    return header(name, kind, **fields) + padded(content)  # type: ignore[arg-type] # each is checked by header


def pax(records: Mapping[str, str | bytes], kind: bytes = b"x") -> bytes:
    """A pax header with right lengths."""
    lines = b""
    for key, value in records.items():
        rest = b" " + key.encode() + b"=" + (value.encode() if isinstance(value, str) else value) + b"\n"
        length = len(rest)
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        lines += str(length).encode() + rest
    return member("pax", lines, kind)


@dataclass(frozen=True)
class Case:
    """An archive, and what has to become of it.

    Attributes:
        refusal: A part of the reason why it is refused; empty if it is not.
        files: If it is not refused: path → content of what is unpacked, beside package.json.
    """

    name: str
    data: bytes
    refusal: str = ""
    files: Mapping[str, bytes] | None = None


_MANIFEST = member(f"{TOP}/package.json", b"{}")


def _tar(*members: bytes, end: bytes = END) -> bytes:
    return _MANIFEST + b"".join(members) + end


def _linked(target: str, path: str = f"{TOP}/link") -> bytes:
    return header(path, b"2", link=target.encode())


def _bomb_of_links(depth: int) -> bytes:
    """Each folder holds the next one twice."""
    members = [member(f"{TOP}/d{depth}/file", b"x" * 600)]
    for level in range(depth):
        members += [_linked(f"../d{level + 1}", f"{TOP}/d{level}/{side}") for side in "ab"]
    return _tar(*members)


_NFC, _NFD = (unicodedata.normalize(form, "é.hml") for form in ("NFC", "NFD"))
_FAR = "x/" * 41

CASES: tuple[Case, ...] = (
    # ---------------------------------------------------------------- names that lead elsewhere
    Case("parent", _tar(member(f"{TOP}/../evil")), "'..'"),
    Case("parent at the start", _tar(member("../evil")), "'..'"),
    Case("parent of the top", _tar(member(f"{TOP}/a/../../../evil")), "'..'"),
    Case("parent as the name", _tar(header(f"{TOP}/..", b"5")), "'..'"),
    Case("absolute", _tar(member("/etc/evil")), "absolute"),
    Case("absolute by two slashes", _tar(member("//etc/evil")), "absolute"),
    Case("absolute by pax", _tar(pax({"path": "/etc/evil"}), member(f"{TOP}/a")), "absolute"),
    Case("absolute by a long name", _tar(member("L", b"/etc/evil\0", b"L"), member(f"{TOP}/a")), "absolute"),
    Case("absolute by prefix", _tar(member("evil", prefix=b"/etc")), "absolute"),
    Case("parent by prefix", _tar(member("evil", prefix=f"{TOP}/..".encode())), "'..'"),
    Case("dot in the middle", _tar(member(f"{TOP}/./a")), "'.'"),
    Case("empty part", _tar(member(f"{TOP}//a")), "empty part"),
    Case("backslash", _tar(member(f"{TOP}/..\\evil")), "backslash"),
    Case("drive", _tar(member(f"{TOP}/C:evil")), "drive"),
    Case("drive as the top", member("C:/evil") + END, "drive"),
    Case("NUL by pax", _tar(pax({"path": f"{TOP}/a\0b"}), member(f"{TOP}/a")), "control character"),
    Case("newline", _tar(member(f"{TOP}/a\nb")), "control character"),
    Case("escape sequence", _tar(member(f"{TOP}/\x1b[2J")), "control character"),
    Case("not UTF-8", _tar(member(f"{TOP}/".encode() + b"\xff")), "UTF-8"),
    Case("long part", _tar(pax({"path": f"{TOP}/{'a' * 256}"}), member(f"{TOP}/a")), "too long"),
    Case("long part in bytes", _tar(pax({"path": f"{TOP}/{'é' * 128}"}), member(f"{TOP}/a")), "too long"),
    Case("long path", _tar(pax({"path": TOP + f"/{'a' * 200}" * 5}), member(f"{TOP}/a")), "too long"),
    Case("deep", _tar(pax({"path": f"{TOP}/{_FAR}a"}), member(f"{TOP}/a")), "deeper"),
    Case("empty name", _tar(member("")), "empty part"),
    # ---------------------------------------------------------------- the same place twice
    Case("twice", _tar(member(f"{TOP}/a", b"1"), member(f"{TOP}/a", b"2")), "twice"),
    Case("manifest twice", _tar(member(f"{TOP}/package.json", b'{"files":[]}')), "twice"),
    Case("file as a folder", _tar(member(f"{TOP}/a"), member(f"{TOP}/a/b")), "also something else"),
    Case("folder as a file", _tar(member(f"{TOP}/a/b"), member(f"{TOP}/a")), "also something else"),
    Case("link as a folder", _tar(_linked("/tmp"), member(f"{TOP}/link/evil")), "also something else"),  # noqa: S108
    Case("case", _tar(member(f"{TOP}/Read"), member(f"{TOP}/read")), "same file"),
    Case("case of a folder", _tar(member(f"{TOP}/A/1"), member(f"{TOP}/a/2")), "same file"),
    Case("Unicode forms", _tar(member(f"{TOP}/{_NFC}"), member(f"{TOP}/{_NFD}")), "same file"),
    Case("sharp s", _tar(member(f"{TOP}/ß"), member(f"{TOP}/ss")), "same file"),
    # ---------------------------------------------------------------- not files
    Case("hard link", _tar(header(f"{TOP}/a", b"1", link=f"{TOP}/package.json".encode())), "hard link"),
    Case("hard link outside", _tar(header(f"{TOP}/a", b"1", link=b"/etc/passwd")), "hard link"),
    Case("character device", _tar(header(f"{TOP}/a", b"3")), "device"),
    Case("block device", _tar(header(f"{TOP}/a", b"4")), "device"),
    Case("pipe", _tar(header(f"{TOP}/a", b"6")), "pipe"),
    Case("sparse, GNU", _tar(header(f"{TOP}/a", b"S", magic=b"ustar  \0")), "sparse"),
    Case("sparse, pax", _tar(pax({"GNU.sparse.major": "1"}), member(f"{TOP}/a")), "sparse"),
    Case("unknown kind", _tar(header(f"{TOP}/a", b"V")), "unknown kind"),
    Case("contiguous file", _tar(header(f"{TOP}/a", b"7")), "unknown kind"),
    # ---------------------------------------------------------------- symbolic links
    Case("link to root", _tar(_linked("/etc/passwd")), "out of the package"),
    Case("link up", _tar(_linked("../outside")), "out of the package"),
    Case("link up and back", _tar(_linked(f"../{TOP}/package.json")), "out of the package"),
    Case(
        "link by a link",
        member(f"{TOP}/package.json", b'{"files": ["link"]}')
        + _linked("..", f"{TOP}/a/up")
        + _linked("a/up/../x")
        + END,
        "out of the package",
    ),
    Case("link to itself", _tar(_linked("link")), "circle"),
    Case("links to each other", _tar(_linked("b", f"{TOP}/a"), _linked("a", f"{TOP}/b")), "circle"),
    Case("link to its folder", _tar(_linked(".")), "leads back"),
    Case("link bomb", _bomb_of_links(24), "multiply"),
    Case("link bomb, deep", _bomb_of_links(60), "too deep"),
    Case("link with content", _tar(member(f"{TOP}/a", b"x", b"2", link=b"b")), "has content"),
    Case("dangling link", _tar(_linked("nothing")), files={}),
    Case("link through a file", _tar(_linked("package.json/x")), files={}),
    Case("link to a file", _tar(member(f"{TOP}/a", b"1"), _linked("a")), files={"a": b"1", "link": b"1"}),
    Case(
        "link to a folder",
        _tar(member(f"{TOP}/d/a", b"1"), _linked("d")),
        files={"d/a": b"1", "link/a": b"1"},
    ),
    Case(
        "link to a link up one folder",
        _tar(member(f"{TOP}/a", b"1"), _linked("../a", f"{TOP}/d/x"), _linked("d/./x")),
        files={"a": b"1", "d/x": b"1", "link": b"1"},
    ),
    Case(
        "link that is not selected",
        member(f"{TOP}/package.json", b'{"files": []}') + _linked("/") + END,
        files={},
    ),
    # ---------------------------------------------------------------- one archive that reads as two
    Case("two sizes", _tar(pax({"size": "0"}), member(f"{TOP}/a", b"x" * 600)), "two sizes"),
    Case("same size by pax", _tar(pax({"size": "1"}), member(f"{TOP}/a", b"x")), files={"a": b"x"}),
    Case("described twice by pax", _tar(pax({"path": "a"}), pax({"path": "b"}), member("c")), "twice"),
    Case("pax and GNU", _tar(member("L", b"a\0", b"L"), pax({"path": "b"}), member("c")), "twice"),
    Case("GNU and pax", _tar(pax({"path": "b"}), member("L", b"a\0", b"L"), member("c")), "twice"),
    Case("one pax key twice", _tar(member("x", b"9 path=a\n9 path=b\n", b"x"), member("c")), "twice"),
    Case("global path", _tar(pax({"path": "a"}, b"g"), member("c")), "one name"),
    Case("file that ends as a folder", _tar(member(f"{TOP}/a/")), "empty part"),
    Case("old file that ends as a folder", _tar(member(f"{TOP}/a/", kind=b"\0")), "empty part"),
    Case("folder with content", _tar(member(f"{TOP}/a", b"x" * 512, b"5")), "has content"),
    Case("after the end", _tar(end=END + member(f"{TOP}/evil")), "after its end"),
    Case("one block of zeros inside", _tar(bytes(512), member(f"{TOP}/evil")), "after its end"),
    Case("GNU's old extensions", _tar(member(f"{TOP}/a", magic=b"ustar  \0", prefix=b"1")), "old extensions"),
    # ---------------------------------------------------------------- damaged
    Case("wrong checksum", _tar(header(f"{TOP}/a", checksum_off_by=1)), "damaged"),
    Case("no magic", _tar(header(f"{TOP}/a", magic=b"\0" * 8)), "not a tar"),
    Case("negative size", _tar(header(f"{TOP}/a", size=b"\xff" * 12)), "number"),
    Case("signed size", _tar(header(f"{TOP}/a", size=b"-0000000001\0")), "number"),
    Case("size with an underscore", _tar(header(f"{TOP}/a", size=b"0000000_001\0")), "number"),
    Case("size that is not octal", _tar(header(f"{TOP}/a", size=b"00000000009\0")), "number"),
    Case("size beyond everything", _tar(header(f"{TOP}/a", size=b"\x80" + b"\xff" * 11)), "more than"),
    Case("size beyond the end", _tar(header(f"{TOP}/a", size=1 << 20)), "cut short"),
    Case(
        "binary size",
        _tar(header(f"{TOP}/a", size=b"\x80" + bytes(10) + b"\1") + padded(b"x")),
        files={"a": b"x"},
    ),
    Case("pax without a length", _tar(member("x", b"path=a\n", b"x"), member("c")), "damaged"),
    Case("pax too long", _tar(member("x", b"99 path=a\n", b"x"), member("c")), "damaged"),
    Case("pax of length 0", _tar(member("x", b"0 path=a\n", b"x"), member("c")), "damaged"),
    Case("pax too short", _tar(member("x", b"2 path=a\n", b"x"), member("c")), "damaged"),
    Case("pax of 2 MiB", _tar(member("x", b" " * (2 << 20), b"x"), member("c")), "too large"),
    Case("pax at the end", _tar(pax({"path": "a"})), "cut short"),
    Case("no end", _tar(end=b""), "cut short"),
    Case("half an end", _tar(end=bytes(512)), "cut short"),
    Case("nothing but an end", END, "empty"),
    Case("two tops", _tar(member("other/a")), "not one folder"),
    Case("file for a top", member(TOP, b"x") + END, "not one folder"),
    Case("large manifest", member(f"{TOP}/package.json", b" " * ((1 << 20) + 1)) + END, "larger than"),
    Case(
        "manifest by a link outside",
        header(f"{TOP}/package.json", b"2", link=b"/etc/passwd") + END,
        "out of the package",
    ),
    # ---------------------------------------------------------------- compression
    Case("gzip cut short", gzip.compress(_tar())[:-4], "cut short"),
    Case("gzip cut to its header", gzip.compress(_tar())[:10], "cut short"),
    Case("gzip with a wrong sum", gzip.compress(_tar())[:-8] + bytes(8), "damaged"),
    Case("gzip and garbage", gzip.compress(_tar()) + b"garbage", "damaged"),
    Case("gzip and zeros", gzip.compress(_tar()) + bytes(1000), files={}),
    Case("gzip in two members", gzip.compress(_tar(end=b"")) + gzip.compress(END), files={}),
    Case("gzip in too many members", gzip.compress(b"") * 20_001 + gzip.compress(_tar()), "pieces"),
    Case("zlib without gzip", padded(zlib.compress(_tar())), "not a tar"),
    # ---------------------------------------------------------------- odd and honest
    Case("empty folder", _tar(header(f"{TOP}/empty", b"5")), files={}),
    Case("leading ./", _tar(member(f"./{TOP}/a", b"1")), files={"a": b"1"}),
    Case("folder with slashes", _tar(header(f"{TOP}/d/", b"5"), member(f"{TOP}/d/a")), files={"d/a": b""}),
    Case("old file kind", _tar(member(f"{TOP}/a", b"1", b"\0")), files={"a": b"1"}),
    Case("setuid", _tar(member(f"{TOP}/a", b"1", mode=b"0004755\0")), files={"a": b"1"}),
    Case(
        "long name, GNU", _tar(member("L", f"{TOP}/a\0".encode(), b"L"), member("x", b"1")), files={"a": b"1"}
    ),
    Case("prefix", _tar(member("a", b"1", prefix=TOP.encode())), files={"a": b"1"}),
    Case(
        "nested modules",
        _tar(member(f"{TOP}/hem_modules/x/y/a"), member(f"{TOP}/src/HEM_MODULES/b"), member(f"{TOP}/.git/c")),
        files={},
    ),
)
