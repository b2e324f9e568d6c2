"""The scopes that users have consented to let clients have."""

from services import keys
from utils import table
from utils.sandbox import Sandbox
from utils.writes import Key, Put


def has_consented(sandbox: Sandbox, subject: str, client_id: str, scope: str) -> bool:
    """Whether the user has consented to the client's having all of ``scope``."""
    return set(scope.split(" ")) <= _scopes(_key(sandbox, subject, client_id))


def record_consent(sandbox: Sandbox, subject: str, client_id: str, scope: str) -> None:
    """Store that the user consents to the client's having ``scope``, besides what was consented to before.

    Of two consents at the same moment one may be lost; the user is then asked again.
    """
    key = _key(sandbox, subject, client_id)
    scopes = _scopes(key) | set(scope.split(" "))
    table.write(Put({"pk": key[0], "sk": key[1], "scopes": sorted(scopes)}))


def _scopes(key: Key) -> set[str]:
    return set((table.get(key) or {"scopes": ()})["scopes"])


def _key(sandbox: Sandbox, subject: str, client_id: str) -> Key:
    return keys.partition(sandbox, "consent", subject), client_id
