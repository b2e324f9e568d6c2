"""Clients that register themselves: dynamic registration (RFC 7591) and its management (RFC 7592).

A client is managed by its registration access token, of which the hash is kept. A secret is told when it is made and
never again.
"""

import hmac
import secrets
from typing import TYPE_CHECKING, Any, Final, cast

from account_rules import expanded
from models.registration import RegisteredClient
from routes import RESERVED_SCOPES, SCOPES, path_to
from services import clock
from services.identity import account_changes, accounts, passwords
from services.identity.account_changes import Change
from services.identity.account_keys import client_account_key
from services.identity.client_accounts import ENDED, REGISTRATION, is_signed_by, refused_uris, stored
from services.identity.seed import Client
from services.identity.token_families import digest
from utils import table
from utils.attributes import Item
from utils.base_url import base_url
from utils.oauth_errors import (
    BearerTokenException,
    InvalidClientMetadataException,
    InvalidRedirectURIException,
    InvalidRequestException,
)
from utils.sandbox import Sandbox
from utils.settings import DEFAULT_SANDBOX
from utils.writes import Put

if TYPE_CHECKING:
    from models.registration import ClientMetadata, ClientUpdate

_ADMINISTRATORS: Final = frozenset(
    {
        *("require_pkce", "any_localhost_port", "resources", "audience"),
        *("access_token_seconds", "refresh_token_seconds", "extra_claims"),
    }
)
"""What of a client only an administrator says."""
_NO_SECRET: Final = "none"  # noqa: S105 - an authentication method


def register(sandbox: Sandbox, metadata: "ClientMetadata", *, by_admin: bool) -> RegisteredClient:
    """Register a client by its ``metadata``; ``by_admin`` lets it have the reserved scopes too.

    Raises :class:`InvalidRedirectURIException` and :class:`InvalidClientMetadataException`.
    """
    _require_possible(metadata)
    client_id, token = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    secret = _new_secret(metadata)
    registration = {
        "token": digest(token),
        "issued_at": clock.seconds(sandbox),
        **_remembered(metadata),
    }
    entry = _entry(client_id, metadata, secret and passwords.HASHER.hash(secret), by_admin=by_admin)

    def plan(present: Sandbox) -> Change[Client]:
        client, write = stored(present, entry, None, registration)
        return Change([write], client)

    client = account_changes.make(sandbox, client_account_key(sandbox, client_id), plan)
    return _told(sandbox, client, registration, token, secret)


def read(sandbox: Sandbox, client_id: str, token: str | None) -> RegisteredClient:
    """The client as it is registered; raises :class:`BearerTokenException` unless ``token`` is its registration's."""
    item = _managed(sandbox, client_id, token)
    client = cast("Client", accounts.registered_client(item))
    return _told(sandbox, client, item[REGISTRATION], cast("str", token), None)


def update(sandbox: Sandbox, client_id: str, token: str | None, metadata: "ClientUpdate") -> RegisteredClient:
    """Replace all metadata of the client. It keeps its secret, gets one if it needs one now, loses it as a public one.

    What only an administrator says of a client stays. Reserved scopes are kept that it has, and as long as it has any,
    it gets neither grant types nor redirect URIs that it did not have with them. Raises as :func:`read` and
    :func:`register`, and :class:`InvalidRequestException` for another client's id or a wrong secret.
    """
    _managed(sandbox, client_id, token)
    if metadata.client_id != client_id:
        raise InvalidRequestException("The client_id is another client's.")
    _require_possible(metadata)
    fresh = _new_secret(metadata)
    hashed = fresh and passwords.HASHER.hash(fresh)

    def plan(present: Sandbox) -> Change[tuple[Client, Item, bool]]:
        item = _managed(present, client_id, token)
        before = cast("Client", accounts.registered_client(item))
        sent = metadata.client_secret
        if sent is not None and not (before.secret_hash and passwords.matches(before.secret_hash, sent)):
            raise InvalidRequestException("The client_secret is not the client's.")
        is_new = hashed is not None and before.secret_hash is None
        secret_hash = hashed if is_new or hashed is None else before.secret_hash
        may_have_all = set(RESERVED_SCOPES) & set((metadata.scope or "").split(" ")) <= set(before.scopes)
        own = _entry(client_id, metadata, secret_hash, by_admin=may_have_all)
        _require_no_more(before, own)
        entry = {**_of_the_administrator(item), **own}
        registration = {**item[REGISTRATION], **_remembered(metadata)}
        client, write = stored(present, entry, before, registration)
        return Change([write], (client, registration, is_new))

    client, registration, is_new = account_changes.make(sandbox, client_account_key(sandbox, client_id), plan)
    return _told(sandbox, client, registration, cast("str", token), fresh if is_new else None)


def remove(sandbox: Sandbox, client_id: str, token: str | None) -> None:
    """Delete the client, and end what was issued to it; raises as :func:`read`."""
    _managed(sandbox, client_id, token)
    pk, sk = key = client_account_key(sandbox, client_id)

    def plan(present: Sandbox) -> Change[None]:
        _managed(present, client_id, token)
        return Change([Put({"pk": pk, "sk": sk, "basis": ENDED})], None)

    account_changes.make(sandbox, key, plan)


def _managed(sandbox: Sandbox, client_id: str, token: str | None) -> Item:
    """The client's item; raises :class:`BearerTokenException`, in the same words if there is no such client (RFC 7592
    section 2.1)."""
    item = table.get(client_account_key(sandbox, client_id)) if sandbox.has_accounts else None
    known = (item or {}).get(REGISTRATION, {}).get("token", "")
    if item is None or token is None or not hmac.compare_digest(known, digest(token)):
        raise BearerTokenException("The token is not the one of this client's registration.")
    return item


def _require_possible(metadata: "ClientMetadata") -> None:
    """Raise unless the metadata is possible together, and offered by this stack."""
    if refused_uris([*metadata.redirect_uris, *metadata.post_logout_redirect_uris]):
        raise InvalidRedirectURIException("http needs the loopback interface.")
    has_codes, is_public = "authorization_code" in metadata.grant_types, _is_public(metadata)
    if has_codes and not metadata.redirect_uris:
        raise InvalidRedirectURIException("The grant authorization_code needs redirect_uris.")
    for impossible, fault in (
        (bool(metadata.redirect_uris) and not has_codes, "redirect_uris need the grant authorization_code."),
        (
            metadata.response_types is not None and bool(metadata.response_types) != has_codes,
            "The response type code and the grant authorization_code go together.",
        ),
        (set(metadata.grant_types) == {"refresh_token"}, "The grant refresh_token needs another before it."),
        (
            is_public and "client_credentials" in metadata.grant_types,
            "The grant client_credentials needs a secret.",
        ),
        (not is_signed_by(metadata.id_token_signed_response_alg), "No key signs ID tokens so."),
    ):
        if impossible:
            raise InvalidClientMetadataException(fault)


def _entry(
    client_id: str, metadata: "ClientMetadata", secret_hash: str | None, *, by_admin: bool
) -> dict[str, Any]:
    """The client in the form of a seed's entry."""
    algorithm = metadata.id_token_signed_response_alg
    return {
        "client_id": client_id,
        "name": metadata.client_name or client_id,
        "secret_hash": secret_hash,
        "redirect_uris": metadata.redirect_uris,
        "post_logout_redirect_uris": metadata.post_logout_redirect_uris,
        "grant_types": list(dict.fromkeys(metadata.grant_types)),
        "scopes": _scopes(metadata, by_admin=by_admin),
        "consent": True,
        **({"id_token_signed_response_alg": algorithm} if algorithm else {}),
    }


def _scopes(metadata: "ClientMetadata", *, by_admin: bool) -> list[str]:
    """The scopes that are asked for and known."""
    if metadata.scope is None:
        return expanded(["all"])
    scopes = list(dict.fromkeys(name for name in metadata.scope.split(" ") if name in SCOPES))
    if not scopes:
        raise InvalidClientMetadataException("Of the scope nothing is known.")
    if not by_admin and not set(scopes).isdisjoint(RESERVED_SCOPES):
        raise InvalidClientMetadataException("The scope holds what only an administrator gives.")
    if _is_public(metadata) and not set(scopes).isdisjoint(RESERVED_SCOPES):
        raise InvalidClientMetadataException("The scope holds what needs a secret.")
    return scopes


def _require_no_more(before: Client, entry: Item) -> None:
    """Raise where a client would use reserved scopes in another way than an administrator let it."""
    if set(entry["scopes"]).isdisjoint(RESERVED_SCOPES):
        return
    if not set(entry["grant_types"]) <= set(before.grant_types):
        raise InvalidClientMetadataException(
            "A client with these scopes gets grant_types of an administrator."
        )
    if not set(entry["redirect_uris"]) <= set(before.redirect_uris):
        raise InvalidRedirectURIException(
            "A client with these scopes gets redirect_uris of an administrator."
        )


def _of_the_administrator(item: Item) -> Item:
    """The members of a client's entry that no metadata of its own gives, such as whom its tokens are for."""
    entry = accounts.entry_in(item) or {}
    return {name: value for name, value in entry.items() if name in _ADMINISTRATORS}


def _is_public(metadata: "ClientMetadata") -> bool:
    return metadata.token_endpoint_auth_method == _NO_SECRET


def _new_secret(metadata: "ClientMetadata") -> str | None:
    return None if _is_public(metadata) else secrets.token_urlsafe(32)


def _remembered(metadata: "ClientMetadata") -> Item:
    """What of the metadata is only told again."""
    return {"auth_method": metadata.token_endpoint_auth_method, "name": metadata.client_name}


def _told(
    sandbox: Sandbox, client: Client, registration: Item, token: str, secret: str | None
) -> RegisteredClient:
    """What a client is told of itself; its address names the sandbox, whatever way the request did."""
    prefix = "" if sandbox.name == DEFAULT_SANDBOX else f"/s/{sandbox.name}"
    path = path_to("auth-register-read", client_id=client.client_id)
    optional = {
        "client_secret": secret,
        "client_secret_expires_at": None if client.secret_hash is None else 0,
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris) or None,
        "client_name": registration["name"],
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
    }
    told = {
        "client_id": client.client_id,
        "client_id_issued_at": registration["issued_at"],
        "registration_access_token": token,
        "registration_client_uri": base_url() + prefix + path,
        "redirect_uris": list(client.redirect_uris),
        "token_endpoint_auth_method": registration["auth_method"],
        "grant_types": list(client.grant_types),
        "response_types": ["code"] if "authorization_code" in client.grant_types else [],
        "scope": " ".join(client.scopes),
        **{name: value for name, value in optional.items() if value is not None},
    }
    return cast("RegisteredClient", told)
