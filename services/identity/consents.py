"""The scopes that users have consented to let clients have.

A consent is of a user and a client as they are: it notes the ``epoch`` of both, so that it ends with all else that was
given, and nobody who comes after a deletion has it (``services.identity.account_changes``).
"""

from typing import TYPE_CHECKING

from services import keys
from utils import table
from utils.sandbox import Sandbox
from utils.writes import Key, Put

if TYPE_CHECKING:
    from services.identity.seed import Client, SeedUser


def has_consented(sandbox: Sandbox, user: "SeedUser", client: "Client", scope: str) -> bool:
    """Whether the user has consented to the client's having all of ``scope``."""
    return set(scope.split(" ")) <= _scopes(sandbox, user, client)


def record_consent(sandbox: Sandbox, user: "SeedUser", client: "Client", scope: str) -> None:
    """Store that the user consents to the client's having ``scope``, besides what was consented to before.

    Of two consents at the same moment one may be lost; the user is then asked again.
    """
    pk, sk = _key(sandbox, user, client)
    scopes = _scopes(sandbox, user, client) | set(scope.split(" "))
    table.write(Put({"pk": pk, "sk": sk, "scopes": sorted(scopes), "epochs": _epochs(user, client)}))


def _scopes(sandbox: Sandbox, user: "SeedUser", client: "Client") -> set[str]:
    item = table.get(_key(sandbox, user, client)) or {}
    is_theirs = item.get("epochs", ["", ""]) == _epochs(user, client)
    return set(item.get("scopes", ()) if is_theirs else ())


def _epochs(user: "SeedUser", client: "Client") -> list[str]:
    """Both empty of a user and a client of the stack's seed, as in consents that an older release stored."""
    return [user.epoch, client.epoch]


def _key(sandbox: Sandbox, user: "SeedUser", client: "Client") -> Key:
    return keys.partition(sandbox, "consent", user.subject), client.client_id
