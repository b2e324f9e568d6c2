"""Attacks on where the pages send the browser: redirect URIs to elsewhere, repeated parameters, injected headers."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.security.conftest import SESSION, refused_by_a_page
from tests.support import identity
from tests.support.user_agent import CALLBACK, GOODBYE, Form, UserAgent, authorize, sent_back

pytestmark = pytest.mark.usefixtures("provider")

ELSEWHERE = [
    "https://attacker.test/callback",
    "https://attacker.test",
    "//attacker.test/callback",
    "/\\attacker.test",
    "http://app.test/callback",
    "https://app.test:444/callback",
    "https://app.test:443/callback",
    "https://app.test./callback",
    "https://APP.test/callback",
    "HTTPS://app.test/callback",
    "https://app.test/callback/",
    "https://app.test/callback/../evil",
    "https://app.test/callback?next=https://attacker.test",
    "https://app.test/callback?",
    "https://app.test/callback#fragment",
    "https://app.test/callback#",
    "https://app.test/Callback",
    "https://app.test/call%62ack",
    "https://app.test/callbac",
    "https://app.test/callback.attacker.test",
    "https://app.test.attacker.test/callback",
    "https://app.test@attacker.test/callback",
    "https://attacker.test\\@app.test/callback",
    "https://attacker.test/https://app.test/callback",
    "https://app.test/callback https://attacker.test",
    " https://app.test/callback",
    "https://app.test/callback ",
    "https://app.test/callback\n",
    "https://app.test/callback\r\nLocation: https://attacker.test",
    "https://app.test/callback\0",
    "https://app.test/callback;",
    "https://app\u3002test/callback",
    "https://\u0430pp.test/callback",
    "javascript:alert(1)",
    "data:text/html,hello",
    "https://*.test/callback",
    GOODBYE,
]
"""Redirect URIs that are not letter by letter the registered one."""


class TestOpenRedirects:
    @pytest.mark.parametrize("uri", ELSEWHERE)
    def test_a_redirect_uri_that_is_not_registered_gets_a_page(self, agent: UserAgent, uri: str) -> None:
        answer = agent.get(authorize(redirect_uri=uri))
        refused_by_a_page(answer)
        assert not re.search(r"(href|src|action|url)=[^>]*attacker", answer.text)

    @pytest.mark.parametrize("uri", ELSEWHERE)
    def test_nor_does_a_form_lead_there(self, agent: UserAgent, uri: str) -> None:
        form = Form(agent.get(authorize()).text)
        typed = {"username": identity.USERNAME, "password": identity.PASSWORD, "decision": "sign-in"}
        refused_by_a_page(agent.post(authorize(redirect_uri=uri), form.fields | typed))

    @pytest.mark.parametrize("uri", [uri for uri in ELSEWHERE if uri != GOODBYE])
    def test_nor_does_a_logout(self, agent: UserAgent, uri: str) -> None:
        query = urlencode({"client_id": "app", "post_logout_redirect_uri": uri})
        refused_by_a_page(agent.get(f"/auth/logout?{query}"))

    @pytest.mark.parametrize("client_id", [..., "nobody", "APP", "app ", "app\0", "", "psn-emulator"])
    def test_a_client_that_is_not_registered_gets_a_page(self, agent: UserAgent, client_id: Any) -> None:
        refused_by_a_page(agent.get(authorize(client_id=client_id)))

    @pytest.mark.parametrize(
        "body",
        [
            *("redirect_uri=//attacker.test", "state=https://attacker.test", "state=%0d%0aLocation:%20x"),
            *("state=a&post_logout_redirect_uri=//attacker.test", "a=https://attacker.test", "%00=1"),
        ],
    )
    def test_the_detour_of_a_clients_form_stays_here(self, agent: UserAgent, body: str) -> None:
        for path in ("/auth/authorize", "/auth/logout"):
            location = agent.post(path, parse_qsl(body)).headers["location"]
            assert location.partition("?")[0] == f"{identity.ISSUER}{path}"
            assert not re.search(r"[\s<>\"\\]", location)

    @pytest.mark.parametrize("state", ["\r\nSet-Cookie: a=1", "&code=x", "#", "?", "\u2713", "%0d%0a", " "])
    def test_a_state_goes_back_as_it_came_and_nothing_else(self, agent: UserAgent, state: str) -> None:
        back = sent_back(agent.get(authorize(state=state, prompt="none")))
        assert (back["state"], sorted(back)) == (state, ["error", "error_description", "iss", "state"])


class TestRepeatedParameters:
    @pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
    @pytest.mark.parametrize("value", ["app", CALLBACK, "https://attacker.test", "x"])
    def test_that_say_where_to_go_get_a_page(self, agent: UserAgent, name: str, value: str) -> None:
        refused_by_a_page(agent.get(f"{authorize()}&{urlencode({name: value})}"))

    @pytest.mark.parametrize(
        "name",
        ["response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "foo"],
    )
    def test_others_are_an_invalid_request(self, agent: UserAgent, name: str) -> None:
        back = sent_back(agent.get(f"{authorize(foo='1')}&{name}=again"))
        assert back["error"] == "invalid_request"
        assert ("state" in back) == (name != "state")

    @pytest.mark.parametrize("name", ["username", "password", "decision", "csrf"])
    def test_of_a_form_are_refused(self, agent: UserAgent, name: str) -> None:
        form = Form(agent.get(authorize()).text)
        typed = {"username": identity.USERNAME, "password": identity.PASSWORD, "decision": "sign-in"}
        fields = form.fields | typed
        refused_by_a_page(agent.post(authorize(), [*fields.items(), (name, fields[name])]))
        assert SESSION not in agent.cookies
