"""git_url: where a git server keeps a package, from a template such as ``https://host/{owner}/{repo}.git``."""

from __future__ import annotations

import re
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidSetting
from hpmtasks.model.package import PackageName
from hpmtasks.net.address import is_loopback

Kind = Literal["https", "http", "ssh", "file"]
# host:path as scp writes it; a single letter before the colon would be a Windows drive.
_SCP_LIKE = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]+:(?![/\\]{2})[^:\s]+")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*|[0-9a-fA-F:.]+")
_EXAMPLES = "https://host/{owner}/{repo}.git, ssh://git@host/{owner}/{repo}.git, git@host:{owner}/{repo}.git"


@dataclass(frozen=True, slots=True)
class GitUrl:
    """A template of git URLs.

    Attributes:
        template: With ``{owner}`` and ``{repo}`` for the parts of the name.
        kind: How git gets there.
        host: For people; empty for ``file``.
    """

    template: str
    kind: Kind
    host: str

    @classmethod
    def parse(cls, template: str, origin: str) -> Self:
        """The template that *template* spells; a local path counts as ``file``.

        Raises:
            InvalidSetting: git would not know it, take it for an option, find a password in it
                or go there unprotected. *origin* is where it was set.
        """
        problem = _problem(template)
        if problem:
            raise InvalidSetting(origin, [f"url {_shown(template)!r} {problem}. Examples: {_EXAMPLES}"])
        if "://" not in template and not template.startswith("/"):
            return cls(template, "ssh", template.partition(":")[0].rpartition("@")[2])
        if template.startswith("/"):
            return cls(template, "file", "")
        parts = urlsplit(template)
        kind: Kind = parts.scheme  # type: ignore[assignment]  # _problem has checked it
        return cls(template, kind, "" if kind == "file" else parts.hostname or "")

    def of(self, name: PackageName) -> str:
        """The URL of *name*."""
        return self.template.replace("{owner}", name.owner).replace("{repo}", name.repo)

    def local_path(self, name: PackageName) -> str:
        """The folder of *name*, for a ``file`` template."""
        url = self.of(name)
        return unquote(urlsplit(url).path) if url.startswith("file:") else url

    @property
    def is_public(self) -> bool:
        """Whether the URL means the same on every machine."""
        return self.kind != "file" and not is_loopback(self.host)

    @property
    def protocols(self) -> tuple[str, ...]:
        """What git may speak: also what the user's ``insteadOf`` may turn the URL into."""
        if self.kind == "file":
            return ("file",)
        return ("https", "ssh", "http") if self.kind == "http" else ("https", "ssh")


def _problem(template: str) -> str:
    """What is wrong with *template*, as the end of a sentence; empty if nothing is."""
    if template.startswith("/"):
        return "" if template.isprintable() else "is not a path"
    if not template.isascii() or not template.isprintable() or " " in template or "\\" in template:
        return "holds a blank or a character that URLs do not have"
    if "://" not in template:
        return "" if _SCP_LIKE.fullmatch(template) else "is not a git URL"
    try:
        parts = urlsplit(template)
        host, user, _ = parts.hostname or "", parts.username or "", parts.port
    except ValueError:
        return "is not a git URL"
    is_file = parts.scheme == "file"
    checks = (
        (parts.scheme not in {"https", "http", "ssh", "file"}, "is neither https, ssh nor file"),
        (
            parts.password is not None or (user and parts.scheme != "ssh"),
            "holds a login; git knows better places",
        ),
        (user.startswith("-") or parts.query or parts.fragment, "is not a git URL"),
        (is_file and host not in {"", "localhost"}, "is not a path of this machine"),
        (not is_file and not _HOST.fullmatch(host), "has no usable host"),
        (
            parts.scheme == "http" and not is_loopback(host),
            "is plain http, which is for this very machine only",
        ),
    )
    return next((reason for is_wrong, reason in checks if is_wrong), "")


def _shown(template: str) -> str:
    """*template* without a password that somebody put into it."""
    return re.sub(r"://[^/@]+@", "://***@", template)
