"""completion_scripts: what bash, zsh and fish have to know to complete a command line of hpm."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence

from hpmtasks.commands.command import Command
from hpmtasks.commands.parser import Parser
from hpmtasks.dataclass import dataclass
from hpmtasks.session.configuration import KEYS

# What a placeholder that is not a list of words stands for. The kinds that hpm is asked for
# are those of hpmtasks.front.completion.
_MEANINGS = {
    "KEY": f"={' '.join(KEYS)}",
    "PATH": "directories",
    "DIR": "directories",
    "FILE": "files",
    "OUT": "files",
    "SCRIPT": "scripts",
    "TASK ARG": "scripts",
    "TASK": "tasks",
    "MEMBERS": "members",
    "owner/repo": "packages",
}


@dataclass(frozen=True, slots=True)
class Option:
    """An option as a shell needs it.

    Attributes:
        names: As it is spelled.
        meaning: One line.
        value: What its value is, see :func:`_kind`; ``None``: it takes none.
    """

    names: tuple[str, ...]
    meaning: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Verb:
    """A command as a shell needs it.

    Attributes:
        names: With its aliases.
        meaning: One line.
        options: Its own.
        places: What its arguments are, in order, see :func:`_kind`.
        repeats: Whether the last of them may stand more than once.
    """

    names: tuple[str, ...]
    meaning: str
    options: tuple[Option, ...]
    places: tuple[str, ...]
    repeats: bool


def verbs(commands: Sequence[Command]) -> list[Verb]:
    """*commands* as shells need them."""
    names = [name for command in commands for name in (command.name, *command.aliases)]
    found = []
    for command in commands:
        parser = argparse.ArgumentParser(add_help=False)
        command.arguments(parser)
        actions = parser._actions  # noqa: SLF001  argparse has no other way to list them
        places = [action for action in actions if not action.option_strings]
        found.append(
            Verb(
                (command.name, *command.aliases),
                command.summary,
                tuple(_option(action) for action in actions if action.option_strings),
                tuple(_kind(action, names) for action in places),
                repeats=any(action.nargs == "*" for action in places),
            )
        )
    return found


def general() -> list[Option]:
    """The options of every command, and of hpm itself."""
    return [_option(action) for action in Parser()._actions]  # noqa: SLF001  as above


def _option(action: argparse.Action) -> Option:
    value = None if action.nargs == 0 else _kind(action, ())
    return Option(tuple(action.option_strings), action.help or "", value)


def _kind(action: argparse.Action, commands: Iterable[str]) -> str:
    """What stands in a place: ``=`` and words, ``directories``, ``files``, ``nothing``, or what hpm knows."""
    meaning = str(action.metavar or action.dest)
    if action.choices:
        return f"={' '.join(map(str, action.choices))}"
    if meaning in _MEANINGS:
        return _MEANINGS[meaning]
    if meaning.startswith("owner/repo"):
        return "specifiers"
    if meaning.startswith("COMMAND"):
        return f"={' '.join(commands)}"
    words = meaning.split("|")
    if len(words) > 1:
        return f"={' '.join(word for word in words if word.islower())}"
    return "nothing"


# ---------------------------------------------------------------- bash and zsh

_PLAN = """\
# Sets hpm_kind, hpm_options and hpm_directory from the words before the current one.
_hpm_plan() {
    local word skip='' command='' index=0
    hpm_kind=nothing hpm_options='' hpm_directory=.
    for word in "$@"; do
        case "$skip" in
            -C|--dir) hpm_directory=$word; skip=''; continue ;;
            ?*) skip=''; continue ;;
        esac
        case "$word" in
            %(valued)s) skip=$word ;;
            -*) ;;
            *) if [ -z "$command" ]; then command=$word; else index=$((index + 1)); fi ;;
        esac
    done
    case "$skip" in
%(values)s
    esac
    case "$command" in
        '') hpm_kind='=%(names)s' hpm_options='%(general)s' ;;
%(verbs)s
    esac
}
"""

_BASH = """\
# Completion of hpm for bash. Put this into ~/.bashrc:  eval "$(hpm completion bash)"

%(plan)s
_hpm_reply() {
    # Readline takes a word apart at the letters in COMP_WORDBREAKS; it wants the last piece only.
    local candidate whole=$1 tail=${1##*[@:=]} head
    head=${whole%%"$tail"}
    if [ -n "$head" ] && [[ $COMP_WORDBREAKS != *"${head: -1}"* ]]; then head=''; fi
    while IFS= read -r candidate; do
        if [[ -n $candidate && $candidate == "$whole"* ]]; then COMPREPLY+=("${candidate#"$head"}"); fi
    done
}

_hpm() {
    local line=${COMP_LINE:0:COMP_POINT} newline=$'\n' current hpm_kind hpm_options hpm_directory
    local -a before
    current=${line##*[[:space:]]}
    read -ra before <<< "${line%%"$current"}"
    _hpm_plan "${before[@]:1}"
    COMPREPLY=()
    case "$current" in
        -*) _hpm_reply "$current" <<< "${hpm_options// /$newline}"; return ;;
    esac
    case "$hpm_kind" in
        '='*) hpm_kind=${hpm_kind#=}; _hpm_reply "$current" <<< "${hpm_kind// /$newline}" ;;
        directories)
            compopt -o filenames 2>/dev/null
            _hpm_reply "$current" < <(compgen -d -- "$current")
            ;;
        files)
            compopt -o filenames 2>/dev/null
            _hpm_reply "$current" < <(compgen -f -- "$current")
            ;;
        nothing) ;;
        *)
            _hpm_reply "$current" < <(
                hpm completion --complete "$hpm_kind" "$current" "$hpm_directory" 2>/dev/null
            )
            ;;
    esac
}

complete -F _hpm hpm
"""

_ZSH = """\
#compdef hpm
# Completion of hpm for zsh. Put this into ~/.zshrc, behind compinit:  eval "$(hpm completion zsh)"

%(plan)s
_hpm() {
    emulate -L zsh
    local current=${words[CURRENT]} hpm_kind hpm_options hpm_directory
    local -a found
    _hpm_plan "${(@)words[2,CURRENT-1]}"
    if [[ $current == -* ]]; then
        compadd -- ${=hpm_options}
        return
    fi
    case "$hpm_kind" in
        '='*) compadd -- ${=hpm_kind#=} ;;
        directories) _files -/ ;;
        files) _files ;;
        nothing) ;;
        *)
            found=("${(@f)$(hpm completion --complete "$hpm_kind" "$current" "$hpm_directory" 2>/dev/null)}")
            compadd -- ${found:#}
            ;;
    esac
}

if [ "$funcstack[1]" = "_hpm" ]; then _hpm "$@"; else compdef _hpm hpm; fi
"""


def bash(commands: Sequence[Command]) -> str:
    """The script for bash, 3.2 and later."""
    return _BASH % {"plan": _plan(commands)}


def zsh(commands: Sequence[Command]) -> str:
    """The script for zsh."""
    return _ZSH % {"plan": _plan(commands)}


def _plan(commands: Sequence[Command]) -> str:
    known, everywhere = verbs(commands), general()
    valued = {
        name: option.value
        for options in (everywhere, *(verb.options for verb in known))
        for option in options
        if option.value is not None
        for name in option.names
    }
    return _PLAN % {
        "valued": "|".join(valued),
        "values": "\n".join(f"        {name}) hpm_kind='{kind}'; return ;;" for name, kind in valued.items()),
        "names": " ".join(name for verb in known for name in verb.names),
        "general": _names(everywhere),
        "verbs": "\n".join(f"        {line}" for verb in known for line in _case(verb, everywhere)),
    }


def _case(verb: Verb, everywhere: Sequence[Option]) -> Iterator[str]:
    yield f"{'|'.join(verb.names)})"
    options = [*verb.options, *(option for option in everywhere if "--version" not in option.names)]
    yield f"    hpm_options='{_names(options)}'"
    if verb.places:
        yield '    case "$index" in'
        for index, kind in enumerate(verb.places):
            is_last = verb.repeats and index == len(verb.places) - 1
            yield f"        {'*' if is_last else index}) hpm_kind='{kind}' ;;"
        yield "    esac"
    yield "    ;;"


def _names(options: Iterable[Option]) -> str:
    return " ".join(name for option in options for name in option.names)


# ---------------------------------------------------------------- fish

_FISH_HEAD = """\
# Completion of hpm for fish. Put this into ~/.config/fish/config.fish:  hpm completion fish | source

complete -c hpm -f
"""


def fish(commands: Sequence[Command]) -> str:
    """The script for fish."""
    lines = [_fish("", option=option) for option in general()]
    for verb in verbs(commands):
        lines.append(_fish("__fish_use_subcommand", words=verb.names[:1], meaning=verb.meaning))
        condition = f"__fish_seen_subcommand_from {' '.join(verb.names)}"
        lines += [_fish(condition, option=option) for option in verb.options]
        lines += [_fish(condition, kind=kind) for kind in dict.fromkeys(verb.places)]
    return _FISH_HEAD + "\n".join(line for line in lines if line) + "\n"


def _fish(
    condition: str,
    *,
    option: Option | None = None,
    words: Sequence[str] = (),
    kind: str = "",
    meaning: str = "",
) -> str:
    pieces = ["complete -c hpm"] + ([f"-n {_quoted(condition)}"] if condition else [])
    if option is not None:
        pieces += [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
        if option.value is not None:
            pieces += ["-x", *_fish_words(option.value)]
        meaning = option.meaning
    elif words:
        pieces.append(f"-a {_quoted(' '.join(words))}")
    else:
        told = _fish_words(kind)
        if not told:
            return ""
        pieces += told
    return " ".join(pieces + ([f"-d {_quoted(meaning)}"] if meaning else []))


def _fish_words(kind: str) -> list[str]:
    if kind == "nothing":
        return []
    if kind == "directories":
        return [f"-a {_quoted('(__fish_complete_directories (commandline -ct))')}"]
    if kind == "files":
        return ["-F"]
    if kind.startswith("="):
        return [f"-a {_quoted(kind[1:])}"]
    ask = f"(command -q hpm; and hpm completion --complete {kind} (commandline -ct) 2>/dev/null)"
    return [f"-a {_quoted(ask)}"]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


#: The shells, each with what writes its script.
SHELLS: dict[str, Callable[[Sequence[Command]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
