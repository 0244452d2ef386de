# ruff: noqa: S108 - where archives want to write
"""names: paths that lead elsewhere, that meet, or that no disk takes."""

from __future__ import annotations

import unicodedata

from tests.support.archives import END, TOP, header, member, pax
from tests.support.hostile.case import EVIL, Case, linked, tar

_NFC, _NFD = (unicodedata.normalize(form, "é.hml") for form in ("NFC", "NFD"))
_FAR = "x/" * 41


def _named(path: str | bytes, content: bytes = b"") -> bytes:
    """A member of any name, by a pax header."""
    return pax({"path": path}) + member("short", content)


LEADING_ELSEWHERE = (
    Case("parent", tar(member(f"{TOP}/../{EVIL}")), "'..'"),
    Case("parent at the start", tar(member(f"../{EVIL}")), "'..'"),
    Case("parent of the top", tar(member(f"{TOP}/a/../../../{EVIL}")), "'..'"),
    Case("parent at the end", tar(member(f"{TOP}/a/..")), "'..'"),
    Case("parent as the name", tar(header(f"{TOP}/..", b"5")), "'..'"),
    Case("parent by pax", tar(_named(f"{TOP}/../../{EVIL}")), "'..'"),
    Case("parent by a long name", tar(member("L", f"{TOP}/../{EVIL}\0".encode(), b"L"), member("a")), "'..'"),
    Case("parent by prefix", tar(member(EVIL, prefix=f"{TOP}/..".encode())), "'..'"),
    Case("parents, a hundred", tar(_named(f"{TOP}/" + "../" * 100 + f"tmp/{EVIL}")), "'..'"),
    Case("top named parent", member(f"../{TOP}/package.json", b"{}") + END, "'..'"),
    Case("absolute", tar(member(f"/tmp/{EVIL}")), "absolute"),
    Case("absolute by two slashes", tar(member(f"//tmp/{EVIL}")), "absolute"),
    Case("absolute by pax", tar(_named(f"/tmp/{EVIL}")), "absolute"),
    Case("absolute by a long name", tar(member("L", b"/tmp/x\0", b"L"), member(f"{TOP}/a")), "absolute"),
    Case("absolute by prefix", tar(member(EVIL, prefix=b"/tmp")), "absolute"),
    Case("absolute folder", tar(header(f"/tmp/{EVIL}/", b"5")), "absolute"),
    Case("root", tar(header("/", b"5")), "absolute"),
    Case("dot in the middle", tar(member(f"{TOP}/./a")), "'.'"),
    Case("dot as the name", tar(header(".", b"5")), "'.'"),
    Case("empty part", tar(member(f"{TOP}//a")), "empty part"),
    Case("empty name", tar(member("")), "empty part"),
    Case("backslash", tar(member(f"{TOP}/..\\{EVIL}")), "backslash"),
    Case("backslashes only", tar(member(f"{TOP}/a\\b\\c")), "backslash"),
    Case("share of Windows", tar(member("\\\\server\\share\\a")), "backslash"),
    Case("drive", tar(member(f"{TOP}/C:{EVIL}")), "drive"),
    Case("drive as the top", member(f"C:/{EVIL}") + END, "drive"),
    Case("drive, small letter", tar(member(f"{TOP}/z:a")), "drive"),
    Case("two tops", tar(member("other/a")), "not one folder"),
    Case("two tops by case", tar(member(f"{TOP.upper()}/a")), "not one folder"),
    Case("file for a top", member(TOP, b"x") + END, "not one folder"),
    Case("link for a top", linked("/tmp", TOP) + END, "not one folder"),
    Case("file beside the top", tar(member("a")), "not one folder"),
    Case("home of the user", tar(member(f"{TOP}/~/a", b"1")), files={"~/a": b"1"}),
    Case("name like an option", tar(member(f"{TOP}/-rf", b"1")), files={"-rf": b"1"}),
    Case("name of a variable", tar(member(f"{TOP}/$HOME", b"1")), files={"$HOME": b"1"}),
    Case("slash of full width", tar(_named(f"{TOP}/a\uff0fb", b"1")), files={"a\uff0fb": b"1"}),
)

NOT_FOR_A_DISK = (
    Case("NUL by pax", tar(_named(f"{TOP}/a\0b")), "control character"),
    Case("newline", tar(member(f"{TOP}/a\nb")), "control character"),
    Case("escape sequence", tar(member(f"{TOP}/\x1b[2J")), "control character"),
    Case("escape sequence in one character", tar(_named(f"{TOP}/\x9b2J")), "control character"),
    Case("delete", tar(member(f"{TOP}/a\x7f")), "control character"),
    Case("tabulator", tar(member(f"{TOP}/a\tb")), "control character"),
    Case("not UTF-8", tar(member(f"{TOP}/".encode() + b"\xff")), "UTF-8"),
    Case("slash spelled too long", tar(member(f"{TOP}/..".encode() + b"\xc0\xafa")), "UTF-8"),
    Case("half a surrogate pair", tar(_named(f"{TOP}/".encode() + b"\xed\xa0\x80")), "UTF-8"),
    Case("cut in the middle of a character", tar(member(f"{TOP}/a".encode() + b"\xc3")), "UTF-8"),
    Case("long part", tar(_named(f"{TOP}/{'a' * 256}")), "too long"),
    Case("longest part", tar(_named(f"{TOP}/{'a' * 255}", b"1")), files={"a" * 255: b"1"}),
    Case("long part in bytes", tar(_named(f"{TOP}/{'é' * 128}")), "too long"),
    Case("long path", tar(_named(TOP + f"/{'a' * 200}" * 5)), "too long"),
    Case("name of a mebibyte", tar(_named(TOP + "/" + "a" * ((1 << 20) - 100))), "too long"),
    Case("deep", tar(_named(f"{TOP}/{_FAR}a")), "deeper"),
    Case("deep folders only", tar(pax({"path": f"{TOP}/{_FAR}"}), header("a", b"5")), "deeper"),
    Case("deepest", tar(_named(f"{TOP}/{'x/' * 39}a", b"1")), files={f"{'x/' * 39}a": b"1"}),
    Case("half a million parts", tar(_named(TOP + "/a" * 500_000)), "deeper"),
    Case("text from right to left", tar(_named(f"{TOP}/a\u202elmh.b", b"1")), files={"a\u202elmh.b": b"1"}),
    Case("blanks around", tar(member(f"{TOP}/ a ", b"1")), files={" a ": b"1"}),
    Case("dots at the end", tar(member(f"{TOP}/a...", b"1")), files={"a...": b"1"}),
    Case("three dots", tar(member(f"{TOP}/.../a", b"1")), files={".../a": b"1"}),
    Case("device of Windows", tar(member(f"{TOP}/NUL", b"1")), files={"NUL": b"1"}),
)

THE_SAME_PLACE_TWICE = (
    Case("twice", tar(member(f"{TOP}/a", b"1"), member(f"{TOP}/a", b"2")), "twice"),
    Case("twice, once by pax", tar(member(f"{TOP}/a", b"1"), _named(f"{TOP}/a", b"2")), "twice"),
    Case("twice, once with a dot before", tar(member(f"{TOP}/a"), member(f"./{TOP}/a")), "twice"),
    Case("link and file", tar(linked("b", f"{TOP}/a"), member(f"{TOP}/a")), "twice"),
    Case("file and link", tar(member(f"{TOP}/a"), linked("/tmp", f"{TOP}/a")), "twice"),
    Case("manifest twice", tar(member(f"{TOP}/package.json", b'{"files":[]}')), "twice"),
    Case("file as a folder", tar(member(f"{TOP}/a"), member(f"{TOP}/a/b")), "also something else"),
    Case("folder as a file", tar(member(f"{TOP}/a/b"), member(f"{TOP}/a")), "also something else"),
    Case("folder and file", tar(header(f"{TOP}/a/", b"5"), member(f"{TOP}/a")), "also something else"),
    Case("link as a folder", tar(linked("/tmp"), member(f"{TOP}/link/{EVIL}")), "also something else"),
    Case("link to a folder, and into it", tar(linked("."), member(f"{TOP}/link/a")), "also something else"),
    Case("folder twice", tar(header(f"{TOP}/a", b"5"), header(f"{TOP}/a", b"5")), files={}),
    Case("case", tar(member(f"{TOP}/Read"), member(f"{TOP}/read")), "same file"),
    Case("case of a folder", tar(member(f"{TOP}/A/1"), member(f"{TOP}/a/2")), "same file"),
    Case("case of the manifest", tar(member(f"{TOP}/Package.JSON")), "same file"),
    Case("case of a folder and a file", tar(member(f"{TOP}/A"), member(f"{TOP}/a/2")), "same file"),
    Case("Unicode forms", tar(_named(f"{TOP}/{_NFC}"), _named(f"{TOP}/{_NFD}")), "same file"),
    Case("Unicode forms of a folder", tar(_named(f"{TOP}/{_NFC}/a"), _named(f"{TOP}/{_NFD}/b")), "same file"),
    Case("sharp s", tar(member(f"{TOP}/ß"), member(f"{TOP}/ss")), "same file"),
    Case("Kelvin", tar(_named(f"{TOP}/\u212a"), member(f"{TOP}/k")), "same file"),
    Case("Greek at the end", tar(_named(f"{TOP}/\u03c3"), _named(f"{TOP}/\u03c2")), "same file"),
)

NEVER_PART = (
    Case("hooks of git", tar(member(f"{TOP}/.git/hooks/post-checkout", b"1")), files={}),
    Case("hooks of git, in capitals", tar(member(f"{TOP}/.GIT/config", b"1")), files={}),
    Case("git below", tar(member(f"{TOP}/src/.git/config", b"1")), files={}),
    Case(
        "nested modules",
        tar(member(f"{TOP}/hem_modules/x/y/a"), member(f"{TOP}/src/HEM_MODULES/b"), member(f"{TOP}/.git/c")),
        files={},
    ),
    Case(
        "temporary name", tar(member(f"{TOP}/.tmp-00000000-1-aa", b"1")), files={".tmp-00000000-1-aa": b"1"}
    ),
    Case("index of the store", tar(member(f"{TOP}/index.json", b"1")), files={"index.json": b"1"}),
    Case("mutex", tar(member(f"{TOP}/.hpm/mutex", b"1")), files={".hpm/mutex": b"1"}),
)

CASES = LEADING_ELSEWHERE + NOT_FOR_A_DISK + THE_SAME_PLACE_TWICE + NEVER_PART
