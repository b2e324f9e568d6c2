"""The clients of a sandbox at run time: registered, changed, hidden and listed."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from account_rules import CLIENT_ID, DEFAULT_CLIENTS, OWN_CLIENTS, expanded, is_in_network, is_safe
from models.accounts import ClientAccount, Origin
from models.problems import FieldError
from services.identity import account_changes, account_keys, accounts
from services.identity.account_changes import AccountConflictException, AccountNotFoundException, Change
from services.identity.account_keys import client_account_key
from services.identity.account_pages import Listed, Page, merged
from services.identity.grant_basis import basis_of_grant
from services.identity.operators import may_operate, require_another
from services.identity.public_keys import published_keys
from services.identity.seed import Client, seed
from utils import table
from utils.attributes import Item
from utils.errors import ValidationException
from utils.sandbox import Sandbox
from utils.settings import settings
from utils.writes import Put

if TYPE_CHECKING:
    from models.account_bodies import AccountsQuery, ClientBody

REGISTRATION: Final = "registration"
"""The attribute of what a client that registered itself (RFC 7591) is managed by."""
ENDED: Final = {"client": ""}
"""A basis that none is like."""
_ID: Final = re.compile(CLIENT_ID)
_QUERIED: Final = 100


def put(sandbox: Sandbox, client_id: str, body: "ClientBody") -> tuple[ClientAccount, bool]:
    """Register a client, or replace the one of this id; whether there was none.

    Another secret, a scope or a grant type less ends all that was issued to the client. Raises
    :class:`AccountConflictException` for an id that is a user's subject, an audience or a client's of the emulator's
    own, :class:`ValidationException` for what can be no id and for redirect URIs that the stack refuses, and
    :class:`NoOperatorException`.
    """
    if not is_signed_by(body.id_token_signed_response_alg):
        fault = FieldError("id_token_signed_response_alg", "no_key", "The stack has no key that signs so.")
        raise ValidationException([fault])
    _require_allowed(client_id, [*body.redirect_uris, *body.post_logout_redirect_uris])

    def plan(present: Sandbox) -> Change[tuple[ClientAccount, bool]]:
        before = accounts.find_client(present, client_id)
        if any(name == client_id or accounts.find_client(present, name) for name in body.audience):
            raise AccountConflictException("The audience is a client's id, which is that of its ID tokens.")
        if before is None and _is_audience(present, client_id):
            raise AccountConflictException("The id is the audience of another client's access tokens.")
        secret_hash = body.secret_hash
        if body.secret is not None:
            secret_hash = account_changes.hash_of(
                body.secret.get_secret_value(), before.secret_hash if before else None
            )
        entry = body.model_dump(exclude={"secret"}, exclude_none=True) | {
            "client_id": client_id,
            "secret_hash": secret_hash,
            "scopes": expanded(body.scopes),
        }
        client, write = stored(present, entry, before)
        if (
            before
            and may_operate(before.scopes, before.grant_types)
            and not may_operate(client.scopes, client.grant_types)
        ):
            require_another(present, client_account_key(present, client_id))
        return Change([write], (_told(client, "registered"), before is None))

    return account_changes.make(sandbox, client_account_key(sandbox, client_id), plan)


def remove(sandbox: Sandbox, client_id: str) -> None:
    """Let there be no client of this id in the sandbox, whether registered or of the seed.

    Raises :class:`AccountNotFoundException` if there is none, :class:`AccountConflictException` for the emulator's own,
    and :class:`NoOperatorException`.
    """
    if client_id in OWN_CLIENTS:
        raise AccountConflictException("It is a client of the emulator's own.")
    key = client_account_key(sandbox, client_id)

    def plan(present: Sandbox) -> Change[None]:
        before = accounts.find_client(present, client_id)
        if before is None:
            raise AccountNotFoundException
        if may_operate(before.scopes, before.grant_types):
            require_another(present, client_account_key(present, client_id))
        return Change([Put({"pk": key[0], "sk": key[1], "basis": ENDED})], None)

    account_changes.make(sandbox, key, plan)


def show(sandbox: Sandbox, client_id: str) -> ClientAccount:
    """The client of this id; raises :class:`AccountNotFoundException` if there is none."""
    client = accounts.find_client(sandbox, client_id)
    if client is None:
        raise AccountNotFoundException
    is_registered = sandbox.has_accounts and table.get(client_account_key(sandbox, client_id)) is not None
    return _told(client, "registered" if is_registered else "seed")


def page(sandbox: Sandbox, query: "AccountsQuery") -> Page[ClientAccount]:
    """The clients of the sandbox in order of their ids, without the emulator's own."""
    listed = Listed(
        account_keys.CLIENTS,
        seed().clients if sandbox.is_seeded else {},
        accounts.registered_client,
        _told,
    )
    return merged(sandbox, listed, query)


def stored(
    sandbox: Sandbox, entry: Item, before: Client | None, registration: Mapping[str, Any] | None = None
) -> tuple[Client, Put]:
    """The client of ``entry``, and the write that stores it in place of the one ``before``; with ``registration``, or
    what is stored of that. Raises :class:`AccountConflictException`."""
    client_id = entry["client_id"]
    if accounts.find_subject(sandbox, client_id):
        raise AccountConflictException("A user has this id for a subject.")
    after = Client.from_seed(entry)
    goes_on = (
        before is not None
        and before.secret_hash == after.secret_hash
        and set(before.scopes) <= set(after.scopes)
        and set(before.grant_types) <= set(after.grant_types)
    )
    epoch = before.epoch if before and goes_on else account_changes.new_epoch()
    whole = {**entry, **({"epoch": epoch} if epoch else {})}
    client = Client.from_seed(whole)
    key = client_account_key(sandbox, client_id)
    if registration is None and sandbox.has_accounts:
        registration = (table.get(key) or {}).get(REGISTRATION)
    kept = {REGISTRATION: dict(registration)} if registration else {}
    text = accounts.text_of(whole)
    item = {"pk": key[0], "sk": key[1], accounts.ENTRY: text, "basis": basis_of_grant(None, client), **kept}
    return client, Put(item)


def refused_uris(uris: list[str]) -> list[str]:
    """Those of ``uris`` that the stack does not let in: http ones of one's own network but on local and dev."""
    return [
        uri for uri in uris if not (is_safe(uri) or (account_changes.is_unguarded() and is_in_network(uri)))
    ]


def is_default(client_id: str) -> bool:
    """Whether the id is a default client's, and the stack lets in no such client."""
    return client_id in DEFAULT_CLIENTS and not account_changes.is_unguarded()


def is_signed_by(algorithm: str | None) -> bool:
    """Whether the stack has a key that signs so; every stack has one for ``None``."""
    return algorithm is None or algorithm in {key["alg"] for key in published_keys()}


def _require_allowed(client_id: str, uris: list[str]) -> None:
    if not _ID.fullmatch(client_id):
        fault = FieldError("client_id", "client_id", "1 to 64 of A-Z, a-z, 0-9, and - . _ ~.")
        raise ValidationException([fault])
    if client_id in {*OWN_CLIENTS, settings().audience}:
        raise AccountConflictException(
            "It is a client of the emulator's own, or the audience of access tokens."
        )
    if is_default(client_id):
        raise ValidationException(
            [FieldError("client_id", "default", "It is a default client of local and dev.")]
        )
    if refused_uris(uris):
        fault = FieldError("redirect_uris", "redirect_uri", "http needs the loopback interface.")
        raise ValidationException([fault])


def _is_audience(sandbox: Sandbox, client_id: str) -> bool:
    """Whether the access tokens of some client are for this id, so that ID tokens of a client of the id would pass for
    them (RFC 9068 section 5)."""
    clients: dict[str, Client | None] = dict(seed().clients) if sandbox.is_seeded else {}
    clients |= {
        item["sk"].removeprefix(account_keys.CLIENTS): accounts.registered_client(item)
        for item in _items(sandbox)
    }
    return any(client_id in client.audience for client in clients.values() if client)


def _items(sandbox: Sandbox) -> Iterator[Item]:
    """The items of the clients that were registered, or hidden."""
    after = account_keys.CLIENTS
    while sandbox.has_accounts:
        items = table.query(account_keys.accounts(sandbox), limit=_QUERIED, after=after)
        yield from (item for item in items if item["sk"].startswith(account_keys.CLIENTS))
        if len(items) < _QUERIED or not items[-1]["sk"].startswith(account_keys.CLIENTS):
            return
        after = items[-1]["sk"]


def _told(client: Client, origin: Origin) -> ClientAccount:
    told: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value
        for name in ClientAccount.__annotations__
        if name not in {"is_public", "origin"}
        for value in [getattr(client, name)]
    }
    told |= {
        "is_public": client.secret_hash is None,
        "origin": origin,
    }
    return cast("ClientAccount", told)
