"""Which proxy and which certificates the environment asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpmtasks.errors import InvalidSetting
from hpmtasks.net.address import Origin, origin_of
from hpmtasks.net.proxies import proxy_for, tls_context

GITHUB = Origin("https", "github.com", 443)
PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"])
def test_https_goes_through_every_spelling(variable: str) -> None:
    """Both cases count, and HTTP_PROXY serves https too."""
    assert proxy_for(GITHUB, {variable: PROXY}) == PROXY


def test_plain_http_has_its_own_proxy() -> None:
    """HTTPS_PROXY says nothing about http."""
    local = origin_of("http://127.0.0.1:1")
    assert proxy_for(local, {"HTTPS_PROXY": PROXY}) is None
    assert proxy_for(local, {"HTTP_PROXY": PROXY}) == PROXY


def test_lower_case_wins() -> None:
    """As with curl."""
    assert proxy_for(GITHUB, {"https_proxy": PROXY, "HTTPS_PROXY": "http://other.example"}) == PROXY


def test_host_and_port_are_enough() -> None:
    """A proxy without a scheme is an http proxy."""
    assert proxy_for(GITHUB, {"HTTPS_PROXY": "proxy.example:3128"}) == PROXY


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_exempt"),
    [
        ("*", "https://github.com", True),
        ("github.com", "https://github.com", True),
        ("github.com", "https://api.github.com", True),
        (".github.com", "https://api.github.com", True),
        ("*.github.com", "https://api.github.com", True),
        ("hub.com", "https://github.com", False),
        ("github.com:8443", "https://github.com", False),
        ("github.com:443", "https://github.com", True),
        ("a.example, github.com", "https://github.com", True),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("10.0.0.0/8", "https://11.1.2.3", False),
        ("::1", "https://[::1]", True),
        ("GITHUB.COM", "https://github.com", True),
        (",, ,", "https://github.com", False),
    ],
)
def test_no_proxy_exempts_hosts_domains_and_networks(no_proxy: str, url: str, is_exempt: bool) -> None:
    """Each form of entry covers what it names and no more."""
    environ = {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}
    assert (proxy_for(origin_of(url), environ) is None) == is_exempt


@pytest.mark.parametrize("proxy", ["socks5://x:1", "http://", "http://h:port", "ftp://h"])
def test_unusable_proxy_is_named_without_its_password(proxy: str) -> None:
    """The message tells the variable."""
    with pytest.raises(InvalidSetting, match="HTTPS_PROXY"):
        proxy_for(GITHUB, {"HTTPS_PROXY": proxy})


def test_bad_certificates_are_named(tmp_path: Path) -> None:
    """A missing file, a file without certificates, and a folder that is none are all told by variable."""
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for environ, variable in (
        ({"SSL_CERT_FILE": str(tmp_path / "missing.pem")}, "SSL_CERT_FILE"),
        ({"SSL_CERT_FILE": str(empty)}, "SSL_CERT_FILE"),
        ({"SSL_CERT_DIR": str(empty)}, "SSL_CERT_DIR"),
    ):
        with pytest.raises(InvalidSetting, match=variable):
            tls_context(environ)


def test_certificates_are_required_and_names_checked() -> None:
    """Whatever is trusted, nothing goes unverified."""
    import ssl

    context = tls_context({})
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
