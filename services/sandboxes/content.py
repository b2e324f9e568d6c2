"""What a document says, settled: passwords hashed, names, ids and times that it leaves open chosen, sorted.

A settled content is plain JSON in the form of ``models.sandbox_document``, and says the same whenever it is taken up.
Its texts of times are as the table has them.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from account_rules import OF_STACK, OWN_CLIENTS, expanded
from models.durations import iso8601
from models.problems import FieldError
from utils.errors import ValidationException
from utils.sandbox import SandboxClock
from utils.settings import settings
from utils.strict_json import rfc3339

if TYPE_CHECKING:
    from models.sandbox_accounts import ClientEntry, UserEntry
    from models.sandbox_document import PlayerEntry, SandboxDocument, StatsEntry
    from services.identity.seed import Seed

type Content = dict[str, Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def settled(document: "SandboxDocument", now: datetime) -> Content:
    """The content of ``document``, which is taken up ``now``.

    Raises :class:`ValidationException` for what the stack does not allow or the parts contradict each other in.
    """
    content: Content = {"is_last": document.is_last}
    if document.users is not None:
        _require_own(document.users)
        content["users"] = sorted(map(_user, document.users), key=_username)
        _require_in_stack("users", content["users"])
        _require_distinct("users", "subject", content["users"])
    if document.clients is not None:
        _require_allowed(document.clients)
        content["clients"] = sorted(map(_client, document.clients), key=_client_id)
        _require_in_stack("clients", content["clients"])
    _require_no_subject(content)
    players = [_player(entry, place, now) for place, entry in enumerate(document.players)]
    ids = {player["username"]: player["player_id"] for player in players}
    content["players"] = sorted(players, key=_player_id)
    _require_distinct("players", "player_id", players)
    folded = {username.casefold(): player_id for username, player_id in ids.items()}
    content["statistics"] = sorted((_stats(entry, folded) for entry in document.statistics), key=_player_id)
    _require_distinct("statistics", "player_id", content["statistics"])
    if document.clock is not None:
        content["clock"] = clock_entry(SandboxClock(document.clock.offset, document.clock.frozen_at))
    return content


def clock_entry(clock: SandboxClock) -> dict[str, Any]:
    """A clock in a document."""
    frozen = clock.frozen_at
    return {
        "offset": iso8601(clock.offset),
        "frozen_at": frozen
        and frozen.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
    }


def player_id_of(created_at: datetime, place: int, username: str) -> str:
    """The UUIDv7 (RFC 9562 section 5.7) that follows from a player's creation, its place among others of the same
    moment, which orders them, and its username."""
    milliseconds = (created_at - _EPOCH) // _MILLISECOND
    chance = int.from_bytes(hashlib.sha256(username.casefold().encode()).digest()[:8])
    order, rest = place % (1 << 22), chance % (1 << 52)
    high, low = order >> 10, (order & 0x3FF) << 52 | rest
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


def _user(user: "UserEntry") -> dict[str, Any]:
    """The entry of ``user``, in the form of the stack's seed."""
    from services.identity.user_accounts import subject_of

    return _given(user) | {
        "subject": user.subject or subject_of(user.username.casefold()),
        "name": user.name if "name" in user.model_fields_set else user.username,
        "password_hash": user.password_hash or _hashed(user.password),
    }


def _client(client: "ClientEntry") -> dict[str, Any]:
    """The entry of ``client``, in the form of the stack's seed."""
    return _given(client) | {"secret_hash": client.secret_hash or _hashed(client.secret)}


def _hashed(secret: Any) -> str | None:
    from services.identity.account_changes import hash_of

    return None if secret is None else hash_of(secret.get_secret_value(), None)


def _given(entry: "UserEntry | ClientEntry") -> dict[str, Any]:
    """What an entry has, as JSON, with its scopes by name and without passwords and secrets in clear."""
    given = entry.model_dump(mode="json", exclude_none=True, exclude={"password", "secret"})
    return given | {"scopes": expanded(entry.scopes)}


def _player(player: "PlayerEntry", place: int, now: datetime) -> dict[str, Any]:
    created_at = player.created_at or now
    if created_at < _EPOCH and player.player_id is None:
        raise _invalid(f"players.{place}.created_at", "A player without an id is created in 1970 or later.")
    return {
        **player.model_dump(),
        "display_name": player.username if player.display_name is None else player.display_name,
        "player_id": player.player_id or player_id_of(created_at, place, player.username),
        "created_at": rfc3339(created_at),
        "updated_at": rfc3339(player.updated_at or created_at),
    }


def _stats(entry: "StatsEntry", ids: Mapping[str, str]) -> dict[str, Any]:
    stats = entry.model_dump(exclude={"username"}, exclude_none=True)
    if entry.last_played_at is not None:
        stats["last_played_at"] = rfc3339(entry.last_played_at)
    return stats | {"player_id": entry.player_id or ids[(entry.username or "").casefold()]}


def _require_distinct(section: str, member: str, entries: Iterable[Mapping[str, Any]]) -> None:
    known: set[str] = set()
    for entry in entries:
        if entry[member] in known:
            raise _invalid(f"{section}.{member}", f"Two {section} have the same {member}.")
        known.add(entry[member])


def _require_own(users: Iterable["UserEntry"]) -> None:
    """Refuses the default user where the stack does."""
    from services.identity.user_accounts import is_default

    if any(is_default(user.username.casefold()) for user in users):
        raise _invalid("users.username", "It is the default user's.")


def _require_in_stack(section: str, entries: Iterable[Mapping[str, Any]]) -> None:
    """Refuses the stack's hash for whom the stack does not know, or not with one."""
    if section == "users":
        lacking = any(
            entry["password_hash"] == OF_STACK and _username(entry) not in _seed().users for entry in entries
        )
    else:
        lacking = any(
            entry["secret_hash"] == OF_STACK
            and not getattr(_seed().clients.get(entry["client_id"]), "secret_hash", None)
            for entry in entries
        )
    if lacking:
        raise _invalid(section, f"The stack has none of this name whose hash it is: {OF_STACK}.")


def _require_no_subject(content: Content) -> None:
    """Refuses a client whose id is a user's subject, of the document or, where it leaves them out, of the stack's."""
    if content.keys().isdisjoint({"users", "clients"}):
        return
    users, clients = content.get("users"), content.get("clients")
    subjects = set(_seed().subjects) if users is None else {entry["subject"] for entry in users}
    ids = set(_seed().clients) if clients is None else {entry["client_id"] for entry in clients}
    if not ids.isdisjoint(subjects):
        raise _invalid("clients.client_id", "It is the subject of a user.")


def _seed() -> "Seed":
    from services.identity.seed import seed

    return seed()


def _require_allowed(clients: Collection["ClientEntry"]) -> None:
    """Refuses clients whose ID tokens would pass for access tokens (RFC 9068 section 5), and what the stack refuses of
    a client that is registered at run time."""
    from services.identity.client_accounts import is_default, is_signed_by, refused_uris

    ids = {*OWN_CLIENTS, *(client.client_id for client in clients)}
    for client in clients:
        if client.client_id == settings().audience:
            raise _invalid("clients.client_id", "The audience of access tokens is no client's id.")
        if is_default(client.client_id):
            raise _invalid("clients.client_id", "It is a default client of local and dev.")
        if not ids.isdisjoint(client.audience):
            raise _invalid(
                "clients.audience", "The audience is a client's id, which is that of its ID tokens."
            )
        if not is_signed_by(client.id_token_signed_response_alg):
            raise _invalid("clients.id_token_signed_response_alg", "The stack has no key that signs so.")
        if refused_uris([*client.redirect_uris, *client.post_logout_redirect_uris]):
            raise _invalid("clients.redirect_uris", "A host without a dot is for local and dev only.")


def _invalid(field: str, sentence: str) -> ValidationException:
    return ValidationException([FieldError(field, "document", sentence)])


def _username(entry: Mapping[str, Any]) -> str:
    return str(entry["username"]).casefold()


def _client_id(entry: Mapping[str, Any]) -> str:
    return str(entry["client_id"])


def _player_id(entry: Mapping[str, Any]) -> str:
    return str(entry["player_id"])
