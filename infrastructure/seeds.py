"""The users and clients that a stack has at the start, from ``seeds/<environment>.yaml``."""

import re
from pathlib import Path
from typing import Annotated, Any, Self
from uuid import UUID

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from infrastructure.errors import DeployError

DEFAULT_USER = "testuser"
DEFAULT_PASSWORD = "password123"  # noqa: S105 - the documented password of local and dev, refused elsewhere

_HASH = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")


def _strong(password_hash: str) -> str:
    """Refuses what is no argon2id hash of at least OWASP's parameters (Password Storage Cheat Sheet)."""
    found = _HASH.fullmatch(password_hash)
    if not found or int(found[1]) < 19456 or int(found[2]) < 2:
        raise ValueError("should be an argon2id hash in PHC form of at least m=19456, t=2")
    return password_hash


class User(BaseModel):
    """A user who may log in. ``password_hash`` is argon2id in PHC form, never a password."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str = Field(min_length=1)
    subject: UUID
    password_hash: Annotated[str, AfterValidator(_strong)]
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    email_verified: bool
    name: str
    scopes: tuple[str, ...]


class Seed(BaseModel):
    """The content of a seed file, and of the secret that is made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: tuple[User, ...] = ()
    clients: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for what, values in (
            ("username", [user.username.casefold() for user in self.users]),
            ("subject", [str(user.subject) for user in self.users]),
        ):
            if len(set(values)) < len(values):
                raise ValueError(f"two users have the same {what}")
        return self


def read(path: Path, *, defaults_allowed: bool) -> Seed:
    """The seed in ``path``.

    Unless ``defaults_allowed``, the default user and any user with the default password are refused. Raises
    ``DeployError`` for these, for a missing file and for one that is not of the form.
    """
    try:
        seed = Seed.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except FileNotFoundError:
        raise DeployError(
            f"The seed file {path.name} is missing from {path.parent}.",
            "Write it, with `users: []` for a stack without users, or name another by psn-emulator:seed_file.",
        ) from None
    except (yaml.YAMLError, ValidationError) as error:
        raise DeployError(
            f"The seed file {path.name} is wrong: {_brief(error)}.", f"Correct {path}."
        ) from error
    if not defaults_allowed:
        for user in seed.users:
            _refuse_default(user, path)
    return seed


def _refuse_default(user: User, path: Path) -> None:
    from argon2 import PasswordHasher
    from argon2.exceptions import VerifyMismatchError

    remedy = (
        "Such users are for local and dev: name another file by psn-emulator:seed_file, or correct this one."
    )
    if user.username.casefold() == DEFAULT_USER:
        raise DeployError(f"The seed file {path.name} holds the default user {user.username!r}.", remedy)
    try:
        PasswordHasher().verify(user.password_hash, DEFAULT_PASSWORD)
    except VerifyMismatchError:
        return
    raise DeployError(f"In the seed file {path.name}, {user.username!r} has the default password.", remedy)


def _brief(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_input=False)
        )
    return " ".join(str(error).split())
