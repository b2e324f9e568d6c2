"""The functions of a stack: one row each, made of the route table and the stack's settings."""

from dataclasses import dataclass
from difflib import get_close_matches

import routes
from infrastructure.stack.capacity import Capacity
from infrastructure.stack.permissions import Permissions
from infrastructure.stack.seeds import Seed
from infrastructure.stack.settings import Settings
from infrastructure.stack.stack_file import key
from routes import Route

AUTHORIZER = "authorizer"

_AUTHORIZER = Capacity(memory_mib=512, timeout_seconds=8)
"""It waits up to 6 seconds for an issuer's keys (``services.identity.issuer_keys``)."""
_AUTHORIZER_SECONDS = 10
"""As long as the gateway waits for an authorizer ("Quotas for HTTP APIs" in API Gateway's guide)."""
_UNRESERVED = 100
"""What stays of an account's concurrency for functions without a share of their own ("Configuring reserved
concurrency for a function" in Lambda's guide)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A function: its handler command in the image, what it may use, and what it may do.

    ``memory`` is in MiB, ``timeout`` in seconds, the concurrencies in calls at once (``reserved`` without a limit
    of its own is ``None``).
    """

    name: str
    command: str
    memory: int
    timeout: int
    description: str
    permissions: Permissions
    reserved: int | None = None
    provisioned: int = 0


def rows(settings: Settings) -> tuple[Row, ...]:
    """One for every function of the route table, the fallback's included, and one for the authorizer.

    What the stack says of a function alone comes first, then what it says of all routes, then the route table."""
    return (
        *(_of_routes(name, shared, settings) for name, shared in _by_function().items()),
        _row(
            AUTHORIZER,
            "authorizer.handler",
            "Decides whether a token opens a route",
            Permissions(),
            (settings.functions.get(AUTHORIZER, Capacity()), _AUTHORIZER),
        ),
    )


def faults(settings: Settings) -> list[str]:
    """What Lambda or the gateway could not do as the settings or the route table say, each beginning with the key
    or the row at fault; nothing when all can be done."""
    declared = rows(settings)
    found = [_stranger(name, declared) for name in settings.functions.keys() - {row.name for row in declared}]
    for row in declared:
        longest = _AUTHORIZER_SECONDS if row.name == AUTHORIZER else settings.api_timeout_seconds
        most = row.provisioned if row.reserved is None else row.reserved
        for setting, impossible, fault in (
            ("memory_mib", not 128 <= row.memory <= 10240, f"is {row.memory}, not within 128 to 10240"),
            (
                "timeout_seconds",
                not 1 <= row.timeout <= longest,
                f"is {row.timeout}, not within 1 to {longest}, when the gateway has given up",
            ),
            (
                "provisioned_concurrency",
                row.provisioned > most,
                f"is {row.provisioned}, over reserved_concurrency ({most})",
            ),
        ):
            if impossible:
                found.append(f"{_who_says(setting, row.name, settings)} {fault}")
    found += _wrong_scopes()
    taken = sum(row.provisioned if row.reserved is None else row.reserved for row in declared)
    if taken and taken > (limit := settings.account_concurrency - _UNRESERVED):
        what = f"leaves {limit} to reserve or provision, of which the functions take {taken}"
        found.append(f"{key('account_concurrency')} {what}")
    return sorted(set(found))


def ungranted(seed: Seed) -> list[str]:
    """The rows whose scope no user and no client of ``seed`` may be granted, each with its scope; none where the seed
    has no users and no clients."""
    granted = {scope for user in seed.users for scope in user.scopes}
    granted |= {scope for client in seed.clients for scope in client.scopes}
    if not granted:
        return []
    return [
        f"row {route.name}: no user or client may be granted {route.scope}"
        for route in routes.ROUTES
        if route.scope and route.scope not in granted
    ]


def _wrong_scopes() -> list[str]:
    found = []
    for route in routes.ROUTES:
        for scope in filter(None, (route.scope, route.bearer)):
            if scope not in routes.SCOPES:
                close = get_close_matches(scope, routes.SCOPES, n=1)
                meant = f" (is {close[0]} meant?)" if close else ""
                found.append(f"row {route.name} in routes.py: there is no scope {scope}{meant}")
    return found


def _stranger(name: str, declared: tuple[Row, ...]) -> str:
    close = get_close_matches(name, [row.name for row in declared], n=1)
    meant = f" (is {close[0]} meant?)" if close else ""
    return f"{key('functions')}.{name} is no function{meant}"


def _who_says(setting: str, name: str, settings: Settings) -> str:
    """The key that gives a function's setting, or the row where none does."""
    if getattr(settings.functions.get(name, Capacity()), setting) is not None:
        return f"{key('functions')}.{name}.{setting}"
    if name != AUTHORIZER and getattr(settings, setting) is not None:
        return key(setting)
    return f"{setting} of row {name} in routes.py"


def _by_function() -> dict[str, list[Route]]:
    """The routes of every function, by the function's name."""
    served: dict[str, list[Route]] = {}
    for route in (*routes.ROUTES, routes.FALLBACK):
        served.setdefault(route.function_name, []).append(route)
    return served


def _of_routes(name: str, served: list[Route], settings: Settings) -> Row:
    """The function of these routes: it may do what any of them may, and has the most that one of them asks for."""
    # Not validated here: a wrong row is told of with the settings' contradictions, by its name.
    asked = Capacity.model_construct(
        memory_mib=max(route.memory for route in served),
        timeout_seconds=max(route.timeout for route in served),
    )
    return _row(
        name,
        f"main.{served[0].entry}",
        "Answers what no route does"
        if served == [routes.FALLBACK]
        else ", ".join(route.key for route in served),
        Permissions(
            frozenset(action for route in served for action in route.table),
            frozenset(secret for route in served for secret in route.secrets),
        ),
        (settings.functions.get(name, Capacity()), settings, asked),
    )


def _row(
    name: str,
    command: str,
    description: str,
    permissions: Permissions,
    capacities: tuple[Capacity, ...],
) -> Row:
    """The row whose numbers are the first that any of ``capacities`` gives."""

    def first(setting: str) -> int | None:
        given = (getattr(capacity, setting) for capacity in capacities)
        return next((number for number in given if number is not None), None)

    return Row(
        name=name,
        command=command,
        description=description,
        permissions=permissions,
        memory=first("memory_mib") or 0,
        timeout=first("timeout_seconds") or 0,
        reserved=first("reserved_concurrency"),
        provisioned=first("provisioned_concurrency") or 0,
    )
