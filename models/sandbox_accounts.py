"""The users and clients of a sandbox's document: what registers one at run time, with its name."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError, to_json

from account_rules import CLIENT_ID, OF_STACK, OWN_CLIENTS, is_reserved
from models.account_bodies import LONGEST_USERNAME, ClientBody, UserBody, strong

_LARGEST: Final = 64 * 1024
"""Bytes of JSON that an entry may have: an item of the table has 400 KB at most, a stack's whole seed as much as this
(Secrets Manager's quotas)."""


def _require_small(entry: UserBody | ClientBody) -> None:
    if len(to_json(entry)) > _LARGEST:
        raise PydanticCustomError("too_large", "Input should have at most 64 KiB of JSON")


def _free(username: str) -> str:
    if is_reserved(username):
        raise PydanticCustomError("username", "Input should not be a magic value, which stands for a fault")
    return username


def _strong_or_the_stacks(password_hash: str) -> str:
    return password_hash if password_hash == OF_STACK else strong(password_hash)


type Hash = Annotated[str, AfterValidator(_strong_or_the_stacks)]


class UserEntry(UserBody):
    """A user who may log in, with either ``password`` or ``password_hash``.

    A hash of the text ``stack`` is the one that the stack's user of this name has. Without a ``subject`` the user gets
    one that follows from the username, without a ``name`` the username. What follows ``scopes`` are claims of OpenID
    Connect Core section 5.1.
    """

    username: Annotated[str, Field(min_length=1, max_length=LONGEST_USERNAME), AfterValidator(_free)]
    password_hash: Hash | None = None

    @model_validator(mode="after")
    def _small(self) -> Self:
        _require_small(self)
        return self


class ClientEntry(ClientBody):
    """A client that may ask for tokens, with ``secret`` or ``secret_hash`` unless it is public.

    Its fields are those of the seed file. A hash of the text ``stack`` is the one that the stack's client of this id
    has.
    """

    client_id: Annotated[str, Field(pattern=CLIENT_ID)]
    secret_hash: Hash | None = None

    @model_validator(mode="after")
    def _a_partners(self) -> Self:
        if self.client_id in OWN_CLIENTS:
            raise PydanticCustomError("client", "Input should not be a client of the emulator's own")
        _require_small(self)
        return self
