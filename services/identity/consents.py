"""What users let clients do: remembered per user, client and scope."""

from utils import table
from utils.writes import Key, Put


def given(sandbox: str, subject: str, client_id: str, scope: str) -> bool:
    """Whether the user has let the client have all of ``scope``."""
    return set(scope.split(" ")) <= _remembered(_key(sandbox, subject, client_id))


def give(sandbox: str, subject: str, client_id: str, scope: str) -> None:
    """Remember that the user lets the client have ``scope``, besides what it was let have before.

    Of two that are given at the same moment one may be forgotten; the user is asked again then.
    """
    key = _key(sandbox, subject, client_id)
    scopes = _remembered(key) | set(scope.split(" "))
    table.write(Put({"pk": key[0], "sk": key[1], "scopes": sorted(scopes)}))


def _remembered(key: Key) -> set[str]:
    return set((table.get(key) or {"scopes": ()})["scopes"])


def _key(sandbox: str, subject: str, client_id: str) -> Key:
    return f"{sandbox}#consent#{subject}", client_id
