from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from hpmtasks.commands import TABLE, all_commands, load_command
from hpmtasks.commands.flags import read_flags
from hpmtasks.commands.parser import Parser
from hpmtasks.errors import Usage

OPTIONS = sorted({
    string
    for command in all_commands()
    for action in Parser(command)._actions
    for string in action.option_strings
})  # fmt: skip
WORDS = st.sampled_from(OPTIONS) | st.sampled_from([
    "acme/a", "acme/b@^1.0.0", "", "-", "--", "-qv", "--locked=1", "--lock", "never", "1", "-1", "a b",
])  # fmt: skip


@given(st.sampled_from(sorted(TABLE)), st.lists(WORDS, max_size=4))
def test_what_is_read_without_argparse_is_what_argparse_reads(verb: str, words: list[str]) -> None:
    """Of every command: the same arguments, or it is left to the parser."""
    command = load_command(verb)
    found = read_flags(command, words)
    if found is not None:
        assert vars(found) == vars(Parser(command).parse(words))


@pytest.mark.parametrize("words", ["", "--locked", "acme/a --dev acme/b", "--quiet --frozen", "-w --json"])
def test_most_installations_are_plain(words: str) -> None:
    """No parser is asked for flags and names."""
    assert read_flags(load_command("install"), words.split()) is not None


@pytest.mark.parametrize(
    "words", ["--quiet --verbose", "-C x", "--member x", "--help", "--what", "-Dw", "--color=never", "--"]
)
def test_the_rest_is_left_to_the_parser(words: str) -> None:
    """What has a value, excludes something, or is unknown."""
    assert read_flags(load_command("install"), words.split()) is None


def test_what_excludes_each_other_is_refused() -> None:
    """As the parser refuses it."""
    with pytest.raises(Usage, match="exclude each other"):
        Parser(load_command("install")).parse(["--quiet", "--verbose"])
