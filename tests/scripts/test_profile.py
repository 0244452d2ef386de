"""A profile says of everything when it was, in the form that trace viewers read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import pytest
from openapi_schema_validator import OAS31Validator

from hpmtasks.scripts.critical_path import critical_path
from hpmtasks.scripts.events import Ended, Kind, Outcome, Output, Queued, Started
from hpmtasks.scripts.profile import Profile, trace

# What chrome://tracing and Perfetto ask of the events that a profile has.
TRACE_SCHEMA = {
    "type": "object",
    "required": ["traceEvents"],
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "traceEvents": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "ph", "pid", "tid"],
                "properties": {
                    "name": {"type": "string"},
                    "pid": {"type": "integer"},
                    "tid": {"type": "integer"},
                    "args": {"type": "object"},
                },
                "oneOf": [
                    {
                        "properties": {
                            "ph": {"const": "X"},
                            "cat": {"type": "string"},
                            "ts": {"type": "integer", "minimum": 0},
                            "dur": {"type": "integer", "minimum": 0},
                        },
                        "required": ["cat", "ts", "dur"],
                    },
                    {
                        "properties": {
                            "ph": {"const": "M"},
                            "name": {"enum": ["process_name", "thread_name"]},
                            "args": {"required": ["name"]},
                        },
                        "required": ["args"],
                    },
                ],
            },
        },
    },
}


class Clock:
    """A clock that goes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Name:
    """What stands for a task's identity here."""

    text: str

    def __str__(self) -> str:
        return self.text


def ran(
    profile: Profile, name: str, queued: float, started: float, ended: float, *, kind: Kind = "ran"
) -> None:
    task = cast("Any", Name(name))
    profile.listen(Queued(task, queued, "src/a.hml changed"))
    if kind == "ran":
        profile.listen(Started(task, started, f"make {name}"))
        profile.listen(Output(task, started, "stdout", b"x"))
    profile.listen(Ended(task, ended, Outcome(kind, 0, ended - started)))


def complete(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {event["name"]: event for event in document["traceEvents"] if event["ph"] == "X"}


def test_a_trace_has_the_installation_and_the_scripts() -> None:
    """The document is of the format's schema; times are microseconds since the first thing that happened."""
    clock = Clock()
    profile = Profile(clock)

    @contextmanager
    def quiet(text: str, tally: object = None) -> Iterator[None]:
        del text, tally
        yield

    with profile.following(quiet)("downloading acme/x"):
        profile.task_began("resolve")
        clock.now = 100.5
        profile.task_began("lock")
        clock.now = 101.0
    profile.task_was_fresh("prune")
    clock.now = 107.0
    profile.stages_ended()
    ran(profile, "build", 101.0, 101.25, 103.0)
    ran(profile, "lint", 101.0, 101.5, 102.0)
    ran(profile, "test", 103.0, 103.0, 104.0)
    ran(profile, "docs", 103.5, 103.5, 103.75, kind="restored")
    document = trace(profile.spans)
    OAS31Validator(TRACE_SCHEMA).validate(document)
    events = complete(document)
    times = {name: (event["ts"], event["dur"]) for name, event in events.items()}
    assert times == {
        "downloading acme/x": (0, 1_000_000),
        "resolve": (0, 500_000),
        "lock": (500_000, 500_000),
        "build": (1_250_000, 1_750_000),
        "lint": (1_500_000, 500_000),
        "test": (3_000_000, 1_000_000),
        "docs": (3_500_000, 250_000),
    }
    assert events["build"]["args"] == {
        "outcome": "ran",
        "exitCode": 0,
        "reason": "src/a.hml changed",
        "command": "make build",
        "waitedSeconds": 0.25,
    }
    assert "command" not in events["docs"]["args"]


def test_what_ran_at_once_stands_in_rows_of_its_own() -> None:
    """Two scripts share a row only if one ended before the other began; rows have names."""
    profile = Profile(Clock())
    ran(profile, "build", 0, 0, 3)
    ran(profile, "lint", 0, 1, 2)
    ran(profile, "test", 0, 2, 4)
    ran(profile, "docs", 0, 3, 4)
    document = trace(profile.spans)
    rows = {name: event["tid"] for name, event in complete(document).items()}
    assert rows["build"] == rows["docs"] != rows["lint"] == rows["test"]
    named = {e["tid"]: e["args"]["name"] for e in document["traceEvents"] if e["name"] == "thread_name"}
    assert set(named) == set(rows.values())


def test_an_empty_profile_is_a_trace() -> None:
    """A run in which nothing happened has a trace without events."""
    assert trace([])["traceEvents"] == []


PATHS: dict[str, tuple[dict[str, float], dict[str, Sequence[str]], list[str]]] = {
    "nothing": ({}, {}, []),
    "one": ({"a": 1}, {"a": ()}, ["a"]),
    "the longer of two": ({"a": 1, "b": 5, "c": 1}, {"a": (), "b": (), "c": ("a", "b")}, ["b", "c"]),
    "many short ones beat a long one": (
        {"a": 2, "b": 2, "c": 2, "d": 5},
        {"c": ("b",), "b": ("a",), "a": (), "d": ()},
        ["a", "b", "c"],
    ),
    "through one that took no time": (
        {"a": 3, "c": 1},
        {"a": (), "b": ("a",), "c": ("b",)},
        ["a", "c"],
    ),
    "fresh ones only": ({"a": 0}, {"a": (), "b": ("a",)}, []),
}


@pytest.mark.parametrize("case", PATHS)
def test_the_critical_path_is_the_chain_that_took_longest(case: str) -> None:
    """The links of the chain are those of the row, what is needed first."""
    seconds, needs, expected = PATHS[case]
    assert critical_path(seconds, needs) == expected


def test_a_chain_may_be_longer_than_pythons_stack() -> None:
    """Ten thousand tasks, each needing the one before it, are one chain."""
    needs: dict[int, Sequence[int]] = {number: (number - 1,) for number in range(9_999, 0, -1)} | {0: ()}
    assert critical_path(dict.fromkeys(needs, 1.0), needs) == list(range(10_000))
