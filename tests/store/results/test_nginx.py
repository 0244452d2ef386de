"""The nginx of docs/remote-cache.md, as it stands there, with TLS and its login."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hpmtasks.net.fetcher import Token
from hpmtasks.net.http import HttpFetcher
from hpmtasks.store.results.digest import EMPTY, Digest
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.http import HttpResults
from hpmtasks.store.results.layered import LayeredResults
from hpmtasks.store.results.remote import Remote
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.result_store import Unusable
from tests.support.pages import ROOT, blocks
from tests.support.result_stores import ACTION, HASTY, HELLO, RESULT

LOGIN = "ci:the password"
LARGE = os.urandom(3 << 20)

WHOLE = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx: its URL, what it keeps, and the certificate that it has."""

    url: str
    root: Path
    certificate: Path

    def results(self, token: str = "") -> HttpResults:
        """Its results, for whoever has *token*."""
        fetcher = HttpFetcher({"SSL_CERT_FILE": str(self.certificate)}, patience=HASTY)
        return HttpResults(self.url, fetcher, Token.parse(token) if token else None)


def documented() -> str:
    """The server of the page."""
    (server,) = (block.text for block in blocks(ROOT / "docs" / "remote-cache.md") if block.kind == "nginx")
    return server


def put_in(text: str, old: str, new: str) -> str:
    """*text* with *new* for *old*, which is in it once."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """An nginx with the configuration of the page; only its paths and its port are others."""
    for tool in ("nginx", "openssl"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    built_with = subprocess.run(["nginx", "-V"], capture_output=True, text=True, check=True).stderr
    if "http_dav_module" not in built_with or "http_ssl_module" not in built_with:
        pytest.skip("this nginx was built without dav or ssl")
    folder = tmp_path_factory.mktemp("nginx")
    certificate = make_certificate(folder)
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", "the password"], capture_output=True, text=True, check=True
    ).stdout
    (folder / "htpasswd").write_text(f"ci:{hashed}")
    (folder / "root").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = documented()
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/cache.pem": str(certificate),
        "/etc/ssl/cache.key": str(folder / "key.pem"),
        "/srv/hpm": str(folder / "root"),
        "/etc/nginx/hpm.htpasswd": str(folder / "htpasswd"),
    }.items():
        server = put_in(server, old, new)
    (folder / "nginx.conf").write_text(WHOLE.format(folder=folder, server=server))
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command)
    try:
        wait_for(port, process, folder / "error.log")
        yield Nginx(f"https://127.0.0.1:{port}", folder / "root", certificate)
    finally:
        process.terminate()
        process.wait(10)


def make_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1, its key beside it as ``key.pem``."""
    certificate = folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=cache"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(certificate)]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Something listens on *port*."""
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            process.poll()
        else:
            return
    pytest.fail(f"nginx does not listen: {log.read_text() if log.exists() else process.returncode}")


def test_the_page_keeps_its_word() -> None:
    """Twelve lines are twelve lines."""
    assert len(documented().splitlines()) == 12


def test_a_result_goes_there_and_comes_back(nginx: Nginx, tmp_path: Path) -> None:
    """One machine writes with its login, another reads without any, by TLS; large contents as well."""
    warnings: list[str] = []
    blobs = {Digest.of(content): content for content in (HELLO, LARGE)}
    result = ActionResult(RESULT.files, stdout=Digest.of(LARGE), stderr=EMPTY)
    local = FolderResults(tmp_path / "there")
    store = nginx.results(LOGIN)
    there = LayeredResults(
        local, Remote(store, store.place, local, warnings.append), remote_write=True, warn=warnings.append
    )
    there.put(blobs)
    there.put_result(ACTION, result)
    there.close()
    assert warnings == []
    reader = nginx.results()
    local = FolderResults(tmp_path / "here")
    here = LayeredResults(local, Remote(reader, reader.place, local, warnings.append), warn=warnings.append)
    assert here.get_result(ACTION) == result
    assert here.get(Digest.of(LARGE)) == LARGE
    assert here.get_result(Digest.of(b"unknown")) is None
    here.close()
    assert warnings == []


def test_who_has_no_login_cannot_write(nginx: Nginx) -> None:
    """The server is not written to without the login, with a wrong one, or outside of its two folders."""
    content = b"poison"
    for token in ("", "ci:wrong", "bearer"):
        store = nginx.results(token)
        with pytest.raises(Unusable, match=r"refuses .* \(HTTP 401\)"):
            store.put({Digest.of(content): content})
        store.close()
    assert not (nginx.root / "cas" / Digest.of(content).hash).exists()
    fetcher = HttpFetcher({"SSL_CERT_FILE": str(nginx.certificate)}, patience=HASTY)
    answer = fetcher.request("PUT", f"{nginx.url}/elsewhere", content=content, token=Token.parse(LOGIN))
    assert answer.status == 405
    fetcher.close()


def test_a_damaged_file_on_the_server_is_noticed(nginx: Nginx, tmp_path: Path) -> None:
    """What somebody changed in the server's folder is not believed."""
    writer = nginx.results(LOGIN)
    action = Digest.of(b"damaged")
    writer.put({Digest.of(b"right"): b"right"})
    writer.put_result(action, ActionResult(stdout=Digest.of(b"right")))
    writer.close()
    (nginx.root / "cas" / Digest.of(b"right").hash).write_bytes(b"wrong")
    warnings: list[str] = []
    reader, local = nginx.results(), FolderResults(tmp_path / "here")
    here = LayeredResults(local, Remote(reader, reader.place, local, warnings.append), warn=warnings.append)
    assert here.get_result(action) is None
    here.close()
    assert len(warnings) == 1
    assert re.search("the blob [0-9a-f]{64} is something else", warnings[0])


def test_the_certificate_has_to_be_trusted(nginx: Nginx) -> None:
    """Without its authority the server is not believed to be itself, and nothing is sent."""
    store = HttpResults(nginx.url, HttpFetcher({}, patience=HASTY), Token.parse(LOGIN))
    with pytest.raises(Unusable, match="is not trusted"):
        store.get_result(ACTION)
    store.close()
