"""The table of commands: each word leads to one command."""

from __future__ import annotations

from collections import Counter

import pytest

from hpmtasks.commands import TABLE, all_commands, find_command
from hpmtasks.errors import Usage


@pytest.mark.parametrize(("word", "name"), [("i", "install"), ("ls", "list"), ("cache", "cache")])
def test_short_words_of_the_first_hpm_are_understood(word: str, name: str) -> None:
    """The documented short forms mean what they meant."""
    assert find_command(word).name == name


def test_no_word_has_two_meanings() -> None:
    """A name or alias belongs to one command only."""
    words = Counter(word for command in all_commands() for word in (command.name, *command.aliases))
    assert [word for word, number in words.items() if number > 1] == []


def test_a_mistyped_word_leads_to_the_nearest() -> None:
    """What is not a command is refused, and the nearest that is one is named."""
    with pytest.raises(Usage, match="Did you mean 'install'"):
        find_command("instal")


def test_table_calls_each_command_by_its_own_name() -> None:
    """A verb leads to the command of that name; a slip in the table would show another one's page."""
    assert [command.name for command in all_commands()] == list(TABLE)
