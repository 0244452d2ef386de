"""headers: archives that read as two different ones, and damaged ones."""

from __future__ import annotations

from tests.support.archives import END, TOP, header, member, padded, pax
from tests.support.hostile.case import EVIL, Case, tar

READ_AS_TWO = (
    Case("two sizes", tar(pax({"size": "0"}), member(f"{TOP}/a", b"x" * 600)), "two sizes"),
    Case("a larger size by pax", tar(pax({"size": "1024"}), member(f"{TOP}/a", b"x")), "two sizes"),
    Case("size by pax with zeros before", tar(pax({"size": "01"}), member(f"{TOP}/a", b"x")), "two sizes"),
    Case("size by pax in hexadecimal", tar(pax({"size": "0x1"}), member(f"{TOP}/a", b"x")), "two sizes"),
    Case("size by pax in Arabic digits", tar(pax({"size": "\u0661"}), member(f"{TOP}/a", b"x")), "two sizes"),
    Case("negative size by pax", tar(pax({"size": "-1"}), member(f"{TOP}/a", b"x")), "two sizes"),
    Case("same size by pax", tar(pax({"size": "1"}), member(f"{TOP}/a", b"x")), files={"a": b"x"}),
    Case("no size by pax", tar(member("x", b"8 size=\n", b"x"), member("c")), "twice"),
    Case("no path by pax", tar(member("x", b"8 path=\n", b"x"), member("c")), "twice"),
    Case("described twice by pax", tar(pax({"path": "a"}), pax({"path": "b"}), member("c")), "twice"),
    Case("described twice by GNU", tar(*[member("L", b"a\0", b"L")] * 2, member("c")), "twice"),
    Case("pax and GNU", tar(member("L", b"a\0", b"L"), pax({"path": "b"}), member("c")), "twice"),
    Case("GNU and pax", tar(pax({"path": "b"}), member("L", b"a\0", b"L"), member("c")), "twice"),
    Case("one pax key twice", tar(member("x", b"9 path=a\n9 path=b\n", b"x"), member("c")), "twice"),
    Case("global path", tar(pax({"path": "a"}, b"g"), member("c")), "one name"),
    Case("global size", tar(pax({"size": "0"}, b"g"), member("c")), "one name"),
    Case("global target", tar(pax({"linkpath": "/"}, b"g"), member("c")), "one name"),
    Case("file that ends as a folder", tar(member(f"{TOP}/a/")), "empty part"),
    Case("old file that ends as a folder", tar(member(f"{TOP}/a/", kind=b"\0")), "empty part"),
    Case("folder with content", tar(member(f"{TOP}/a", b"x" * 512, b"5")), "has content"),
    Case("after the end", tar(end=END + member(f"{TOP}/{EVIL}")), "after its end"),
    Case("two archives in a row", tar() + tar(), "after its end"),
    Case("a byte after the end", tar() + b"x", "after its end"),
    Case("one block of zeros inside", tar(bytes(512), member(f"{TOP}/{EVIL}")), "after its end"),
    Case("GNU's old extensions", tar(member(f"{TOP}/a", magic=b"ustar  \0", prefix=b"1")), "old extensions"),
    Case("text after a long name", tar(member("L", b"a\0b", b"L"), member("c")), "damaged"),
    Case(
        "path in another encoding", tar(pax({"hdrcharset": "BINARY", "path": b"\xff"}), member("c")), "UTF-8"
    ),
    Case("comment not in UTF-8", tar(pax({"comment": b"\xff"}, b"g"), member(f"{TOP}/c")), "UTF-8"),
    Case(
        "two global headers",
        tar(pax({"a": "1"}, b"g"), pax({"a": "2"}, b"g"), member(f"{TOP}/c", b"1")),
        files={"c": b"1"},
    ),
    Case(
        "a target for a file", tar(pax({"linkpath": "/etc/x"}), member(f"{TOP}/c", b"1")), files={"c": b"1"}
    ),
    Case(
        "text after a name's end", tar(member(f"{TOP}/a".encode() + b"\0/../../x", b"1")), files={"a": b"1"}
    ),
    Case("text in the padding", tar(header(f"{TOP}/a", size=1) + b"1" + b"x" * 511), files={"a": b"1"}),
)

DAMAGED = (
    Case("wrong checksum", tar(header(f"{TOP}/a", checksum_off_by=1)), "damaged"),
    Case("checksum beyond its modulus", tar(header(f"{TOP}/a", checksum_off_by=65521)), "damaged"),
    Case("no magic", tar(header(f"{TOP}/a", magic=b"\0" * 8)), "not a tar"),
    Case("another magic", tar(header(f"{TOP}/a", magic=b"ustar\x0099")), "not a tar"),
    Case("negative size", tar(header(f"{TOP}/a", size=b"\xff" * 12)), "number"),
    Case("negative binary size", tar(header(f"{TOP}/a", size=b"\x80" + b"\xff" * 11)), "more than"),
    Case("signed size", tar(header(f"{TOP}/a", size=b"-0000000001\0")), "number"),
    Case("size with a plus", tar(header(f"{TOP}/a", size=b"+0000000001\0")), "number"),
    Case("size with an underscore", tar(header(f"{TOP}/a", size=b"0000000_001\0")), "number"),
    Case("size that is not octal", tar(header(f"{TOP}/a", size=b"00000000009\0")), "number"),
    Case("size with a blank inside", tar(header(f"{TOP}/a", size=b"00000 00001\0")), "number"),
    Case(
        "size beyond everything", tar(header(f"{TOP}/a", size=b"\x80" + bytes(3) + b"\xff" * 8)), "more than"
    ),
    Case("size of 8 GiB", tar(header(f"{TOP}/a", size=b"77777777777\0")), "more than"),
    Case("size beyond the end", tar(header(f"{TOP}/a", size=1 << 20)), "cut short"),
    Case("size of one byte too many", tar(header(f"{TOP}/a", size=1025)), "cut short"),
    Case(
        "binary size",
        tar(header(f"{TOP}/a", size=b"\x80" + bytes(10) + b"\1") + padded(b"x")),
        files={"a": b"x"},
    ),
    Case("no size", tar(header(f"{TOP}/a", size=bytes(12))), files={"a": b""}),
    Case("pax without a length", tar(member("x", b"path=a\n", b"x"), member("c")), "damaged"),
    Case("pax too long", tar(member("x", b"99 path=a\n", b"x"), member("c")), "damaged"),
    Case("pax of length 0", tar(member("x", b"0 path=a\n", b"x"), member("c")), "damaged"),
    Case("pax of a length with zeros", tar(member("x", b"010 path=a\n", b"x"), member("c")), "damaged"),
    Case(
        "pax of an endless length", tar(member("x", b"9" * 500 + b" path=a\n", b"x"), member("c")), "damaged"
    ),
    Case("pax too short", tar(member("x", b"2 path=a\n", b"x"), member("c")), "damaged"),
    Case("pax without an equals sign", tar(member("x", b"8 patha\n", b"x"), member("c")), "damaged"),
    Case("pax without a line end", tar(member("x", b"9 path=ab", b"x"), member("c")), "damaged"),
    Case("pax with text behind it", tar(member("x", b"9 path=a\nxyz", b"x"), member("c")), "damaged"),
    Case("pax of 2 MiB", tar(member("x", b" " * (2 << 20), b"x"), member("c")), "too large"),
    Case("pax at the end", tar(pax({"path": "a"})), "cut short"),
    Case("long name at the end", tar(member("L", b"a\0", b"L")), "cut short"),
    Case("no end", tar(end=b""), "cut short"),
    Case("half an end", tar(end=bytes(512)), "cut short"),
    Case("end of three quarters", tar(end=bytes(768)), "cut short"),
    Case("nothing but an end", END, "not a tar"),
    Case("nothing but a global header", pax({"comment": "c"}, b"g") + END, "empty"),
)

ODD_AND_HONEST = (
    Case("empty folder", tar(header(f"{TOP}/empty", b"5")), files={}),
    Case("leading ./", tar(member(f"./{TOP}/a", b"1")), files={"a": b"1"}),
    Case("folder with slashes", tar(header(f"{TOP}/d/", b"5"), member(f"{TOP}/d/a")), files={"d/a": b""}),
    Case("old file kind", tar(member(f"{TOP}/a", b"1", b"\0")), files={"a": b"1"}),
    Case(
        "long name, GNU", tar(member("L", f"{TOP}/a\0".encode(), b"L"), member("x", b"1")), files={"a": b"1"}
    ),
    Case(
        "long name without an end",
        tar(member("L", f"{TOP}/a".encode(), b"L"), member("x", b"1")),
        files={"a": b"1"},
    ),
    Case("prefix", tar(member("a", b"1", prefix=TOP.encode())), files={"a": b"1"}),
    Case("much padding", tar(end=bytes(20 * 512)), files={}),
    Case(
        "attributes",
        tar(pax({"SCHILY.xattr.user.x": b"\xff\0", "mtime": "nan"}), member(f"{TOP}/a", b"1")),
        files={"a": b"1"},
    ),
)

CASES = READ_AS_TWO + DAMAGED + ODD_AND_HONEST
