"""The end of a token before its time, at its client's wish (RFC 7009)."""

from services.identity import token_families
from services.identity.access_token_verifier import TokenRefusedError, verifier
from services.identity.seed import Client
from services.identity.sessions import Session
from utils.oauth_errors import InvalidGrantError


def revoke(sandbox: str, client: Client, token: str) -> None:
    """End ``token`` and with it all tokens of its family, as section 2.1 allows; nothing happens to what is no token.

    Raises :class:`InvalidGrantError` for a token that was issued to another client.
    """
    try:
        access = verifier().verify(token)
    except TokenRefusedError:
        found = token_families.find(sandbox, token)
        if found is not None:
            family_id, item, _ = found
            _revoke(sandbox, family_id, issued_to=item["client_id"], client=client)
    else:
        session = Session.from_token(access)
        _revoke(access.sandbox, session.family, issued_to=access.client_id, client=client)


def _revoke(sandbox: str, family_id: str, *, issued_to: str, client: Client) -> None:
    if issued_to != client.client_id:
        raise InvalidGrantError("The token was issued to another client.")
    token_families.revoke(sandbox, family_id)
