"""plan_file: a plan as the store keeps it: under which name, and how it is sealed.

Imports are those of ``stamp``, and the fingerprint.
"""

from __future__ import annotations

import os

from hpmtasks.front import stamp
from hpmtasks.front.linking import Unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: Another number, hpm or Python: a plan is not recognised, and has another name anyway.
FORMAT = f"hpm plan 3, {stamp.FORMAT}"
#: The store's folder; ``store.layout`` says the same.
STORE = "v1"
LOCKFILE = "package-lock.json"


def places(environ: Mapping[str, str]) -> tuple[str, str]:
    """The cache folder and config.json, as ``project.settings`` finds them.

    Raises:
        KeyError: The environment does not say.
    """
    home = environ.get("HPM_HOME") or f"{environ.get('HOME') or environ['USERPROFILE']}/.hpm"
    home = os.path.abspath(home)
    return os.path.abspath(environ.get("HPM_CACHE_DIR") or f"{home}/cache"), f"{home}/config.json"


def key_of(root: str, environ: Mapping[str, str], config: str) -> str:
    """The fingerprint of everything that an installation of the project at *root* depends on.

    Raises:
        OSError: The project has no manifest or no lock.
    """
    import xxhash

    digest = xxhash.xxh3_128(FORMAT.encode())
    # Of the environment: as in a stamp. Each part with its length: no part can pretend to be two.
    parts = [os.fsencode("\0".join(stamp.environment_now(environ)))]
    for path in (f"{root}/{stamp.MANIFEST}", f"{root}/{LOCKFILE}"):
        with open(path, "rb") as file:
            parts.append(file.read())
    try:
        with open(config, "rb") as file:
            parts.append(file.read())
    except FileNotFoundError:
        pass
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()


def path_of(cache: str, key: str) -> str:
    """Where the plan with that key stands."""
    return f"{cache}/{STORE}/plans/{key}"


def sealed(plan: Mapping[str, Any]) -> bytes:
    """*plan* as it stands in its file."""
    import marshal

    import xxhash

    data = marshal.dumps(dict(plan))
    return xxhash.xxh3_128_digest(data) + data


def unsealed(data: bytes) -> dict[str, Any]:
    """The plan that :func:`sealed` made *data* of.

    Raises:
        Unusable: It is not one of this hpm, this Python and this boot of the machine.
    """
    import marshal

    import xxhash

    # marshal may do anything with bytes that it has not written; these it has.
    if xxhash.xxh3_128_digest(data[16:]) != data[:16]:
        raise Unusable
    plan: dict[str, Any] = marshal.loads(data[16:])  # noqa: S302
    if plan["format"] != FORMAT or not plan["boot"] or plan["boot"] != stamp.boot():
        raise Unusable
    return plan
