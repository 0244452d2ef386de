"""request: whether a command line asks for a whole installation, and for nothing else. It imports nothing."""

from __future__ import annotations

#: The words that ask for an installation, and what each of them promises: that everything is in place,
#: or that ``hem_modules`` was made anew.
COMMANDS = {"install": "install", "i": "install", "add": "install", "ci": "ci", "clean-install": "ci"}
#: The options of each under which it comes to the same: with a lock that answers, and is not to change.
HARMLESS = {
    "install": frozenset({"--locked", "--frozen", "--offline", "--parallel"}),
    "ci": frozenset({"--offline"}),
}
_QUIET = ("-q", "--quiet")
_FOLDER = ("-C", "--dir")


def request(arguments: list[str]) -> tuple[str, str, bool] | None:
    """What *arguments* ask for, if it is a whole installation and nothing else.

    Returns:
        What it promises, a value of :data:`COMMANDS`; the folder that it is to begin in, empty for the
        current one; and whether nothing is to be said.
    """
    command = folder = ""
    options = set()
    is_quiet = False
    words = iter(arguments)
    for word in words:
        if word in _FOLDER and not folder:
            folder = next(words, "")
            if not folder or folder.startswith("-"):
                return None
        elif word in _QUIET:
            is_quiet = True
        elif word.startswith("-"):
            options.add(word)
        elif command or word not in COMMANDS:
            return None
        else:
            command = COMMANDS[word]
    if not command or not HARMLESS[command].issuperset(options):
        return None
    return command, folder, is_quiet
