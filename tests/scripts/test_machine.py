"""What a machine is to a key."""

from __future__ import annotations

import os
import sys

import pytest

from hpmtasks.scripts import machine as module
from hpmtasks.scripts.machine import machine


def test_a_machine_is_its_system_processor_and_library() -> None:
    """No name, no user, no number of anything: two machines of one kind are one."""
    found = machine()
    assert list(found) == ["os", "arch", "libc"]
    assert found["os"] == sys.platform
    assert found["arch"]
    assert os.uname().nodename not in found.values()


@pytest.mark.parametrize("answer", [None, ValueError("unrecognized"), OSError("none")])
def test_a_library_that_does_not_tell_its_name_has_none(
    monkeypatch: pytest.MonkeyPatch, answer: Exception | None
) -> None:
    """As musl and that of macOS."""

    def ask(name: str) -> None:
        if answer is not None:
            raise answer

    monkeypatch.setattr(os, "confstr", ask)
    assert module._libc() == ""
