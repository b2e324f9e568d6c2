"""What a stack's functions are to be: one specification each, made of the route table and the stack's settings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import routes
from infrastructure.stack.capacity import Capacity
from infrastructure.stack.permissions import Permissions
from infrastructure.stack.settings import Settings
from infrastructure.stack.stack_file import key
from routes import Route
from seeding.seeds import Seed

AUTHORIZER = "authorizer"

_AUTHORIZER = Capacity(memory_mib=512, timeout_seconds=8)
"""It waits up to 6 seconds for an issuer's keys (``services.identity.issuer_keys``)."""
_AUTHORIZER_SECONDS = 10
"""As long as the gateway waits for an authorizer ("Quotas for HTTP APIs" in API Gateway's guide)."""
_LONGEST_NAME = 64
"""Of a function, in characters ("CreateFunction" in Lambda's API reference)."""
_UNRESERVED = 100
"""What stays of an account's concurrency for functions without a share of their own ("Configuring reserved
concurrency for a function" in Lambda's guide)."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function: its name, which is its route's, the handler that is its ``command`` in the image, what it may do, and
    how much of Lambda it gets. An answer may take ``answer_seconds``; the function is given ``timeout_seconds``, which
    are more where faults can delay its answers (``has_faults``). The concurrencies are in calls at once; where none are
    reserved it shares the account's."""

    name: str
    command: str
    description: str
    permissions: Permissions
    memory_mib: int
    answer_seconds: int
    timeout_seconds: int
    has_faults: bool = False
    reserved_concurrency: int | None = None
    provisioned_concurrency: int = 0


def function_specs(settings: Settings) -> tuple[FunctionSpec, ...]:
    """The specification of every function of the route table, the fallback's and the authorizer's.

    The capacity of each is what the stack says of the function alone, else what it says of all routes, else what the
    route table says.
    """
    return (
        *(_routes_spec(name, served, settings) for name, served in _routes_by_function().items()),
        _spec(
            AUTHORIZER,
            "authorizer.handler",
            "Decides whether a token opens a route",
            Permissions(),
            (settings.functions.get(AUTHORIZER, Capacity()), _AUTHORIZER),
        ),
    )


def faults_in(settings: Settings) -> list[str]:
    """What Lambda or the gateway could not do as the settings or the route table say, each beginning with the key
    or the route at fault; nothing when all can be done."""
    specs = function_specs(settings)
    names = [spec.name for spec in specs]
    faults = [_unknown_function(name, names) for name in settings.functions if name not in names]
    faults += [*_scope_faults(), *_name_faults(specs, settings)]
    for spec in specs:
        faults += _capacity_faults(spec, settings)
    taken = sum(
        spec.provisioned_concurrency if spec.reserved_concurrency is None else spec.reserved_concurrency
        for spec in specs
    )
    if taken and taken > (limit := settings.account_concurrency - _UNRESERVED):
        what = f"leaves {limit} to reserve or provision, of which the functions take {taken}"
        faults.append(f"{key('account_concurrency')} {what}")
    return sorted(set(faults))


def _capacity_faults(spec: FunctionSpec, settings: Settings) -> list[str]:
    longest = _AUTHORIZER_SECONDS if spec.name == AUTHORIZER else settings.api_timeout_seconds
    provisioned, reserved = spec.provisioned_concurrency, spec.reserved_concurrency
    return [
        f"{_source(setting, spec.name, settings)} {fault}"
        for setting, impossible, fault in (
            (
                "memory_mib",
                not 128 <= spec.memory_mib <= 10240,
                f"is {spec.memory_mib}, not within 128 to 10240",
            ),
            (
                "timeout_seconds",
                not 1 <= spec.answer_seconds <= longest,
                f"is {spec.answer_seconds}, not within 1 to {longest}, when the gateway has given up",
            ),
            (
                "provisioned_concurrency",
                reserved is not None and provisioned > reserved,
                f"is {provisioned}, over reserved_concurrency ({reserved})",
            ),
        )
        if impossible
    ]


def ungranted(seed: Seed) -> list[str]:
    """The routes whose scope no user and no client of ``seed`` may be granted, a line each that begins with the row's
    name; empty where the seed has neither users nor clients."""
    granted = {scope for user in seed.users for scope in user.scopes}
    granted |= {scope for client in seed.clients for scope in client.scopes}
    if not granted:
        return []
    return [
        f"row {route.name}: no user or client may be granted {route.scope}"
        for route in routes.ROUTES
        if route.scope and route.scope not in granted
    ]


def _name_faults(specs: Sequence[FunctionSpec], settings: Settings) -> list[str]:
    """The routes that are there twice, by name or by route key, and the functions whose name is too long for Lambda on
    this stack, a line each that begins with the row's name."""
    table = (*routes.ROUTES, routes.FALLBACK)
    names = Counter([*(route.name for route in table), AUTHORIZER])
    keys = Counter(route.key for route in table)
    faults = [f"row {name} in routes.py: there is another of this name" for name in names if names[name] > 1]
    faults += [
        f"row {route.name} in routes.py: another row has {route.key} too"
        for route in table
        if keys[route.key] > 1
    ]
    for spec in specs:
        full = settings.names.function(spec.name)
        if len(full) > _LONGEST_NAME:
            what = f"{full} has {len(full)} characters, of which Lambda takes {_LONGEST_NAME}"
            faults.append(f"row {spec.name} in routes.py: {what}")
    return faults


def _scope_faults() -> list[str]:
    """The routes whose scope is not in the route table's list, a line each that begins with the row's name."""
    return [
        f"row {route.name} in routes.py: there is no scope {scope}{_suggestion(scope, list(routes.SCOPES))}"
        for route in routes.ROUTES
        for scope in (route.scope, route.bearer)
        if scope and scope not in routes.SCOPES
    ]


def _unknown_function(name: str, names: list[str]) -> str:
    return f"{key('functions')}.{name} is no function{_suggestion(name, names)}"


def _suggestion(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f" (is {close[0]} meant?)" if close else ""


def _source(setting: str, name: str, settings: Settings) -> str:
    """The key that gives the function ``name`` its ``setting``, or its route in the table where no key does."""
    if getattr(settings.functions.get(name, Capacity()), setting) is not None:
        return f"{key('functions')}.{name}.{setting}"
    if name != AUTHORIZER and getattr(settings, setting) is not None:
        return key(setting)
    return f"{setting} of row {name} in routes.py"


def _routes_by_function() -> dict[str, list[Route]]:
    served: dict[str, list[Route]] = {}
    for route in (*routes.ROUTES, routes.FALLBACK):
        served.setdefault(route.function_name, []).append(route)
    return served


def _routes_spec(name: str, served: list[Route], settings: Settings) -> FunctionSpec:
    """The function of the routes ``served``: it may do what any of them may, and has the most that one asks for."""
    # Not validated here: what is wrong in the table is told with the settings' contradictions, by the route's name.
    declared = Capacity.model_construct(
        memory_mib=max(route.memory for route in served),
        timeout_seconds=max(route.timeout for route in served),
    )
    keys = ", ".join(route.key for route in served)
    own = frozenset(action for route in served for action in route.table)
    allowed = frozenset(action for route in served for action in route.actions(emulates=settings.emulates))
    spec = _spec(
        name,
        f"main.{served[0].entry}",
        "Answers what no route does" if served == [routes.FALLBACK] else keys,
        Permissions(
            allowed,
            frozenset(secret for route in served for secret in route.secrets),
            # Rows that query do so by indexes too; faults and the journal do not.
            frozenset({"Query"} & (allowed - own)),
        ),
        (settings.functions.get(name, Capacity()), settings, declared),
    )
    if settings.faults and any(route.is_partners for route in served):
        # So a fault can outlast the gateway's patience, and the function still ends by itself.
        return replace(spec, has_faults=True, timeout_seconds=settings.api_timeout_seconds + 1)
    return spec


def _spec(
    name: str,
    command: str,
    description: str,
    permissions: Permissions,
    capacities: tuple[Capacity, ...],
) -> FunctionSpec:
    """The specification whose capacity is, number by number, the first that any of ``capacities`` gives."""

    def first(setting: str) -> int | None:
        given = (getattr(capacity, setting) for capacity in capacities)
        return next((number for number in given if number is not None), None)

    return FunctionSpec(
        name=name,
        command=command,
        description=description,
        permissions=permissions,
        memory_mib=first("memory_mib") or 0,
        answer_seconds=first("timeout_seconds") or 0,
        timeout_seconds=first("timeout_seconds") or 0,
        reserved_concurrency=first("reserved_concurrency"),
        provisioned_concurrency=first("provisioned_concurrency") or 0,
    )
