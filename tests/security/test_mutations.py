"""Whatever is done to a good token or to the request, it is not accepted unless it is still the same token."""

import json
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import authorizer
from tests.support.gateway import Context
from tests.support.identity import authorizer_event, claims, compact, good_token, header

pytestmark = pytest.mark.usefixtures("_deployment")

TOKEN = good_token()
OTHERS = (good_token(sub="another"), good_token(scope="players:read players:write emulator:admin"), TOKEN)
ALPHABET = string.ascii_letters + string.digits + "-_.=+/ ,\n\0\u00e9"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
_settings = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _authorized(authorization: Any, route_key: str = "GET /players") -> bool:
    return bool(authorizer.handler(authorizer_event(authorization, route_key), Context())["isAuthorized"])


def test_the_token_that_is_mutated_here_is_accepted_as_it_is() -> None:
    assert _authorized(f"Bearer {TOKEN}")


@_settings
@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(ALPHABET))
def test_a_token_with_one_character_changed_is_denied(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    assert _authorized(f"Bearer {changed}") is (changed == TOKEN)


@_settings
@given(st.integers(0, len(TOKEN)), st.text(ALPHABET, min_size=1, max_size=4))
def test_a_token_with_text_put_in_is_denied(position: int, text: str) -> None:
    assert not _authorized(f"Bearer {TOKEN[:position]}{text}{TOKEN[position:]}")


@_settings
@given(st.integers(0, len(TOKEN)), st.integers(1, 8))
def test_a_token_with_text_taken_out_is_denied(position: int, length: int) -> None:
    changed = TOKEN[:position] + TOKEN[position + length :]
    assert _authorized(f"Bearer {changed}") is (changed == TOKEN)


@_settings
@given(st.tuples(*[st.sampled_from(OTHERS)] * 3))
def test_segments_of_different_tokens_make_no_token(sources: tuple[str, str, str]) -> None:
    made = ".".join(source.split(".")[place] for place, source in enumerate(sources))
    assert _authorized(f"Bearer {made}") is (made in OTHERS)


@_settings
@given(st.text(max_size=200))
def test_text_is_denied(text: str) -> None:
    assert not _authorized(text)
    assert not _authorized(f"Bearer {text}")


@_settings
@given(JSON_VALUES)
def test_an_event_of_any_form_is_denied_and_never_raises(event: Any) -> None:
    assert authorizer.handler(event, Context()) == {"isAuthorized": False, "context": {}}


@_settings
@given(st.sampled_from(sorted(header())), JSON_VALUES)
def test_a_header_parameter_with_another_value_is_denied(name: str, value: Any) -> None:
    token = compact(json.dumps(header(**{name: value})).encode(), claims())
    assert not _authorized(f"Bearer {token}") or value == header()[name] or value == "application/at+jwt"


@_settings
@given(
    st.sampled_from(["iss", "aud", "sub", "client_id", "jti", "sandbox", "scope", "exp", "nbf", "iat"]),
    JSON_VALUES,
)
def test_a_claim_is_passed_on_as_it_was_signed_or_not_at_all(name: str, value: Any) -> None:
    token = compact(header(), json.dumps(claims(**{name: value})).encode())
    answer = authorizer.handler(authorizer_event(f"Bearer {token}"), Context())
    if answer["isAuthorized"]:
        assert all(isinstance(value, str) for value in answer["context"].values())
        assert answer["context"].get(name, str(value)) == str(value)
