"""The ``id_token_hint`` of a client: the user who it believes is logged in.

By OpenID Connect Core section 3.1.2.1 and RP-Initiated Logout 1.0 section 2, where an expired ID token is accepted.
"""

from dataclasses import dataclass

from services.identity.public_keys import known_keys
from utils import strict_json
from utils.sandbox import Sandbox
from utils.settings import settings

_TYPES = ("JWT",)


@dataclass(frozen=True, slots=True)
class Hint:
    """The subject of an ID token, and the client it was issued to."""

    subject: str
    client_id: str


def read_hint(sandbox: Sandbox, id_token: str) -> Hint | None:
    """The hint in ``id_token``, any text; ``None`` unless it is an authentic ID token of the sandbox's
    issuer, by whichever of its names."""
    from services.identity.access_token_verifier import TokenRefusedError, authentic_claims
    from services.identity.issuer_keys import IssuerKeys

    keys = IssuerKeys(strict_json.dump({"keys": known_keys()}), uri=None)
    try:
        claims = authentic_claims(id_token, keys, _TYPES)
    except TokenRefusedError:
        return None
    subject, client_id = claims.get("sub"), claims.get("aud")
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer.endswith(sandbox.prefix):
        return None
    if not settings().is_base_url(issuer.removesuffix(sandbox.prefix)):
        return None
    if not isinstance(subject, str) or not isinstance(client_id, str):
        return None
    return Hint(subject, client_id)
