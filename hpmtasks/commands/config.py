"""config: look at config.json and change it, without an editor and without a mistake."""

from __future__ import annotations

import argparse
import json
import sys
from difflib import get_close_matches

from hpmtasks.commands.command import Command, Context
from hpmtasks.errors import Usage
from hpmtasks.project.settings import config_path_of
from hpmtasks.session.configuration import KEYS, Value, set_value, unset_value, values

# How many words stand behind each action.
_ACTIONS = {"list": 0, "get": 1, "set": 2, "unset": 1}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm config``."""
    parser.add_argument(
        "action", nargs="?", metavar="list|get|set|unset", default="list", help="default: list"
    )
    parser.add_argument("key", nargs="?", metavar="KEY", help=" or ".join(KEYS))
    parser.add_argument("value", nargs="?", metavar="VALUE", help="for set; '-' reads it from standard input")
    parser.add_argument("--show-origin", action="store_true", help="say where each value comes from")


def run(context: Context) -> int:
    """Show or change; see :data:`COMMAND`."""
    given, console = context.arguments, context.console
    _check(given.action, given.key, given.value)
    path = config_path_of(context.environ)
    if given.action == "set":
        text = _typed_in() if given.value == "-" else given.value
        set_value(path, given.key, text)
        console.result({"path": str(path), "key": given.key})
        console.report(f"Set {given.key} in {path}")
        _warn_if_overruled(context, given.key)
    elif given.action == "unset":
        had = unset_value(path, given.key)
        console.result({"path": str(path), "key": given.key, "removed": had})
        console.report(f"Removed {given.key} from {path}" if had else f"{given.key} is not set in {path}")
    else:
        found = [each for each in values(path, context.environ) if given.key in {None, each.key}]
        _tell(context, found)
    return 0


def _typed_in() -> str:
    try:
        return sys.stdin.read()
    except (UnicodeDecodeError, AttributeError) as error:  # bytes that are no text; no input at all
        raise Usage("Standard input holds no text.") from error


def _check(action: str, key: str | None, value: str | None) -> None:
    if action not in _ACTIONS:
        near = get_close_matches(action, _ACTIONS, n=1)
        hint = f" Did you mean 'hpm config {near[0]}'?" if near else ""
        raise Usage(f"'hpm config' can list, get, set and unset, not {action!r}.{hint}")
    words = [word for word in (key, value) if word is not None]
    if len(words) != _ACTIONS[action]:
        what = {0: "takes no key", 1: "takes a KEY", 2: "takes a KEY and a VALUE"}[_ACTIONS[action]]
        raise Usage(f"'hpm config {action}' {what}.\n\nThe keys are: {', '.join(KEYS)}")
    if key is not None and key not in KEYS:
        near = get_close_matches(key, KEYS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise Usage(f"There is no setting {key!r}.{hint}\n\nThe keys are: {', '.join(KEYS)}")


def _tell(context: Context, found: list[Value]) -> None:
    given, console = context.arguments, context.console
    console.result(
        {
            "path": str(config_path_of(context.environ)),
            "settings": [
                {"key": each.key, "value": each.shown, "origin": each.origin, "counts": each.counts}
                for each in found
            ],
        }
    )
    for each in found:
        if not (each.counts or given.show_origin):
            continue
        text = each.shown if isinstance(each.shown, str) else json.dumps(each.shown, ensure_ascii=False)
        line = text if given.action == "get" else f"{each.key} = {text}"
        if given.show_origin:
            line += f"  ({each.origin}{'' if each.counts else ', overruled'})"
        console.line(line)


def _warn_if_overruled(context: Context, name: str) -> None:
    found = [each for each in values(config_path_of(context.environ), context.environ) if each.key == name]
    if found and not found[-1].counts:
        context.console.warning(f"{found[0].origin} is set in the environment and goes before it.")


COMMAND = Command(
    name="config",
    summary="show or change the settings of the user",
    description=(
        "config.json holds what counts for all projects of a user; this shows it and changes it. A value"
        " that cannot be used is refused, what hpm does not know stays in the file, and only its owner may"
        " read the file. The environment goes before config.json. A token is never shown."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm config list --show-origin", "what is set, and where"),
        ("gh auth token | hpm config set github_token -", "take a token without showing it"),
        ("hpm config unset github_token", "forget it"),
        ("hpm config get sources", "the list of sources, as JSON"),
    ),
)
