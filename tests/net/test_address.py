"""Which URLs are used at all, and what counts as the same server."""

from __future__ import annotations

import pytest

from hpmtasks.errors import NetworkFailure
from hpmtasks.net.address import Origin, is_loopback, origin_of, redirected, without_secrets


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://github.com/a/b", Origin("https", "github.com", 443)),
        ("https://GitHub.com:443/", Origin("https", "github.com", 443)),
        ("https://ghe.example:8443/api/v3", Origin("https", "ghe.example", 8443)),
        ("http://127.0.0.1:8000/", Origin("http", "127.0.0.1", 8000)),
        ("http://127.9.9.9/", Origin("http", "127.9.9.9", 80)),
        ("http://[::1]:8000/", Origin("http", "::1", 8000)),
        ("http://localhost/", Origin("http", "localhost", 80)),
    ],
)
def test_origin_is_scheme_host_and_port(url: str, origin: Origin) -> None:
    """Two spellings of one server give one origin, the usual port included."""
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "http://10.0.0.1/",
        "ftp://github.com/",
        "file:///etc/passwd",
        "//github.com/x",
        "https:///x",
        "https://user@github.com/",
        "https://user:secret@github.com/",
        "https://github.com:port/",
        "https://github.com/a b",
        "https://github.com/\r\nHost: evil",
        "https://github.com\\@evil.example/",
        "https://gíthub.com/",
        "",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    """Nothing but https, and http to this very machine, is ever contacted; a password is not repeated."""
    with pytest.raises(NetworkFailure) as refused:
        origin_of(url)
    assert "secret" not in str(refused.value)


def test_redirect_is_resolved_against_its_page() -> None:
    """A relative Location means what it means to a browser."""
    assert redirected("https://a.example/x/y", "../z") == "https://a.example/z"


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1/", "http://b.example/", "file:///x", "ftp://b.example/"]
)
def test_redirect_never_leaves_https(location: str) -> None:
    """From https a redirect may lead to https only, even to this very machine."""
    with pytest.raises(NetworkFailure):
        redirected("https://a.example/", location)


def test_shown_address_has_no_secrets() -> None:
    """User, password, query and fragment are where tokens travel."""
    assert without_secrets("https://u:p@a.example:1/x?token=t#f") == "https://a.example:1/x"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_loopback_is_recognised(host: str) -> None:
    """Every spelling of this very machine counts."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["128.0.0.1", "::2", "localhost.evil.example", "", "0.0.0.0"])  # noqa: S104
def test_others_are_not_loopback(host: str) -> None:
    """What only looks like this machine is not."""
    assert not is_loopback(host)
