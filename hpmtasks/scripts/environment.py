"""environment: which variables reach a script, which of them count, and which are nobody's business.

A task that ``tasks`` of package.json describes gets a *strict* environment: what it names itself, and
what programs need to find their way. What it names under ``env`` counts; nothing else does. A plain
script gets everything, as it always did, and so does every script of a *loose* run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from hpmtasks.project.settings import VARIABLES

if TYPE_CHECKING:
    from hpmtasks.model.task_config import TaskConfig
    from hpmtasks.project.workspace import Member

Mode = Literal["strict", "loose"]

#: What every script is told by its environment, whatever it was called with.
TOLD = ("HPM_PROJECT_ROOT", "HPM_SCRIPT", "HPM_PACKAGE_NAME", "HPM_PACKAGE_VERSION")

_PLACES = "PATH HOME USER LOGNAME SHELL PWD TMPDIR TMP TEMP XDG_* SSH_AUTH_SOCK DISPLAY WAYLAND_DISPLAY"
_MANNERS = "LANG LANGUAGE LC_* TZ TERM COLORTERM NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE"
_TOOLS = "EDITOR VISUAL PAGER CI GITHUB_ACTIONS HPM_*"
_NETWORK = "SSL_CERT_FILE SSL_CERT_DIR HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY"
# Python, as Windows itself, knows names there in capitals only.
_WINDOWS = (
    "SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT OS USERNAME USERPROFILE HOMEDRIVE HOMEPATH APPDATA"
    " LOCALAPPDATA PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) PROGRAMW6432 COMMONPROGRAMFILES PUBLIC"
    " COMPUTERNAME NUMBER_OF_PROCESSORS PROCESSOR_*"
)
# A name that holds one of these is taken to hold what must not be shown. Better too many than one too few.
_SECRET = ("TOKEN", "SECRET", "PASS", "KEY", "AUTH", "CREDENTIAL", "PRIVATE", "COOKIE")


def looks_secret(name: str) -> bool:
    """Whether the variable *name* is called as those are that hold tokens, keys and passwords."""
    return any(word in name.upper() for word in _SECRET)


#: What reaches every task and never counts: it tells where things are and how to behave, not what to make.
#: What hpm itself reads is among it, but for tokens, which a task has to ask for.
WELL_KNOWN = (
    *f"{_PLACES} {_MANNERS} {_TOOLS} {_NETWORK} {_NETWORK.lower()}".split(),
    *(_WINDOWS.split() if os.name == "nt" else ()),
    *(name for name in VARIABLES if not looks_secret(name)),
)


def environment_of(config: TaskConfig, environ: Mapping[str, str], mode: Mode = "strict") -> dict[str, str]:
    """What of *environ* reaches the task *config*; what it is :func:`told` comes on top."""
    if mode == "loose" or not config.described:
        return dict(environ)
    asked = (*WELL_KNOWN, *config.env, *config.pass_through_env)
    return {name: environ[name] for name in _matching(asked, environ)}


def counting(config: TaskConfig, environ: Mapping[str, str]) -> dict[str, str | None]:
    """The variables that count for the task *config*, by name; ``None`` for one that is not set.

    The value of one whose name looks secret is the digest of it, as is one that is no text. What hpm
    tells every script is left out: it says where the project is, and is another for each script.
    """
    found: dict[str, str | None] = {name: None for name in config.env if not name.endswith("*")}
    found |= {name: environ[name] for name in _matching(config.env, environ)}
    return {name: _told_openly(name, found[name]) for name in sorted(found) if name not in TOLD}


def told(root: str | os.PathLike[str], member: Member, script: str) -> dict[str, str]:
    """What the script *script* of *member* is told of the project in *root*."""
    manifest = member.manifest
    values = (os.fspath(root), script, manifest.name or "", manifest.version or "")
    return dict(zip(TOLD, values, strict=True))


def _matching(asked: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """The names in *environ* that *asked* names, or whose beginnings it names, sorted."""
    names = set(asked)
    beginnings = tuple(name[:-1] for name in names if name.endswith("*"))
    return sorted(name for name in environ if name in names or name.startswith(beginnings))


def _told_openly(name: str, value: str | None) -> str | None:
    """*value*, or its digest if it is to be shown to nobody, or is no text."""
    if value is None:
        return None
    data = os.fsencode(value)
    try:
        data.decode()
    except UnicodeDecodeError:
        pass
    else:
        if not looks_secret(name):
            return value
    import hashlib

    return f"sha256:{hashlib.sha256(data).hexdigest()}"
