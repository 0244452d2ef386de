"""Which files make up a package."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings, strategies as st

from hpmtasks.model.contents import MOST_PATTERNS, select

PATHS = [
    ".git/config",
    ".gitignore",
    "LICENSE",
    "Licence.md",
    "README.md",
    "a.hml",
    "docs/README.md",
    "docs/LICENSE",
    "docs/package.json",
    "hem_modules/x/y/index.hml",
    "node_modules/z",
    "package.json",
    "readme",
    "src/a.hml",
    "src/deep/a.hml",
    "src/deep/er/b.txt",
    "src/Hem_Modules/x",
    "src/index.hml",
    "srcs/a.hml",
    "tests/a.hml",
]
ALWAYS = {"LICENSE", "Licence.md", "README.md", "package.json", "readme", "src/index.hml"}
EVERYTHING = {
    path for path in PATHS if not {".git", "node_modules", "hem_modules"} & set(path.lower().split("/"))
}


def chosen(*files: str, main: str | None = None) -> set[str]:
    """What *files* choose beyond what always belongs to a package."""
    return set(select(PATHS, files, main)) - ALWAYS


def test_without_files_everything_is_the_package() -> None:
    """Only version control and installed modules are left out, at any depth and in any case."""
    assert select(PATHS, None, None) == EVERYTHING


def test_with_no_entry_only_the_indispensable_is() -> None:
    """An empty list leaves the manifest, readme, licence and the default main file."""
    assert select(PATHS, [], None) == ALWAYS


@pytest.mark.parametrize("main", ["a", "a.hml", "./a.hml", "/a", "a/"])
def test_main_always_belongs(main: str) -> None:
    """However main is spelled, its file is there, and the default one is not."""
    assert select(PATHS, [], main) == ALWAYS - {"src/index.hml"} | {"a.hml"}


@pytest.mark.parametrize("entry", ["src", "src/", "./src", "/src", ".//src/./", "src/**", "sr?", "s*c"])
def test_a_folder_is_chosen_with_all_that_is_in_it(entry: str) -> None:
    """All spellings of a folder choose the same; a folder whose name only begins so is another."""
    assert chosen(entry) == {"src/a.hml", "src/deep/a.hml", "src/deep/er/b.txt"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a.hml"], {"a.hml"}),
        (["*.hml"], {"a.hml"}),
        (["**/*.hml"], {"a.hml", "src/a.hml", "src/deep/a.hml", "srcs/a.hml", "tests/a.hml"}),
        (["src/**/*.hml"], {"src/a.hml", "src/deep/a.hml"}),
        (["src/**/a.hml"], {"src/a.hml", "src/deep/a.hml"}),
        (["src/*"], {"src/a.hml", "src/deep/a.hml", "src/deep/er/b.txt"}),
        (["src/*/*.hml"], {"src/deep/a.hml"}),
        (["**/er"], {"src/deep/er/b.txt"}),
        (["**/er/**"], {"src/deep/er/b.txt"}),
        (["**/**/er/**/**"], {"src/deep/er/b.txt"}),
        (["?.hml"], {"a.hml"}),
        ([".*"], {".gitignore"}),
        (["src", "!src/deep"], {"src/a.hml"}),
        (["src", "!src/deep", "src/deep/er"], {"src/a.hml", "src/deep/er/b.txt"}),
        (["!src/deep", "src"], {"src/a.hml", "src/deep/a.hml", "src/deep/er/b.txt"}),
        (["src", "!**/*.hml"], {"src/deep/er/b.txt"}),
        (["src", "!src/*", "src/a.hml"], {"src/a.hml"}),
        (["nothing", "SRC", "[a].hml", "{a,b}.hml"], set()),
        (["hem_modules", "node_modules/z", ".git"], set()),
        (["src/a.hml/x", "a.hml/**"], set()),
    ],
)  # fmt: skip
def test_entries_choose_what_the_rules_say(files: list[str], expected: set[str]) -> None:
    """Files, patterns and exclusions, the last that fits deciding."""
    assert chosen(*files) == expected


@pytest.mark.parametrize("entry", [".", "./", "/", "**", "*"])
def test_the_root_is_everything(entry: str) -> None:
    """Naming the repository itself is like having no list."""
    assert select(PATHS, [entry], None) == EVERYTHING


def test_exclusions_alone_start_from_everything() -> None:
    """A list that only says what not to take takes the rest."""
    assert select(PATHS, ["!docs", "!tests"], None) == {
        path for path in EVERYTHING if not path.startswith(("docs/", "tests/"))
    }


def test_exclusions_cannot_take_away_the_indispensable() -> None:
    """The manifest, readme, licence and main stay whatever the list says."""
    assert select(PATHS, ["!**", "!package.json", "!README.md", "!src/index.hml"], None) == ALWAYS


def test_too_many_patterns_are_an_error() -> None:
    """Patterns have a bound and plain entries have none."""
    plain = [f"file{number}" for number in range(MOST_PATTERNS * 10)]
    assert select(["file7"], plain, None) == {"file7"}
    with pytest.raises(ValueError, match="patterns"):
        select([], [f"*{number}" for number in range(MOST_PATTERNS + 1)], None)
    with pytest.raises(ValueError, match="parts"):
        select([], ["*/" * 70], None)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([f"{number}/*/" * 20 for number in range(60)], "parts in all"),
        (["*" + "a" * 1000], "characters"),
        ([f"**/{number}*/**/x*/**/y" for number in range(200)], "too much work"),
    ],
)
def test_patterns_that_cost_too_much_are_an_error(files: list[str], reason: str) -> None:
    """What a stranger's patterns cost is bounded, however they are distributed over files and paths."""
    paths = [f"{number}/{'x/y/' * 15}z" for number in range(1000)]
    with pytest.raises(ValueError, match=reason):
        select(paths, files, None)


def test_a_pattern_of_many_stars_ends() -> None:
    """What would take a backtracking matcher until the end of days is decided."""
    hostile = ["*a" * 100 + "b", "**/" * 60 + "b", "**/a/" * 30 + "b"]
    assert select(["a" * 200, "a/" * 40 + "c"], hostile, None) == set()


def _slowly(pattern: str, path: str) -> bool:
    """The rules once more, by a regular expression that may take its time."""
    out = ""
    for part in re.split(r"(\*\*/|/\*\*$|\*|\?)", pattern):
        out += {"**/": "(?:[^/]+/)*", "/**": "/.+", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    return re.fullmatch(out if pattern.endswith("/**") else f"{out}(?:/.*)?", path, re.DOTALL) is not None


_PART = st.text(alphabet="ab*?", min_size=1, max_size=4).filter(lambda part: "**" not in part)
_PATTERN = st.lists(st.one_of(_PART, st.just("**")), min_size=1, max_size=4).map("/".join)
_PATH = st.lists(st.text(alphabet="ab", min_size=1, max_size=4), min_size=1, max_size=5).map("/".join)


@given(pattern=_PATTERN.filter(lambda pattern: pattern != "**"), path=_PATH)
@settings(max_examples=300)
def test_patterns_mean_what_a_plain_translation_means(pattern: str, path: str) -> None:
    """The bounded matcher agrees with the obvious unbounded one."""
    assert (select([path], [pattern], "none") == {path}) == _slowly(pattern, path)
