"""critical_path: the chain of tasks that a run could not have been shorter than."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def critical_path(seconds: Mapping[T, float], needs: Mapping[T, Sequence[T]]) -> list[T]:
    """The chain of needs that took longest together, what is needed first; empty if nothing took any time.

    Args:
        seconds: How long each took; what is not there, or took no time, is no link of the chain, but
            chains go through it.
        needs: What each needs directly, without cycles.
    """
    if not any(seconds.values()):
        return []
    total: dict[T, float] = {}
    before: dict[T, T | None] = {}
    for task in _in_order(needs):
        longest = max(needs.get(task, ()), key=lambda need: total[need], default=None)
        before[task] = longest
        total[task] = seconds.get(task, 0.0) + (total[longest] if longest is not None else 0.0)
    last = max(total, key=lambda task: total[task], default=None)
    chain: list[T] = []
    while last is not None:
        if seconds.get(last, 0.0) > 0:
            chain.append(last)
        last = before[last]
    return chain[::-1]


def _in_order(needs: Mapping[T, Sequence[T]]) -> list[T]:
    """Every task, behind all that it needs; with a stack of its own, for chains of any length."""
    done: dict[T, None] = {}
    for start in needs:
        stack = [start]
        while stack:
            task = stack[-1]
            waiting = [need for need in needs.get(task, ()) if need not in done]
            if waiting and task not in done:
                stack.extend(waiting)
            else:
                done.setdefault(stack.pop())
    return list(done)
