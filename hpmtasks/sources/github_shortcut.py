"""github_shortcut: where archive links lead, so that the next archives are asked for there at once.

The link of an archive, ``github.com/OWNER/REPO/archive/COMMIT.tar.gz``, redirects to another host,
which costs a round trip for each package. What the address there is made of can be seen from one
redirect. That of a private package has a key in it, and teaches nothing.
"""

from __future__ import annotations

from typing import Self

from hpmtasks.dataclass import dataclass
from hpmtasks.model.package import PackageName

PUBLIC_SERVER = "https://github.com"
_CODELOAD = "https://codeload.github.com"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """How the address of an archive is made: its parts around the package and the commit."""

    before: str
    between: str
    after: str

    @classmethod
    def of(cls, url: str, name: PackageName, commit: str) -> Self | None:
        """The shortcut that the archive of *commit* at *url* shows; ``None`` if it shows none."""
        before, package, rest = url.partition(f"/{name}/")
        between, found, after = rest.partition(commit)
        if not package or not found or "?" in url or commit in after:
            return None
        return cls(before, between, after)

    @classmethod
    def known(cls, server_url: str) -> Self | None:
        """That of GitHub itself, whose links lead to codeload; of other servers it is found out."""
        return cls(_CODELOAD, "tar.gz/", "") if server_url == PUBLIC_SERVER else None

    def to(self, name: PackageName, commit: str) -> str:
        """Where the archive of *commit* is, if it is public."""
        return f"{self.before}/{name}/{self.between}{commit}{self.after}"
