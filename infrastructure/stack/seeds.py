"""The users and clients of a stack, from ``seeds/<environment>.yaml``."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from account_rules import DEFAULT_CLIENTS, DEFAULT_SECRETS, DEFAULT_USER
from infrastructure.errors import DeployError
from seeding import seeds
from seeding.seeds import Seed


def read_seed(path: Path, *, audience: str, defaults_allowed: bool) -> Seed:
    """The users and clients in the YAML file ``path``.

    Raises ``DeployError`` when the file is missing or not of the form; unless ``defaults_allowed``, for the documented
    users and clients and for everybody with a documented password or secret; and for a client whose id is the
    ``audience`` of access tokens, or that of a client's: its ID tokens would have that audience too, and be taken for
    access tokens (RFC 9068 section 5).
    """
    seed = parse_seed(path, in_network=defaults_allowed)
    if found := seeds.taken_audience(seed, audience):
        taken, owner = found
        if owner is not None:
            raise DeployError(
                f"The audience {taken!r} of {owner!r} in {path.name} is a client's id: its ID tokens"
                " would pass for access tokens.",
                "Choose another audience for it.",
            )
        raise DeployError(
            f"The audience {taken!r} is a client's id: its ID tokens would pass for access tokens.",
            "Choose another one by psn-emulator:audience.",
        )
    if not defaults_allowed:
        for default in _default_credentials(seed):
            raise DeployError(
                f"In the seed file {path.name}, {default}.",
                "The defaults are for local and dev: name another file by psn-emulator:seed_file, or correct it.",
            )
    return seed


def parse_seed(path: Path, *, in_network: bool) -> Seed:
    """The seed file ``path`` in its form, its credentials and audiences not judged; ``in_network`` lets in redirect
    URIs of http to one's own network. Raises ``DeployError`` when the file is missing or not of the form."""
    try:
        return seeds.parse(path, in_network=in_network)
    except FileNotFoundError:
        raise DeployError(
            f"The seed file {path.name} is missing from {path.parent}.",
            "Write it, with `users: []` for a stack without users, or name another by psn-emulator:seed_file.",
        ) from None
    except ValueError as error:
        raise DeployError(f"The seed file {path.name} is wrong: {error}.", f"Correct {path}.") from error


def _default_credentials(seed: Seed) -> Iterator[str]:
    """The documented users, clients, passwords and secrets in ``seed``, in words. Each hash is checked once."""
    is_default = cache(_is_default)
    for user in seed.users:
        if user.username.casefold() == DEFAULT_USER:
            yield f"{user.username!r} is the default user"
        elif is_default(user.password_hash):
            yield f"{user.username!r} has a default password"
    for client in seed.clients:
        if client.client_id in DEFAULT_CLIENTS:
            yield f"{client.client_id!r} is a default client"
        elif client.secret_hash is not None and is_default(client.secret_hash):
            yield f"{client.client_id!r} has a default secret"


def documented_login(seed: Seed) -> tuple[str, str] | None:
    """The name and the documented password of the default user; ``None`` where ``seed`` has no such user, or another
    password."""
    users = [user for user in seed.users if user.username == DEFAULT_USER]
    return next(((user.username, secret) for user in users for secret in _matching(user.password_hash)), None)


def _is_default(password_hash: str) -> bool:
    return next(_matching(password_hash), None) is not None


def _matching(password_hash: str) -> Iterator[str]:
    """The documented secrets whose hash it is."""
    from argon2 import PasswordHasher
    from argon2.exceptions import VerifyMismatchError

    for default in DEFAULT_SECRETS:
        try:
            PasswordHasher().verify(password_hash, default)
        except VerifyMismatchError:
            continue
        yield default
