"""The users of a sandbox at run time: registered, changed, hidden and listed."""

from typing import TYPE_CHECKING, Any, Final, cast
from uuid import NAMESPACE_URL, uuid5

from account_rules import DEFAULT_USER, expanded, is_reserved
from models.accounts import Origin, UserAccount
from models.problems import FieldError
from services.identity import account_changes, account_keys, accounts
from services.identity.account_changes import (
    AccountConflictException,
    AccountNotFoundException,
    Change,
)
from services.identity.account_keys import subject_account_key, user_account_key
from services.identity.account_pages import Listed, Page, merged
from services.identity.operators import may_operate, require_another
from services.identity.seed import SeedUser, seed
from services.identity.sessions import ACTIVE, user_key
from services.identity.users import unchanged, user_item
from utils import table
from utils.errors import ValidationException
from utils.sandbox import Sandbox
from utils.writes import Put

if TYPE_CHECKING:
    from models.account_bodies import AccountsQuery, UserBody

_DELETED: Final = "deleted"
_ENDED: Final = {"user": ""}
"""A basis that none is like."""
_OF_USERS: Final = uuid5(NAMESPACE_URL, "urn:psn-emulator:user")
_LONGEST: Final = 128


def put(sandbox: Sandbox, username: str, body: "UserBody") -> tuple[UserAccount, bool]:
    """Register a user, or replace the one of this name, whatever its case; whether there was none.

    Another password, or a scope less, ends all that was issued for the user. Raises
    :class:`AccountConflictException` for a subject that is another user's or a client's id,
    :class:`ValidationException` for a username that nobody can log in with, :class:`NoOperatorException`.
    """
    folded = username.casefold()
    if fault := _fault_of_name(username):
        raise ValidationException([FieldError("username", "username", fault)])

    def plan(present: Sandbox) -> Change[tuple[UserAccount, bool]]:
        before = accounts.find_user(present, folded)
        user, text = _entry(present, username, body, before)
        if before and may_operate(before.scopes) and not may_operate(user.scopes):
            require_another(present, user_account_key(present, folded))
        entry_pk, entry_sk = user_account_key(present, folded)
        subject_pk, subject_sk = subject_account_key(present, user.subject)
        writes = [
            Put({"pk": entry_pk, "sk": entry_sk, accounts.ENTRY: text}),
            Put({"pk": subject_pk, "sk": subject_sk, accounts.ENTRY: text}),
            _kept(present, user, is_new=before is None),
        ]
        if before and before.subject != user.subject:
            writes += _hidden(present, before)
        return Change(writes, (_told(user, "registered"), before is None))

    return account_changes.make(sandbox, user_account_key(sandbox, folded), plan)


def remove(sandbox: Sandbox, username: str) -> None:
    """Let there be no user of this name in the sandbox, whether registered or of the seed.

    Raises :class:`AccountNotFoundException` if there is none, and :class:`NoOperatorException`.
    """
    folded = username.casefold()

    def plan(present: Sandbox) -> Change[None]:
        before = accounts.find_user(present, folded)
        if before is None:
            raise AccountNotFoundException
        pk, sk = user_account_key(present, folded)
        if may_operate(before.scopes):
            require_another(present, (pk, sk))
        return Change([Put({"pk": pk, "sk": sk}), *_hidden(present, before)], None)

    account_changes.make(sandbox, user_account_key(sandbox, folded), plan)


def show(sandbox: Sandbox, username: str) -> UserAccount:
    """The user of this name; raises :class:`AccountNotFoundException` if there is none."""
    folded = username.casefold()
    user = accounts.find_user(sandbox, folded)
    if user is None:
        raise AccountNotFoundException
    is_registered = sandbox.has_accounts and table.get(user_account_key(sandbox, folded)) is not None
    return _told(user, "registered" if is_registered else "seed")


def page(sandbox: Sandbox, query: "AccountsQuery") -> Page[UserAccount]:
    """The users of the sandbox in order of their names, casefolded."""
    listed = Listed(
        account_keys.USERS,
        seed().users if sandbox.is_seeded else {},
        accounts.registered_user,
        _told,
    )
    return merged(sandbox, listed, query)


def _fault_of_name(username: str) -> str | None:
    """Why no user may have this username."""
    folded = username.casefold()
    if len(username) > _LONGEST:
        return f"At most {_LONGEST} characters."
    if is_default(folded):
        return "It is the default user's."
    return "It is a magic value." if is_reserved(folded) else None


def subject_of(folded: str) -> str:
    """The subject that follows from a username, casefolded: the same in every sandbox."""
    return str(uuid5(_OF_USERS, folded))


def is_default(folded: str) -> bool:
    """Whether the username, casefolded, is the default user's, and the stack lets in no such user."""
    return folded == DEFAULT_USER and not account_changes.is_unguarded()


def _entry(
    sandbox: Sandbox, username: str, body: "UserBody", before: SeedUser | None
) -> tuple[SeedUser, str]:
    """The user of ``body``, and the text of the entry that is stored of it."""
    subject = body.subject or (before.subject if before else _default_subject(sandbox, username.casefold()))
    holder = accounts.find_subject(sandbox, subject)
    if holder and holder.username.casefold() != username.casefold():
        raise AccountConflictException("Another user has this subject.")
    if accounts.find_client(sandbox, subject):
        raise AccountConflictException("A client has this subject for its id.")
    hashed = body.password_hash
    if body.password is not None:
        hashed = account_changes.hash_of(
            body.password.get_secret_value(), before.password_hash if before else None
        )
    scopes = expanded(body.scopes)
    goes_on = (
        before is not None
        and (before.password_hash, before.subject) == (hashed, subject)
        and set(before.scopes) <= set(scopes)
    )
    epoch = before.epoch if before and goes_on else account_changes.new_epoch()
    entry = {
        **body.model_dump(exclude={"password", "password_hash", "subject", "scopes"}, exclude_none=True),
        "username": username,
        "name": body.name or username,
        "subject": subject,
        "password_hash": hashed,
        "scopes": scopes,
        **({"epoch": epoch} if epoch else {}),
    }
    text = accounts.text_of(entry)
    return cast("SeedUser", accounts.registered_user({accounts.ENTRY: text})), text


def _default_subject(sandbox: Sandbox, folded: str) -> str:
    """The subject of the seed's user of this name, else a UUID made of the name: the same in every sandbox."""
    of_seed = seed().users.get(folded) if sandbox.is_seeded else None
    return of_seed.subject if of_seed else subject_of(folded)


def _kept(sandbox: Sandbox, user: SeedUser, *, is_new: bool) -> Put:
    """The write of the user's own item, which says to every route what tokens may rest on; who is locked stays so."""
    key = user_key(sandbox, user.subject)
    before = table.get(key)
    status = ACTIVE if before is None or is_new or before["status"] == _DELETED else before["status"]
    return Put(user_item(key, user, before, user.password_hash, status), unchanged(before))


def _hidden(sandbox: Sandbox, user: SeedUser) -> list[Put]:
    """The writes after which nobody has the user's subject, and nothing that was issued for it is good."""
    pk, sk = subject_account_key(sandbox, user.subject)
    key = user_key(sandbox, user.subject)
    before = table.get(key)
    ended = user_item(key, user, before, user.password_hash, _DELETED) | {"basis": _ENDED}
    return [Put({"pk": pk, "sk": sk}), Put(ended, unchanged(before))]


def _told(user: SeedUser, origin: Origin) -> UserAccount:
    told: dict[str, Any] = {
        "username": user.username,
        "subject": user.subject,
        "email": user.email,
        "email_verified": user.email_verified,
        "name": user.name,
        "scopes": list(user.scopes),
        "origin": origin,
        **user.more,
    }
    return cast("UserAccount", told)
