"""The claims about a user, and those that a request names by the ``claims`` parameter.

By OpenID Connect Core sections 5.1, 5.4 and 5.5. A requested claim is given with its scope or without, but only where
user and client may have that scope; what a user does not have is left out, which is no error (section 5.5.1).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from utils import strict_json
from utils.attributes import Item
from utils.oauth_errors import InvalidRequestException

OF_SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "profile": (
        *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile"),
        *("picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
"""The claims that each scope gives (section 5.4)."""
OPTIONAL: Final = tuple(
    name
    for names in OF_SCOPES.values()
    for name in names
    if name not in {"name", "preferred_username", "email", "email_verified"}
)
"""The claims that an entry of the seed may have or not."""
MEMBERS: Final = ("id_token", "userinfo")
"""Where claims may be requested for."""

_LONGEST: Final = 4096
"""Characters of the parameter; the request is kept with the token family."""
_SCOPE_OF: Final = {name: scope for scope, names in OF_SCOPES.items() for name in names}


def read_request(text: str | None) -> Item:
    """The claims that the ``claims`` parameter requests, by member and name; each is ``{}`` or has its conditions.

    What section 5.5 does not define is left out, and so are claims that nobody has. Raises
    :class:`InvalidRequestException` when ``text`` is no JSON object of the form of that section.
    """
    if text is None:
        return {}
    try:
        request = strict_json.parse(text) if len(text) <= _LONGEST else None
    except ValueError:
        request = None
    if not isinstance(request, dict):
        raise InvalidRequestException(
            f"The parameter claims is no JSON object of up to {_LONGEST} characters."
        )
    members = {member: _member(request[member]) for member in MEMBERS if request.get(member) is not None}
    return {member: named for member, named in members.items() if named}


def scopes_of(requested: Mapping[str, Any]) -> list[str]:
    """The scopes of the claims in ``requested``, each once."""
    return list(
        dict.fromkeys(_SCOPE_OF[name] for names in requested.values() for name in names if name in _SCOPE_OF)
    )


def select(
    claims: Mapping[str, Any], scopes: Collection[str], requested: Mapping[str, Any], allowed: Collection[str]
) -> dict[str, Any]:
    """Of a user's ``claims`` those that ``scopes`` give, and those ``requested`` whose scope is among ``allowed``.

    A requested claim of another value than the one asked for is left out unless a scope gives it.
    """
    return {
        name: value
        for name, value in claims.items()
        if _SCOPE_OF[name] in scopes
        or (name in requested and _SCOPE_OF[name] in allowed and accepts(requested[name], value))
    }


def accepts(condition: Mapping[str, Any], value: Any) -> bool:
    """Whether ``value`` is one that a requested claim may have, by its members ``value`` and ``values``."""
    if "value" in condition:
        return bool(condition["value"] == value)
    return "values" not in condition or value in condition["values"]


def _member(named: Any) -> Item:
    if not isinstance(named, dict):
        raise InvalidRequestException("A member of the parameter claims is no JSON object.")
    conditions = {name: _condition(condition) for name, condition in named.items()}
    return {name: conditions[name] for name in conditions if name in _SCOPE_OF or name in {"sub", "acr"}}


def _condition(condition: Any) -> Item:
    if condition is None:
        return {}
    if not isinstance(condition, dict) or not (
        isinstance(condition.get("essential", False), bool) and isinstance(condition.get("values", []), list)
    ):
        raise InvalidRequestException(
            "In the parameter claims, a claim is null or has essential (a boolean), value or values (a list)."
        )
    values = [condition.get("value"), *condition.get("values", [])]
    if not all(value is None or isinstance(value, str | bool | int) for value in values):
        raise InvalidRequestException("In the parameter claims, a value is no text, boolean or whole number.")
    return {name: condition[name] for name in ("essential", "value", "values") if name in condition}
