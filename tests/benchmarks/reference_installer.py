"""reference_installer: what an installation from a lock costs in plain Python, to compare hpm with.

``python -I -S reference_installer.py URL LOCK TARGET``: each archive that LOCK names is fetched from the
forge at URL, over one connection, hashed and unpacked below TARGET. One process, one thread, the standard
library, no store, no safety: it is not to be fast but to cost the same tomorrow, in units of this machine.
"""

import hashlib
import http.client
import io
import json
import os
import sys
import tarfile
from urllib.parse import urlsplit


def main() -> None:
    """Install what the lock names."""
    url, lock, target = sys.argv[1:]
    with open(lock, encoding="utf-8") as file:
        locked = json.load(file)["dependencies"]
    forge = http.client.HTTPConnection(urlsplit(url).netloc)
    for name, entry in locked.items():
        data = fetch(forge, f"/{name}/archive/{entry['commit']}.tar.gz")
        if f"sha256-{hashlib.sha256(data).hexdigest()}" != entry["integrity"]:
            sys.exit(f"{name} is another archive")
        unpack(data, f"{target}/{name}")


def fetch(forge: http.client.HTTPConnection, path: str) -> bytes:
    """What *forge* has at *path*, redirections followed."""
    while True:
        forge.request("GET", path)
        answer = forge.getresponse()
        data = answer.read()
        if answer.status == 200:
            return data
        path = urlsplit(answer.headers["Location"]).path


def unpack(data: bytes, folder: str) -> None:
    """The files of the archive *data* are in *folder*, without its top folder."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                path = f"{folder}/{member.name.partition('/')[2]}"
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as written:
                    written.write(file.read())


if __name__ == "__main__":
    main()
