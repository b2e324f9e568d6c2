"""Cookies as narrow as browsers let them be."""

import pytest

from utils import cookies
from utils.sandbox import DEFAULT, Sandbox
from utils.settings import settings


@pytest.fixture
def issuer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISSUER", request.param)
    settings.cache_clear()


@pytest.mark.parametrize(
    ("issuer", "header"),
    [
        ("https://partner.test", "__Host-psn-x=1; Path=/; HttpOnly; SameSite=Lax; Secure"),
        ("https://partner.test/v1", "__Secure-psn-x=1; Path=/v1; HttpOnly; SameSite=Lax; Secure"),
        ("http://localhost:4566/api/$default", "psn-x=1; Path=/api/$default; HttpOnly; SameSite=Lax"),
        ("http://localhost:8080", "psn-x=1; Path=/; HttpOnly; SameSite=Lax"),
    ],
    indirect=["issuer"],
)
def test_a_cookie_is_for_the_issuers_url_alone(issuer: None, header: str) -> None:
    assert cookies.set_cookie("psn-x", "1", DEFAULT) == header
    assert header.startswith(f"{cookies.prefixed_name('psn-x', DEFAULT)}=")


@pytest.mark.parametrize("issuer", ["http://localhost:8080/stage"], indirect=True)
def test_cookies_of_a_sandbox_at_two_base_urls_have_two_names(issuer: None) -> None:
    places = [
        DEFAULT,
        Sandbox("ci-7"),
        Sandbox("ci-7", prefix="/s/ci-7"),
        Sandbox("-ci-7", prefix="/s/-ci-7"),
    ]
    assert len({cookies.prefixed_name("psn-x", place) for place in places}) == len(places)


def test_a_cookie_for_frames_of_other_sites_says_so() -> None:
    assert cookies.set_cookie("psn-x", "1", DEFAULT, same_site="None").endswith("SameSite=None; Secure")


@pytest.mark.parametrize("issuer", ["http://localhost:8080"], indirect=True)
def test_a_cookie_for_frames_of_other_sites_takes_https(issuer: None) -> None:
    assert cookies.set_cookie("psn-x", "1", DEFAULT, same_site="None").endswith("SameSite=Lax")


def test_a_cookie_is_forgotten_under_the_same_name_and_path() -> None:
    assert (
        cookies.delete_cookie("psn-x", DEFAULT)
        == "__Host-psn-x=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
    )


def test_cookies_are_read_by_name() -> None:
    assert cookies.read(["a=1", " b = 2", "c"]) == {"a": "1", "b": "2", "c": ""}


def test_a_cookie_that_comes_twice_is_not_read() -> None:
    assert cookies.read(["a=1", "b=2", "a=1"]) == {"b": "2"}
