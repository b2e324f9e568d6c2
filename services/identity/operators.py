"""Who may operate the emulator: the default sandbox's administrators all sandboxes, so it is never left without one."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from routes import ADMIN
from services.identity import account_keys
from services.identity.accounts import entry_in
from utils import secrets, table
from utils.errors import PSNEmulatorException
from utils.sandbox import Sandbox
from utils.settings import DEFAULT_SANDBOX, settings
from utils.writes import Key

_ALL: Final = 1 << 20
_KINDS: Final = (account_keys.USERS, account_keys.CLIENTS)


class NoOperatorException(PSNEmulatorException):
    """Nobody would be left in the default sandbox who may operate the emulator; nothing was changed."""

    status = 409
    code = "no_operator"
    title = "No operator"

    def __init__(self) -> None:
        super().__init__(
            f"The default sandbox needs a user, or a client with the grant client_credentials, that has {ADMIN}."
        )


def may_operate(scopes: Collection[str], grant_types: Collection[str] | None = None) -> bool:
    """Whether a user of these ``scopes``, or a client that has ``grant_types`` too, gets tokens that operate."""
    return ADMIN in scopes and (grant_types is None or "client_credentials" in grant_types)


def require_any(users: Iterable[Mapping[str, Any]], clients: Iterable[Mapping[str, Any]]) -> None:
    """Raises :class:`NoOperatorException` if none of the entries is of somebody who may operate."""
    if not (
        any(may_operate(user["scopes"]) for user in users)
        or any(may_operate(client["scopes"], client["grant_types"]) for client in clients)
    ):
        raise NoOperatorException


def require_another(sandbox: Sandbox, entry: Key) -> None:
    """Raises :class:`NoOperatorException` if ``sandbox`` is the default one and nobody may operate it but the account
    whose item is ``entry`` (Query)."""
    if sandbox.name != DEFAULT_SANDBOX:
        return
    entries: dict[str, Any] = {}
    if sandbox.is_seeded:
        stack = secrets.read_json(settings().seed_secret)
        entries = {f"{account_keys.USERS}{user['username'].casefold()}": user for user in stack["users"]}
        entries |= {f"{account_keys.CLIENTS}{client['client_id']}": client for client in stack["clients"]}
    if sandbox.has_accounts:
        items = table.query(account_keys.accounts(sandbox), limit=_ALL)
        entries |= {item["sk"]: entry_in(item) for item in items}
    others = {sk: one for sk, one in entries.items() if one is not None and sk != entry[1]}
    require_any(*([one for sk, one in others.items() if sk.startswith(kind)] for kind in _KINDS))
