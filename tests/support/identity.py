"""Keys, seeds and tokens for tests of the identity provider and of what stands against forged tokens."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from services.identity import access_token_verifier, public_keys, signing_keys
from services.identity.seed import seed
from services.sandboxes import opening
from tests.conftest import ENVIRONMENT
from tests.support.cheap_hashes import HASHER
from utils.aws import client
from utils.settings import settings

ISSUER = ENVIRONMENT["ISSUER"]
AUDIENCE = ENVIRONMENT["AUDIENCE"]
SUBJECT = "6b7c0e5e-6f3b-4f0e-9d0a-2f4f3f3c9b11"
USERNAME = "testuser"
PASSWORD = "password123"
WEB = "web"
BACKEND = "backend"
SERVICE = "service"
SECRET = "s3cret: with/unsafe+characters%"
REDIRECT_URI = "https://client.test/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters"
SCOPES = ["openid", "profile", "email", "address", "phone", "players:read", "players:write", "emulator:admin"]

_HASH = HASHER.hash(PASSWORD)
_SECRET_HASH = HASHER.hash(SECRET)


def new_key(kid: str) -> ECKey:
    """A new private key as the Pulumi program makes them."""
    return ECKey.generate_key("P-256", {"kid": kid, "alg": "ES256", "use": "sig"})


def new_rsa_key(kid: str) -> RSAKey:
    """A new private key as the Pulumi program makes them where RS256 is set."""
    return RSAKey.generate_key(2048, {"kid": kid, "alg": "RS256", "use": "sig"})


KEY = new_key("key-1")
RSA_KEY = new_rsa_key("key-rsa")
FOR_ID_TOKENS = {"key-rsa": {"signs": "id_token"}}


def public_jwks(*signing: ECKey | RSAKey) -> str:
    """The public halves as the functions get them."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in signing]})


def publish(monkeypatch: pytest.MonkeyPatch, *signing: ECKey | RSAKey) -> None:
    """Give the functions the public halves of ``signing`` at their deploy."""
    monkeypatch.setenv("PUBLIC_JWKS", public_jwks(*signing))
    forget()


def forget() -> None:
    """Let every function read its settings, keys and seed anew."""
    settings.cache_clear()
    opening.met.clear()
    access_token_verifier.verifier.cache_clear()
    access_token_verifier.issued_verifier.cache_clear()
    access_token_verifier.trusted_verifier.cache_clear()
    signing_keys.signing_keys.cache_clear()
    public_keys.public_keys.cache_clear()
    seed.cache_clear()


def store_keys(*signing: ECKey | RSAKey, times: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Make ``signing`` the signing keys, and publish them; ``times`` are theirs by ``kid``.

    Without any, the first signs.
    """
    known = times or {}
    for secret, private in (("SIGNING_KEYS_SECRET", True), ("PUBLIC_KEYS_SECRET", False)):
        keys = [{**key.as_dict(private=private), **known.get(str(key.kid), {})} for key in signing]
        store_secret(ENVIRONMENT[secret], {"keys": keys})


def store_secret(name: str, value: Mapping[str, Any]) -> None:
    """Make ``value`` the secret ``name``."""
    secrets = client("secretsmanager")
    try:
        secrets.create_secret(Name=name, SecretString=json.dumps(value))
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps(value))
    forget()


def store_seed(*entries: Mapping[str, Any], registered: Iterable[Mapping[str, Any]] | None = None) -> None:
    """Make ``entries`` the users, and ``registered`` the clients, by default :func:`clients`."""
    chosen = clients() if registered is None else list(registered)
    store_secret(ENVIRONMENT["SEED_SECRET"], {"users": list(entries), "clients": chosen})


def seed_entry(**changes: Any) -> dict[str, Any]:
    """The default user's entry in the seed, with ``changes``."""
    return {
        "username": USERNAME,
        "subject": SUBJECT,
        "password_hash": _HASH,
        "email": "testuser@example.test",
        "email_verified": True,
        "name": "Test User",
        "scopes": SCOPES,
        **changes,
    }


def client_entry(client_id: str, **changes: Any) -> dict[str, Any]:
    """The entry in the seed of a confidential client that may do everything, with ``changes``."""
    return {
        "client_id": client_id,
        "name": client_id.title(),
        "secret_hash": _SECRET_HASH,
        "redirect_uris": [REDIRECT_URI],
        "post_logout_redirect_uris": [],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials", "password"],
        "scopes": [*SCOPES, "tokens:introspect"],
        "consent": True,
        **changes,
    }


def clients() -> list[dict[str, Any]]:
    """A public client of codes, a confidential one of every grant, and a service that introspects."""
    return [
        client_entry(
            WEB, secret_hash=None, grant_types=["authorization_code", "refresh_token"], scopes=SCOPES
        ),
        client_entry(BACKEND, scopes=SCOPES),
        client_entry(
            SERVICE,
            redirect_uris=[],
            grant_types=["client_credentials"],
            scopes=["players:read", "tokens:introspect"],
        ),
    ]


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good access token with ``changes``; ``...`` takes a claim away."""
    good = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": AUDIENCE,
        "exp": 2_000_000_300,
        "iat": 2_000_000_000,
        "nbf": 2_000_000_000,
        "jti": "family.1",
        "client_id": "psn-emulator",
        "scope": "players:read players:write",
        "sandbox": "default",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def header(**changes: Any) -> dict[str, Any]:
    """The header of a good access token with ``changes``; ``...`` takes a parameter away."""
    good = {"alg": "ES256", "typ": "at+jwt", "kid": "key-1"}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def encode(value: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(
    head: Mapping[str, Any] | bytes,
    payload: Mapping[str, Any] | bytes,
    key: Any = KEY,
    *,
    alg: str = "ES256",
) -> str:
    """A JWS with any header and payload, signed by ``key`` with ``alg`` whatever the header says."""
    parts = (one if isinstance(one, bytes) else json.dumps(one).encode() for one in (head, payload))
    return sign(".".join(map(encode, parts)), key, alg=alg)


def sign(signing_input: str, key: Any = KEY, *, alg: str = "ES256") -> str:
    """``signing_input``, of any form, with its signature."""
    signature = jws.JWSRegistry.algorithms[alg].sign(signing_input.encode(), key)
    return f"{signing_input}.{encode(signature)}"


def good_token(**changes: Any) -> str:
    """A token of ours with ``changes`` to its claims."""
    return compact(header(), claims(**changes))


def payload(token: str) -> dict[str, Any]:
    """The claims in ``token``, whoever signed it."""
    claims: dict[str, Any] = json.loads(decode(token.split(".")[1]))
    return claims


def authorizer_event(authorization: Any, route_key: str = "GET /players") -> dict[str, Any]:
    """What the gateway asks the authorizer."""
    method, _, path = route_key.partition(" ")
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": f"arn:aws:execute-api:us-east-1:000000000000:api/$default/{method}{path}",
        "identitySource": [authorization, route_key],
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"authorization": authorization},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "127.0.0.1"},
            "requestId": "request-1",
            "routeKey": route_key,
        },
    }
