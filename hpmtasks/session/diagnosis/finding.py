"""finding: what is so, whether that is well, and what to do if it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import HpmError, StorageFailure

#: ``warning``: hpm works, and something will not. ``broken``: an installation would fail.
Status = Literal["ok", "warning", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: What, in a word or two.
        told: What is so, as a sentence or a part of one.
        remedy: What to do; empty where nothing has to be done.
        exit_code: That an installation would end with, if it is broken.
    """

    subject: str
    told: str
    status: Status = "ok"
    remedy: str = ""
    exit_code: int = 0


def warning(subject: str, told: str, remedy: str) -> Finding:
    """Something that hpm can do without."""
    return Finding(subject, told, "warning", remedy)


def found_by(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What *look* finds; a failure while it looks is a finding too, the last one."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except HpmError as error:
        what, _, way_out = str(error).partition("\n\n")
        told, remedy = _in_one_line(what).rstrip("."), _in_one_line(way_out)
        found.append(Finding(subject, told, "broken", remedy, error.exit_code))
    except OSError as error:
        told = f"{error.filename or subject}: {error.strerror or error}"
        remedy = "Check who owns it and its permissions."
        found.append(Finding(subject, told, "broken", remedy, StorageFailure.exit_code))
    return found


def _in_one_line(message: str) -> str:
    return " ".join(line.strip().removeprefix("- ") for line in message.splitlines() if line.strip())
