"""fields: reading one field of a document, with a sentence for what is wrong with it.

A reader gives back what the field holds. If that is not what it should be, a sentence goes
to the issues, and what comes back is something of the right type, so that reading goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hpmtasks.model.manifest_issues import shown

Reader = Callable[["Field"], Any]


class Field:
    """A value of a document.

    Args:
        where: What the field is called in messages: ``tasks.build.outputs``.
        value: What stands there.
        issues: Takes the sentences.
    """

    __slots__ = ("issues", "value", "where")

    def __init__(self, where: str, value: object, issues: list[str]) -> None:
        self.where = where
        self.value = value
        self.issues = issues

    def refuse(self, sentence: str) -> None:
        """It is wrong; *sentence* goes on behind the field's name."""
        self.issues.append(f"{self.where}{sentence}")

    def _refuse_type(self, wanted: str) -> None:
        from hpmtasks.model.wire import kind_of

        self.refuse(f" must be {wanted}, not {kind_of(self.value)}.")

    def members(self) -> dict[str, Field]:
        """The fields of an object; one that is null is left out."""
        if not isinstance(self.value, dict):
            self._refuse_type("an object")
            return {}
        return {
            name: Field(f"{self.where}.{shown(name)}", value, self.issues)
            for name, value in self.value.items()
            if value is not None
        }

    def record(self, readers: Mapping[str, Reader]) -> dict[str, Any]:
        """The fields of an object that has no others than *readers* can read."""
        members = self.members()
        for name in sorted(self.value.keys() - readers.keys()) if isinstance(self.value, dict) else ():
            hint = near(name, readers) or f" The fields are {', '.join(readers)}."
            self.refuse(f': there is no field "{shown(name)}".{hint}')
        return {name: read(members[name]) for name, read in readers.items() if name in members}

    def items(self) -> list[Field]:
        """The items of a list."""
        if not isinstance(self.value, list):
            self._refuse_type("a list")
            return []
        return [Field(f"{self.where}[{place}]", item, self.issues) for place, item in enumerate(self.value)]

    def text(self) -> str:
        """A text that a command line, a path and a terminal can hold; not an empty one."""
        if not isinstance(self.value, str):
            self._refuse_type("a string")
        elif not self.value:
            self.refuse(" is empty.")
        elif not self.value.isprintable():
            self.refuse(f": {self.value!r} holds a control character.")
        else:
            return self.value
        return ""

    def texts(self) -> tuple[str, ...]:
        """A list of texts, each once, in the order in which they stand."""
        return tuple(dict.fromkeys(filter(None, (item.text() for item in self.items()))))

    def path(self) -> str:
        """A path in the project."""
        found = self.text()
        if found and leads_out(found):
            self.refuse(f': "{found}" must be a path inside the project, with "/" between its parts.')
        return found

    def switch(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self._refuse_type("true or false")
        return self.value is True

    def count(self, most: int | None = None) -> int:
        """A whole number from 1 to *most*."""
        # To Python true is a number; to JSON it is not.
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self._refuse_type("a whole number")
        elif self.value < 1:
            self.refuse(f" must be 1 or more, not {self.value}.")
        elif most is not None and self.value > most:
            self.refuse(f" must be {most} or less, not {self.value}.")
        else:
            return self.value
        return 1

    def seconds(self) -> float:
        """A length of time, in seconds."""
        if not isinstance(self.value, (int, float)) or isinstance(self.value, bool):
            self._refuse_type("a number of seconds")
        elif not 0 < self.value < float("inf"):
            self.refuse(f" must be more than 0 seconds, not {self.value}.")
        else:
            return float(self.value)
        return 1.0

    def expression(self) -> str:
        """A regular expression, as Python's ``re`` reads them."""
        found = self.text()
        try:
            re.compile(found)
        except re.error as error:
            self.refuse(f': "{found}" is not a regular expression: {error}.')
        return found


def leads_out(path: str) -> bool:
    """Whether *path*, with ``/`` between its parts, may point out of the folder that it is relative to."""
    parts = path.split("/")
    return not parts[0] or "\\" in path or ".." in parts or ":" in parts[0]


def near(name: str, names: Iterable[str]) -> str:
    """A sentence with the one of *names* that was probably meant, after a space; or nothing."""
    from difflib import get_close_matches

    found = get_close_matches(name, list(names), n=1)
    return f' Did you mean "{found[0]}"?' if found else ""
