"""Loopback goes through no proxy."""

import urllib.request

import pytest

from infrastructure.tools import proxies


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({"http_proxy": "http://proxy:3128"}, "localhost,127.0.0.1,::1"),
        (
            {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "corp.example"},
            "corp.example,localhost,127.0.0.1,::1",
        ),
        ({"ALL_PROXY": "socks5://proxy", "no_proxy": "localhost, .corp"}, "localhost,.corp,127.0.0.1,::1"),
        ({"http_proxy": "http://proxy:3128", "no_proxy": "*"}, "*"),
    ],
)
def test_loopback_is_exempt_beside_what_is_already(given: dict[str, str], hosts: str) -> None:
    proxies.exempt_loopback(given)
    assert given["no_proxy"] == given["NO_PROXY"] == hosts


@pytest.mark.parametrize("given", [{}, {"http_proxy": ""}, {"no_proxy": "corp.example"}])
def test_without_a_proxy_nothing_changes(given: dict[str, str]) -> None:
    before = dict(given)
    proxies.exempt_loopback(given)
    assert given == before


def test_python_then_asks_this_machine_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert not urllib.request.proxy_bypass("127.0.0.1:4566")
    proxies.exempt_loopback()
    assert urllib.request.proxy_bypass("127.0.0.1:4566")
    assert urllib.request.proxy_bypass("localhost:4566")
