"""What resource servers and relying parties, unmodified, say of tokens that were made to order; by the real clock."""

import json
from collections.abc import Callable
from typing import Any

import jwt as pyjwt
import pytest
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support import identity
from tests.unit.identity.conftest import Client
from tests.unit.identity.test_token_orders import FORGED, UNTIMELY, Desk, admin

NEEDED = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
"""The claims that RFC 9068 section 2.2 has in every access token."""
OF_ID_TOKENS = ("iss", "sub", "aud", "exp", "iat")
JWKS = json.loads(identity.public_jwks(identity.KEY))


@pytest.fixture
def desk(client: Client) -> Desk:
    """A desk in the default sandbox, with its own clock."""
    return Desk(client, admin())


def _by_pyjwt(token: str) -> Any:
    key = pyjwt.PyJWKSet.from_dict(JWKS)[pyjwt.get_unverified_header(token)["kid"]]
    return pyjwt.decode(
        token,
        key,
        algorithms=["ES256"],
        issuer=identity.ISSUER,
        audience=identity.AUDIENCE,
        options={"require": list(NEEDED)},
    )


def _by_joserfc(token: str) -> Any:
    found = jwt.decode(token, KeySet.import_key_set(JWKS), algorithms=["ES256"])
    essential: dict[str, Any] = {name: {"essential": True} for name in NEEDED}
    essential["iss"]["value"], essential["aud"]["value"] = identity.ISSUER, identity.AUDIENCE
    jwt.JWTClaimsRegistry(**essential).validate(found.claims)
    return found.claims


class _Validator(JWTBearerTokenValidator):
    def get_jwks(self) -> Any:
        """The published keys."""
        return KeySet.import_key_set(JWKS)


def _by_authlib(token: str) -> Any:
    validator = _Validator(issuer=identity.ISSUER, resource_server=identity.AUDIENCE)
    claims = validator.authenticate_token(token)
    validator.validate_token(claims, ["players:read"], None)
    return claims


@pytest.mark.parametrize("verified", [_by_pyjwt, _by_joserfc, _by_authlib])
def test_a_resource_server_takes_honest_ones_alone(desk: Desk, verified: Callable[[str], Any]) -> None:
    order = {"scope": "openid players:read", "claims": {"tier": "gold"}, "expires_in": 10}
    for more in ({}, {"aud": [identity.AUDIENCE, "https://game.test"]}, {"not_before": -60}):
        assert verified(desk.token(**order, **more))["tier"] == "gold"
    for defect in (*FORGED, *UNTIMELY, *(f"missing_claim:{name}" for name in NEEDED)):
        token = desk.token(**order, defect=defect)
        with pytest.raises(Exception, match=r".*") as refused:
            verified(token)
        assert not isinstance(refused.value, AssertionError | TypeError), defect


def test_a_relying_party_takes_honest_id_tokens_alone(desk: Desk) -> None:
    order = {"kind": "id_token", "username": "testuser", "client_id": identity.WEB, "claims": {"nonce": "n"}}
    expected: dict[str, Any] = {name: {"essential": True} for name in OF_ID_TOKENS}
    expected["iss"]["value"], expected["aud"]["value"] = identity.ISSUER, identity.WEB
    registry = jwt.JWTClaimsRegistry(**expected, nonce={"essential": True, "value": "n"})

    def verify(token: str) -> None:
        registry.validate(jwt.decode(token, KeySet.import_key_set(JWKS), algorithms=["ES256"]).claims)

    verify(desk.order(**order)["id_token"])
    for defect in (*FORGED, *UNTIMELY, *(f"missing_claim:{name}" for name in OF_ID_TOKENS)):
        token = desk.order(**order, defect=defect)["id_token"]
        with pytest.raises(Exception, match=r".*") as refused:
            verify(token)
        assert not isinstance(refused.value, AssertionError | TypeError), defect
