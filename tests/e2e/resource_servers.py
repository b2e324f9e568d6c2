"""PyJWT and joserfc as they come, as resource servers; a module that imports the fixture gets both."""

from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from joserfc import jwt as jose
from joserfc.errors import InvalidTokenError, JoseError
from joserfc.jwk import KeySet

AUDIENCE = "psn-emulator-api"
REFUSED = (jwt.PyJWTError, JoseError, ValueError)
"""What the libraries raise; joserfc a ``ValueError`` for a key that is not in the set."""

type ResourceServer = Callable[..., dict[str, Any]]
"""Takes a token, the audience that it is, and the type that it wants; the claims, or an error of the library."""


@pytest.fixture(params=["PyJWT", "joserfc"])
def resource_server(api: httpx.Client, request: pytest.FixtureRequest) -> ResourceServer:
    """One that knows the issuer, and no more than the issuer publishes."""
    metadata = api.get("/.well-known/openid-configuration").json()
    issuer = metadata["issuer"]
    signing_keys = jwt.PyJWKClient(metadata["jwks_uri"])
    key_set = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())

    def by_pyjwt(token: str, audience: str, typ: str = "at+jwt") -> dict[str, Any]:
        key = signing_keys.get_signing_key_from_jwt(token)
        found = jwt.decode_complete(token, key, algorithms=["ES256"], audience=audience, issuer=issuer)
        if found["header"]["typ"] != typ:
            raise jwt.InvalidTokenError("Another type of token is wanted.")
        claims: dict[str, Any] = found["payload"]
        return claims

    def by_joserfc(token: str, audience: str, typ: str = "at+jwt") -> dict[str, Any]:
        found = jose.decode(token, key_set, algorithms=["ES256"])
        if found.header["typ"] != typ:
            raise InvalidTokenError("Another type of token is wanted.")
        registry = jose.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer}, aud={"essential": True, "value": audience}
        )
        registry.validate(found.claims)
        return found.claims

    return {"PyJWT": by_pyjwt, "joserfc": by_joserfc}[request.param]
